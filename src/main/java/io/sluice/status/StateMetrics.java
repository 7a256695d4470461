// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.bulk.BulkJobState;
import io.sluice.crm.Accounts;
import io.sluice.receive.DeltaPoller;
import io.sluice.snapshot.Snapshot;
import io.sluice.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Publishes what the database holds as gauges: queues with the age of their oldest entry, dead letters, progress, bulk jobs,
 * circuit breakers and poll intervals. All gauges of a scrape share one reading, which is made at most every five seconds,
 * within a time limit, and without that the scrape waits for more than a moment. While the database is away the gauges keep
 * their last value for a minute and are NaN afterwards.
 *
 * <p>The gauges exist from the start, for each sync and account; they show the state of the database, which all replicas
 * share.
 */
public final class StateMetrics implements AutoCloseable {

    private static final RecentValue.Times TIMES =
            new RecentValue.Times(Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofMinutes(1));

    private static final String TIME_LIMIT = "select set_config('statement_timeout', '30s', true)";

    /** Returns rows of a part, its owner, a detail, a number and the seconds since the oldest entry. */
    private static final String STATE =
            """
            select 'outbox' as part, sync as owner, priority || ' waiting' as detail, count(*) as number,
                   extract(epoch from clock_timestamp() - min(since))::float8 as age
            from sluice.outbox where operation is not null and lease is null group by sync, priority
            union all
            select 'outbox', sync, priority || ' in_flight', count(*),
                   extract(epoch from clock_timestamp() - min(since) filter (where operation is not null))::float8
            from sluice.outbox where lease is not null group by sync, priority
            union all
            select 'capture', source, '', sum(records), extract(epoch from clock_timestamp() - min(changed_at))::float8
            from sluice.change_log group by source
            union all
            select 'export_expected', sync, '', records, null from sluice.initial_export
            union all
            select 'export_left', sync, '',
                   (select coalesce(sum(l.records), 0) from sluice.change_log l
                    where l.source = e.source and l.op = 'S' and l.changed_at <= e.queued_at)
                   + (select count(*) from sluice.outbox o
                      where o.account = e.account and o.sync = e.sync and o.operation is not null and o.lease is null
                        and o.since <= e.queued_at)
                   + (select count(*) from sluice.outbox o
                      where o.sync = e.sync and o.lease is not null and o.inflight_since <= e.queued_at), null
            from sluice.initial_export e
            union all
            select 'inbox', account, '', count(*), extract(epoch from clock_timestamp() - min(received_at))::float8
            from sluice.inbox where done_at is null group by account
            union all
            select 'dead_letter', sync, '', count(*), null from sluice.dead_letter group by sync
            union all
            select 'inbound_rejection', sync, '', count(*), null from sluice.inbound_rejection group by sync
            union all
            select 'bulk_job', account, state, count(*), null from sluice.bulk_job where ended_at is null
            group by account, state
            union all
            select 'breaker', name, case when until > now() then 'open' else 'half_open' end, 1, null
            from sluice.pause where kind = 'sync' and by = 'crm'
            union all
            select distinct 'paused_' || kind, name, '', 1, null::float8 from sluice.pause where by <> 'crm'""";

    private static final List<String> OUTBOX_STATES = List.of("waiting", "in_flight");
    private static final List<String> BREAKER_STATES = List.of("closed", "open", "half_open");

    private final Database database;
    private final Lookup<Snapshot> snapshots;
    private final Lookup<DeltaPoller.Polls> polls;
    private final List<Sync> syncs;
    private final MeterRegistry registry;
    private final RecentValue<Reading> readings;

    private record Key(String part, String owner, String detail) {}

    private record Entry(double number, double age) {
        static final Entry NONE = new Entry(0, 0);
    }

    /** All values, read together. */
    private record Reading(
            Map<Key, Entry> entries,
            Map<String, Snapshot> snapshots,
            Map<String, DeltaPoller.Polls> polls,
            Instant at) {

        private Entry entry(String part, String owner, String detail) {
            return entries.getOrDefault(new Key(part, owner, detail), Entry.NONE);
        }

        private double number(String part, String owner, String detail) {
            return entry(part, owner, detail).number();
        }

        private double isPresent(String part, String owner, String detail) {
            return entries.containsKey(new Key(part, owner, detail)) ? 1 : 0;
        }
    }

    /** Finds what the database holds for a sync. */
    @FunctionalInterface
    public interface Lookup<T> {
        Optional<T> find(Sync sync) throws SQLException;
    }

    /** Computes the value of a gauge. */
    @FunctionalInterface
    private interface Value {
        double of(Reading reading);
    }

    public StateMetrics(
            Database database,
            Accounts accounts,
            List<Sync> syncs,
            Lookup<Snapshot> snapshots,
            Lookup<DeltaPoller.Polls> polls,
            MeterRegistry registry) {
        this.database = database;
        this.syncs = List.copyOf(syncs);
        this.snapshots = snapshots;
        this.polls = polls;
        this.registry = registry;
        readings = new RecentValue<>("sluice-metrics", this::read, TIMES);
        syncs.forEach(this::register);
        syncs.stream().map(Sync::getTable).filter(Objects::nonNull).distinct().forEach(this::registerTable);
        accounts.names()
                .forEach(account ->
                        registerAccount(account, accounts.get(account).crm().sendsWebhooks()));
        accounts.names().forEach(account -> registerCircuitBreaker(account, accounts));
        Gauge.builder("sluice.state.age", readings, it -> it.age()
                        .map(StateMetrics::seconds)
                        .orElse(Double.NaN))
                .description("Time since the gauges of the database were read")
                .baseUnit("seconds")
                .register(registry);
    }

    private void register(Sync sync) {
        String name = sync.getName();
        Tags tags = Tags.of("account", String.valueOf(sync.getAccount()), "sync", name);
        for (Priority priority : Priority.values()) {
            Tags ofPriority = tags.and("priority", priority.toString());
            for (String state : OUTBOX_STATES) {
                gauge(
                        "sluice.outbox.records",
                        "records",
                        "Records in the outbox",
                        ofPriority.and("state", state),
                        reading -> reading.number("outbox", name, priority.rank() + " " + state));
            }
            gauge(
                    "sluice.outbox.oldest.age",
                    "seconds",
                    "Age of the oldest change that waits to be sent",
                    ofPriority,
                    reading -> OUTBOX_STATES.stream()
                            .mapToDouble(state -> reading.entry("outbox", name, priority.rank() + " " + state)
                                    .age())
                            .max()
                            .orElse(0));
        }
        gauge(
                "sluice.dead.letters",
                "letters",
                "Records that no retry can write",
                tags,
                reading -> reading.number("dead_letter", name, ""));
        gauge(
                "sluice.inbound.rejections",
                "rejections",
                "Records of the CRM that the table rejects now",
                tags,
                reading -> reading.number("inbound_rejection", name, ""));
        for (String state : BREAKER_STATES) {
            gauge(
                    "sluice.circuit.breaker.state",
                    null,
                    "1 for the state in which the sync's circuit breaker is, 0 for the others",
                    tags.and("state", state),
                    reading -> breaker(reading, name, state));
        }
        gauge(
                "sluice.sync.paused",
                null,
                "1 while the sync or its account is paused",
                tags,
                reading -> Math.max(
                        reading.isPresent("paused_sync", name, ""),
                        reading.isPresent("paused_account", sync.getAccount(), "")));
        gauge(
                "sluice.export.expected",
                "records",
                "Records of the sync's last initial export",
                tags,
                reading -> reading.number("export_expected", name, ""));
        gauge(
                "sluice.export.done",
                "records",
                "Records of the sync's last initial export that are in the CRM or in the dead letters",
                tags,
                reading -> Math.max(
                        0, reading.number("export_expected", name, "") - reading.number("export_left", name, "")));
        if (sync.getDirection() == Sync.Direction.BOTH) {
            registerInbound(name, tags);
        }
    }

    private void registerCircuitBreaker(String account, Accounts accounts) {
        for (String state : BREAKER_STATES) {
            Gauge.builder(
                            "sluice.account.circuit.breaker.state",
                            accounts,
                            it -> it.circuitBreaker(account).getState().name().equalsIgnoreCase(state) ? 1 : 0)
                    .description("1 for the state in which the account's circuit breaker is, 0 for the others")
                    .tags("account", account, "state", state)
                    .register(registry);
        }
    }

    private static double breaker(Reading reading, String sync, String state) {
        if (!state.equals("closed")) {
            return reading.isPresent("breaker", sync, state);
        }
        return BREAKER_STATES.stream().noneMatch(other -> reading.isPresent("breaker", sync, other) == 1) ? 1 : 0;
    }

    private void registerInbound(String sync, Tags tags) {
        gauge(
                "sluice.snapshot.expected",
                "records",
                "Records that the sync's last snapshot is to read; NaN while unknown",
                tags,
                reading -> snapshot(reading, sync)
                        .map(it -> it.progress().total())
                        .map(total -> total < 0 ? Double.NaN : total)
                        .orElse(0.0));
        gauge(
                "sluice.snapshot.done",
                "records",
                "Records that the sync's last snapshot has merged",
                tags,
                reading -> snapshot(reading, sync)
                        .map(it -> (double) it.progress().read())
                        .orElse(0.0));
        gauge(
                "sluice.snapshot.running",
                null,
                "1 while a snapshot of the sync runs",
                tags,
                reading ->
                        snapshot(reading, sync).filter(it -> it.ended() == null).isPresent() ? 1 : 0);
        gauge(
                "sluice.poll.interval",
                "seconds",
                "Interval between the polls of the sync, before backpressure",
                tags,
                reading ->
                        polls(reading, sync).map(it -> seconds(it.interval())).orElse(Double.NaN));
        gauge(
                "sluice.poll.age",
                "seconds",
                "Time since the start of the last poll of the sync that ended",
                tags,
                reading -> polls(reading, sync)
                        .filter(it -> it.polledAt().isAfter(Instant.EPOCH))
                        .map(it -> seconds(Duration.between(it.polledAt(), reading.at())))
                        .orElse(Double.NaN));
    }

    private static Optional<Snapshot> snapshot(Reading reading, String sync) {
        return Optional.ofNullable(reading.snapshots().get(sync));
    }

    private static Optional<DeltaPoller.Polls> polls(Reading reading, String sync) {
        return Optional.ofNullable(reading.polls().get(sync));
    }

    private void registerTable(String table) {
        Tags tags = Tags.of("table", String.valueOf(table));
        gauge(
                "sluice.capture.records",
                "records",
                "Captured changes that wait to be moved to the outbox",
                tags,
                reading -> reading.number("capture", table, ""));
        gauge(
                "sluice.capture.oldest.age",
                "seconds",
                "Age of the oldest captured change that waits to be moved to the outbox",
                tags,
                reading -> reading.entry("capture", table, "").age());
    }

    private void registerAccount(String account, boolean sendsWebhooks) {
        Tags tags = Tags.of("account", account);
        for (BulkJobState state : BulkJobState.values()) {
            gauge(
                    "sluice.bulk.jobs",
                    "jobs",
                    "Bulk jobs that have not ended, by their next call",
                    tags.and("state", state.toString()),
                    reading -> reading.number("bulk_job", account, state.toString()));
        }
        if (sendsWebhooks) {
            gauge(
                    "sluice.inbox.events",
                    "events",
                    "Events that wait to be processed",
                    tags,
                    reading -> reading.number("inbox", account, ""));
            gauge(
                    "sluice.inbox.oldest.age",
                    "seconds",
                    "Age of the oldest event that waits to be processed",
                    tags,
                    reading -> reading.entry("inbox", account, "").age());
        }
    }

    private void gauge(String name, String unit, String description, Tags tags, Value value) {
        Gauge.builder(name, readings, it -> it.get().map(value::of).orElse(Double.NaN))
                .description(description)
                .baseUnit(unit)
                .tags(tags)
                .register(registry);
    }

    private Reading read() throws SQLException {
        Map<Key, Entry> entries = new HashMap<>();
        database.transaction(connection -> {
            entries.clear();
            Database.query(connection, TIME_LIMIT, row -> null);
            return Database.query(connection, STATE, row -> entries.put(key(row), entry(row)));
        });
        return new Reading(entries, found(snapshots), found(polls), Instant.now());
    }

    private <T> Map<String, T> found(Lookup<T> lookup) throws SQLException {
        Map<String, T> found = new HashMap<>();
        for (Sync sync : syncs) {
            lookup.find(sync).ifPresent(it -> found.put(sync.getName(), it));
        }
        return found;
    }

    private static Key key(ResultSet row) throws SQLException {
        return new Key(row.getString("part"), row.getString("owner"), row.getString("detail"));
    }

    private static Entry entry(ResultSet row) throws SQLException {
        return new Entry(row.getDouble("number"), Math.max(0, row.getDouble("age")));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    @Override
    public void close() {
        readings.close();
    }
}
