// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.sluice.Backoff;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.bulk.BulkDispatcher;
import io.sluice.bulk.BulkJobs;
import io.sluice.bulk.BulkPlans;
import io.sluice.bulk.JobRecords;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.BulkCapability;
import io.sluice.crm.CrmCall;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.ExampleCrm;
import io.sluice.crm.PartAnswer;
import io.sluice.crm.Permits;
import io.sluice.outbox.CircuitBreakers;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CommonCauses;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.SplitRule;
import io.sluice.outbox.WriteDebounce;
import io.sluice.plan.LatencyTarget;
import io.sluice.plan.Planner;
import io.sluice.plan.SendMethod;
import io.sluice.quota.Limits;
import io.sluice.quota.Permit;
import io.sluice.quota.Pool;
import io.sluice.quota.Quota;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutboxDispatcherTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final OutboxDispatcher outboxDispatcher = new OutboxDispatcher(
            null,
            null,
            outbox,
            settlement,
            null,
            null,
            new CircuitBreakers(pauseStore),
            new CommonCauses(DATABASE.sluice(), new CircuitBreakers(pauseStore)),
            Stream.of("accounts", "contacts", "deals", "cases")
                    .map(OutboxDispatcherTest::sync)
                    .toList());

    private static Sync sync(String name) {
        Sync sync = new Sync();
        sync.setName(name);
        sync.setTable("app." + name);
        sync.setAccount("crm");
        sync.setObject(name);
        sync.setExternalId("Key__c");
        return sync;
    }

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    /** Claims two records of each sync. */
    private OutboundBatch batch(String... syncs) throws SQLException {
        List<Claim> claims = new ArrayList<>();
        for (String sync : syncs) {
            DATABASE.run("insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                    + " select 'crm', '" + sync + "', '" + sync + "-' || n, '" + sync
                    + "', 'upsert', '{\"A\": 1}', 2, now()"
                    + " from generate_series(1, 2) as n");
            claims.add(outbox.claim("crm", 10, Priority.LOW).orElseThrow());
        }
        return new OutboundBatch(SendMethod.Way.COMPOSITE, write("composite"), claims);
    }

    private static CrmCall.Write write(String method) {
        return new CrmCall.Write("crm", "crm", method, "a", "b", "a:b", "", null, Map.of());
    }

    private static long count(String table, String condition) throws SQLException {
        return Long.parseLong(DATABASE.text("select count(*) from sluice." + table + " where " + condition));
    }

    @Test
    void aSyncWhoseObjectIsRejectedIsPausedAndTheOthersOfTheCallAreSettled() throws SQLException {
        outboxDispatcher.settle(
                batch("contacts", "deals"),
                List.of(
                        Outcome.done("contacts-1", "1"),
                        Outcome.done("contacts-2", "2"),
                        Outcome.rejected("deals-1", "NOT_FOUND", "no such object"),
                        Outcome.rejected("deals-2", "NOT_FOUND", "no")),
                404,
                null,
                ErrorScope.OBJECT,
                Map.of(
                        "contacts",
                        new PartAnswer(200, ErrorScope.NONE),
                        "deals",
                        new PartAnswer(404, ErrorScope.OBJECT)),
                null);

        assertThat(count("sync_state", "sync = 'contacts'")).isEqualTo(2);
        assertThat(count("outbox", "sync = 'deals' and lease is null and attempts = 0 and max_batch is null"))
                .isEqualTo(2);
        assertThat(count("dead_letter", "true")).isZero();
        assertThat(pauseStore.all()).singleElement().satisfies(paused -> {
            assertThat(paused.name()).isEqualTo("deals");
            assertThat(paused.reason()).isEqualTo("NOT_FOUND: no such object");
        });
    }

    @Test
    void eachPartOfACallIsSettledByItsOwnErrorScope() throws SQLException {
        outboxDispatcher.settle(
                batch("accounts", "contacts", "deals", "cases"),
                List.of(
                        Outcome.rejected("accounts-1", "STRING_TOO_LONG", "too long"),
                                Outcome.rejected("accounts-2", "X", "x"),
                        Outcome.retry("contacts-1", "UNABLE_TO_LOCK_ROW", "locked"),
                                Outcome.retry("contacts-2", "UNABLE_TO_LOCK_ROW", "locked"),
                        Outcome.retry("deals-1", "INVALID_TYPE", "no such object"),
                                Outcome.retry("deals-2", "INVALID_TYPE", "no"),
                        Outcome.retry("cases-1", "JSON_PARSER_ERROR", "what"),
                                Outcome.retry("cases-2", "JSON_PARSER_ERROR", "what")),
                400,
                null,
                ErrorScope.OBJECT,
                Map.of(
                        "accounts",
                        new PartAnswer(200, ErrorScope.NONE),
                        "contacts",
                        new PartAnswer(400, ErrorScope.TRANSIENT),
                        "deals",
                        new PartAnswer(400, ErrorScope.OBJECT),
                        "cases",
                        new PartAnswer(400, ErrorScope.RECORD)),
                null);

        assertThat(pauseStore.all()).extracting(Pause::name).containsExactly("deals");
        assertThat(count("dead_letter", "object = 'accounts'")).isEqualTo(2);
        assertThat(count("outbox", "sync = 'contacts' and lease is null and attempts = 1 and max_batch = 1"))
                .isEqualTo(2);
        assertThat(count("outbox", "sync = 'deals' and lease is null and attempts = 0 and max_batch is null"))
                .isEqualTo(2);
        assertThat(count("outbox", "sync = 'cases' and lease is null and max_batch = 1"))
                .isEqualTo(2);
        assertThat(count("outbox", "true")).isEqualTo(6);
    }

    @Test
    void certainlyUnwrittenRecordsAreReleasedWithoutAnAttempt() throws SQLException {
        outboxDispatcher.settle(
                batch("contacts"),
                List.of(
                        Outcome.retry("contacts-1", "NO_ANSWER", "signed out"),
                        Outcome.retry("contacts-2", "NO_ANSWER", "signed out")),
                0,
                true,
                null,
                null,
                null);

        assertThat(count("outbox", "lease is null and attempts = 0 and due <= clock_timestamp()"))
                .isEqualTo(2);
    }

    /** The first of two calls is answered without proof, the second is throttled: the first may have written. */
    @Test
    void whatACallBeforeAThrottledOneMayHaveWrittenStaysUnproven() throws SQLException {
        DATABASE.run(
                "insert into sluice.sync_state (account, object, key, sync, crm_id, base)"
                        + " select 'crm', 'contacts', 'contacts-' || n, 'contacts', n, '{\"A\": 0}' from generate_series(1, 2) as n");
        outboxDispatcher.settle(
                batch("contacts"),
                List.of(
                        Outcome.noResult("contacts-1"),
                        Outcome.uncertain("contacts-2", Outcome.Uncertainty.NONE, "HTTP_429", "too many calls")),
                429,
                true,
                null,
                null,
                null);

        assertThat(DATABASE.texts("select unproven from sluice.sync_state order by key"))
                .containsExactly("{\"A\": [1]}", "{}");
        assertThat(DATABASE.texts("select attempts from sluice.outbox where lease is null order by key"))
                .containsExactly("1", "0");
    }

    @Test
    void withoutAScopeTheStatusDecides() throws SQLException {
        outboxDispatcher.settle(
                batch("contacts"),
                List.of(Outcome.retry("contacts-1", "HTTP_405", "no"), Outcome.retry("contacts-2", "HTTP_405", "no")),
                405,
                null,
                null,
                null,
                null);
        assertThat(pauseStore.find(Kind.SYNC, "contacts")).isPresent();

        outboxDispatcher.settle(
                batch("deals"),
                List.of(Outcome.retry("deals-1", "HTTP_400", "no"), Outcome.retry("deals-2", "HTTP_400", "no")),
                400,
                null,
                null,
                null,
                null);
        assertThat(count("outbox", "sync = 'deals' and max_batch = 1 and attempts = 1"))
                .isEqualTo(2);
    }

    @Test
    void aBatchWhoseWriterThrowsIsSplitUntilTheRecordAtFaultIsAlone() throws SQLException {
        outboxDispatcher.failed(batch("contacts", "deals"), new IllegalArgumentException("no request can be built"));
        assertThat(count("outbox", "lease is null and attempts = 1 and max_batch = 1"))
                .isEqualTo(4);
        assertThat(count("dead_letter", "true")).isZero();

        DATABASE.run("delete from sluice.outbox where key <> 'deals-1'", "update sluice.outbox set due = now()");
        Claim alone = outbox.claim("crm", 10, Priority.LOW).orElseThrow();
        outboxDispatcher.failed(
                new OutboundBatch(SendMethod.Way.COMPOSITE, write("composite"), List.of(alone)),
                new IllegalArgumentException("no request can be built"));
        assertThat(count("outbox", "true")).isZero();
        assertThat(count("dead_letter", "key = 'deals-1' and code = 'REQUEST_FAILED'"))
                .isEqualTo(1);
    }

    @Test
    void aRecordWhoseAnswerCanNotBeReadIsSentAgain() throws SQLException {
        DATABASE.run("insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                + " values ('crm', 'deals', 'deals-1', 'deals', 'upsert', '{\"A\": 1}', 2, now())");
        Claim alone = outbox.claim("crm", 10, Priority.LOW).orElseThrow();

        outboxDispatcher.failed(
                new OutboundBatch(SendMethod.Way.COLLECTIONS, write("upsert"), List.of(alone)),
                new IllegalStateException("the answer can't be read"));

        assertThat(count("dead_letter", "true")).isZero();
        assertThat(count("outbox", "key = 'deals-1' and lease is null and attempts = 1"))
                .isEqualTo(1);
    }

    @Test
    void workThatLingersForAJobIsNotSentByCalls() throws Exception {
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                        + " select 'crm', sync, sync || n, sync, 'upsert', '{\"A\": 1}', 2, now() from generate_series(1, 3000) as n,"
                        + " (values ('contacts', 3000), ('deals', 2)) as waiting (sync, records) where n <= records",
                "update sluice.outbox set since = now() - interval '1 second' where sync = 'contacts'",
                "insert into sluice.change_log (source, keys, records, op) values ('app.contacts', '{more}', 1, 'S')");
        BulkCapability bulk =
                new BulkCapability(Set.of(Operation.UPSERT), 100_000, 100_000_000, 2, 5, 10_000, 15_000, "#N/A");
        Accounts accounts = new Accounts(
                List.of(new Account(
                        "crm", new ExampleCrm(200, 1, Optional.of(bulk), false), Pool.of("crm", List.of()), false)),
                InstantSource.system());
        accounts.checked("crm");
        Quota quota = new Quota(
                DATABASE.sluice(), Limits.of(Map.of("crm", List.of())), Duration.ofSeconds(10), Duration.ofSeconds(5));
        List<Sync> syncs =
                Stream.of("contacts", "deals").map(OutboxDispatcherTest::sync).toList();
        Planner planner = new Planner(new LatencyTarget(Duration.ofMinutes(15), Duration.ofHours(6)), 100_000, 1);
        BulkJobs jobs = new BulkJobs(DATABASE.sluice(), Duration.ofMinutes(1), Duration.ofMinutes(1));
        BulkPlans plans = new BulkPlans(
                DATABASE.sluice(), accounts, quota, jobs, planner, 100_000_000, Duration.ofMinutes(15), syncs);
        OutboxDispatcher outboxDispatcher = new OutboxDispatcher(
                accounts,
                new Permits(quota, pauseStore),
                outbox,
                settlement,
                new BulkDispatcher(
                        accounts,
                        outbox,
                        jobs,
                        new JobRecords(
                                DATABASE.sluice(),
                                settlement,
                                new CommonCauses(
                                        DATABASE.sluice(), new CircuitBreakers(new PauseStore(DATABASE.sluice())))),
                        plans,
                        new CircuitBreakers(pauseStore)),
                planner,
                new CircuitBreakers(pauseStore),
                new CommonCauses(DATABASE.sluice(), new CircuitBreakers(pauseStore)),
                syncs);

        Permit permit = outboxDispatcher.permit("crm");
        assertThat(permit.operation()).isEqualTo("write");
        assertThat(outboxDispatcher.claim(permit).claims())
                .extracting(Claim::sync, Claim::size)
                .containsExactly(tuple("deals", 2));
        assertThat(outboxDispatcher.permit("crm"))
                .as("no other work waits for a call")
                .isNull();
    }

    @Test
    void aCallThatOneRecordMaySpoilIsSplitAtOnce() {
        assertThat(OutboxDispatcher.split(ErrorScope.RECORD, 400)).isEqualTo(SplitRule.AT_ONCE);
    }

    @Test
    void aCallThatTheCrmFailsAtIsSplitOnlyAfterRepeatedFailures() {
        assertThat(OutboxDispatcher.split(ErrorScope.TRANSIENT, 500)).isEqualTo(SplitRule.AFTER_FAILURES);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 406, 420, 502, 503})
    void anUnavailableCrmSplitsNoCall(int status) {
        assertThat(OutboxDispatcher.split(ErrorScope.TRANSIENT, status)).isEqualTo(SplitRule.NEVER);
    }

    @Test
    void lockedRecordsAreSplitByParent() {
        assertThat(OutboxDispatcher.split(ErrorScope.NONE, 200)).isEqualTo(SplitRule.BY_PARENT);
        assertThat(OutboxDispatcher.split(ErrorScope.TRANSIENT, 400)).isEqualTo(SplitRule.BY_PARENT);
    }
}
