// SPDX-License-Identifier: Apache-2.0
package io.sluice.idle;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.idle.PendingWork.LogPosition;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PendingWorkTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final String CHANGE =
            "insert into sluice.change_log (source, keys, records, op) values ('app.customer', '{1}', 1, 'U')";

    private final AtomicLong nanos = new AtomicLong(1);
    private final AtomicReference<List<LogPosition>> log = new AtomicReference<>(at(0));
    private final PendingWork pendingWork =
            new PendingWork(DATABASE.sluice(), log::get, Duration.ofMillis(1), nanos::get);

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static List<LogPosition> at(long floor, Long... transactions) {
        return List.of(new LogPosition("app.customer", floor, List.of(transactions)));
    }

    private List<Boolean> parts() {
        return List.of(
                pendingWork.awaitCaptured(),
                pendingWork.awaitQueued(),
                pendingWork.inFlight(),
                pendingWork.awaitReceived(),
                pendingWork.snapshot(),
                pendingWork.polls(),
                pendingWork.notifications());
    }

    @Test
    void everyPartMayHaveWorkBeforeTheFirstAnswerAndNoneAfterAnEmptyOne() throws SQLException {
        assertThat(parts()).containsOnly(true);
        pendingWork.await();
        assertThat(parts()).containsOnly(false);
    }

    @Test
    void anOldAnswerCountsNoMore() throws SQLException {
        pendingWork.await();
        nanos.addAndGet(PendingWork.MAX_WAIT.multipliedBy(3).toNanos());
        assertThat(parts()).containsOnly(false);
        nanos.incrementAndGet();
        assertThat(parts()).containsOnly(true);
    }

    @Test
    void aChangeThatCommitsDuringTheWaitEndsIt() throws Exception {
        pendingWork.await();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<?> waiting = thread.submit(() -> {
                pendingWork.await();
                return null;
            });
            DATABASE.run(CHANGE);
            waiting.get();
            pendingWork.await();
        } finally {
            thread.shutdownNow();
        }
        assertThat(parts()).containsExactly(true, false, false, false, false, false, false);
    }

    @Test
    void aRouteThatWaitsIsWokenByWorkOfItsPartAndByTheEnd() throws Exception {
        PendingWork patient = new PendingWork(DATABASE.sluice(), log::get, Duration.ofHours(1), nanos::get);
        patient.await();
        ExecutorService routes = Executors.newFixedThreadPool(2);
        try {
            Future<Boolean> drain = routes.submit(patient::awaitCaptured);
            Future<Boolean> inbox = routes.submit(patient::awaitReceived);
            DATABASE.run(CHANGE);
            patient.await();
            assertThat(drain.get(1, TimeUnit.MINUTES)).isTrue();
            assertThat(inbox.isDone()).isFalse();
            patient.close();
            assertThat(inbox.get(1, TimeUnit.MINUTES)).isFalse();
        } finally {
            routes.shutdownNow();
        }
    }

    @Test
    void aChangeBelowTheFloorIsNoWork() throws SQLException {
        DATABASE.run(CHANGE);
        log.set(at(2_000_000));
        pendingWork.await();
        assertThat(pendingWork.awaitCaptured()).isFalse();
    }

    @Test
    void theEndOfATransactionThatWasUnderWayIsWork() throws SQLException {
        try (Connection application = DATABASE.application()) {
            application.setAutoCommit(false);
            long xid = Database.query(application, "select pg_current_xact_id()::text", row -> row.getLong(1))
                    .get(0);
            log.set(at(2_000_000, xid));
            pendingWork.await();
            assertThat(pendingWork.awaitCaptured()).isFalse();
            application.commit();
        }
        pendingWork.await();
        assertThat(pendingWork.awaitCaptured()).isTrue();
    }

    @Test
    void eachTableIsOfOnePart() throws SQLException {
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, priority, since)"
                        + " values ('crm', 'Contact', 'waits', 's', 'upsert', 2, now())",
                "insert into sluice.outbox (account, object, key, sync, inflight_operation, priority, since, lease, lease_until)"
                        + " values ('crm', 'Contact', 'flies', 's', 'upsert', 2, now(), gen_random_uuid(), now())",
                "insert into sluice.inbox (account, identity, object, crm_id, kind, at)"
                        + " values ('crm', gen_random_uuid(), 'Contact', '1', 'read_back', now())",
                "insert into sluice.snapshot (account, object, sync, state, queried_at, began_at) values ('crm', 'Contact', 's', 'pages', now(), now())",
                "insert into sluice.poll_offset"
                        + " (account, object, sync, read_up_to, low_watermark, interval_ms, deletes_due, polled_at, due)"
                        + " values ('crm', 'Contact', 's', now(), now(), 1000, now(), now(), now())",
                "with a as (insert into sluice.alert (installation, id, kind, severity, what, action, since, seen_at)"
                        + " values ('sluice', 'a', 'a', 'info', 'what', 'action', now(), now()) returning number)"
                        + " insert into sluice.alert_notification (channel, alert, event) select 'log', number, 'begin' from a");
        pendingWork.await();
        assertThat(parts()).containsExactly(false, true, true, true, true, true, true);
        DATABASE.run(
                "update sluice.inbox set due = now() + interval '1 hour'",
                "update sluice.poll_offset set due = now() + interval '1 hour'",
                "delete from sluice.snapshot",
                "delete from sluice.alert_notification");
        pendingWork.await();
        assertThat(parts()).containsExactly(false, true, true, false, false, false, false);
    }

    @Test
    void aPollThatWaitsForLongDoesNotShortenTheWaitForTheOthers() throws SQLException {
        DATABASE.run("insert into sluice.poll_offset"
                + " (account, object, sync, read_up_to, low_watermark, interval_ms, deletes_due, polled_at, due)"
                + " values ('paused', 'Contact', 's', now(), now(), 1000, now(), now(), now())");
        pendingWork.await();
        assertThat(pendingWork.maxWait()).isEqualTo(PendingWork.MAX_WAIT);
        DATABASE.run("insert into sluice.snapshot (account, object, sync, state, queried_at, began_at)"
                + " values ('crm', 'Contact', 's', 'pages', now(), now())");
        pendingWork.await();
        assertThat(pendingWork.maxWait()).isLessThan(PendingWork.MAX_WAIT);
    }

    @Test
    void everyPartAsksForItselfWhileTheDatabaseIsAway() throws Exception {
        TestDatabase away = TestDatabase.open();
        try (PendingWork unknown = new PendingWork(away.sluice(), List::of, Duration.ofMillis(1), System::nanoTime)) {
            unknown.await();
            assertThat(unknown.awaitCaptured()).isFalse();
            away.close();
            unknown.start();
            org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(30)).until(unknown::awaitCaptured);
        }
    }

    /** A pool that closes would cut the connection off, and warn of it, at each end of the process. */
    @Test
    void theEndCancelsTheStatementThatWaitsAndKeepsItsConnection() throws SQLException {
        String waiting =
                "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                        + " and query like '%sluice.await_parts%'";
        pendingWork.start();
        Awaitility.await().until(() -> !DATABASE.texts(waiting + " and state = 'active' and wait_event = 'PgSleep'")
                .isEmpty());
        List<String> pids = DATABASE.texts(waiting);
        pendingWork.close();

        assertThat(DATABASE.texts(
                        "select pid from pg_stat_activity where state = 'idle' and pid = any (?::int[])",
                        "{" + String.join(",", pids) + "}"))
                .isEqualTo(pids);
    }
}
