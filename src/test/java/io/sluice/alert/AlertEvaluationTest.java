// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.Backoff;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.quota.Limit;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import io.sluice.quota.Quota;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AlertEvaluationTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final String DEALS = "deals";
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Pool POOL = Pool.of(
            "crm",
            List.of(new Limit("daily", 1000, Duration.ofDays(1)), new Limit("short", 10, Duration.ofSeconds(10))));

    private final Quota quota =
            new Quota(DATABASE.sluice(), new Limits(List.of(POOL)), Duration.ofSeconds(10), Duration.ofSeconds(5));
    /** Metrics of the last replica. */
    private SimpleMeterRegistry metrics;

    private String problem;
    /** Happens once while a replica evaluates, before it computes the alerts. */
    private Callable<?> meanwhile;

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static Sync sync() {
        Sync sync = new Sync();
        sync.setName(DEALS);
        sync.setAccount("crm");
        sync.setTable("app.deal");
        return sync;
    }

    private final class Observer implements AlertEvaluation.Observer {
        @Override
        public String accountProblem(String account) {
            Callable<?> happens = meanwhile;
            meanwhile = null;
            try {
                return happens == null ? problem : (String) happens.call();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        }

        @Override
        public boolean isLoginRejected(String account) {
            return true;
        }

        @Override
        public String captureProblem(Sync sync) {
            return null;
        }

        @Override
        public String journalProblem(String account) {
            return null;
        }
    }

    private AlertEvaluation replica(Duration interval) {
        return replica(interval, "log", "webhook");
    }

    private AlertEvaluation replica(Duration interval, String... channels) {
        metrics = new SimpleMeterRegistry();
        return new AlertEvaluation(
                new AlertStore(DATABASE.sluice(), "sluice"),
                quota,
                List.of("crm"),
                List.of(sync()),
                new Observer(),
                new AlertThresholds(
                        Duration.ZERO,
                        Duration.ZERO,
                        Duration.ofMinutes(5),
                        Duration.ofHours(4),
                        Map.of(Priority.HIGH, Duration.ofMinutes(5))),
                List.of(channels),
                interval,
                metrics);
    }

    /** @param names log, webhook and mail, or some of them */
    private static AlertChannels channels(String... names) {
        List<String> on = List.of(names);
        return new AlertChannels(
                on.contains("log"),
                on.contains("webhook") ? "http://127.0.0.1:1/" : null,
                null,
                new AlertChannels.Mail(on.contains("mail") ? "ops@example.org" : null, "sluice@localhost", null, null));
    }

    private static AlertMessages messages(String... channels) {
        return new AlertMessages(
                DATABASE.sluice(),
                "sluice",
                channels(channels),
                Duration.ZERO,
                QuietHours.NONE,
                new Backoff(Duration.ofMillis(1), Duration.ofMillis(1)),
                InstantSource.system());
    }

    private static List<String> events(List<AlertMessage> messages) {
        return messages.stream()
                .flatMap(message -> message.events().stream()
                        .map(event -> event.event() + " " + event.alert().id()))
                .toList();
    }

    private static List<String> delivered(AlertMessages alertMessages) throws SQLException {
        List<String> delivered = new ArrayList<>();
        for (AlertMessage message : alertMessages.due()) {
            delivered.addAll(events(List.of(message)));
            alertMessages.accepted(message);
        }
        return delivered;
    }

    private static void awaitTrue(String condition) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> DATABASE.text(condition).equals("t"));
    }

    private static void deadLetter(int number) throws SQLException {
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code) values"
                        + " ('crm', 'Deal', '" + number
                        + "', 'deals', 'upsert', '{}', '{}', 'REQUIRED_FIELD_MISSING')");
    }

    @Test
    void aCrossedMarkBeginsOnceAndEndsOnceOverARestart() throws SQLException {
        quota.reported("crm", "crm", "daily", 1000, 860);
        replica(Duration.ZERO).evaluate();
        replica(Duration.ZERO).evaluate();
        assertThat(delivered(messages("webhook")))
                .containsExactlyInAnyOrder("begin limit-mark:crm/daily:70", "begin limit-mark:crm/daily:85");
        assertThat(gauge("sluice.quota.mark")).isEqualTo(85);
        assertThat(gauge("sluice.quota.used")).isEqualTo(860);
        assertThat(gauge("sluice.quota.left")).isEqualTo(140);
        assertThat(metrics.get("sluice.alerts")
                        .tag("kind", "limit-mark")
                        .gauge()
                        .value())
                .isEqualTo(2);

        quota.reported("crm", "crm", "daily", 1000, 840);
        replica(Duration.ZERO).evaluate();
        assertThat(delivered(messages("webhook"))).isEmpty();

        quota.reported("crm", "crm", "daily", 1000, 100);
        replica(Duration.ZERO).evaluate();
        replica(Duration.ZERO).evaluate();
        assertThat(delivered(messages("webhook")))
                .containsExactlyInAnyOrder("end limit-mark:crm/daily:70", "end limit-mark:crm/daily:85");
        assertThat(gauge("sluice.quota.mark")).isZero();
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").ended()).hasSize(2);
    }

    private double gauge(String name) {
        return metrics.get(name).tag("limit", "daily").gauge().value();
    }

    @Test
    void aReplicaThatStoodStillEndsNoAlertThatAnotherBegan() throws SQLException {
        AlertEvaluation another = replica(Duration.ZERO);
        meanwhile = () -> {
            quota.reported("crm", "crm", "daily", 1000, 710);
            another.evaluate();
            return null;
        };
        replica(Duration.ZERO).evaluate();

        assertThat(delivered(messages("webhook"))).containsExactly("begin limit-mark:crm/daily:70");
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active()).hasSize(1);
    }

    @Test
    void twoReplicasTellEachBeginAndEndOnce() throws Exception {
        List<String> delivered = Collections.synchronizedList(new ArrayList<>());
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int round = 1; round <= 20; round++) {
                if (round % 2 == 1) {
                    deadLetter(round);
                } else {
                    DATABASE.run("truncate sluice.dead_letter");
                }
                List<Callable<Void>> work = new ArrayList<>();
                for (int replica = 0; replica < 4; replica++) {
                    AlertEvaluation evaluation = replica(Duration.ZERO);
                    AlertMessages alertMessages = messages("log", "webhook");
                    work.add(() -> {
                        evaluation.evaluate();
                        delivered.addAll(delivered(alertMessages));
                        return null;
                    });
                }
                for (var done : threads.invokeAll(work)) {
                    done.get();
                }
                // the replica that evaluated may have been the last one
                delivered.addAll(delivered(messages("log", "webhook")));
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(delivered).hasSize(40);
        assertThat(delivered)
                .filteredOn(it -> it.equals("begin dead-letters:deals"))
                .hasSize(20);
        assertThat(delivered)
                .filteredOn(it -> it.equals("end dead-letters:deals"))
                .hasSize(20);
    }

    @Test
    void oneReplicaEvaluatesWithinAnInterval() throws SQLException {
        replica(Duration.ofMinutes(10)).evaluate();
        deadLetter(1);
        replica(Duration.ofMinutes(10)).evaluate();
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active()).isEmpty();

        DATABASE.run("update sluice.alert_evaluation set due = now() + interval '2 hours'");
        replica(Duration.ofMinutes(10)).evaluate();
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active())
                .as("a due time far ahead is one of a clock that was set back")
                .singleElement()
                .satisfies(alert ->
                        assertThat(alert.what()).isEqualTo("deals: 1 dead letter, mostly REQUIRED_FIELD_MISSING."));
    }

    @Test
    void whatOneProcessFindsIsAnAlertOfAll() throws SQLException {
        problem = "invalid_grant";
        AlertEvaluation broken = replica(Duration.ZERO);
        broken.evaluate();
        problem = null;
        replica(Duration.ZERO).evaluate();
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active())
                .extracting(Alert::id)
                .containsExactly("login-rejected:crm");

        broken.evaluate();
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active()).isEmpty();
    }

    @Test
    void aFailedMessageIsDeliveredAgainAndAChannelThatIsDownDelaysNoOther() throws Exception {
        deadLetter(1);
        replica(Duration.ZERO).evaluate();
        AlertMessages alertMessages = messages("log", "webhook");
        List<AlertMessage> taken = alertMessages.due();
        assertThat(taken).extracting(AlertMessage::channel).containsExactly("log", "webhook");
        alertMessages.accepted(taken.get(0));
        assertThat(messages("log", "webhook").due()).as("under lease").isEmpty();

        alertMessages.failed(taken.get(1), new IOException("HTTP 503"));
        awaitTrue("select count(*) = 2 from sluice.alert_channel where due <= clock_timestamp()");
        DATABASE.run("truncate sluice.dead_letter");
        replica(Duration.ZERO).evaluate();
        List<AlertMessage> after = messages("log", "webhook").due();
        assertThat(events(after.subList(0, 1))).containsExactly("end dead-letters:deals");
        assertThat(events(after.subList(1, 2))).containsExactly("begin dead-letters:deals", "end dead-letters:deals");
        assertThat(after.get(1).attempts()).isEqualTo(1);
        assertThat(after.get(1).events().get(0).eventId())
                .as("the receiver knows a repetition by it")
                .isEqualTo(taken.get(1).events().get(0).eventId());
    }

    @Test
    void aMessageOfAProcessThatDiedIsDeliveredAfterItsLease() throws SQLException {
        deadLetter(1);
        replica(Duration.ZERO).evaluate();
        assertThat(messages("webhook").due()).hasSize(1);
        assertThat(messages("webhook").due()).isEmpty();

        DATABASE.run("update sluice.alert_channel set due = now()");
        assertThat(events(messages("webhook").due())).containsExactly("begin dead-letters:deals");
    }

    @Test
    void anAlertBeginsBeforeItEndsThoughTheClockWasSetBack() throws SQLException {
        deadLetter(1);
        replica(Duration.ZERO).evaluate();
        quota.reported("crm", "crm", "daily", 1000, 710);
        replica(Duration.ZERO).evaluate();
        DATABASE.run("truncate sluice.dead_letter");
        replica(Duration.ZERO).evaluate();
        DATABASE.run("update sluice.alert_notification n set created_at = now() - case"
                + " when a.kind = 'limit-mark' then interval '1 minute' when n.event = 'begin' then interval '2 minutes'"
                + " else interval '1 hour' end from sluice.alert a where a.number = n.alert");

        assertThat(events(messages("webhook").due()))
                .containsExactly("begin dead-letters:deals", "end dead-letters:deals", "begin limit-mark:crm/daily:70");
    }

    @Test
    void aChannelThatWasSwitchedOffGetsNothingOldWhenItIsSwitchedOn() throws SQLException {
        deadLetter(1);
        replica(Duration.ZERO, "log", "webhook").evaluate();
        DATABASE.run(
                "insert into sluice.alert (installation, id, kind, severity, what, action, since, seen_at)"
                        + " values ('another', 'x', 'dead-letters', 'info', 'what', 'action', now(), now())",
                "insert into sluice.alert_notification (channel, alert, event)"
                        + " select 'webhook', number, 'begin' from sluice.alert where installation = 'another'");

        replica(Duration.ZERO, "log").evaluate();
        assertThat(DATABASE.texts("select channel || ' ' || installation from sluice.alert_notification"
                        + " join sluice.alert on number = alert order by 1"))
                .as("those of another installation stay")
                .containsExactly("log sluice", "webhook another");

        DATABASE.run("truncate sluice.dead_letter");
        replica(Duration.ZERO, "log", "webhook").evaluate();
        assertThat(delivered(messages("webhook"))).containsExactly("end dead-letters:deals");
    }

    @Test
    void aMailIsLeasedForAsLongAsItsDialogueMayTake() throws SQLException {
        deadLetter(1);
        replica(Duration.ZERO, "webhook", "mail").evaluate();
        assertThat(messages("webhook", "mail").due()).hasSize(2);
        assertThat(
                        DATABASE.texts(
                                "select channel from sluice.alert_channel where due > clock_timestamp() + interval '2 minutes'"))
                .containsExactly("mail");
    }

    @Test
    void alertsThatBeginWithinTheGroupIntervalGoInOneMessage() throws Exception {
        AlertMessages grouping = new AlertMessages(
                DATABASE.sluice(),
                "sluice",
                channels("webhook"),
                SECOND,
                QuietHours.NONE,
                Backoff.NONE,
                InstantSource.system());
        deadLetter(1);
        replica(Duration.ZERO).evaluate();
        assertThat(grouping.due()).isEmpty();
        quota.reported("crm", "crm", "daily", 1000, 710);
        replica(Duration.ZERO).evaluate();
        awaitTrue(
                "select bool_and(created_at <= clock_timestamp() - interval '1 second') from sluice.alert_notification");

        assertThat(events(grouping.due())).containsExactly("begin dead-letters:deals", "begin limit-mark:crm/daily:70");
    }

    @Test
    void quietHoursDelayAllButCriticalAlertsToTheirEnd() throws SQLException {
        InstantSource night = InstantSource.fixed(java.time.Instant.parse("2026-11-29T23:00:00Z"));
        InstantSource morning = InstantSource.fixed(java.time.Instant.parse("2026-11-30T07:00:00Z"));
        deadLetter(1);
        problem = "invalid_grant";
        replica(Duration.ZERO).evaluate();

        assertThat(events(quiet(night).due())).containsExactly("begin login-rejected:crm");
        DATABASE.run("update sluice.alert_channel set due = now()");
        DATABASE.run(
                "delete from sluice.alert_notification where alert in (select number from sluice.alert where severity ="
                        + " 'critical')");
        assertThat(quiet(night).due()).isEmpty();
        assertThat(events(quiet(morning).due())).containsExactly("begin dead-letters:deals");
    }

    private static AlertMessages quiet(InstantSource clock) {
        return new AlertMessages(
                DATABASE.sluice(),
                "sluice",
                channels("webhook"),
                Duration.ZERO,
                QuietHours.parse("22:00-07:00"),
                Backoff.NONE,
                clock);
    }

    @Test
    void everyQueryFindsWhatItCounts() throws SQLException {
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, priority, aged, since) values"
                        + " ('crm', 'Deal', '1', 'deals', 'upsert', 1, 0, now() - interval '6 minutes'),"
                        + " ('crm', 'Deal', '2', 'deals', 'upsert', 1, 2, now() - interval '3 hours')",
                "insert into sluice.change_log (source, keys, records, op, changed_at) values"
                        + " ('app.deal', '{1}', 1, 'U', now() - interval '6 minutes')",
                "insert into sluice.inbox (account, identity, object, crm_id, kind, at, received_at) values"
                        + " ('crm', gen_random_uuid(), 'Deal', '1', 'read_back', now(), now() - interval '6 minutes')",
                "insert into sluice.inbound_rejection (sync, crm_id, columns, why) values ('deals', '1', '{a,b}', 'too long')",
                "insert into sluice.event_rejection (account, type, why, times) values ('crm', 'x', 'no id', 3)",
                "insert into sluice.throttle (account, kind, step, rate, since, until) values"
                        + " ('crm', 'short', 3, 50, now() - interval '2 minutes', now() + interval '1 minute')",
                "insert into sluice.capture_gap (source, reason) values ('app.deal', 'trigger insert is gone')",
                "insert into sluice.poll_offset (account, object, sync, read_up_to, low_watermark, interval_ms, deletes_due,"
                        + " polled_at, due) values ('crm', 'Deal', 'deals', now(), now(), 1, now(), now() - interval '1 hour',"
                        + " now())",
                "insert into sluice.stream_offset (account, stream, due) values ('crm', 'journal:crm', now() - interval '1 hour')",
                "insert into sluice.snapshot (account, object, sync, state, queried_at, began_at, updated_at) values"
                        + " ('crm', 'Deal', 'deals', 'poll', now(), now(), now() - interval '2 hours')",
                "insert into sluice.bulk_job (lease, account, object, sync, operation, state, priority, records, attempts)"
                        + " values (gen_random_uuid(), 'crm', 'Deal', 'deals', 'upsert', 'poll', 1, 1, 5)",
                "insert into sluice.sync_state (account, object, key, sync, taken_at, held_until) values"
                        + " ('crm', 'Deal', '9', 'deals', now(), now() + interval '1 hour')",
                "insert into sluice.pause (kind, name, by, reason, since) values"
                        + " ('sync', 'deals', 'crm', 'INSUFFICIENT_ACCESS', now() - interval '2 minutes')");
        deadLetter(1);
        AlertEvaluation evaluation = replica(Duration.ZERO);
        evaluation.evaluate();
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active())
                .extracting(Alert::id)
                .containsExactlyInAnyOrder(
                        "capture-stalled:deals",
                        "inbox-stalled:crm",
                        "dead-letters:deals",
                        "inbound-rejections:deals",
                        "events-rejected:crm",
                        "account-throttled:crm",
                        "capture-gap:deals",
                        "journal-stalled:crm",
                        "snapshot-stalled:deals",
                        "bulk-job-stalled:deals",
                        "update-loop:deals",
                        "sync-rejected:deals");

        DATABASE.run(
                "delete from sluice.pause",
                "insert into sluice.alert_channel (installation, channel, attempts) values ('sluice', 'webhook', 3),"
                        + " ('another', 'slack', 9) on conflict (installation, channel) do update set attempts = 3");
        evaluation.evaluate();
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active())
                .extracting(Alert::id)
                .as("not paused, a record that aged from low to high is late by the target of low")
                .contains("latency:deals:high", "poll-stalled:deals", "alerts-undelivered:webhook")
                .doesNotContain("latency:deals:low", "alerts-undelivered:slack");
    }

    @Test
    void itIsCheapWithTwoHundredSyncs() throws SQLException {
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, priority, since) select 'crm', 'Deal',"
                        + " n::text, 'sync-' || n % 200, 'upsert', n % 4, now() from generate_series(1, 20000) n",
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code) select 'crm',"
                        + " 'Deal', n::text, 'sync-' || n % 200, 'upsert', '{}', '{}', 'X' from generate_series(1, 10000) n");
        List<Sync> syncs = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Sync sync = new Sync();
            sync.setName("sync-" + i);
            sync.setAccount("crm");
            sync.setTable("app.table_" + i);
            syncs.add(sync);
        }
        AlertEvaluation evaluation = new AlertEvaluation(
                new AlertStore(DATABASE.sluice(), "sluice"),
                quota,
                List.of("crm"),
                syncs,
                new Observer(),
                new AlertThresholds(SECOND, SECOND, SECOND, SECOND, Map.of(Priority.HIGH, Duration.ofMinutes(5))),
                List.of("log"),
                Duration.ZERO,
                new SimpleMeterRegistry());
        evaluation.evaluate();
        long began = System.nanoTime();
        evaluation.evaluate();
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active()).hasSize(200);
        assertThat(took).isLessThan(Duration.ofSeconds(5));
        System.out.println(
                "An evaluation with 200 syncs, 20,000 waiting changes, 10,000 dead letters and 200 alerts takes "
                        + took.toMillis() + " ms.");
    }

    @Test
    void itsStateIsThatOfOneInstallation() throws SQLException {
        deadLetter(1);
        replica(Duration.ZERO).evaluate();
        try (Database other = DATABASE.as("sluice")) {
            assertThat(new AlertStore(other, "another").active()).isEmpty();
        }
        assertThat(new AlertStore(DATABASE.sluice(), "sluice").active()).hasSize(1);
    }
}
