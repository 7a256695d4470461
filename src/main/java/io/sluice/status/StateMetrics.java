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
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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

    private static final List<String> OUTBOX_STATES = List.of("waiting", "in_flight");
    private static final List<String> BREAKER_STATES = List.of("closed", "open", "half_open");

    private final MeterRegistry registry;
    private final RecentValue<StateReading> readings;

    /** Computes the value of a gauge. */
    @FunctionalInterface
    private interface Value {
        double of(StateReading reading);
    }

    public StateMetrics(StateReader reader, Accounts accounts, List<Sync> syncs, MeterRegistry registry) {
        this.registry = registry;
        readings = new RecentValue<>("sluice-metrics", reader::read, TIMES);
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
                    reading -> reading.breaker(name).equals(state) ? 1 : 0);
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

    private static Optional<Snapshot> snapshot(StateReading reading, String sync) {
        return Optional.ofNullable(reading.snapshots().get(sync));
    }

    private static Optional<DeltaPoller.Polls> polls(StateReading reading, String sync) {
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

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    @Override
    public void close() {
        readings.close();
    }
}
