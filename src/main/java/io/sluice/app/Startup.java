// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Backoff;
import io.sluice.Priority;
import io.sluice.RootCause;
import io.sluice.Suggestion;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.capture.Installations;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.CrmCall;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.Permits;
import io.sluice.idle.PendingWork;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Parents;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.snapshot.SnapshotReader;
import io.sluice.store.ClockWatch;
import io.sluice.store.Database;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the syncs once the context runs: the database first, then each CRM. A database or CRM that can't be reached is tried
 * again with growing delays while health says DOWN with the reason.
 *
 * <p>A mistake stops the first start, before anything is installed: no trigger, no offset, no removal. Once a sync has been
 * installed, a mistake stops its own sync alone: that one is paused with the message as its reason, its health is DOWN, its
 * triggers stay, and the others run. A sync that ran before with the same mapping starts without waiting for its CRM; a new or
 * changed one is installed when its CRM was described and the sync fits.
 */
final class Startup implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Startup.class);
    /** The header in which every Kamelet returns the HTTP status; 0 when no answer came. */
    private static final String STATUS = "SluiceStatus";
    /** The routes that start with the database. */
    private static final String PIPELINE = "pipeline";

    /** The ends of the names of the routes that every CRM has. */
    private static final List<String> CALLS = List.of("-write", "-read", "-describe");

    private static final String MISSING_ROUTES =
            "Account '%s': the routes that make its calls, routes/crm/%s.camel.yaml, are not loaded: add"
                    + " file:routes/crm/*.camel.yaml to camel.main.routesIncludePattern.";

    private static final int BEAT_SECONDS = 10;
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(30));

    private final CamelContext context;
    private final Database database;
    private final Capture capture;
    private final SnapshotReader snapshotReader;
    private final Accounts accounts;
    private final PauseStore pauseStore;
    private final Parents parents;
    private final List<Sync> syncs;
    private final Settings settings;
    private final Installations installations;
    private final Outbox outbox;
    private final PendingWork pendingWork;
    private final RowCheck rowCheck;
    /** By account and object, the CRM's description. */
    private final Map<String, Map<String, ObjectShape>> shapes = new HashMap<>();
    /** The syncs whose names are checked, or that ran before with the same mapping. */
    private final Set<Sync> approved = new LinkedHashSet<>();

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "sluice-startup");
        thread.setDaemon(true);
        return thread;
    });
    private volatile Installations.Captured spared;
    private final ClockWatch clockWatch;
    /** The reason why the last heartbeat was not written, or null. */
    private volatile String unwritable;

    private volatile String problem = "the database was not asked yet";

    Startup(
            CamelContext context,
            Database database,
            Capture capture,
            SnapshotReader snapshotReader,
            Accounts accounts,
            PauseStore pauseStore,
            Parents parents,
            List<Sync> syncs,
            Settings settings,
            Installations installations,
            Outbox outbox,
            PendingWork pendingWork) {
        this.context = context;
        this.database = database;
        this.capture = capture;
        this.snapshotReader = snapshotReader;
        this.accounts = accounts;
        this.pauseStore = pauseStore;
        this.parents = parents;
        this.syncs = syncs;
        this.settings = settings;
        this.installations = installations;
        this.outbox = outbox;
        this.pendingWork = pendingWork;
        this.rowCheck = new RowCheck(database);
        this.clockWatch = new ClockWatch(database);
    }

    void start() {
        attempt(this::startDatabase, "The database", 1);
    }

    /** The reason why the database part is not started yet or can't write, or null. */
    String problem() {
        return problem != null ? problem : unwritable;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws Exception;
    }

    private void attempt(Step step, String what, int attempt) {
        thread.execute(() -> {
            try {
                step.run();
            } catch (InvalidSettings wrong) {
                stop(wrong);
            } catch (Exception unreachable) {
                if (attempt == 1) {
                    LOG.warn(
                            "{} can't be reached: {}. It is tried again with growing pauses.",
                            what,
                            RootCause.of(unreachable));
                }
                LOG.debug("Attempt {} failed", attempt, unreachable);
                thread.schedule(
                        () -> attempt(step, what, attempt + 1),
                        BACKOFF.after(attempt).toMillis(),
                        TimeUnit.MILLISECONDS);
            }
        });
    }

    /** Returns a sentence for each account whose CRM's routes were not loaded, so that no call could be made. */
    private List<String> missingRoutes() {
        return syncs.stream()
                .map(Sync::getAccount)
                .distinct()
                .filter(account -> accounts.get(account) != null)
                .filter(account -> CALLS.stream()
                        .anyMatch(call ->
                                context.getRoute(accounts.get(account).crm().name() + call) == null))
                .map(account -> MISSING_ROUTES.formatted(
                        account, accounts.get(account).crm().name()))
                .toList();
    }

    /**
     * Returns the mistakes in the syncs, a sentence each, and changes nothing: no trigger, no offset, no sync's state. It asks a
     * CRM only about an account with a sync whose mapping is new; one that does not answer is not asked again.
     */
    List<String> check() {
        try {
            InvalidSettings.unlessEmpty(missingRoutes());
            Set<String> installed = capture.installed(syncs);
            InvalidSettings.unlessEmpty(checked(installed));
            describedAtFirst(syncs.stream()
                    .collect(Collectors.groupingBy(Sync::getAccount, LinkedHashMap::new, Collectors.toList()))
                    .entrySet()
                    .stream()
                    .filter(account ->
                            account.getValue().stream().anyMatch(sync -> !installed.contains(sync.getName())))
                    .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
            return List.of();
        } catch (InvalidSettings wrong) {
            return wrong.problems();
        } catch (SQLException | RuntimeException unreachable) {
            return List.of("The syncs could not be checked in the database: " + RootCause.of(unreachable));
        }
    }

    private void startDatabase() throws Exception {
        Map<String, List<Sync>> byAccount = new LinkedHashMap<>();
        Set<String> described = new HashSet<>();
        try {
            InvalidSettings.unlessEmpty(missingRoutes());
            String encoding = database.encodingProblem();
            InvalidSettings.unlessEmpty(encoding == null ? List.of() : List.of(encoding));
            database.migrate();
            InvalidSettings.unlessFitting(database.newerSchemaProblem());
            if (settings.flag("sluice.demo", false)) {
                Practice.on("sluice.demo").makeDemoTables(database);
            }
            // with the current files: an earlier attempt may have been interrupted
            syncs.forEach(sync -> sync.setProblem(null));
            boolean first = !capture.isInstalled();
            Set<String> installed = capture.installed(syncs);
            judge(checked(installed), first);
            pauseStore.replaceSettings(pausedBySettings());
            running().forEach(sync -> byAccount
                    .computeIfAbsent(sync.getAccount(), name -> new ArrayList<>())
                    .add(sync));
            if (first) {
                described.addAll(describedAtFirst(byAccount));
            }
            clockWatch.start(installations.lastSeen());
            InvalidSettings.unlessEmpty(
                    installations.enter(syncs.stream().filter(Sync::isComplete).toList()));
            spared = installations.others();
            capture.spare(spared);
            snapshotReader.begin();
            approved.clear();
            for (Sync sync : running()) {
                if (installed.contains(sync.getName())
                        || described.contains(sync.getAccount())
                        || isPaused(sync.getAccount())) {
                    approved.add(sync);
                }
            }
            pauseStore.replaceChecks(stopped());
            capture();
            pendingWork.start();
            for (Route route : context.getRoutesByGroup(PIPELINE)) {
                context.getRouteController().startRoute(route.getRouteId());
            }
            LOG.info("The pipeline has started: {} syncs.", approved.size());
            problem = null;
            thread.scheduleWithFixedDelay(this::beat, BEAT_SECONDS, BEAT_SECONDS, TimeUnit.SECONDS);
            sayWhatIsOdd();
        } catch (InvalidSettings wrong) {
            throw wrong;
        } catch (Exception failure) {
            problem = RootCause.of(failure);
            throw failure;
        }
        if (syncs.isEmpty()) {
            LOG.warn("No sync is declared: put a file into routes/syncs, for example a copy of the demo's.");
        }
        // an account that only the user's own routes call has nothing to check
        accounts.names().stream().filter(name -> !byAccount.containsKey(name)).forEach(accounts::checked);
        for (Map.Entry<String, List<Sync>> entry : byAccount.entrySet()) {
            Account account = accounts.get(entry.getKey());
            if (described.contains(account.name())) {
                ready(account, entry.getValue(), shapes.get(account.name()));
            } else {
                attempt(() -> startUnlessPaused(account, entry.getValue()), "Account " + account.name(), 1);
            }
        }
    }

    /** Sends the heartbeat of this installation, and removes the triggers that only a stopped replica needed. */
    private void beat() {
        try {
            installations.beat();
            unwritable = null;
        } catch (SQLException | RuntimeException away) {
            unwritable = "The database takes no writes: " + RootCause.of(away);
            LOG.debug("The heartbeat of this installation failed", away);
            return;
        }
        try {
            InvalidSettings.unlessFitting(database.newerSchemaProblem());
            clockWatch.check();
            Installations.Captured others = installations.others();
            if (!others.equals(spared)) {
                spared = others;
                capture.spare(others);
                capture.removeStray();
            }
        } catch (InvalidSettings old) {
            // a newer version has migrated the database meanwhile
            stop(old);
        } catch (SQLException | RuntimeException away) {
            LOG.debug("The clock or the other installations could not be checked", away);
        }
    }

    private void sayWhatIsOdd() {
        try {
            outbox.unserved()
                    .forEach((sync, records) -> LOG.warn(
                            "{} records wait of sync '{}', which no file declares: they"
                                    + " are not sent. Put its file back, or run: delete from sluice.outbox where sync = '{}'",
                            records,
                            sync,
                            sync));
            for (Sync sync : syncs) {
                capture.sharedKeys(sync)
                        .ifPresent(keys -> LOG.warn(
                                "{}: keys of table '{}' differ in case or in blanks around"
                                        + " them alone, for example {}. A CRM takes such for one record: the row that comes second becomes a"
                                        + " dead letter.",
                                sync.location(),
                                sync.getTable(),
                                keys));
            }
        } catch (SQLException failed) {
            LOG.debug("What is odd was not found out", failed);
        }
    }

    /**
     * At the first start describes all accounts that answer before anything is installed: a wrong name stops the start, and
     * nothing was changed. An account that does not answer delays the others by one attempt at most.
     *
     * @return the described accounts
     */
    private Set<String> describedAtFirst(Map<String, List<Sync>> byAccount) throws InvalidSettings, SQLException {
        List<String> problems = new ArrayList<>();
        Set<String> described = new HashSet<>();
        for (Map.Entry<String, List<Sync>> entry : byAccount.entrySet()) {
            if (!isPaused(entry.getKey())) {
                try {
                    problems.addAll(describe(accounts.get(entry.getKey()), entry.getValue()));
                    described.add(entry.getKey());
                } catch (IOException unreachable) {
                    LOG.debug("Account {} did not answer", entry.getKey(), unreachable);
                }
            }
        }
        InvalidSettings.unlessEmpty(problems);
        return described;
    }

    private boolean isPaused(String account) throws SQLException {
        return pauseStore.find(Kind.ACCOUNT, account).isPresent();
    }

    /** The errors of the syncs by themselves, beside each other, and in the database. */
    private List<String> checked(Set<String> installed) throws SQLException {
        List<String> problems = new ArrayList<>();
        syncs.forEach(sync -> problems.addAll(SyncCheck.words(sync, accounts.names())));
        List<Sync> readable =
                syncs.stream().filter(sync -> of(sync, problems).isEmpty()).toList();
        problems.addAll(SyncCheck.together(syncs, installed));
        problems.addAll(capture.check(readable));
        return problems;
    }

    /** Stops the first start for any mistake; later, each mistake stops its own sync alone. */
    private void judge(List<String> problems, boolean first) throws InvalidSettings {
        if (first) {
            InvalidSettings.unlessEmpty(problems);
        }
        for (Sync sync : syncs) {
            List<String> own = of(sync, problems);
            if (!own.isEmpty()) {
                sync.setProblem(String.join("; ", own));
                LOG.error(
                        "Sync {} is stopped, the others run. Its triggers stay, and what changes meanwhile is sent once it is"
                                + " corrected and Sluice is started again.\n  {}",
                        sync.getName(),
                        String.join("\n  ", own));
            }
        }
    }

    private static List<String> of(Sync sync, List<String> problems) {
        return problems.stream()
                .filter(problem -> problem.startsWith(sync.location() + ":"))
                .toList();
    }

    private List<Sync> running() {
        return syncs.stream().filter(sync -> sync.problem() == null).toList();
    }

    private Map<String, String> stopped() {
        Map<String, String> stopped = new LinkedHashMap<>();
        syncs.stream()
                .filter(sync -> sync.problem() != null)
                .forEach(sync -> stopped.put(sync.getName(), sync.problem()));
        return stopped;
    }

    private void capture() throws SQLException {
        capture.start(
                        List.copyOf(approved),
                        syncs.stream().filter(sync -> !approved.contains(sync)).toList())
                .forEach(sync -> LOG.info(
                        "{}: initial export of {} to {}/{} queued.",
                        sync.getName(),
                        sync.getTable(),
                        sync.getAccount(),
                        sync.getObject()));
    }

    private List<PauseStore.Setting> pausedBySettings() {
        List<PauseStore.Setting> paused = new ArrayList<>();
        for (String account : accounts.names()) {
            if (accounts.get(account).paused()) {
                paused.add(new PauseStore.Setting(
                        Kind.ACCOUNT,
                        account,
                        "sluice.account." + account + ".paused = true in application.properties"));
            }
        }
        for (Sync sync : syncs) {
            if (sync.isPaused()) {
                paused.add(new PauseStore.Setting(Kind.SYNC, sync.getName(), "paused: true in " + sync.file()));
            }
        }
        return paused;
    }

    /** Starts an account that is not paused; a paused one gets no call, not even a describe. */
    private void startUnlessPaused(Account account, List<Sync> ofAccount)
            throws InvalidSettings, IOException, SQLException {
        if (!isPaused(account.name())) {
            startAccount(account, ofAccount);
            return;
        }
        thread.schedule(
                () -> attempt(() -> startUnlessPaused(account, ofAccount), "Account " + account.name(), 1),
                settings.duration("sluice.dispatch.check-interval", "100ms").toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private void startAccount(Account account, List<Sync> ofAccount) throws InvalidSettings, IOException, SQLException {
        judge(describe(account, ofAccount), !capture.isInstalled() && approved.isEmpty());
        List<Sync> right =
                ofAccount.stream().filter(sync -> sync.problem() == null).toList();
        if (approved.addAll(right)) {
            capture();
        }
        for (Map.Entry<String, String> stopped : stopped().entrySet()) {
            pauseStore.pauseByCheck(stopped.getKey(), stopped.getValue());
        }
        ready(account, right, shapes.get(account.name()));
    }

    /** Lets the account's syncs send and receive. */
    private void ready(Account account, List<Sync> ofAccount, Map<String, ObjectShape> described) throws SQLException {
        for (Sync sync : ofAccount) {
            warn(sync, described.get(sync.getObject()));
        }
        parents.declare(account.name(), ParentSyncs.of(ofAccount, described));
        accounts.described(account.name(), described);
        accounts.checked(account.name());
        LOG.info("Account {} is ready: {}.", account.name(), String.join(", ", described.keySet()));
    }

    /** Checks the rows of a sync, which runs whether or not that succeeds. */
    private void warn(Sync sync, ObjectShape shape) {
        try {
            rowCheck.warnings(sync, shape, capture.columns(sync)).forEach(LOG::warn);
        } catch (SQLException unchecked) {
            LOG.debug("The rows of {} were not checked", sync.getTable(), unchecked);
        }
    }

    /** @return the sync's names that the CRM does not have or would reject */
    private List<String> describe(Account account, List<Sync> ofAccount) throws IOException, SQLException {
        List<String> problems = new ArrayList<>();
        Map<String, ObjectShape> described = new LinkedHashMap<>();
        try (ProducerTemplate template = context.createProducerTemplate()) {
            for (Sync sync : ofAccount) {
                if (!described.containsKey(sync.getObject())) {
                    described.put(sync.getObject(), describe(template, account, sync.getObject()));
                }
                ObjectShape shape = described.get(sync.getObject());
                if (shape != null) {
                    Map<String, String> columns = capture.columns(sync);
                    problems.addAll(SyncCheck.fields(sync, shape, columns));
                    sync.setTextFields(SyncCheck.textFields(sync, shape, columns));
                    sync.setParent(shape.parent(sync.getFields().values()).orElse(null));
                } else {
                    problems.add(sync.location() + ": account '" + account.name() + "' has no object '"
                            + sync.getObject() + "'" + Suggestion.hint(sync.getObject(), objects(template, account)));
                }
            }
        }
        described.values().removeIf(Objects::isNull);
        problems.addAll(SyncCheck.aliases(ofAccount, described));
        ofAccount.forEach(sync -> problems.addAll(ParentSyncs.check(sync, described)));
        shapes.put(account.name(), described);
        return problems;
    }

    /** @return null when the CRM has no such object */
    private static ObjectShape describe(ProducerTemplate template, Account account, String object) throws IOException {
        Message answer = ask(template, new CrmCall.Describe(account.crm().name(), account.name(), object));
        if (answer.getBody() instanceof ObjectShape shape) {
            return shape;
        }
        int status = answer.getHeader(STATUS, 0, Integer.class);
        if (status == 404) {
            return null;
        }
        throw new IOException((status == 0 ? "" : "HTTP " + status + ": ") + answer.getBody(String.class));
    }

    private static List<String> objects(ProducerTemplate template, Account account) throws IOException {
        List<String> names = new ArrayList<>();
        if (ask(template, new CrmCall.ListObjects(account.crm().name(), account.name()))
                        .getBody()
                instanceof List<?> found) {
            found.forEach(name -> names.add(name.toString()));
        }
        return names;
    }

    private static Message ask(ProducerTemplate template, CrmCall call) throws IOException {
        Exchange exchange = template.request("direct:call", request -> {
            request.setVariable("call", call);
            // a pause in the middle of the check would stop the other accounts with it
            request.setProperty(Permits.STARTED, Priority.HIGH);
        });
        if (exchange.getException() != null) {
            throw new IOException(exchange.getException().getMessage(), exchange.getException());
        }
        return exchange.getMessage();
    }

    private void stop(InvalidSettings wrong) {
        problem = wrong.getMessage();
        LOG.error(
                "Sluice stops, because {}. Nothing was changed.\n  {}",
                wrong.cause(),
                String.join("\n  ", wrong.problems()));
        if (settings.flag("sluice.exit-on-error", true)) {
            new Thread(() -> System.exit(1), "sluice-exit").start();
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        pendingWork.close();
        try {
            installations.leave();
        } catch (SQLException away) {
            LOG.debug("The end of this installation was not written down", away);
        }
    }
}
