// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.ExampleCrm;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CustomerSync;
import io.sluice.quota.Limit;
import io.sluice.quota.Pool;
import io.sluice.receive.DeltaPoller;
import io.sluice.snapshot.Snapshot;
import io.sluice.snapshot.SnapshotProgress;
import io.sluice.snapshot.SnapshotState;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Each gauge, against a scene in the database. */
class StateMetricsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Offset<Double> A_MINUTE = within(60.0);
    private static final Accounts ACCOUNTS = new Accounts(
            List.of(new Account(
                    "crm",
                    new ExampleCrm(100, 1, Optional.empty(), true),
                    Pool.of("crm", List.of(new Limit("daily", 1000, Duration.ofDays(1)))),
                    false)),
            InstantSource.system());

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private Optional<Snapshot> snapshot = Optional.empty();
    private Optional<DeltaPoller.Polls> polls = Optional.empty();
    private StateMetrics metrics;

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
        DATABASE.run("truncate sluice.inbound_rejection");
    }

    @AfterEach
    void close() {
        metrics.close();
    }

    private static Sync sync() {
        Sync sync = new Sync();
        sync.setName("people");
        sync.setTable("app.person");
        sync.setAccount("crm");
        sync.setObject("contacts");
        sync.setDirection("both");
        return sync;
    }

    /** Starts the metrics after the scene, as after a restart. */
    private void start() {
        start(DATABASE.sluice());
    }

    private void start(Database database) {
        metrics = new StateMetrics(reader(database), ACCOUNTS, List.of(sync()), registry);
    }

    private StateReader reader(Database database) {
        return new StateReader(database, () -> ofPeople(snapshot), () -> ofPeople(polls));
    }

    private static <T> Map<String, T> ofPeople(Optional<T> found) {
        return found.map(it -> Map.of("people", it)).orElse(Map.of());
    }

    private double gauge(String name, String... tags) {
        return registry.get(name).tags(tags).gauge().value();
    }

    private static void enter(String key, int priority, String inflight, int secondsAgo) throws SQLException {
        DATABASE.run(
                """
                insert into sluice.outbox (account, object, key, sync, operation, priority, since, inflight_operation, inflight,
                    inflight_since, lease, lease_until)
                select 'crm', 'contacts', '%1$s', 'people', %2$s, %3$d, now() - interval '%4$d seconds', %5$s, %6$s,
                    now() - interval '1 hour', %7$s, %8$s"""
                        .formatted(
                                key,
                                inflight.equals("alone") ? "null" : "'upsert'",
                                priority,
                                secondsAgo,
                                inflight.isEmpty() ? "null" : "'upsert'",
                                inflight.isEmpty() ? "null" : "'{}'::jsonb",
                                inflight.isEmpty() ? "null" : "gen_random_uuid()",
                                inflight.isEmpty() ? "null" : "now() + interval '1 minute'"));
    }

    @Test
    void theOutboxHasItsDepthAndTheAgeOfTheOldestWaitingChangeByPriority() throws SQLException {
        enter("1", 0, "", 10);
        enter("2", 2, "", 4000);
        enter("3", 2, "", 1000);
        enter("4", 2, "alone", 9000);
        enter("5", 3, "and a newer change", 7000);
        start();

        assertThat(gauge("sluice.outbox.records", "priority", "critical", "state", "waiting"))
                .isEqualTo(1);
        assertThat(gauge("sluice.outbox.records", "priority", "high", "state", "waiting"))
                .isZero();
        assertThat(gauge("sluice.outbox.records", "priority", "normal", "state", "waiting"))
                .isEqualTo(2);
        assertThat(gauge("sluice.outbox.records", "priority", "normal", "state", "in_flight"))
                .isEqualTo(1);
        assertThat(gauge("sluice.outbox.records", "priority", "low", "state", "in_flight"))
                .isEqualTo(1);
        assertThat(gauge("sluice.outbox.oldest.age", "priority", "critical")).isCloseTo(10, A_MINUTE);
        assertThat(gauge("sluice.outbox.oldest.age", "priority", "high")).isZero();
        assertThat(gauge("sluice.outbox.oldest.age", "priority", "normal")).isCloseTo(4000, A_MINUTE);
        assertThat(gauge("sluice.outbox.oldest.age", "priority", "low")).isCloseTo(7000, A_MINUTE);
    }

    @Test
    void theCaptureBacklogCountsRecordsAndNotRowsOfTheLog() throws SQLException {
        DATABASE.run(
                """
                insert into sluice.change_log (source, keys, records, op, changed_at)
                values ('app.person', '{1,2,3}', 3, 'I', now() - interval '500 seconds'),
                       ('app.person', '{4}', 1, 'I', now()), ('app.other', '{1}', 1, 'I', now())""");
        start();

        assertThat(gauge("sluice.capture.records", "table", "app.person")).isEqualTo(4);
        assertThat(gauge("sluice.capture.oldest.age", "table", "app.person")).isCloseTo(500, A_MINUTE);
    }

    @Test
    void deadLettersAndInboundRejectionsAreCounted() throws SQLException {
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps)"
                        + " select 'crm', 'contacts', n, 'people', 'upsert', '{}', '{}' from generate_series(1, 3) as n",
                "insert into sluice.inbound_rejection (sync, crm_id, columns, why) values ('people', 'x1', '{}', 'too long')");
        start();

        assertThat(gauge("sluice.dead.letters", "account", "crm", "sync", "people"))
                .isEqualTo(3);
        assertThat(gauge("sluice.inbound.rejections", "account", "crm", "sync", "people"))
                .isEqualTo(1);
    }

    @Test
    void theInboxHasItsDepthWithoutTheEventsThatAreDone() throws SQLException {
        DATABASE.run(
                """
                insert into sluice.inbox (account, identity, object, crm_id, kind, at, received_at, done_at)
                values ('crm', gen_random_uuid(), 'contacts', 'x1', 'read_back', now(), now() - interval '300 seconds', null),
                       ('crm', gen_random_uuid(), 'contacts', 'x2', 'read_back', now(), now() - interval '900 seconds', now())""");
        start();

        assertThat(gauge("sluice.inbox.events", "account", "crm")).isEqualTo(1);
        assertThat(gauge("sluice.inbox.oldest.age", "account", "crm")).isCloseTo(300, A_MINUTE);
    }

    @Test
    void bulkJobsAreCountedByTheirStateUntilTheyEnd() throws SQLException {
        DATABASE.run(
                """
                insert into sluice.bulk_job (lease, account, object, sync, operation, state, priority, records, ended_at)
                values (gen_random_uuid(), 'crm', 'contacts', 'people', 'upsert', 'poll', 1, 10, null),
                       (gen_random_uuid(), 'crm', 'contacts', 'people', 'upsert', 'poll', 1, 10, null),
                       (gen_random_uuid(), 'crm', 'contacts', 'people', 'upsert', 'poll', 1, 10, now())""");
        start();

        assertThat(gauge("sluice.bulk.jobs", "account", "crm", "state", "poll")).isEqualTo(2);
        assertThat(gauge("sluice.bulk.jobs", "account", "crm", "state", "create"))
                .isZero();
    }

    @Test
    void aCircuitBreakerIsClosedThenOpenThenHalfOpen() throws SQLException {
        start();
        assertThat(gauge("sluice.circuit.breaker.state", "state", "closed")).isEqualTo(1);
        assertThat(gauge("sluice.circuit.breaker.state", "state", "open")).isZero();
        metrics.close();

        DATABASE.run("insert into sluice.pause (kind, name, by, until)"
                + " values ('sync', 'people', 'crm', now() + interval '1 hour')");
        registry.clear();
        start();
        assertThat(gauge("sluice.circuit.breaker.state", "state", "closed")).isZero();
        assertThat(gauge("sluice.circuit.breaker.state", "state", "open")).isEqualTo(1);
        assertThat(gauge("sluice.sync.paused")).isZero();
        metrics.close();

        DATABASE.run("update sluice.pause set until = now() - interval '1 second'");
        registry.clear();
        start();
        assertThat(gauge("sluice.circuit.breaker.state", "state", "open")).isZero();
        assertThat(gauge("sluice.circuit.breaker.state", "state", "half_open")).isEqualTo(1);
    }

    @Test
    void aSyncIsPausedWithItsAccount() throws SQLException {
        DATABASE.run("insert into sluice.pause (kind, name, by) values ('account', 'crm', 'api')");
        start();

        assertThat(gauge("sluice.sync.paused", "sync", "people")).isEqualTo(1);
    }

    @Test
    void anInitialExportHasItsProgress() throws SQLException {
        CustomerSync customers = new CustomerSync(DATABASE);
        customers.start("name text", "1, 'Ann'", Map.of("name", "Name"));
        DATABASE.run("insert into app.customer select n, 'Bob' from generate_series(2, 5) as n");
        customers.sync.setFields(Map.of("name", "Full_Name"));
        customers.capture.start(List.of(customers.sync));
        assertThat(export(customers.sync)).isEqualTo("0 of 5");

        Claim claim = customers.claim().orElseThrow();
        assertThat(claim.size()).isEqualTo(5);
        assertThat(export(customers.sync)).isEqualTo("0 of 5");

        customers.settle(claim.part(claim.changes().subList(0, 3)));
        assertThat(export(customers.sync)).isEqualTo("3 of 5");

        DATABASE.run("insert into app.customer values (6, 'Cid')");
        customers.drain();
        assertThat(export(customers.sync)).as("a later change").isEqualTo("3 of 5");
    }

    private String export(Sync sync) {
        SimpleMeterRegistry fresh = new SimpleMeterRegistry();
        metrics = new StateMetrics(reader(DATABASE.sluice()), ACCOUNTS, List.of(sync), fresh);
        String progress = "%.0f of %.0f"
                .formatted(
                        fresh.get("sluice.export.done").gauge().value(),
                        fresh.get("sluice.export.expected").gauge().value());
        metrics.close();
        return progress;
    }

    private static Snapshot snapshot(long total, long read, Instant ended) {
        return new Snapshot(
                1,
                SnapshotState.POLL,
                null,
                null,
                null,
                Instant.EPOCH,
                1,
                0,
                new SnapshotProgress(total, read, 0, 0, 0, 0, 0, 3),
                Instant.EPOCH,
                ended,
                null,
                null,
                null);
    }

    @Test
    void aSnapshotHasItsProgress() {
        snapshot = Optional.of(snapshot(5000, 1200, null));
        start();

        assertThat(gauge("sluice.snapshot.expected")).isEqualTo(5000);
        assertThat(gauge("sluice.snapshot.done")).isEqualTo(1200);
        assertThat(gauge("sluice.snapshot.running")).isEqualTo(1);
    }

    @Test
    void aSnapshotOfUnknownSizeExpectsAnUnknownNumber() {
        snapshot = Optional.of(snapshot(-1, 1200, Instant.now()));
        start();

        assertThat(gauge("sluice.snapshot.expected")).isNaN();
        assertThat(gauge("sluice.snapshot.running")).isZero();
    }

    @Test
    void aSyncHasThePollsIntervalAndAge() {
        polls = Optional.of(
                new DeltaPoller.Polls(Duration.ofSeconds(40), Instant.now().minus(Duration.ofSeconds(500))));
        start();

        assertThat(gauge("sluice.poll.interval", "account", "crm", "sync", "people"))
                .isEqualTo(40);
        assertThat(gauge("sluice.poll.age", "account", "crm", "sync", "people")).isCloseTo(500, A_MINUTE);
    }

    @Test
    void aDatabaseThatIsAwayLeavesTheGaugesUnknown() {
        Database away = Database.of("jdbc:postgresql://127.0.0.1:1/sluice", "sluice", "", 1);
        start(away);

        assertThat(gauge("sluice.dead.letters")).isNaN();
        assertThat(gauge("sluice.state.age")).isNaN();
        away.close();
    }
}
