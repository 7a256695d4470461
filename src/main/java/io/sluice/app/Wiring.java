// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.sluice.Backoff;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.alert.AlertChannels;
import io.sluice.alert.AlertEvaluation;
import io.sluice.alert.AlertMessages;
import io.sluice.alert.AlertStore;
import io.sluice.alert.AlertThresholds;
import io.sluice.alert.QuietHours;
import io.sluice.bulk.BulkDispatcher;
import io.sluice.bulk.BulkJobs;
import io.sluice.bulk.BulkPlans;
import io.sluice.bulk.InitialExports;
import io.sluice.bulk.JobRecords;
import io.sluice.bulk.PlanReport;
import io.sluice.capture.Capture;
import io.sluice.capture.Installations;
import io.sluice.crm.Account;
import io.sluice.crm.AccountCircuitBreaker;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.crm.Logins;
import io.sluice.crm.Permits;
import io.sluice.http.CallLimits;
import io.sluice.http.Caller;
import io.sluice.http.HttpAccess;
import io.sluice.http.HttpPorts;
import io.sluice.http.PublicAddress;
import io.sluice.http.Users;
import io.sluice.http.Visitors;
import io.sluice.idle.PendingWork;
import io.sluice.merge.Applier;
import io.sluice.merge.ApplyRecorder;
import io.sluice.merge.InboundRejections;
import io.sluice.operate.AlertRequests;
import io.sluice.operate.CallRequests;
import io.sluice.operate.ConflictRequests;
import io.sluice.operate.DeadLetterRequests;
import io.sluice.operate.DeadLetterRetries;
import io.sluice.operate.Housekeeping;
import io.sluice.operate.InboundRejectionRequests;
import io.sluice.operate.PauseRequests;
import io.sluice.operate.RecordRequests;
import io.sluice.operate.UsageRequests;
import io.sluice.operate.WhatIfRequests;
import io.sluice.outbox.CircuitBreakers;
import io.sluice.outbox.CommonCauses;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Parents;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.SettlementRecorder;
import io.sluice.outbox.WriteDebounce;
import io.sluice.plan.LatencyTarget;
import io.sluice.plan.Planner;
import io.sluice.quota.Limits;
import io.sluice.quota.PoolMember;
import io.sluice.quota.Quota;
import io.sluice.quota.SavedCalls;
import io.sluice.receive.BulkQuerySource;
import io.sluice.receive.DeltaPoller;
import io.sluice.receive.IdempotentKeys;
import io.sluice.receive.Inbox;
import io.sluice.receive.InboxProcessor;
import io.sluice.receive.JournalPoller;
import io.sluice.receive.PollInterval;
import io.sluice.receive.ReadBackAggregationStrategy;
import io.sluice.receive.ReadBeforeWrite;
import io.sluice.receive.SourcePoller;
import io.sluice.receive.SourceRecords;
import io.sluice.receive.WebhookMetrics;
import io.sluice.send.Ageing;
import io.sluice.send.OutboxDispatcher;
import io.sluice.send.OverwrittenEdits;
import io.sluice.snapshot.SnapshotReader;
import io.sluice.snapshot.SnapshotStore;
import io.sluice.status.AccountHealth;
import io.sluice.status.CallHistory;
import io.sluice.status.CaptureHealth;
import io.sluice.status.DatabaseFailureLog;
import io.sluice.status.DatabaseHealth;
import io.sluice.status.LoopHealth;
import io.sluice.status.Overview;
import io.sluice.status.RecordMetrics;
import io.sluice.status.StateMetrics;
import io.sluice.status.StateReader;
import io.sluice.status.Status;
import io.sluice.status.SyncHealth;
import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.Json;
import io.sluice.trace.ReceiveTraces;
import io.sluice.trace.SendTraces;
import io.sluice.trace.TraceExport;
import io.sluice.usage.UsageHours;
import io.sluice.usage.UsageReport;
import io.sluice.usage.WhatIf;
import io.sluice.web.OverviewStream;
import io.sluice.web.PageFiles;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.VetoCamelContextStartException;
import org.apache.camel.component.kamelet.Kamelet;
import org.apache.camel.health.HealthCheckHelper;
import org.apache.camel.spi.Registry;
import org.apache.camel.support.LifecycleStrategySupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds the parts from the settings, binds those that routes name to the registry, and stops them. {@link Startup} does what
 * needs the network.
 */
final class Wiring extends LifecycleStrategySupport {

    /** Maximum size of what a channel of alerts answers, in bytes; nobody reads it. */
    private static final long MAX_ALERT_ANSWER = 1L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Wiring.class);

    /** The folder of a pattern such as {@code file:routes/&#42;&#42;/&#42;.camel.yaml}, and whether the folders in it belong too. */
    private static final Pattern ROUTE_FOLDER = Pattern.compile("file:([^*?]+)/(\\*\\*/)?[^/]*");

    /** The endpoints of routes that another route calls, a Kamelet's among them. */
    private static final Pattern PASSIVE =
            Pattern.compile("direct:|" + Kamelet.SCHEME + ":(//)?" + Kamelet.SOURCE_ID + "\\b(?!-)");

    /** How long a check waits for the embedded database of a process that is starting. */
    private static final Duration MAX_DATABASE_START = Duration.ofMinutes(1);

    private static final int WEBHOOK_POOL_SIZE = 3;
    /** The divisor of the heap that is the maximum size of all webhooks in progress. */
    private static final int BODIES_PART_OF_MEMORY = 6;
    /** The timeout of webhooks' database connections: a sender that gets no answer for five seconds or more gives up. */
    private static final Database.Timeouts WEBHOOK_TIMEOUTS =
            new Database.Timeouts(Duration.ofSeconds(1), Duration.ofSeconds(2));

    private final RouteFileLoader routeFiles;
    private EmbeddedDatabase embedded;
    private Database database;
    private Database webhookDatabase;
    private Startup startup;
    private HttpPorts ports;
    private Visitors visitors;
    private StateMetrics stateMetrics;
    private OverviewStream overviewStream;
    private SavedCalls savedCalls;
    private TraceExport traceExport;
    private volatile InboxProcessor inboxProcessor;
    private JournalPoller journalPoller;
    private SourcePoller sourcePoller;
    private Permits permits;

    Wiring(RouteFileLoader routeFiles) {
        this.routeFiles = routeFiles;
    }

    @Override
    public void onContextInitializing(CamelContext context) throws VetoCamelContextStartException {
        Settings settings = new Settings(context);
        if (settings.text("sluice.database.url", null) == null) {
            return;
        }
        try {
            if (isJsonLog(settings)) {
                context.getCamelContextExtension().addInterceptStrategy(new LogContext());
            }
            ports = ports(context, settings);
            if (settings.flag("camel.server.enabled", false)) {
                LOG.info(
                        "The page opens at http://{}:{}/ once Sluice has started.",
                        settings.text("camel.server.host", "0.0.0.0"),
                        settings.number("camel.server.port", 8080));
            }
            compose(context, settings);
        } catch (IllegalArgumentException | IllegalStateException wrong) {
            if (FileCheck.isOn()) {
                FileCheck.end(List.of(wrong.getMessage()));
            }
            close();
            LOG.error("{}", wrong.getMessage());
            throw new VetoCamelContextStartException(wrong.getMessage(), context, true);
        }
    }

    /** Tells whether the log is JSON; log4j2.properties reads the setting itself. */
    private static boolean isJsonLog(Settings settings) {
        String format = settings.text("sluice.log.format", "text");
        if (!format.equals("text") && !format.equals("json")) {
            throw new IllegalArgumentException(
                    "application.properties: sluice.log.format must be text or json, not '" + format + "'");
        }
        return format.equals("json");
    }

    private void compose(CamelContext context, Settings settings) {
        if (settings.flag("camel.main.routesReloadEnabled", false)) {
            throw new IllegalArgumentException(
                    "application.properties: camel.main.routesReloadEnabled must be false: Camel's reload removes all routes when one"
                            + " file is saved. 'camel run --dev' applies changed files without it; otherwise start again to apply them");
        }
        if (settings.flag("sluice.demo", false)) {
            Practice.on("sluice.demo");
        }
        openDatabases(settings);
        Map<String, Crm> crms = crms();
        Map<String, String> ofAccounts = settings.below(AccountSettings.PREFIX);
        AccountSettings accountSettings = new AccountSettings(ofAccounts, crms);
        List<Account> accountList = accountSettings.accounts();
        Duration callTimeout = settings.duration("sluice.call.timeout", "10s");
        Duration lateDelivery = settings.duration("sluice.call.late-delivery", "5s");
        accountList.forEach(account -> account.pool()
                .members()
                .forEach(poolMember -> connect(
                        context,
                        account,
                        accountSettings.login(poolMember.name()),
                        poolMember.name(),
                        settings,
                        callTimeout)));

        Limits limits = new Limits(accountList.stream().map(Account::pool).toList());
        Quota quota = new Quota(database, limits, callTimeout, lateDelivery);
        quota.capRetryAfter(settings.duration("sluice.retry-after.max", "1h"));
        PauseStore pauseStore = new PauseStore(database);
        Accounts accounts = new Accounts(
                accountList,
                InstantSource.system(),
                settings.duration("sluice.circuit-breaker.initial-delay", "500ms"),
                settings.duration("sluice.circuit-breaker.max-delay", "30s"));
        permits = new Permits(quota, pauseStore);
        WriteDebounce writeDebounce = WriteDebounce.of(settings.duration("sluice.record.min-write-interval", "900ms"));
        // the connect timeout is not part of the call's own time
        Outbox outbox = new Outbox(
                database,
                quota.maxCallTime()
                        .plus(settings.duration("sluice.call.connect-timeout", "5s"))
                        .plusSeconds(1));
        List<Sync> syncs = syncs(context, settings);
        MeterRegistry metrics = meterRegistry(context);
        RecordMetrics recordMetrics = new RecordMetrics(metrics, InstantSource.system(), syncs);
        double tracedPart = tracedPart(settings);
        SendTraces sendTraces =
                traceExport == null ? SendTraces.OFF : new SendTraces(traceExport, InstantSource.system());
        Settlement settlement = new Settlement(
                database,
                new Backoff(
                        settings.duration("sluice.retry.initial-delay", "1s"),
                        settings.duration("sluice.retry.max-delay", "5m")),
                writeDebounce,
                SettlementRecorder.both(recordMetrics, sendTraces));
        settlement.withSyncs(syncs);
        BulkJobs bulkJobs = new BulkJobs(
                database,
                quota.maxCallTime().plusSeconds(1),
                settings.duration("sluice.bulk.transfer-timeout", "2m").plus(lateDelivery));
        Planner planner = new Planner(
                new LatencyTarget(
                        settings.duration("sluice.latency-target.normal", "15m"),
                        settings.duration("sluice.latency-target.low", "6h")),
                settings.number("sluice.bulk.max-records", 100_000),
                settings.number("sluice.composite.max-collections", 5));
        BulkPlans plans = new BulkPlans(
                database,
                accounts,
                quota,
                bulkJobs,
                planner,
                settings.number("sluice.bulk.max-bytes", 100_000_000),
                settings.duration("sluice.bulk.cooldown", "15m"),
                syncs);
        savedCalls = new SavedCalls(database);
        Capture capture = new Capture(
                database,
                settings.number("sluice.drain.batch-size", 20_000),
                writeDebounce,
                new InitialExports(plans, bulkJobs),
                settings.duration("sluice.capture.check-interval", "20s"),
                settings.number("sluice.capture.max-missing", 20),
                savedCalls,
                tracedPart);
        CircuitBreakers circuitBreakers = new CircuitBreakers(pauseStore);
        CommonCauses causes = new CommonCauses(database, circuitBreakers);
        BulkDispatcher bulk = new BulkDispatcher(
                accounts, outbox, bulkJobs, new JobRecords(database, settlement, causes), plans, circuitBreakers);
        List<String> served = syncs.stream().map(Sync::getName).toList();
        outbox.serve(served);
        bulkJobs.serve(served);
        SnapshotStore snapshotStore = new SnapshotStore(database);
        ReadBeforeWrite readFirst = new ReadBeforeWrite(
                database,
                snapshotStore,
                syncs,
                settings.duration("sluice.dispatch.poll-before-write", "10s"),
                sync -> accounts.get(sync.getAccount()).crm().readBeforeWrite() > 0);
        Duration skew = settings.duration("sluice.webhooks.clock-skew", "5s");
        Applier applier = new Applier(database, capture, accounts, skew, traced(recordMetrics, tracedPart));
        OutboxDispatcher outboxDispatcher = new OutboxDispatcher(
                accounts,
                permits,
                outbox,
                settlement,
                bulk,
                planner,
                circuitBreakers,
                causes,
                syncs,
                readFirst,
                new OverwrittenEdits(readFirst, applier),
                sendTraces);

        SnapshotReader snapshotReader = new SnapshotReader(
                accounts,
                permits,
                pauseStore,
                database,
                snapshotStore,
                applier,
                syncs,
                new SnapshotReader.Limits(
                        settings.number("sluice.snapshot.page-size", 50_000),
                        quota.maxCallTime().plusSeconds(1),
                        settings.duration("sluice.bulk.transfer-timeout", "2m").plus(lateDelivery)));
        Inbox inbox = new Inbox(webhookDatabase, database);
        DeltaPoller deltaPoller = new DeltaPoller(
                accounts,
                permits,
                pauseStore,
                quota,
                database,
                outbox,
                snapshotStore,
                inbox,
                applier,
                syncs,
                new DeltaPoller.Schedule(
                        new PollInterval(
                                settings.duration("sluice.poll.min-interval", "5s"),
                                settings.duration("sluice.poll.max-interval", "1m")),
                        settings.duration("sluice.poll.overlap", "1m"),
                        settings.duration("sluice.poll.deletes-interval", "10m"),
                        Set.copyOf(accountSettings.streams()),
                        settings.duration("sluice.poll.events-interval", "15m")),
                readFirst);

        Registry registry = context.getRegistry();
        registry.bind("publicAddress", publicAddress(settings));
        registry.bind("dataSource", database.dataSource());
        registry.bind("databaseFailureLog", new DatabaseFailureLog());
        registry.bind("permits", permits);
        registry.bind("accounts", accounts);
        registry.bind("accountCircuitBreaker", new AccountCircuitBreaker(accounts));
        registry.bind("ageing", new Ageing(accounts, quota, outbox));
        registry.bind("settlement", settlement);
        PendingWork pendingWork = new PendingWork(database, capture::positions);
        registry.bind("pendingWork", pendingWork);
        registry.bind("capture", capture);
        registry.bind("outboxDispatcher", outboxDispatcher);
        registry.bind("bulkDispatcher", bulk);
        registry.bind("planReport", new PlanReport(database, plans, syncs));
        registry.bind("deltaPoller", deltaPoller);
        registry.bind("snapshotReader", snapshotReader);
        inboxProcessor = new InboxProcessor(
                accounts,
                permits,
                pauseStore,
                inbox,
                applier,
                syncs,
                skew,
                new WebhookMetrics(metrics, InstantSource.system()),
                savedCalls);
        registry.bind("inboxProcessor", inboxProcessor);
        journalPoller = new JournalPoller(
                accounts,
                Stream.concat(accountSettings.journals().stream(), accountSettings.streams().stream())
                        .toList(),
                pauseStore,
                database,
                inboxProcessor,
                settings.duration("sluice.journal.poll-interval", "1s"));
        registry.bind("journalPoller", journalPoller);
        sourcePoller = new SourcePoller(database, InstantSource.system());
        registry.bind("sourcePoller", sourcePoller);
        registry.bind("bulkQuerySource", new BulkQuerySource(database, InstantSource.system()));
        registry.bind(
                "readBackAggregationStrategy",
                new ReadBackAggregationStrategy(
                        settings.duration("sluice.read-back.idle-timeout", "200ms"),
                        settings.duration("sluice.read-back.max-wait", "500ms"),
                        InstantSource.system()));
        registry.bind(
                "status",
                new Status(database, quota, accounts, capture, pauseStore, syncs, inbox, snapshotStore, outbox));
        AlertStore alertStore = new AlertStore(database, settings.text("sluice.installation", "sluice"));
        bindAlerts(
                registry,
                settings,
                alertStore,
                quota,
                accounts,
                syncs,
                new AlertObserver(accounts, capture, journalPoller),
                metrics);
        StateReader stateReader = new StateReader(database, snapshotStore::all, deltaPoller::polls);
        stateMetrics = new StateMetrics(stateReader, accounts, syncs, metrics);
        Overview overview =
                new Overview(database, stateReader, recordMetrics, quota, accounts, capture, pauseStore, syncs);
        overviewStream = new OverviewStream(
                () -> {
                    Map<String, String> parts = overview.parts();
                    parts.put("alerts", Json.text(alertStore.active()));
                    return parts;
                },
                visitors::remains);
        visitors.open(database);
        ports.serve(visitors::serve);
        ports.serve(overviewStream::serve);
        ports.serve(new PageFiles()::serve);
        registry.bind("webhookDeliveries", IdempotentKeys.ofStoredMessages(webhookDatabase, "webhook"));
        IdempotentKeys sourceKeys = new IdempotentKeys(database, "source");
        registry.bind("sourceKeys", sourceKeys);
        registry.bind("sourceRecords", new SourceRecords(sourceKeys));
        UsageHours usageHours = new UsageHours(database);
        registry.bind("usageHours", usageHours);
        registry.bind("savedCalls", savedCalls);
        registry.bind(
                "usageRequests",
                new UsageRequests(
                        new UsageReport(usageHours, savedCalls, accountList, syncs),
                        accounts.names(),
                        served,
                        InstantSource.system()));
        registry.bind(
                "whatIfRequests",
                new WhatIfRequests(
                        new WhatIf(
                                database,
                                limits,
                                accountList,
                                syncs,
                                planner,
                                settings.duration("sluice.ageing.interval", "5m")),
                        accounts.names(),
                        InstantSource.system()));
        registry.bind("housekeeping", new Housekeeping(quota, settings.duration("sluice.ledger.retention", "30d")));
        registry.bind(
                "deadLetterRetries",
                new DeadLetterRetries(
                        database,
                        new Backoff(
                                settings.duration("sluice.dead-letter.retry.initial-delay", "10m"),
                                settings.duration("sluice.dead-letter.retry.max-delay", "6h"))));
        SettingsFile settingsFile = new SettingsFile(
                Path.of(settings.text("sluice.settings.file", "application.properties")),
                ofAccounts,
                crms,
                limits,
                context::resolvePropertyPlaceholders,
                SettingsFile::isOverridden);
        Logins logins = new Logins(database, settingsFile::login);
        registry.bind("logins", logins);
        registry.bind("pauseRequests", new PauseRequests(pauseStore, accounts.names(), syncs, account -> {
            for (PoolMember poolMember : accounts.get(account).pool().members()) {
                logins.resume(poolMember.name());
            }
            quota.probeNow(account);
            accounts.tryNow(account);
        }));
        InboundRejections rejections = new InboundRejections(database);
        applier.keepRejections(rejections);
        registry.bind("inboundRejectionRequests", new InboundRejectionRequests(rejections, syncs));
        registry.bind("deadLetterRequests", new DeadLetterRequests(database, applier, accounts.names(), syncs));
        registry.bind("conflictRequests", new ConflictRequests(database, accounts.names(), syncs));
        registry.bind("recordRequests", new RecordRequests(database, syncs));
        registry.bind(
                "callRequests", new CallRequests(new CallHistory(database), accounts.names(), InstantSource.system()));
        registry.bind("settingsFile", settingsFile);
        accountList.stream().map(Account::crm).distinct().forEach(crm -> crm.bind(registry, permits, accounts));

        Installations installations =
                new Installations(database, settings.text("sluice.installation", "sluice"), host());
        capture.agree(installations, left -> {
            outbox.leave(left);
            bulkJobs.leave(left);
        });
        startup = new Startup(
                context,
                database,
                capture,
                snapshotReader,
                accounts,
                pauseStore,
                new Parents(database),
                syncs,
                settings,
                installations,
                outbox,
                pendingWork);
        HealthCheckHelper.getHealthCheckRegistry(context).register(new DatabaseHealth(database, startup::problem));
        HealthCheckHelper.getHealthCheckRegistry(context).register(new CaptureHealth(capture::problems));
        accounts.names().forEach(name -> HealthCheckHelper.getHealthCheckRegistry(context)
                .register(new AccountHealth(name, accounts, pauseStore)));
        syncs.forEach(sync -> HealthCheckHelper.getHealthCheckRegistry(context).register(new SyncHealth(sync)));
        LoopHealth loops = new LoopHealth(settings.duration("sluice.health.silence", "30m"));
        loops.listen(() -> {
            if (!context.isStarted()) {
                close();
            }
        });
        context.addRoutePolicyFactory(loops);
        HealthCheckHelper.getHealthCheckRegistry(context).register(loops);
    }

    private void bindAlerts(
            Registry registry,
            Settings settings,
            AlertStore alertStore,
            Quota quota,
            Accounts accounts,
            List<Sync> syncs,
            AlertEvaluation.Observer observer,
            MeterRegistry metrics) {
        String installation = settings.text("sluice.installation", "sluice");
        AlertChannels alertChannels = new AlertChannels(
                settings.flag("sluice.alerts.log", true),
                secret(
                        "sluice.alerts.webhook.url-file",
                        settings.text("sluice.alerts.webhook.url-file", null),
                        settings.text("sluice.alerts.webhook.url", null)),
                secret(
                        "sluice.alerts.slack.url-file",
                        settings.text("sluice.alerts.slack.url-file", null),
                        settings.text("sluice.alerts.slack.url", null)),
                new AlertChannels.Mail(
                        settings.text("sluice.alerts.mail.to", null),
                        settings.text("sluice.alerts.mail.from", "sluice@localhost"),
                        settings.text("sluice.alerts.mail.user", null),
                        secret(
                                "sluice.alerts.mail.password-file",
                                settings.text("sluice.alerts.mail.password-file", null),
                                settings.text("sluice.alerts.mail.password", null))));
        registry.bind("alertChannels", alertChannels);
        registry.bind("alertClient", new CallLimits(MAX_ALERT_ANSWER));
        registry.bind("alertMailAuthenticator", alertChannels.mailAuthenticator());
        registry.bind(
                "alertEvaluation",
                new AlertEvaluation(
                        alertStore,
                        quota,
                        accounts.names(),
                        syncs,
                        observer,
                        new AlertThresholds(
                                settings.duration("sluice.alerts.begin-delay", "1m"),
                                settings.duration("sluice.alerts.end-delay", "30s"),
                                settings.duration("sluice.alerts.stalled-after", "5m"),
                                settings.duration("sluice.alerts.forecast-horizon", "4h"),
                                Map.of(
                                        Priority.CRITICAL,
                                        settings.duration("sluice.latency-target.critical", "1m"),
                                        Priority.HIGH,
                                        settings.duration("sluice.latency-target.high", "5m"),
                                        Priority.NORMAL,
                                        settings.duration("sluice.latency-target.normal", "15m"),
                                        Priority.LOW,
                                        settings.duration("sluice.latency-target.low", "6h"))),
                        alertChannels.names(),
                        settings.duration("sluice.alerts.check-interval", "5s"),
                        metrics));
        registry.bind(
                "alertMessages",
                new AlertMessages(
                        database,
                        installation,
                        alertChannels,
                        settings.duration("sluice.alerts.group-interval", "30s"),
                        QuietHours.parse(settings.text("sluice.alerts.quiet-hours", "")),
                        new Backoff(
                                settings.duration("sluice.alerts.retry.initial-delay", "5s"),
                                settings.duration("sluice.alerts.retry.max-delay", "15m")),
                        InstantSource.system()));
        registry.bind("alertRequests", new AlertRequests(alertStore));
    }

    /** Starts the export of traces if there is an address for them. @return the part of the changes that is traced, 0 without it */
    private double tracedPart(Settings settings) {
        String endpoint = settings.text("sluice.tracing.endpoint", null);
        if (endpoint == null) {
            return 0;
        }
        String ratio = settings.text("sluice.tracing.ratio", "1");
        if (!ratio.matches("0(\\.\\d+)?|1(\\.0+)?")) {
            throw new IllegalArgumentException(
                    "application.properties: sluice.tracing.ratio must be a number from 0 to 1, not '" + ratio + "'");
        }
        traceExport = new TraceExport(endpoint);
        return Double.parseDouble(ratio);
    }

    private ApplyRecorder traced(RecordMetrics recordMetrics, double tracedPart) {
        if (traceExport == null) {
            return recordMetrics;
        }
        ReceiveTraces receiveTraces = new ReceiveTraces(traceExport, InstantSource.system(), tracedPart);
        return (sync, records, applied) -> {
            recordMetrics.applied(sync, records, applied);
            receiveTraces.applied(sync, records, applied);
        };
    }

    /** Returns the registry of the metrics; without one they go nowhere. */
    private static MeterRegistry meterRegistry(CamelContext context) {
        MeterRegistry found = context.getRegistry().findSingleByType(MeterRegistry.class);
        return found == null ? new CompositeMeterRegistry() : found;
    }

    /** Connects the webhooks' database connections, which are separate: their sender is answered whatever the syncs do with theirs. */
    private void openDatabases(Settings settings) {
        String url = settings.text("sluice.database.url", "embedded");
        int pool = settings.number("sluice.database.pool", 10);
        if (!url.equals("embedded")) {
            String user = settings.text("sluice.database.user", "sluice");
            String password = password(settings);
            database = Database.of(url, user, password, pool);
            webhookDatabase = Database.of(url, user, password, WEBHOOK_POOL_SIZE, WEBHOOK_TIMEOUTS);
            return;
        }
        String embeddedUrl = embeddedUrl(settings);
        database = Database.of(embeddedUrl, "sluice", "", pool);
        webhookDatabase = Database.of(embeddedUrl, "sluice", "", WEBHOOK_POOL_SIZE, WEBHOOK_TIMEOUTS);
    }

    /** Starts the embedded PostgreSQL; a check of files uses that of the running process. */
    private String embeddedUrl(Settings settings) {
        if (FileCheck.isOn()) {
            return EmbeddedDatabase.awaitUrl(databaseFolder(settings), MAX_DATABASE_START);
        }
        embedded = embedded(settings);
        LOG.info("PostgreSQL is up: psql -h 127.0.0.1 -p {} -U sluice sluice", embedded.port());
        return embedded.url();
    }

    private static Path databaseFolder(Settings settings) {
        return Path.of(settings.text("sluice.database.folder", ".sluice/postgres"));
    }

    private static EmbeddedDatabase embedded(Settings settings) {
        try {
            return EmbeddedDatabase.start(databaseFolder(settings), settings.number("sluice.database.port", 5433));
        } catch (NoClassDefFoundError left) {
            throw new IllegalStateException(
                    "sluice.database.url is 'embedded', but the embedded PostgreSQL is not on the class path: set it to the"
                            + " JDBC URL of your database, such as jdbc:postgresql://db.example.org/crm",
                    left);
        }
    }

    private static String host() {
        try {
            return java.net.InetAddress.getLocalHost().getHostName();
        } catch (java.net.UnknownHostException unnamed) {
            return "a host without a name";
        }
    }

    private static String password(Settings settings) {
        String file = settings.text("sluice.database.password-file", null);
        return file == null
                ? settings.text("sluice.database.password", "")
                : SecretFiles.text("sluice.database.password-file", file);
    }

    /**
     * Returns a secret that is a setting, or the content of a file.
     *
     * @param name name of the setting that names the file
     * @param file file, or null
     */
    private static String secret(String name, String file, String otherwise) {
        return file == null ? otherwise : SecretFiles.text(name, file);
    }

    private static Map<String, Crm> crms() {
        Map<String, Crm> crms = new LinkedHashMap<>();
        ServiceLoader.load(Crm.class, Crm.class.getClassLoader()).forEach(crm -> crms.put(crm.name(), crm));
        return crms;
    }

    private static void connect(
            CamelContext context,
            Account account,
            Map<String, String> own,
            String login,
            Settings settings,
            Duration callTimeout) {
        own.put("call-timeout-ms", Long.toString(callTimeout.toMillis()));
        own.put(
                "connect-timeout-ms",
                Long.toString(
                        settings.duration("sluice.call.connect-timeout", "5s").toMillis()));
        account.crm().connect(context, login, own);
    }

    /** The beans of type Sync that the files declare, each with its name and file. */
    private List<Sync> syncs(CamelContext context, Settings settings) {
        sayStrays(settings);
        Map<String, Sync> beans = context.getRegistry().findByTypeWithName(Sync.class);
        SyncFiles files = new SyncFiles(Path.of(settings.text("sluice.syncs.folder", "routes/syncs")));
        List<Sync> syncs = new ArrayList<>();
        beans.forEach((name, sync) -> {
            sync.setName(name);
            sync.setFile(files.declaring(name));
            files.misread(sync).ifPresent(fields -> sync.setFields(resolved(context, fields)));
            sync.setMistakes(files.mistakes(sync));
            syncs.add(sync);
        });
        for (Sync sync : routeFiles.unreadable()) {
            Set<String> names = syncs.stream().map(Sync::getName).collect(Collectors.toSet());
            while (names.contains(sync.getName())) {
                sync.setName(sync.getName() + "-again");
            }
            syncs.add(sync);
        }
        return syncs;
    }

    /** Names the files in the folders of routes that are none, so that nobody waits for them. */
    private static void sayStrays(Settings settings) {
        Map<Path, Boolean> folders = new TreeMap<>();
        for (String pattern :
                settings.text("camel.main.routesIncludePattern", "").split(",")) {
            Matcher folder = ROUTE_FOLDER.matcher(pattern.strip());
            if (folder.matches()) {
                folders.merge(Path.of(folder.group(1)), folder.group(2) != null, Boolean::logicalOr);
            }
        }
        folders.merge(Path.of(settings.text("sluice.syncs.folder", "routes/syncs")), true, Boolean::logicalOr);
        folders.entrySet().stream()
                .flatMap(folder -> SyncFiles.strays(folder.getKey(), folder.getValue()).stream())
                .distinct()
                .forEach(LOG::warn);
    }

    private static Map<String, String> resolved(CamelContext context, Map<String, String> fields) {
        Map<String, String> resolved = new LinkedHashMap<>();
        fields.forEach((column, field) ->
                resolved.put(context.resolvePropertyPlaceholders(column), context.resolvePropertyPlaceholders(field)));
        return resolved;
    }

    /** Starts no route that begins work if the files are only checked; those that a call of a CRM passes through are needed. */
    @Override
    public void onRoutesAdd(Collection<Route> routes) {
        if (FileCheck.isOn()) {
            routes.stream()
                    .filter(route -> !PASSIVE.matcher(route.getEndpoint().getEndpointUri())
                            .lookingAt())
                    .forEach(route -> route.setAutoStartup(false));
        }
    }

    @Override
    public void onContextStarted(CamelContext context) {
        if (startup != null && FileCheck.isOn()) {
            FileCheck.end(startup.check());
        } else if (startup != null) {
            serveWebhooks(context);
            startup.start();
        }
    }

    @Override
    public void onContextStopping(CamelContext context) {
        if (permits != null) {
            permits.stop();
        }
    }

    @Override
    public void onContextStopped(CamelContext context) {
        close();
    }

    private static PublicAddress publicAddress(Settings settings) {
        try {
            return new PublicAddress(settings.text("sluice.webhooks.trusted-proxies", ""));
        } catch (IllegalArgumentException none) {
            throw new IllegalArgumentException(
                    "application.properties: sluice.webhooks.trusted-proxies: " + none.getMessage(), none);
        }
    }

    private void serveWebhooks(CamelContext context) {
        Settings settings = new Settings(context);
        long maxBody = settings.number("sluice.webhooks.max-body-size", 40 << 20);
        try {
            ports.serveWebhooks(
                    settings.text("sluice.webhooks.host", "127.0.0.1"),
                    settings.number("sluice.webhooks.port", 8081),
                    maxBody,
                    Math.max(maxBody, Runtime.getRuntime().maxMemory() / BODIES_PART_OF_MEMORY));
        } catch (IllegalStateException taken) {
            LOG.error("{}", taken.getMessage());
            if (settings.flag("sluice.exit-on-error", true)) {
                new Thread(() -> System.exit(1), "sluice-exit").start();
            }
        }
    }

    /** Requires a login or a token where the page and the API can be reached from other machines. */
    private HttpPorts ports(CamelContext context, Settings settings) {
        String host = settings.text("camel.server.host", "0.0.0.0");
        String file = settings.text("sluice.http.token-file", null);
        String token = file == null
                ? settings.text("sluice.http.token", null)
                : SecretFiles.text("sluice.http.token-file", file);
        visitors = visitors(settings);
        if (settings.flag("camel.server.enabled", false)
                && token == null
                && !visitors.hasLogin()
                && !HttpAccess.isLoopback(host)
                && !settings.flag("sluice.http.open", false)) {
            throw new IllegalStateException(
                    "application.properties: camel.server.host = " + host + " lets other machines"
                            + " reach the page and the API, so people must log in (sluice.user.NAME.password, or"
                            + " sluice.http.user-header of a proxy) or programs send a token (sluice.http.token or"
                            + " sluice.http.token-file). Set one of them, or leave camel.server.host at 127.0.0.1, or let"
                            + " everybody do everything with sluice.http.open = true. Webhooks need none of it: they have a"
                            + " port of their own, sluice.webhooks.port.");
        }
        return new HttpPorts(
                context,
                new HttpAccess(HttpAccess.hosts(settings.text("sluice.http.hosts", "")), token, visitors.hasLogin()),
                visitors,
                settings.duration("sluice.http.timeout", "20s"),
                this::unread);
    }

    private static Visitors visitors(Settings settings) {
        String prefix = "sluice.user.";
        try {
            Users users = new Users(SecretFiles.read(prefix, settings.below(prefix)));
            String header = settings.text("sluice.http.user-header", null);
            String proxies = settings.text("sluice.http.trusted-proxies", "");
            if (header != null && proxies.isBlank()) {
                throw new IllegalArgumentException("sluice.http.user-header needs sluice.http.trusted-proxies, the"
                        + " addresses of the proxy that sets it");
            }
            Visitors.Proxy proxy = header == null
                    ? null
                    : new Visitors.Proxy(header, Caller.roles(settings.text("sluice.http.user-header-roles", "read")));
            return new Visitors(users, proxy, new PublicAddress(proxies));
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException("application.properties: " + wrong.getMessage(), wrong);
        }
    }

    /** Records a webhook request that was rejected before any route. */
    private void unread(String account, int status) {
        if (inboxProcessor != null && inboxProcessor.webhook(account) != null) {
            String line = inboxProcessor.rejectedRequest(account, status == 413 ? "too large" : "too many at once");
            if (line != null) {
                LOG.warn(line);
            }
        }
    }

    private void writeSavedCalls() {
        try {
            if (savedCalls != null) {
                savedCalls.write();
            }
        } catch (SQLException away) {
            LOG.debug("The calls that were saved since the last minute are not counted", away);
        }
    }

    private void close() {
        if (ports != null) {
            ports.close();
        }
        if (startup != null) {
            startup.close();
        }
        if (overviewStream != null) {
            overviewStream.close();
        }
        if (stateMetrics != null) {
            stateMetrics.close();
        }
        if (traceExport != null) {
            traceExport.close();
        }
        if (journalPoller != null) {
            journalPoller.close();
        }
        if (sourcePoller != null) {
            sourcePoller.close();
        }
        if (database != null) {
            writeSavedCalls();
            database.close();
            webhookDatabase.close();
        }
        if (embedded != null) {
            embedded.close();
        }
    }
}
