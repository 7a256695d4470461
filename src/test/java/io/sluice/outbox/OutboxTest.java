package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Change;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.outbox.Outbox.Split;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutboxTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1),
            new Backoff(Duration.ZERO, Duration.ZERO), Rest.NONE);

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static final String ENTER = """
            insert into sluice.outbox as o (account, object, key, sync, operation, fields, priority, since)
            values ('crm', ?, ?, ?, ?, ?::jsonb, ?, now() + ? * interval '1 second')
            on conflict (account, object, key) do update
            set operation = excluded.operation, fields = case when excluded.operation = 'delete' then '{}'
                else o.fields || excluded.fields end""";

    /** @param age seconds: the more, the later */
    private void enter(String object, String key, String operation, String fields, int priority, int age)
            throws SQLException {
        DATABASE.sluice().update(ENTER, object, key, object.toLowerCase(), operation, fields, priority, age);
    }

    private void upsert(String key, String fields) throws SQLException {
        enter("Contact", key, "upsert", fields, 2, 0);
    }

    private void delete(String key) throws SQLException {
        enter("Contact", key, "delete", "{}", 2, 0);
    }

    private void settled(String key, String base) throws SQLException {
        DATABASE.sluice().update("insert into sluice.record (account, object, key, sync, crm_id, base)"
                + " values ('crm', 'Contact', ?, 'contact', 'id-' || ?, ?::jsonb)", key, key, base);
    }

    private Claim claim() throws SQLException {
        return outbox.claim("crm", 100, Priority.LOW).orElseThrow();
    }

    private static List<String> keys(Optional<Claim> claim) {
        return claim.map(it -> it.changes().stream().map(Change::key).toList()).orElse(List.of());
    }

    private void endLeases() throws SQLException {
        DATABASE.run("update sluice.outbox set lease_until = now() - interval '1 second' where lease is not null");
    }

    private String base(String key) throws SQLException {
        return DATABASE.text("select base from sluice.record where key = ?", key);
    }

    private List<String> deadLetters() throws SQLException {
        return DATABASE.texts("select concat_ws(' ', key, operation, fields, code, message) from sluice.dead_letter");
    }

    @Test
    void theMostUrgentIsClaimedFirstAndTheOlderOfEqualOnes() throws SQLException {
        enter("Contact", "new", "upsert", "{\"a\": 1}", 2, 5);
        enter("Contact", "old", "upsert", "{\"a\": 1}", 2, 1);
        enter("Contact", "critical", "upsert", "{\"a\": 1}", 0, 9);
        enter("Contact", "low", "upsert", "{\"a\": 1}", 3, 0);
        assertThat(keys(outbox.claim("crm", 3, Priority.LOW))).containsExactly("critical", "old", "new");
        assertThat(keys(outbox.claim("crm", 3, Priority.LOW))).containsExactly("low");
        assertThat(outbox.claim("crm", 3, Priority.LOW)).isEmpty();
    }

    @Test
    void aClaimBeginsWithNothingLessUrgentThanItsPermitButFillsUpWithIt() throws SQLException {
        enter("Contact", "normal", "upsert", "{\"a\": 1}", 2, 0);
        assertThat(outbox.urgency("crm")).contains(Priority.NORMAL);
        assertThat(outbox.claim("crm", 3, Priority.HIGH)).isEmpty();
        enter("Contact", "critical", "upsert", "{\"a\": 1}", 0, 0);
        assertThat(outbox.urgency("crm")).contains(Priority.CRITICAL);
        assertThat(keys(outbox.claim("crm", 3, Priority.CRITICAL))).containsExactly("critical", "normal");
        assertThat(outbox.urgency("crm")).isEmpty();
    }

    @Test
    void workThatWasRefusedForTheQuotaWaitsInItsPlaceAndWithoutAnAttempt() throws SQLException {
        settled("1", "{\"a\": 0}");
        upsert("1", "{\"a\": 1}");
        outbox.release(claim());
        assertThat(DATABASE.texts("select concat_ws(' ', operation, fields, attempts, due <= clock_timestamp())"
                + " from sluice.outbox")).containsExactly("upsert {\"a\": 1} 0 t");
        assertThat(base("1")).as("nothing is doubted").isEqualTo("{\"a\": 0}");
        assertThat(keys(Optional.of(claim()))).containsExactly("1");
    }

    @Test
    void whatWaitsGoesUpAStepForEachPatienceButNeverBecomesCritical() throws SQLException {
        enter("Contact", "low", "upsert", "{\"a\": 1}", 3, 0);
        enter("Contact", "fresh", "upsert", "{\"a\": 1}", 3, 0);
        DATABASE.run("update sluice.outbox set since = now() - interval '90 s' where key = 'low'",
                "update sluice.outbox set since = now() where key = 'fresh'");
        assertThat(outbox.promote(60_000)).isEqualTo(1);
        assertThat(outbox.promote(60_000)).as("a step for each patience").isZero();
        assertThat(outbox.urgency("crm")).contains(Priority.NORMAL);
        DATABASE.run("update sluice.outbox set since = now() - interval '1 hour' where key = 'low'");
        assertThat(outbox.promote(60_000)).isEqualTo(1);
        assertThat(outbox.promote(60_000)).isZero();
        assertThat(outbox.urgency("crm")).contains(Priority.HIGH);
    }

    @Test
    void placesAreFilledWithWorkOfTheSameSyncAndOperationOnly() throws SQLException {
        enter("Contact", "1", "upsert", "{\"a\": 1}", 0, 0);
        enter("Lead", "2", "upsert", "{\"a\": 1}", 1, 0);
        settled("3", "{}");
        enter("Contact", "3", "delete", "{}", 1, 0);
        enter("Contact", "4", "upsert", "{\"a\": 1}", 3, 0);
        Claim first = claim();
        assertThat(keys(Optional.of(first))).containsExactly("1", "4");
        assertThat(first.sync()).isEqualTo("contact");
        assertThat(first.operation()).isEqualTo(Operation.UPSERT);
    }

    @Test
    void workThatIsNotDueOrOfAnotherAccountIsNotClaimed() throws SQLException {
        upsert("1", "{\"a\": 1}");
        DATABASE.run("update sluice.outbox set due = now() + interval '1 hour'");
        assertThat(outbox.claim("crm", 10, Priority.LOW)).isEmpty();
        assertThat(outbox.waiting(List.of("crm", "other"))).isEmpty();
        DATABASE.run("update sluice.outbox set due = now()");
        assertThat(outbox.claim("other", 10, Priority.LOW)).isEmpty();
        assertThat(outbox.waiting(List.of("crm", "other"))).containsExactly("crm");
    }

    @Test
    void whatEqualsTheBaseIsDroppedFieldByField() throws SQLException {
        settled("1", "{\"a\": 1, \"b\": null}");
        upsert("1", "{\"a\": 1, \"b\": null, \"c\": 3}");
        Change change = claim().changes().get(0);
        assertThat(change.fields()).isEqualTo(Map.of("c", 3));
        assertThat(change.crmId()).isEqualTo("id-1");
    }

    @Test
    void aCallIsFilledThoughNothingButNoOpsCameFirst() throws SQLException {
        for (int i = 0; i < 5; i++) {
            settled("same" + i, "{\"a\": 1}");
            enter("Contact", "same" + i, "upsert", "{\"a\": 1}", 0, 0);
        }
        upsert("real", "{\"a\": 2}");
        assertThat(keys(outbox.claim("crm", 2, Priority.LOW))).containsExactly("real");
        assertThat(DATABASE.texts("select key from sluice.outbox")).containsExactly("real");
    }

    @Test
    void theDeleteOfARecordThatWasNeverSentIsDropped() throws SQLException {
        delete("1");
        assertThat(outbox.claim("crm", 10, Priority.LOW)).isEmpty();
        assertThat(DATABASE.texts("select key from sluice.outbox")).isEmpty();
    }

    @Test
    void theDeleteOfARecordThatMayHaveArrivedIsSent() throws SQLException {
        upsert("1", "{\"a\": 1}");
        claim();
        endLeases();
        outbox.expireLeases();
        delete("1");
        assertThat(claim().operation()).isEqualTo(Operation.DELETE);
    }

    @Test
    void whatAnotherProcessIsClaimingJustNowHidesNoOtherWork() throws SQLException {
        enter("Contact", "1", "upsert", "{\"a\": 1}", 0, 0);
        enter("Lead", "2", "upsert", "{\"a\": 1}", 3, 0);
        try (Connection other = DATABASE.application(); Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("select from sluice.outbox where key = '1' for update");
            assertThat(keys(outbox.claim("crm", 10, Priority.LOW))).containsExactly("2");
            other.rollback();
        }
    }

    @Test
    void changesThatArriveInFlightGatherAndGoNext() throws SQLException {
        upsert("1", "{\"a\": 1, \"b\": 1}");
        Claim first = claim();
        upsert("1", "{\"a\": 2}");
        assertThat(outbox.claim("crm", 10, Priority.LOW)).as("one write in flight").isEmpty();
        assertThat(outbox.settle(first, List.of(Outcome.done("1", "crm-1")))).isEqualTo(1);
        Change next = claim().changes().get(0);
        assertThat(next.fields()).isEqualTo(Map.of("a", 2));
        assertThat(next.crmId()).isEqualTo("crm-1");
        assertThat(base("1")).isEqualTo("{\"a\": 1, \"b\": 1}");
    }

    @Test
    void doneMovesTheValuesIntoTheBaseAndKeepsTheCrmsId() throws SQLException {
        settled("1", "{\"a\": 1, \"b\": 1}");
        upsert("1", "{\"a\": 2}");
        outbox.settle(claim(), List.of(Outcome.done("1", null)));
        assertThat(base("1")).isEqualTo("{\"a\": 2, \"b\": 1}");
        assertThat(DATABASE.text("select crm_id from sluice.record")).isEqualTo("id-1");
        assertThat(DATABASE.texts("select key from sluice.outbox")).isEmpty();
    }

    @Test
    void aDeleteThatIsDoneForgetsTheRecord() throws SQLException {
        settled("1", "{\"a\": 1}");
        delete("1");
        outbox.settle(claim(), List.of(Outcome.done("1", null)));
        assertThat(DATABASE.texts("select key from sluice.record")).isEmpty();
        assertThat(DATABASE.texts("select key from sluice.outbox")).isEmpty();
    }

    @Test
    void eachRecordOfACallIsSettledByItsOwnOutcome() throws SQLException {
        for (String key : List.of("1", "2", "3")) {
            upsert(key, "{\"a\": 1}");
        }
        outbox.settle(claim(), List.of(Outcome.done("1", "x"), Outcome.retry("2", "ROW_LOCK", "busy"),
                Outcome.rejected("3", "INVALID", "no such value")));
        assertThat(DATABASE.texts("select key from sluice.record")).containsExactly("1");
        assertThat(DATABASE.texts("select concat_ws(' ', key, attempts, last_error) from sluice.outbox"))
                .containsExactly("2 1 ROW_LOCK: busy");
        assertThat(deadLetters()).containsExactly("3 upsert {\"a\": 1} INVALID no such value");
    }

    @Test
    void aRetryWaitsForItsBackoff() throws SQLException {
        Outbox patient = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1),
                new Backoff(Duration.ofDays(1), Duration.ofDays(1)), Rest.NONE);
        upsert("1", "{\"a\": 1}");
        patient.settle(claim(), List.of(Outcome.retry("1", "X", "y")));
        assertThat(DATABASE.text("select due between now() and now() + interval '1 day' from sluice.outbox")).isEqualTo("t");
    }

    @Test
    void aRetryLetsNewerValuesWin() throws SQLException {
        upsert("1", "{\"a\": 1, \"b\": 1}");
        Claim claim = claim();
        upsert("1", "{\"a\": 2}");
        outbox.settle(claim, List.of(Outcome.retry("1", "X", "y")));
        assertThat(claim().changes().get(0).fields()).isEqualTo(Map.of("a", 2, "b", 1));
    }

    @Test
    void aRetryUnderAWaitingDeleteLeavesTheDeleteOnly() throws SQLException {
        settled("1", "{}");
        upsert("1", "{\"a\": 1}");
        Claim claim = claim();
        delete("1");
        outbox.settle(claim, List.of(Outcome.retry("1", "X", "y")));
        Claim next = claim();
        assertThat(next.operation()).isEqualTo(Operation.DELETE);
        assertThat(next.changes().get(0).fields()).isEmpty();
    }

    @Test
    void aDeleteOfUnknownOutcomeUnderANewInsertSendsTheWholeRow() throws SQLException {
        settled("1", "{\"a\": 1, \"b\": 1}");
        delete("1");
        Claim claim = claim();
        upsert("1", "{\"a\": 1, \"b\": 2}");
        outbox.settle(claim, List.of(Outcome.retry("1", "X", "the answer was lost")));
        Claim next = claim();
        assertThat(next.operation()).isEqualTo(Operation.UPSERT);
        assertThat(next.changes().get(0).fields()).isEqualTo(Map.of("a", 1, "b", 2));
    }

    /** The CRM may have 2 by now, so going back to what was agreed before is a change. */
    @Test
    void theOldValueIsSentAgainAfterAWriteOfUnknownOutcome() throws SQLException {
        settled("1", "{\"a\": 1}");
        upsert("1", "{\"a\": 2}");
        claim();
        upsert("1", "{\"a\": 1}");
        endLeases();
        assertThat(outbox.expireLeases()).isEqualTo(1);
        assertThat(claim().changes().get(0).fields()).isEqualTo(Map.of("a", 1));
    }

    @Test
    void aRejectedFieldGoesWithTheNewerWorkThatWaits() throws SQLException {
        settled("1", "{}");
        upsert("1", "{\"a\": \"bad\", \"b\": 1}");
        Claim claim = claim();
        upsert("1", "{\"a\": \"good\"}");
        outbox.settle(claim, List.of(Outcome.rejected("1", "INVALID", "bad")));
        assertThat(deadLetters()).isEmpty();
        assertThat(claim().changes().get(0).fields()).isEqualTo(Map.of("a", "good", "b", 1));
    }

    @Test
    void aRejectedUpsertUnderAWaitingDeleteIsForgotten() throws SQLException {
        settled("1", "{}");
        upsert("1", "{\"a\": \"bad\"}");
        Claim claim = claim();
        delete("1");
        outbox.settle(claim, List.of(Outcome.rejected("1", "INVALID", "bad")));
        assertThat(deadLetters()).isEmpty();
        assertThat(claim().operation()).isEqualTo(Operation.DELETE);
    }

    @Test
    void aForeignLeaseSettlesNothing() throws SQLException {
        upsert("1", "{\"a\": 1}");
        Claim lost = claim();
        endLeases();
        outbox.expireLeases();
        Claim current = claim();
        assertThat(outbox.settle(lost, List.of(Outcome.done("1", "x")))).isZero();
        assertThat(DATABASE.texts("select key from sluice.record")).isEmpty();
        assertThat(outbox.settle(current, List.of(Outcome.done("1", "x")))).isEqualTo(1);
        assertThat(outbox.settle(current, List.of(Outcome.done("1", "x")))).as("a second time").isZero();
    }

    @Test
    void aLeaseThatHasNotEndedGivesNothingBack() throws SQLException {
        upsert("1", "{\"a\": 1}");
        claim();
        assertThat(outbox.expireLeases()).isZero();
    }

    @Test
    void anEndedLeaseGivesItsWorkBackBelowWhatArrivedMeanwhile() throws SQLException {
        for (String key : List.of("1", "2", "3")) {
            settled(key, "{\"a\": 0}");
            upsert(key, "{\"a\": 1, \"b\": 1}");
        }
        settled("4", "{\"a\": 0}");
        claim();
        delete("4");
        claim();
        upsert("2", "{\"a\": 2}");
        delete("3");
        upsert("4", "{\"a\": 0}");
        endLeases();
        assertThat(outbox.expireLeases()).isEqualTo(4);
        assertThat(DATABASE.texts("select concat_ws(' ', key, operation, fields, attempts) from sluice.outbox order by key"))
                .containsExactly("1 upsert {\"a\": 1, \"b\": 1} 1", "2 upsert {\"a\": 2, \"b\": 1} 1", "3 delete {} 1",
                        "4 upsert {\"a\": 0} 1");
        Claim next = claim();
        assertThat(next.changes()).anySatisfy(change -> {
            assertThat(change.key()).isEqualTo("4");
            assertThat(change.fields()).isEqualTo(Map.of("a", 0));
        });
    }

    @Test
    void claimersAtTheSameTimeNeverGetTheSameRecordAndGetAll() throws Exception {
        DATABASE.run("insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                + " select 'crm', 'Contact', n::text, 'contact', 'upsert', '{\"a\": 1}', n % 4, now()"
                + " from generate_series(1, 2000) n");
        List<String> claimed = new ArrayList<>();
        Callable<List<String>> claimer = () -> {
            List<String> keys = new ArrayList<>();
            while (true) {
                Optional<Claim> claim = outbox.claim("crm", 7, Priority.LOW);
                if (claim.isEmpty() && outbox.waiting(List.of("crm")).isEmpty()) {
                    return keys;
                }
                keys.addAll(keys(claim));
            }
        };
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (Future<List<String>> result : threads.invokeAll(java.util.Collections.nCopies(8, claimer), 60,
                    TimeUnit.SECONDS)) {
                claimed.addAll(result.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(claimed).hasSize(2000).doesNotHaveDuplicates();
    }

    @Test
    void aBatchRefusedAsAWholeIsSplitUntilTheWrongRecordStandsAlone() throws SQLException {
        for (int i = 1; i <= 64; i++) {
            upsert("k" + i, "{\"A\": 1}");
        }
        int calls = 0;
        int refused = 0;
        for (Optional<Claim> claim = outbox.claim("crm", 64, Priority.LOW); claim.isPresent(); claim = outbox.claim("crm", 64, Priority.LOW)) {
            calls++;
            boolean spoilt = keys(claim).contains("k42");
            boolean alone = claim.get().size() == 1;
            refused += spoilt ? 1 : 0;
            outbox.settle(claim.get(), claim.get().changes().stream().map(change -> !spoilt
                    ? Outcome.done(change.key(), null) : alone ? Outcome.rejected(change.key(), "BAD", "date")
                    : Outcome.retry(change.key(), "BAD", "date")).toList(), spoilt && !alone ? Split.AT_ONCE : Split.NEVER);
        }
        assertThat(deadLetters()).singleElement().asString().startsWith("k42 ");
        assertThat(DATABASE.sluice().first("select count(*) from sluice.record", row -> row.getLong(1))).contains(63L);
        assertThat(calls).isLessThanOrEqualTo(13);
        assertThat(refused).isEqualTo(4);
    }

    @Test
    void whatIsLockedGoesInSmallerCallsAndThoseOfOneParentTogether() throws SQLException {
        for (int i = 1; i <= 16; i++) {
            enter("Contact", "k" + i, "upsert", "{\"Parent\": \"p" + i % 4 + "\"}", 2, i);
        }
        // the parent of one is in the CRM, and does not change
        enter("Contact", "known", "upsert", "{\"A\": 1}", 2, 17);
        settled("known", "{\"Parent\": \"p2\"}");
        Claim all = outbox.claim("crm", 100, Priority.LOW).orElseThrow();
        assertThat(all.size()).isEqualTo(17);
        outbox.settle(all, all.changes().stream().map(change -> Outcome.retry(change.key(), "LOCKED", "by another")).toList(),
                Split.BY_PARENT, "Parent");
        upsert("new", "{\"Parent\": \"p0\"}");

        List<List<String>> calls = new ArrayList<>();
        for (Optional<Claim> claim = outbox.claim("crm", 100, Priority.LOW); claim.isPresent();
                claim = outbox.claim("crm", 100, Priority.LOW)) {
            calls.add(keys(claim));
        }
        assertThat(calls).containsExactlyInAnyOrder(List.of("new"), List.of("k4", "k8", "k12", "k16", "k1"),
                List.of("k5", "k9", "k13", "k2", "k6"), List.of("k10", "k14", "known", "k3", "k7"), List.of("k11", "k15"));
    }

    @Test
    void aFewThatAreLockedGoTogetherInOneCallAndAfterItAsOthersDo() throws SQLException {
        for (int i = 1; i <= 40; i++) {
            upsert("k" + i, "{\"A\": 1}");
        }
        Claim all = outbox.claim("crm", 100, Priority.LOW).orElseThrow();
        List<String> locked = keys(Optional.of(all)).subList(3, 9);
        outbox.settle(all, all.changes().stream().map(change -> locked.contains(change.key())
                ? Outcome.retry(change.key(), "LOCKED", "by another") : Outcome.done(change.key(), null)).toList(),
                Split.BY_PARENT, null);
        upsert("new", "{\"A\": 1}");
        Claim again = outbox.claim("crm", 100, Priority.LOW).orElseThrow();
        assertThat(keys(Optional.of(again))).containsExactlyInAnyOrderElementsOf(locked);
        locked.forEach(key -> later(key));
        outbox.settle(again, again.changes().stream().map(change -> Outcome.done(change.key(), null)).toList());
        assertThat(outbox.claim("crm", 100, Priority.LOW).orElseThrow().size()).isEqualTo(7);
    }

    private void later(String key) {
        try {
            upsert(key, "{\"A\": 2}");
        } catch (SQLException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    void aBatchOverWhichTheCrmFailsIsSplitFromTheThirdTimeOn() throws SQLException {
        for (int i = 1; i <= 8; i++) {
            upsert("k" + i, "{\"A\": 1}");
        }
        for (int size : new int[] {8, 8, 8, 2, 2}) {
            Claim claim = outbox.claim("crm", 100, Priority.LOW).orElseThrow();
            assertThat(claim.size()).isEqualTo(size);
            outbox.settle(claim, claim.changes().stream().map(change -> size == 2 ? Outcome.done(change.key(), null)
                    : Outcome.retry(change.key(), "UNKNOWN_EXCEPTION", "gack")).toList(), Split.IN_TIME);
        }
    }

    @Test
    void recordsThatFailedInOneCallComeBackInOneCall() throws SQLException {
        Outbox slow = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1),
                new Backoff(Duration.ofHours(1), Duration.ofHours(1)), Rest.of(Duration.ZERO));
        for (int i = 1; i <= 20; i++) {
            upsert("k" + i, "{\"A\": 1}");
        }
        Claim claim = slow.claim("crm", 100, Priority.LOW).orElseThrow();
        slow.settle(claim, claim.changes().stream().map(change -> Outcome.retry(change.key(), "HTTP_503", "down")).toList());
        assertThat(DATABASE.sluice().first("select count(distinct due) from sluice.outbox", row -> row.getLong(1)))
                .contains(1L);
    }

    @Test
    void aRecordRestsAfterItsWriteSoThatChangesMeanwhileShareOneCall() throws SQLException {
        Outbox resting = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1),
                new Backoff(Duration.ZERO, Duration.ZERO), Rest.of(Duration.ofHours(4)));
        upsert("1", "{\"A\": 1}");
        Claim first = resting.claim("crm", 100, Priority.LOW).orElseThrow();
        upsert("1", "{\"A\": 2}");
        resting.settle(first, List.of(Outcome.done("1", null)));
        assertThat(resting.claim("crm", 100, Priority.LOW)).isEmpty();
        upsert("1", "{\"A\": 3}");
        DATABASE.run("update sluice.outbox set due = now()");
        assertThat(claim().changes()).extracting(Change::fields).containsExactly(Map.of("A", 3));
    }

    private static final String WAITING_ROWS = """
            insert into sluice.outbox (account, object, key, sync, operation, priority, since)
            select 'crm', 'Contact', n, 'contact', 'upsert', 2, now() from generate_series(%d, %d) as n""";

    /** Statistics of a moment in which nothing waited, or little; and right ones. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1_500, 20_000})
    void aCallReadsWhatItTakesHoweverMuchWaits(int known) throws SQLException {
        twentyThousandWaitOfWhich(known);
        assertThat(plan(Database.FIXED_PLAN, filled(Outbox.claimOf(200), "'crm'", "200", "3", "'{}'", "false", "'{}'",
                "'crm'", "'crm'", "'{}'", "gen_random_uuid()", "60000")))
                .contains("actual rows=200 ").doesNotContainPattern("actual rows=\\d{4}").doesNotContain("JIT");
    }

    @Test
    void aSmallerCallReadsWhatItTakesHoweverMuchIsToGoInSmallerOnes() throws SQLException {
        twentyThousandWaitOfWhich(20_000);
        DATABASE.run("update sluice.outbox set fill = 50, parent = key::int % 100, since = now() - interval '1 minute'",
                "vacuum analyze sluice.outbox");
        assertThat(plan(Database.FIXED_PLAN, filled(Outbox.claimOf(200), "'crm'", "200", "3", "'{}'", "false", "'{}'",
                "'crm'", "'crm'", "'{}'", "gen_random_uuid()", "60000")))
                .contains("outbox_smaller").contains("actual rows=50 ").doesNotContainPattern("actual rows=\\d{4}");
    }

    @ParameterizedTest
    @CsvSource({"done, 0", "retry, 0", "rejected, 0", "done, 1500", "retry, 1500", "rejected, 1500", "retry, 20000"})
    void anAnswerIsSettledByReadingWhatItIsAbout(String status, int known) throws SQLException {
        twentyThousandWaitOfWhich(known);
        Claim claim = outbox.claim("crm", 200, Priority.LOW).orElseThrow();
        DATABASE.run("analyze sluice.record", "insert into sluice.record (account, object, key, sync, base)"
                + " select account, object, key, sync, '{}' from sluice.outbox");
        String texts = "array(select '%s'::text from generate_series(1, 200))";
        assertThat(plan(Database.FIXED_PLAN, filled(Outbox.SETTLE, "array(select key from sluice.outbox where lease is not null)",
                texts.formatted(status), texts, texts, texts, texts, "array(select 0 from generate_series(1, 200))",
                "'crm'", "'Contact'", "'" + claim.lease() + "'", "0", "0", "0", "null", "'Parent'", "'Parent'")))
                .contains("actual rows=200 ").doesNotContainPattern("actual rows=\\d{4}").doesNotContain("JIT");
    }

    private static void twentyThousandWaitOfWhich(int known) throws SQLException {
        DATABASE.run(WAITING_ROWS.formatted(1, 20_000), "delete from sluice.outbox where key::int > " + known,
                "analyze sluice.outbox", WAITING_ROWS.formatted(known + 1, 20_000));
    }

    @Test
    void theLookForEndedLeasesReadsNoneThatGoesOn() throws SQLException {
        DATABASE.run("insert into sluice.outbox (account, object, key, sync, priority, since, inflight_operation, lease,"
                + " lease_until) select 'crm', 'Contact', n, 'contact', 2, now(), 'upsert', gen_random_uuid(),"
                + " now() + interval '1 minute' from generate_series(1, 20000) as n", "analyze sluice.outbox");
        assertThat(plan(Database.FIXED_PLAN, Outbox.EXPIRE)).contains("outbox_leases").doesNotContain("Rows Removed by Filter")
                .doesNotContainPattern("actual rows=\\d{4}");
    }

    private static String filled(String sql, String... parameters) {
        String filled = sql;
        for (String parameter : parameters) {
            filled = filled.replaceFirst("\\?", parameter);
        }
        return filled;
    }

    private static String plan(String before, String sql) throws SQLException {
        return DATABASE.sluice().transaction(connection -> {
            Database.query(connection, before, row -> null);
            return String.join("\n",
                    Database.query(connection, "explain (analyze, timing off) " + sql, row -> row.getString(1)));
        });
    }
}
