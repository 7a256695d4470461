package io.sluice.bulk;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Change;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.outbox.Backoff;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Rest;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BulkJobsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1),
            new Backoff(Duration.ZERO, Duration.ZERO), Rest.NONE);
    private final BulkJobs jobs = new BulkJobs(DATABASE.sluice(), outbox, Duration.ofMinutes(1), Duration.ofMinutes(1));
    /** A process that is always taken for dead. */
    private final BulkJobs late = new BulkJobs(DATABASE.sluice(), outbox, Duration.ZERO, Duration.ZERO);

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static void enter(int from, int to, int priority, String fields) throws SQLException {
        DATABASE.sluice().update("""
                insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)
                select 'crm', 'Contact', 'K-' || lpad(n::text, 6, '0'), 'contacts', 'upsert', ?::jsonb, ?, now()
                from generate_series(?, ?) as n""", fields, priority, from, to);
    }

    private static BulkClaim claim(int least, int most) {
        return claim(least, most, 1_000_000_000, "#N/A");
    }

    private static BulkClaim claim(int least, int most, long bytes, String reserved) {
        return new BulkClaim("crm", "contacts", least, most, bytes, reserved);
    }

    private static long count(String condition) throws SQLException {
        return Long.parseLong(DATABASE.text("select count(*) from sluice.outbox where " + condition));
    }

    private List<Change> records(BulkJob job) throws Exception {
        List<Change> records = new ArrayList<>();
        jobs.records(job).each(records::add);
        return records;
    }

    @Test
    void aJobHoldsItsRecordsUntilItIsOver() throws Exception {
        enter(1, 3000, 2, "{\"LastName\": \"One\", \"Phone\": null}");
        BulkJob job = jobs.begin(claim(2000, 2500)).orElseThrow();

        assertThat(job.step()).isEqualTo(Step.CREATE);
        assertThat(job.records()).isEqualTo(2500);
        assertThat(job.priority()).isEqualTo(Priority.NORMAL);
        assertThat(outbox.expireLeases()).isZero();
        assertThat(count("lease is not null and lease_until = 'infinity'")).isEqualTo(2500);
        assertThat(jobs.records(job).fields()).containsExactly("LastName", "Phone");
        assertThat(records(job)).hasSize(2500).isEqualTo(records(job)).first().satisfies(record -> {
            assertThat(record.key()).isEqualTo("K-000001");
            assertThat(record.fields()).containsEntry("LastName", "One").containsEntry("Phone", null);
        });
    }

    @Test
    void fewerThanAreWorthAJobStayWhereTheyAre() throws Exception {
        enter(1, 100, 2, "{\"LastName\": \"One\"}");
        assertThat(jobs.begin(claim(200, 1000))).isEmpty();
        assertThat(count("operation = 'upsert' and lease is null")).isEqualTo(100);
        assertThat(jobs.open("crm")).isZero();
    }

    @Test
    void whatIsCriticalPausedHalvedOrReservedOrFailedBeforeDoesNotGoInBulk() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        enter(11, 20, 0, "{\"LastName\": \"Critical\"}");
        enter(21, 30, 2, "{\"LastName\": \"#N/A\"}");
        DATABASE.run("update sluice.outbox set fill = 5 where key = 'K-000001'",
                "update sluice.outbox set attempts = 2 where key = 'K-000002'");
        assertThat(jobs.begin(claim(1, 1000)).orElseThrow().records()).isEqualTo(8);

        DATABASE.reset();
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        DATABASE.run("insert into sluice.pause (kind, name, by) values ('sync', 'contacts', 'api')");
        assertThat(jobs.begin(claim(1, 1000))).isEmpty();
    }

    @Test
    void aJobIsNoLargerThanItsBytes() throws Exception {
        enter(1, 100, 2, "{\"LastName\": \"0123456789\"}");
        assertThat(jobs.begin(claim(1, 1000, 350, null)).orElseThrow().records()).isBetween(9, 12);
    }

    @Test
    void outcomesSettleAsThoseOfAnyCall() throws Exception {
        enter(1, 5000, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 5000)).orElseThrow();
        List<Outcome> outcomes = new ArrayList<>();
        for (Change record : records(job)) {
            int number = outcomes.size();
            outcomes.add(number < 2 ? Outcome.rejected(record.key(), "BAD", "no") : number < 5
                    ? Outcome.retry(record.key(), "LOCK", "later") : Outcome.done(record.key(), "003" + number));
        }
        assertThat(jobs.settle(job, outcomes.stream().limit(4999))).isEqualTo(1);
        assertThat(DATABASE.text("select count(*) from sluice.record")).isEqualTo("4994");
        assertThat(DATABASE.text("select count(*) from sluice.dead_letter")).isEqualTo("2");
        assertThat(count("operation = 'upsert' and attempts = 1 and fields = '{\"LastName\": \"One\"}'")).isEqualTo(3);

        assertThat(jobs.finish(job, "not named")).isEqualTo(1);
        assertThat(DATABASE.texts("select last_error from sluice.outbox where key = 'K-005000'"))
                .containsExactly("not named");
        assertThat(jobs.open("crm")).isZero();
        assertThat(count("lease is not null")).isZero();
    }

    @Test
    void whatChangesWhileTheJobRunsWaitsAndGoesAfterIt() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 10)).orElseThrow();
        DATABASE.run("update sluice.outbox set operation = 'upsert', fields = '{\"LastName\": \"Two\"}'"
                + " where key = 'K-000003'");
        assertThat(outbox.claim("crm", 200, Priority.LOW)).isEmpty();
        assertThat(records(job)).extracting(record -> record.fields().get("LastName")).containsOnly("One");
        jobs.settle(job, records(job).stream().map(record -> Outcome.done(record.key(), null)));
        jobs.finish(job, null);
        assertThat(outbox.claim("crm", 200, Priority.LOW).orElseThrow().changes()).singleElement()
                .satisfies(change -> assertThat(change.fields()).isEqualTo(Map.of("LastName", "Two")));
    }

    @Test
    void aJobThatWasNotBegunReleasesItsRecordsAsIfNothingHadBeen() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        jobs.release(jobs.begin(claim(1, 10)).orElseThrow());
        assertThat(count("operation = 'upsert' and attempts = 0 and lease is null")).isEqualTo(10);
        assertThat(jobs.open("crm")).isZero();
    }

    @Test
    void aProcessThatDiesAtAStepLeavesThatStepToAnother() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        assertThat(late.begin(claim(1, 10)).orElseThrow().step()).isEqualTo(Step.CREATE);
        BulkJob find = late.take("crm", Priority.LOW).orElseThrow();
        assertThat(find.step()).as("a create without an answer").isEqualTo(Step.FIND);
        jobs.move(find, next(Step.CREATE), null);
        assertThat(late.take("crm", Priority.LOW).orElseThrow().step()).isEqualTo(Step.CREATE);
        assertThat(late.take("crm", Priority.LOW).orElseThrow().step()).isEqualTo(Step.FIND);
        for (Step step : List.of(Step.UPLOAD, Step.CLOSE, Step.POLL, Step.SUCCESSES, Step.FAILURES, Step.REST)) {
            BulkJob before = late.take("crm", Priority.LOW).orElseThrow();
            jobs.move(before, next(step), "750");
            assertThat(late.take("crm", Priority.LOW).orElseThrow().step()).isEqualTo(step);
            BulkJob again = late.take("crm", Priority.LOW).orElseThrow();
            assertThat(again.step()).isEqualTo(step);
            assertThat(again.crmJob()).isEqualTo("750");
        }
    }

    @Test
    void whoWasOvertakenMovesNothing() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob slow = late.begin(claim(1, 10)).orElseThrow();
        BulkJob quick = late.take("crm", Priority.LOW).orElseThrow();
        assertThat(jobs.move(slow, next(Step.UPLOAD), "750")).isFalse();
        jobs.release(slow);
        assertThat(jobs.finish(slow, "x")).isZero();
        assertThat(count("lease is not null")).isEqualTo(10);
        assertThat(jobs.move(quick, next(Step.CREATE), null)).isTrue();
    }

    @Test
    void aStepUnderWayOrNotDueOrOfAPausedAccountIsNotTaken() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 10)).orElseThrow();
        assertThat(jobs.take("crm", Priority.LOW)).isEmpty();
        assertThat(jobs.urgency("crm")).isEmpty();
        jobs.move(job, next(Step.POLL), "750");
        assertThat(jobs.urgency("crm")).contains(Priority.NORMAL);
        assertThat(jobs.waiting()).containsExactly("crm");
        DATABASE.run("insert into sluice.pause (kind, name, by) values ('account', 'crm', 'api')");
        assertThat(jobs.urgency("crm")).isEmpty();
        assertThat(jobs.waiting()).isEmpty();
        assertThat(jobs.take("crm", Priority.LOW)).isEmpty();
    }

    @Test
    void resultsThatAreReadAgainAfterACrashChangeNothing() throws Exception {
        enter(1, 10, 2, "{\"LastName\": \"One\"}");
        BulkJob job = jobs.begin(claim(1, 10)).orElseThrow();
        List<Outcome> outcomes = Stream.iterate(1, n -> n + 1).limit(10)
                .map(n -> Outcome.done("K-%06d".formatted(n), null)).toList();
        assertThat(jobs.settle(job, outcomes.stream().limit(5))).isEqualTo(5);
        enter(1, 1, 2, "{\"LastName\": \"Two\"}");
        assertThat(jobs.settle(job, outcomes.stream())).isZero();
        assertThat(count("operation = 'upsert'")).isEqualTo(1);
    }

    private static Move.Next next(Step step) {
        return new Move.Next(step, Duration.ZERO, true);
    }
}
