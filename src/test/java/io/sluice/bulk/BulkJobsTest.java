// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.CircuitBreakers;
import io.sluice.outbox.CommonCauses;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BulkJobsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final JobRecords records = new JobRecords(
            DATABASE.sluice(),
            settlement,
            new CommonCauses(DATABASE.sluice(), new CircuitBreakers(new PauseStore(DATABASE.sluice()))));
    private final BulkJobs jobs = new BulkJobs(DATABASE.sluice(), Duration.ofMinutes(1), Duration.ofMinutes(1));
    /** A process whose leases end at once. */
    private final BulkJobs expired = new BulkJobs(DATABASE.sluice(), Duration.ZERO, Duration.ZERO);

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static void enter(int from, int to, int priority, String fields) throws SQLException {
        DATABASE.sluice()
                .update(
                        """
                insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)
                select 'crm', 'Contact', 'K-' || lpad(n::text, 6, '0'), 'contacts', 'upsert', ?::jsonb, ?, now()
                from generate_series(?, ?) as n""",
                        fields,
                        priority,
                        from,
                        to);
    }

    private static BulkClaim claim(int minRecords, int max) {
        return claim(minRecords, max, 1_000_000_000, "#N/A");
    }

    private static BulkClaim claim(int minRecords, int max, long bytes, String reserved) {
        return new BulkClaim("crm", "contacts", Operation.UPSERT, minRecords, max, bytes, reserved);
    }

    private static long count(String condition) throws SQLException {
        return Long.parseLong(DATABASE.text("select count(*) from sluice.outbox where " + condition));
    }

    private static Optional<BulkJob> take(BulkJobs jobs) throws SQLException {
        Optional<BulkJob> small = jobs.take("crm", false, "crm");
        return small.isPresent() ? small : jobs.take("crm", true, "crm");
    }

    private static Sync sync(String parent) {
        Sync sync = new Sync();
        sync.setFields(Map.of("last_name", "LastName", "phone", "Phone"));
        sync.setParent(parent);
        return sync;
    }

    private List<RecordChange> records(BulkJob job) throws Exception {
        List<RecordChange> records = new ArrayList<>();
        this.records.of(job, sync(null)).each(records::add);
        return records;
    }

    @Test
    void aJobHoldsItsRecordsUntilItEnds() throws Exception {
        enter(1, 3000, 2, "{\"LastName\": \"One\", \"Phone\": null}");
        BulkJob job = jobs.begin(claim(2000, 2500), "crm").orElseThrow();

        assertThat(job.state()).isEqualTo(BulkJobState.CREATE);
        assertThat(job.records()).isEqualTo(2500);
        assertThat(job.priority()).as("a job holds records").isEqualTo(Priority.HIGH);
        assertThat(settlement.expireLeases()).isZero();
        assertThat(count("lease is not null and lease_until = 'infinity'")).isEqualTo(2500);
        assertThat(records.of(job, sync(null)).fields()).containsExactly("LastName", "Phone");
        assertThat(records(job)).hasSize(2500).isEqualTo(records(job)).first().satisfies(record -> {
            assertThat(record.key()).isEqualTo("K-000001");
            assertThat(record.fields()).containsEntry("LastName", "One").containsEntry("Phone", null);
        });
    }

    @Test
    void recordsTooFewForAJobAreNotClaimed() throws Exception {
        enter(1, 100, 2, "{\"LastName\": \"One\"}");
        assertThat(jobs.begin(claim(200, 1000), "crm")).isEmpty();
        assertThat(count("operation = 'upsert' and lease is null")).isEqualTo(100);
        assertThat(jobs.open("crm")).isZero();
    }

    @Test
    void criticalHighPausedSplitReservedAndTwiceFailedRecordsAreNotSentInBulk() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        enter(11, 20, 0, "{\"LastName\": \"Critical\"}");
        enter(21, 30, 2, "{\"LastName\": \"#N/A\"}");
        enter(31, 40, 1, "{\"LastName\": \"High\"}");
        DATABASE.run(
                "update sluice.outbox set max_batch = 5 where key = 'K-000001'",
                "update sluice.outbox set attempts = 2 where key = 'K-000002'");
        assertThat(jobs.begin(claim(1, 1000), "crm").orElseThrow().records()).isEqualTo(8);

        DATABASE.reset();
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        DATABASE.run("insert into sluice.pause (kind, name, by) values ('sync', 'contacts', 'api')");
        assertThat(jobs.begin(claim(1, 1000), "crm")).isEmpty();
    }

    @Test
    void recordsThatAreHighByAgeingAloneAreSentInBulk() throws Exception {
        enter(1, 10, 1, "{\"LastName\": \"One\"}");
        DATABASE.run(
                "update sluice.outbox set aged = 1 where key <= 'K-000004'",
                "update sluice.outbox set priority = 0, aged = 2 where key = 'K-000004'");
        assertThat(jobs.begin(claim(1, 1000), "crm").orElseThrow().records()).isEqualTo(3);
    }

    @Test
    void deletesNameTheCrmsIdsAndNeedOne() throws Exception {
        enter(1, 5, 2, "{}");
        DATABASE.run(
                "update sluice.outbox set operation = 'delete'",
                """
                insert into sluice.sync_state (account, object, key, sync, crm_id)
                select account, object, key, sync, case when key > 'K-000001' then '003' || key end from sluice.outbox
                where key < 'K-000005'""");
        assertThat(BulkClaim.waiting(DATABASE.sluice(), "crm", "contacts", Operation.DELETE, 100))
                .isEqualTo(3);
        BulkJob job = jobs.begin(new BulkClaim("crm", "contacts", Operation.DELETE, 1, 100, 1_000_000, "#N/A"), "crm")
                .orElseThrow();
        assertThat(job.operation()).isEqualTo(Operation.DELETE);
        assertThat(records(job))
                .extracting(RecordChange::crmId)
                .containsExactly("003K-000002", "003K-000003", "003K-000004");

        Stream<Outcome> named = Stream.of(
                Outcome.done(null, "003K-000002"),
                Outcome.done(null, "003unknown"),
                new Outcome(null, Outcome.Status.REJECTED, "003K-000003", "LOCKED", "no"));
        assertThat(records.settle(job, named)).isEqualTo(1);
        assertThat(DATABASE.texts("select key from sluice.sync_state order by key"))
                .containsExactly("K-000001", "K-000003", "K-000004");
        assertThat(DATABASE.texts("select key from sluice.dead_letter")).containsExactly("K-000003");
    }

    @Test
    void recordsOfOneParentAreSideBySide() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        DATABASE.run("update sluice.outbox set fields = jsonb_build_object('AccountId',"
                + " 'A' || (right(key, 1)::int % 3))");
        BulkJob job = jobs.begin(claim(1, 10), "crm").orElseThrow();
        List<Object> parents = new ArrayList<>();
        records.of(job, sync("AccountId"))
                .each(record -> parents.add(record.fields().get("AccountId")));
        assertThat(parents).containsExactly("A0", "A0", "A0", "A0", "A1", "A1", "A1", "A2", "A2", "A2");
    }

    @Test
    void transfersAndCallsOfAnotherLoginAreNotClaimed() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 10), "one").orElseThrow();
        jobs.transition(job, next(BulkJobState.UPLOAD), "750");
        assertThat(jobs.due("crm", false)).isEmpty();
        assertThat(jobs.due("crm", true)).contains(new BulkJobs.Due(Priority.HIGH, "one"));
        assertThat(jobs.take("crm", false, "one")).isEmpty();
        assertThat(jobs.take("crm", true, "two")).isEmpty();
        assertThat(jobs.take("crm", true, "one").orElseThrow().state()).isEqualTo(BulkJobState.UPLOAD);
    }

    @Test
    void aTransferWithHeartbeatsKeepsItsLeaseUntilItsTimeout() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJobs other = new BulkJobs(DATABASE.sluice(), Duration.ofMinutes(1), Duration.ZERO);
        jobs.transition(jobs.begin(claim(1, 10), "crm").orElseThrow(), next(BulkJobState.UPLOAD), "750");
        jobs.take("crm", true, "crm").orElseThrow();
        DATABASE.run("update sluice.bulk_job set due = now()");
        jobs.heartbeat();
        assertThat(jobs.due("crm", true)).as("alive").isEmpty();

        DATABASE.run("update sluice.bulk_job set due = now()");
        other.take("crm", true, "crm").orElseThrow();
        DATABASE.run("update sluice.bulk_job set due = now()");
        jobs.heartbeat();
        other.heartbeat();
        assertThat(jobs.due("crm", true)).as("superseded, and past its timeout").isPresent();
    }

    @Test
    void aDaysBatchesAreCountedAfterTheirJobsHaveEnded() throws Exception {
        enter(1, 25, 2, "{\"LastName\": \"One\"}");
        jobs.finish(jobs.begin(claim(1, 25), "crm").orElseThrow(), null);
        assertThat(jobs.batches("crm", 10)).isEqualTo(3);
        DATABASE.run(
                "update sluice.bulk_job set ended_at = now() - interval '3 days', began_at = now() - interval '3 days'");
        assertThat(jobs.batches("crm", 10)).isZero();
    }

    @Test
    void aJobIsNoLargerThanItsBytes() throws Exception {
        enter(1, 100, 2, "{\"LastName\": \"0123456789\"}");
        assertThat(jobs.begin(claim(1, 1000, 350, null), "crm").orElseThrow().records())
                .isBetween(9, 12);
    }

    @Test
    void outcomesSettleLikeThoseOfACall() throws Exception {
        enter(1, 5000, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 5000), "crm").orElseThrow();
        List<Outcome> outcomes = new ArrayList<>();
        for (RecordChange record : records(job)) {
            int number = outcomes.size();
            outcomes.add(
                    number < 2
                            ? Outcome.rejected(record.key(), "BAD", "no")
                            : number < 5
                                    ? Outcome.retry(record.key(), "LOCK", "later")
                                    : Outcome.done(record.key(), "003" + number));
        }
        assertThat(records.settle(job, outcomes.stream().limit(4999))).isEqualTo(1);
        assertThat(DATABASE.text("select count(*) from sluice.sync_state where unproven = '{}'"))
                .isEqualTo("4994");
        assertThat(DATABASE.text("select count(*) from sluice.dead_letter")).isEqualTo("2");
        assertThat(count("operation = 'upsert' and attempts = 1 and fields = '{\"LastName\": \"One\"}'"))
                .isEqualTo(3);

        assertThat(jobs.finish(job, "not named")).isEqualTo(1);
        assertThat(DATABASE.texts("select last_error from sluice.outbox where last_error not like 'LOCK%'"))
                .containsExactly("not named");
        assertThat(jobs.open("crm")).isZero();
        assertThat(count("lease is not null")).isZero();
    }

    /** A job writes by the external id, so it creates a record of the changed fields alone where the known one was deleted. */
    @Test
    void aKnownRecordThatTheJobCreatedAgainIsLookedUpAndItsBaseIsKept() throws Exception {
        enter(1, 3, 2, "{\"LastName\": \"One\"}");
        DATABASE.run(
                """
                insert into sluice.sync_state (account, object, key, sync, crm_id, base)
                select account, object, key, sync, '00300000000000' || right(key, 1) || 'AAA', '{"LastName": "Zero", "Phone": "7"}'
                from sluice.outbox where key < 'K-000003'""");
        BulkJob job = jobs.begin(claim(1, 10), "crm").orElseThrow();
        records.settle(
                job,
                Stream.of(
                        Outcome.done("K-000001", "003000000000009AAA"),
                        Outcome.done("K-000002", "003000000000002AAA"),
                        Outcome.done("K-000003", "003000000000003AAA")));

        assertThat(DATABASE.texts("select concat_ws(' ', key, crm_id, base) from sluice.sync_state order by key"))
                .containsExactly(
                        "K-000001 003000000000001AAA {\"Phone\": \"7\", \"LastName\": \"Zero\"}",
                        "K-000002 003000000000002AAA {\"Phone\": \"7\", \"LastName\": \"One\"}",
                        "K-000003 003000000000003AAA {\"LastName\": \"One\"}");
        assertThat(DATABASE.texts("select concat_ws(' ', crm_id, kind) from sluice.inbox"))
                .containsExactly("003000000000001AAA missing");
        assertThat(DATABASE.texts("select concat_ws(' ', key, operation, fields) from sluice.outbox"))
                .as("sent again after the lookup")
                .containsExactly("K-000001 upsert {\"LastName\": \"One\"}");
    }

    @Test
    void aChangeDuringTheJobIsSentAfterIt() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 10), "crm").orElseThrow();
        DATABASE.run("update sluice.outbox set operation = 'upsert', fields = '{\"LastName\": \"Two\"}'"
                + " where key = 'K-000003'");
        assertThat(outbox.claim("crm", 200, Priority.LOW)).isEmpty();
        assertThat(records(job))
                .extracting(record -> record.fields().get("LastName"))
                .containsOnly("One");
        records.settle(job, records(job).stream().map(record -> Outcome.done(record.key(), null)));
        jobs.finish(job, null);
        assertThat(outbox.claim("crm", 200, Priority.LOW).orElseThrow().changes())
                .singleElement()
                .satisfies(change -> assertThat(change.fields()).isEqualTo(Map.of("LastName", "Two")));
    }

    @Test
    void aReleasedJobCostsItsRecordsNoAttempt() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        jobs.release(jobs.begin(claim(1, 10), "crm").orElseThrow(), "no");
        assertThat(count("operation = 'upsert' and attempts = 0 and lease is null"))
                .isEqualTo(10);
        assertThat(jobs.open("crm")).isZero();
    }

    @Test
    void anotherProcessTakesOverTheCallOfADeadOne() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        assertThat(expired.begin(claim(1, 10), "crm").orElseThrow().state()).isEqualTo(BulkJobState.CREATE);
        BulkJob find = take(expired).orElseThrow();
        assertThat(find.state()).as("a create without an answer").isEqualTo(BulkJobState.FIND);
        jobs.transition(find, next(BulkJobState.CREATE), null);
        assertThat(take(expired).orElseThrow().state()).isEqualTo(BulkJobState.CREATE);
        assertThat(take(expired).orElseThrow().state()).isEqualTo(BulkJobState.FIND);
        for (BulkJobState state : List.of(
                BulkJobState.UPLOAD,
                BulkJobState.CLOSE,
                BulkJobState.POLL,
                BulkJobState.SUCCESSES,
                BulkJobState.FAILURES,
                BulkJobState.UNPROCESSED)) {
            BulkJob before = take(expired).orElseThrow();
            jobs.transition(before, next(state), "750");
            assertThat(take(expired).orElseThrow().state()).isEqualTo(state);
            BulkJob again = take(expired).orElseThrow();
            assertThat(again.state()).isEqualTo(state);
            assertThat(again.crmJob()).isEqualTo("750");
        }
    }

    @Test
    void aClaimWithAnOldEpochChangesNothing() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob slow = expired.begin(claim(1, 10), "crm").orElseThrow();
        BulkJob quick = take(expired).orElseThrow();
        assertThat(jobs.transition(slow, next(BulkJobState.UPLOAD), "750")).isFalse();
        jobs.release(slow, "no");
        assertThat(jobs.finish(slow, "x")).isZero();
        assertThat(count("lease is not null")).isEqualTo(10);
        assertThat(jobs.transition(quick, next(BulkJobState.CREATE), null)).isTrue();
    }

    @Test
    void aCallUnderWayNotDueOrOfAPausedAccountIsNotClaimed() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 10), "crm").orElseThrow();
        assertThat(take(jobs)).isEmpty();
        assertThat(jobs.due("crm", false)).isEmpty();
        jobs.transition(job, next(BulkJobState.POLL), "750");
        assertThat(jobs.due("crm", false)).contains(new BulkJobs.Due(Priority.HIGH, "crm"));
        assertThat(jobs.waiting()).containsExactly("crm");
        DATABASE.run("insert into sluice.pause (kind, name, by) values ('account', 'crm', 'api')");
        assertThat(jobs.due("crm", false)).isEmpty();
        assertThat(jobs.waiting()).isEmpty();
        assertThat(take(jobs)).isEmpty();
    }

    @Test
    void resultsThatAreReadAgainAfterACrashChangeNothing() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 10), "crm").orElseThrow();
        List<Outcome> outcomes = Stream.iterate(1, n -> n + 1)
                .limit(10)
                .map(n -> Outcome.done("K-%06d".formatted(n), null))
                .toList();
        assertThat(records.settle(job, outcomes.stream().limit(5))).isEqualTo(5);
        enter(1, 1, 2, "{\"LastName\": \"Two\"}");
        assertThat(records.settle(job, outcomes.stream())).isZero();
        assertThat(count("operation = 'upsert'")).isEqualTo(1);
    }

    private static BulkJobTransition.Next next(BulkJobState state) {
        return new BulkJobTransition.Next(state, Duration.ZERO, true);
    }
}
