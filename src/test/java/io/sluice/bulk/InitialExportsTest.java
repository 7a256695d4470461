// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.bulk.BulkJobs.ExportJob;
import io.sluice.capture.Capture;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.BulkCapability;
import io.sluice.crm.ExampleCrm;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.CircuitBreakers;
import io.sluice.outbox.CommonCauses;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.plan.LatencyTarget;
import io.sluice.plan.Planner;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import io.sluice.quota.Quota;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class InitialExportsTest {

    private static final int MAX_RECORDS = 10_000;

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Sync sync = sync("customers", "crm");
    private final BulkJobs jobs = new BulkJobs(DATABASE.sluice(), Duration.ofMinutes(1), Duration.ofMinutes(1));
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final JobRecords records = new JobRecords(
            DATABASE.sluice(),
            settlement,
            new CommonCauses(DATABASE.sluice(), new CircuitBreakers(new PauseStore(DATABASE.sluice()))));

    private static Sync sync(String name, String account) {
        Sync sync = new Sync();
        sync.setName(name);
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount(account);
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(new LinkedHashMap<>(Map.of("name", "LastName", "city", "City")));
        sync.setCritical("city = 'Oslo'");
        return sync;
    }

    /** A capture with two accounts: "crm" takes bulk jobs, "other" does not. */
    private Capture capture(Sync... syncs) throws SQLException {
        ExampleCrm bulk = new ExampleCrm(
                200,
                5,
                Optional.of(new BulkCapability(
                        Set.of(Operation.UPSERT), 150_000, 100_000_000, 6, 5, 10_000, 15_000, "#N/A")),
                false);
        Accounts accounts = new Accounts(
                List.of(
                        new Account("crm", bulk, Pool.of("crm", List.of()), false),
                        new Account("other", ExampleCrm.withWebhooks(), Pool.of("other", List.of()), false)),
                InstantSource.system());
        Quota quota = new Quota(
                DATABASE.sluice(),
                Limits.of(Map.of("crm", List.of(), "other", List.of())),
                Duration.ofSeconds(10),
                Duration.ofSeconds(5));
        BulkPlans plans = new BulkPlans(
                DATABASE.sluice(),
                accounts,
                quota,
                jobs,
                new Planner(new LatencyTarget(Duration.ofMinutes(15), Duration.ofHours(6)), MAX_RECORDS, 1),
                100_000_000,
                Duration.ofMinutes(15),
                List.of(syncs));
        Capture capture = new Capture(DATABASE.sluice(), 20_000, WriteDebounce.NONE, new InitialExports(plans, jobs));
        capture.start(List.of(syncs));
        return capture;
    }

    @BeforeEach
    void table() throws SQLException {
        DATABASE.reset();
        DATABASE.run("create table app.customer (no int primary key, name text, city text)");
    }

    private static void rows(int rows) throws SQLException {
        DATABASE.run("insert into app.customer select n, 'Ann ' || n, case n when 7 then 'Oslo' end"
                + " from generate_series(1, " + rows + ") as n");
    }

    private static void drain(Capture capture) throws SQLException {
        while (capture.drain("app.customer") > 0 || capture.backlog("app.customer") > 0) {
            // a drain may end a job and move nothing
        }
    }

    private static long count(String condition) throws SQLException {
        return Long.parseLong(DATABASE.text("select count(*) from sluice.outbox where " + condition));
    }

    private List<RecordChange> written(BulkJob job) throws Exception {
        List<RecordChange> changes = new ArrayList<>();
        records.of(job, sync).each(changes::add);
        return changes;
    }

    @Test
    void rowsOfAnInitialExportFillJobsWithoutBeingQueued() throws Exception {
        rows(29_000);
        drain(capture(sync));

        assertThat(count("operation is not null")).isZero();
        assertThat(DATABASE.texts("select records from sluice.bulk_job order by began_at"))
                .as("a small one first, so that the CRM has work at once")
                .containsExactly("2000", "4000", "8000", "10000", "5000");
        assertThat(DATABASE.text("select count(distinct lease) || ' ' || count(*) from sluice.outbox"
                        + " where lease_until = 'infinity'"))
                .isEqualTo("5 29000");
        assertThat(count("priority < 2"))
                .as("rows of an initial export are not urgent")
                .isZero();

        BulkJob job = jobs.take("crm", false, "a login").orElseThrow();
        assertThat(job.state()).isEqualTo(BulkJobState.CREATE);
        assertThat(DATABASE.texts("select member from sluice.bulk_job where epoch > 0"))
                .containsExactly("a login");
        assertThat(records.of(job, sync).fields()).containsExactly("City", "LastName");
        assertThat(written(job))
                .hasSize(2_000)
                .contains(new RecordChange("7", Operation.UPSERT, null, Map.of("LastName", "Ann 7", "City", "Oslo")));
        assertThat(records.settle(job, written(job).stream().map(it -> Outcome.done(it.key(), "003" + it.key()))))
                .isZero();
        assertThat(DATABASE.text("select crm_id || base || jsonb_object_keys(sluice.named(stamps, base) - 'City')"
                        + " from sluice.sync_state where key = '7'"))
                .isEqualTo("0037{\"City\": \"Oslo\", \"LastName\": \"Ann 7\"}LastName");
    }

    @Test
    void releasedAndRejectedRecordsHaveAStampForEachField() throws Exception {
        rows(10_000);
        drain(capture(sync));
        BulkJob job = jobs.take("crm", false, "a login").orElseThrow();
        DATABASE.run("update app.customer set city = 'Rome' where no = 7");
        drain(capture(sync));

        records.settle(job, Stream.of(new Outcome("8", Outcome.Status.REJECTED, null, "TOO_LONG", "too long")));
        assertThat(DATABASE.texts("select jsonb_object_keys(stamps) from sluice.dead_letter"))
                .containsExactlyInAnyOrder("City", "LastName");
        DATABASE.sluice().transaction(connection -> Settlement.release(connection, job.lease()));
        assertThat(DATABASE.texts("select distinct jsonb_object_keys(stamps) from sluice.outbox"))
                .containsExactlyInAnyOrder("City", "LastName");
        assertThat(DATABASE.texts("select key from sluice.outbox where stamps ->> 'City' > (select stamps ->> 'City'"
                        + " from sluice.outbox where key = '9')"))
                .as("changed after its row was read")
                .containsExactly("7");
    }

    @Test
    void fewRowsAreQueued() throws Exception {
        rows(1_000);
        drain(capture(sync));
        assertThat(count("operation = 'upsert' and lease is null")).isEqualTo(1_000);
        assertThat(jobs.open("crm")).isZero();
    }

    @Test
    void reservedSentDeadAndWaitingRecordsAreQueued() throws Exception {
        rows(5_000);
        DATABASE.run(
                "create collation app.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "alter table app.customer alter name type text collate app.ci",
                "update app.customer set name = '#N/A' where no = 1",
                "insert into sluice.sync_state (account, object, key, sync) select 'crm', 'Lead', n::text, 'leads'"
                        + " from generate_series(10, 199) as n",
                "insert into sluice.sync_state (account, object, key, sync, base) values ('crm', 'Contact', '2', 'customers',"
                        + " '{\"LastName\": \"Ann 2\", \"City\": null}')",
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps)"
                        + " values ('crm', 'Contact', '3', 'customers', 'upsert', '{\"Fax\": \"1\"}', '{}')",
                "insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                        + " values ('crm', 'Contact', '4', 'customers', 'upsert', '{\"Fax\": \"2\"}', 0, now())");
        drain(capture(sync));

        assertThat(DATABASE.texts("select key || fields from sluice.outbox where operation is not null order by key"))
                .containsExactly(
                        "1{\"City\": null, \"LastName\": \"#N/A\"}",
                        "2{\"City\": null, \"LastName\": \"Ann 2\"}",
                        "3{\"Fax\": \"1\", \"City\": null, \"LastName\": \"Ann 3\"}",
                        "4{\"Fax\": \"2\", \"City\": null, \"LastName\": \"Ann 4\"}");
        assertThat(DATABASE.texts("select records from sluice.bulk_job")).containsExactly("4996");
        assertThat(outbox.claim("crm", 200, Priority.LOW).orElseThrow().changes())
                .extracting(RecordChange::key)
                .as("a record that the CRM has is not sent")
                .containsExactly("4", "1", "3");
    }

    @Test
    void anAccountWithoutJobsQueuesTheSameRows() throws Exception {
        rows(5_000);
        drain(capture(sync, sync("others", "other")));
        assertThat(count("account = 'crm' and lease is not null")).isEqualTo(5_000);
        assertThat(count("account = 'other' and operation = 'upsert' and lease is null"))
                .isEqualTo(5_000);
    }

    @Test
    void aChangeOfARecordInTheJobIsQueued() throws Exception {
        rows(5_000);
        Capture capture = capture(sync);
        capture.drain("app.customer");
        DATABASE.run("update app.customer set name = 'Anna' where no = 1");
        drain(capture);

        assertThat(DATABASE.text("select fields ->> 'LastName' || lease_until from sluice.outbox where key = '1'"))
                .isEqualTo("Annainfinity");
        // whether the last drain knew that it was the last depends on how many rows each one moved
        DATABASE.run("update sluice.bulk_job set due = now()");
        BulkJob job = jobs.take("crm", false, "crm").orElseThrow();
        records.settle(job, written(job).stream().map(it -> Outcome.done(it.key(), null)));
        jobs.finish(job, null);
        assertThat(outbox.claim("crm", 200, Priority.LOW).orElseThrow().changes())
                .singleElement()
                .satisfies(change -> assertThat(change.fields()).isEqualTo(Map.of("LastName", "Anna")));
    }

    @Test
    void aSyncThatIsPausedFillsNoJob() throws Exception {
        rows(5_000);
        new PauseStore(DATABASE.sluice()).pause(Kind.SYNC, "customers", null);
        drain(capture(sync));
        assertThat(jobs.open("crm")).isZero();
        assertThat(count("operation = 'upsert'")).isEqualTo(5_000);
    }

    @Test
    void asManyJobsAreFilledAsTheCrmRunsAtOnceAndTheRestIsQueued() throws Exception {
        rows(45_000);
        drain(capture(sync));
        assertThat(DATABASE.texts("select records from sluice.bulk_job"))
                .containsExactlyInAnyOrder("2000", "4000", "8000", "10000", "10000", "10000");
        assertThat(count("operation = 'upsert' and lease is null")).isEqualTo(1_000);
    }

    @Test
    void aClaimedJobTakesNoMoreRecords() throws Exception {
        rows(5_000);
        Capture capture = capture(sync);
        capture.drain("app.customer");
        DATABASE.run("update sluice.bulk_job set due = now()");
        BulkJob job = jobs.take("crm", false, "crm").orElseThrow();
        assertThat(job.records()).isBetween(1, 4_999);
        drain(capture);
        assertThat(written(job)).hasSize(job.records());
        assertThat(count("lease is not null or operation is not null")).isEqualTo(5_000);
    }

    @Test
    void anExportThatFitsIsOneJobAndALargerOneStartsSmall() {
        assertThat(InitialExports.size(1_000, 1_000, 0)).isEqualTo(1_000);
        assertThat(InitialExports.size(1_000, 1_001, 0)).isEqualTo(200);
        assertThat(InitialExports.size(1_000, 5_000, 200)).isEqualTo(400);
        assertThat(InitialExports.size(1_000, 5_000, 800)).isEqualTo(1_000);
        assertThat(InitialExports.size(1_000, 900, 200))
                .as("the last job takes the rest")
                .isEqualTo(1_000);
    }

    @Test
    void aJobHasRoomForItsRecordsAndItsBytes() {
        BulkClaim wanted = new BulkClaim("crm", "customers", Operation.UPSERT, 1, 1_000, 10_000, null);
        assertThat(room(wanted, 0, 0)).isEqualTo(1_000);
        assertThat(room(wanted, 990, 990)).isEqualTo(10);
        assertThat(room(wanted, 10, 5_000)).isEqualTo(9);
        assertThat(room(wanted, 10, 12_000)).isZero();
    }

    private static int room(BulkClaim wanted, int records, long bytes) {
        return InitialExports.room(wanted, wanted.maxRecords(), new ExportJob(UUID.randomUUID(), records, bytes));
    }
}
