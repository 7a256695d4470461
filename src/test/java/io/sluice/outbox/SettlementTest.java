// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettlementTest extends OutboxTestBase {

    private static String base(String key) throws SQLException {
        return DATABASE.text("select base from sluice.sync_state where key = ?", key);
    }

    private static String doubt(String key) throws SQLException {
        return DATABASE.text("select unproven from sluice.sync_state where key = ?", key);
    }

    private static List<String> deadLetters() throws SQLException {
        return DATABASE.texts("select concat_ws(' ', key, operation, fields, code, message) from sluice.dead_letter");
    }

    @Test
    void releasedWorkKeepsItsOrderAndCostsNoAttempt() throws SQLException {
        settled("1", "{\"a\": 0}");
        upsert("1", "{\"a\": 1}");
        settlement.release(claim());
        assertThat(DATABASE.texts("select concat_ws(' ', operation, fields, attempts, due <= clock_timestamp())"
                        + " from sluice.outbox"))
                .containsExactly("upsert {\"a\": 1} 0 t");
        assertThat(base("1")).as("nothing is unproven").isEqualTo("{\"a\": 0}");
        assertThat(keys(claim())).containsExactly("1");
    }

    @Test
    void changesThatArriveInFlightAreSentNext() throws SQLException {
        upsert("1", "{\"a\": 1, \"b\": 1}");
        Claim first = claim();
        upsert("1", "{\"a\": 2}");
        assertThat(outbox.claim("crm", 10, Priority.LOW))
                .as("one write in flight")
                .isEmpty();
        assertThat(settlement.settle(first, List.of(Outcome.done("1", "crm-1"))))
                .isEqualTo(1);
        RecordChange next = claim().changes().get(0);
        assertThat(next.fields()).isEqualTo(Map.of("a", 2));
        assertThat(next.crmId()).isEqualTo("crm-1");
        assertThat(base("1")).isEqualTo("{\"a\": 1, \"b\": 1}");
    }

    @Test
    void doneMovesTheValuesIntoTheBaseAndKeepsTheCrmsId() throws SQLException {
        settled("1", "{\"a\": 1, \"b\": 1}");
        upsert("1", "{\"a\": 2}");
        settlement.settle(claim(), List.of(Outcome.done("1", null)));
        assertThat(base("1")).isEqualTo("{\"a\": 2, \"b\": 1}");
        assertThat(DATABASE.text("select crm_id from sluice.sync_state")).isEqualTo("id-1");
        assertThat(DATABASE.texts("select key from sluice.outbox")).isEmpty();
    }

    @Test
    void anAcknowledgedDeleteRemovesTheBase() throws SQLException {
        settled("1", "{\"a\": 1}");
        delete("1");
        settlement.settle(claim(), List.of(Outcome.done("1", null)));
        assertThat(DATABASE.texts("select key from sluice.sync_state")).isEmpty();
        assertThat(DATABASE.texts("select key from sluice.outbox")).isEmpty();
    }

    @Test
    void eachRecordOfACallIsSettledByItsOwnOutcome() throws SQLException {
        for (String key : List.of("1", "2", "3")) {
            upsert(key, "{\"a\": 1}");
        }
        settlement.settle(
                claim(),
                List.of(
                        Outcome.done("1", "x"),
                        Outcome.retry("2", "ROW_LOCK", "busy"),
                        Outcome.rejected("3", "INVALID", "no such value")));
        assertThat(DATABASE.texts("select key from sluice.sync_state where unproven = '{}'"))
                .containsExactly("1");
        assertThat(DATABASE.texts("select concat_ws(' ', key, attempts, last_error) from sluice.outbox"))
                .containsExactly("2 1 ROW_LOCK: busy");
        assertThat(deadLetters()).containsExactly("3 upsert {\"a\": 1} INVALID no such value");
    }

    @Test
    void aRetryWaitsForItsBackoff() throws SQLException {
        Settlement patient = new Settlement(
                DATABASE.sluice(), new Backoff(Duration.ofDays(1), Duration.ofDays(1)), WriteDebounce.NONE);
        upsert("1", "{\"a\": 1}");
        patient.settle(claim(), List.of(Outcome.retry("1", "X", "y")));
        assertThat(DATABASE.text("select due between now() and now() + interval '1 day' from sluice.outbox"))
                .isEqualTo("t");
    }

    @Test
    void aRetryLetsNewerValuesWin() throws SQLException {
        upsert("1", "{\"a\": 1, \"b\": 1}");
        Claim claim = claim();
        upsert("1", "{\"a\": 2}");
        settlement.settle(claim, List.of(Outcome.retry("1", "X", "y")));
        assertThat(claim().changes().get(0).fields()).isEqualTo(Map.of("a", 2, "b", 1));
    }

    @Test
    void aRetryUnderAWaitingDeleteLeavesTheDeleteOnly() throws SQLException {
        settled("1", "{}");
        upsert("1", "{\"a\": 1}");
        Claim claim = claim();
        delete("1");
        settlement.settle(claim, List.of(Outcome.retry("1", "X", "y")));
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
        settlement.settle(
                claim, List.of(Outcome.uncertain("1", Outcome.Uncertainty.UNPROVEN, "X", "the answer was lost")));
        Claim next = claim();
        assertThat(next.operation()).isEqualTo(Operation.UPSERT);
        assertThat(next.changes().get(0).fields()).isEqualTo(Map.of("a", 1, "b", 2));
    }

    /** The CRM may have 2 by now, so going back to the base is a change. */
    @Test
    void theOldValueIsSentAgainAfterAWriteOfUnknownOutcome() throws SQLException {
        settled("1", "{\"a\": 1}");
        upsert("1", "{\"a\": 2}");
        claim();
        upsert("1", "{\"a\": 1}");
        endLeases();
        assertThat(settlement.expireLeases()).isEqualTo(1);
        assertThat(claim().changes().get(0).fields()).isEqualTo(Map.of("a", 1));
    }

    @Test
    void aWriteOfUnknownOutcomeIsUnprovenUntilOneIsAcknowledged() throws SQLException {
        settled("1", "{\"a\": 1, \"b\": 1}");
        upsert("1", "{\"a\": 2}");
        settlement.settle(claim(), List.of(Outcome.uncertain("1", Outcome.Uncertainty.UNPROVEN, "X", "no answer")));
        assertThat(base("1")).isEqualTo("{\"a\": 1, \"b\": 1}");
        assertThat(doubt("1")).isEqualTo("{\"a\": [2]}");

        upsert("1", "{\"a\": null}");
        claim();
        endLeases();
        settlement.expireLeases();
        upsert("1", "{\"b\": 3}");
        Claim both = claim();
        settlement.settle(both, List.of(Outcome.uncertain("1", Outcome.Uncertainty.UNPROVEN, "X", "no answer")));
        assertThat(doubt("1")).isEqualTo("{\"a\": [2, null], \"b\": [3]}");

        upsert("1", "{\"a\": 1}");
        Claim last = claim();
        assertThat(last.changes().get(0).fields())
                .as("the old value is a change again")
                .isEqualTo(Map.of("a", 1, "b", 3));
        settlement.settle(last, List.of(Outcome.done("1", null)));
        assertThat(base("1")).isEqualTo("{\"a\": 1, \"b\": 3}");
        assertThat(doubt("1")).isEqualTo("{}");
    }

    /** The call may still be executed, so the record is not sent again before its lease ends. */
    @Test
    void aRecordWhoseCallWasNotAnsweredWaitsUntilItsLeaseEnds() throws SQLException {
        settled("1", "{\"a\": 1}");
        upsert("1", "{\"a\": 2}");
        upsert("2", "{\"a\": 2}");
        Claim claim = claim();
        settlement.settle(
                claim,
                List.of(
                        Outcome.uncertain("1", Outcome.Uncertainty.UNANSWERED, "NO_ANSWER", "cut"),
                        Outcome.done("2", null)));
        upsert("1", "{\"a\": 3}");
        assertThat(outbox.claim("crm", 10, Priority.LOW)).isEmpty();
        assertThat(settlement.expireLeases()).isZero();
        endLeases();
        assertThat(settlement.expireLeases()).isEqualTo(1);
        assertThat(doubt("1")).isEqualTo("{\"a\": [2]}");
        assertThat(claim().changes()).extracting(RecordChange::fields).containsExactly(Map.of("a", 3));
    }

    /** A rejection by the CRM itself proves that nothing was written. */
    @Test
    void aCertainFailureLeavesNothingUnproven() throws SQLException {
        settled("1", "{\"a\": 1}");
        upsert("1", "{\"a\": 2}");
        settlement.settle(claim(), List.of(Outcome.retry("1", "UNABLE_TO_LOCK_ROW", "busy")));
        assertThat(doubt("1")).isEqualTo("{}");
    }

    @Test
    void aFirstWriteOfUnknownOutcomeIsUnprovenToo() throws SQLException {
        upsert("1", "{\"a\": 1}");
        settlement.settle(claim(), List.of(Outcome.uncertain("1", Outcome.Uncertainty.UNPROVEN, "X", "no answer")));
        assertThat(base("1")).isEqualTo("{}");
        assertThat(doubt("1")).isEqualTo("{\"a\": [1]}");
        settlement.settle(claim(), List.of(Outcome.done("1", "crm-1")));
        assertThat(base("1")).isEqualTo("{\"a\": 1}");
        assertThat(doubt("1")).isEqualTo("{}");
    }

    @Test
    void aRejectedFieldJoinsNewerWaitingWork() throws SQLException {
        settled("1", "{}");
        upsert("1", "{\"a\": \"bad\", \"b\": 1}");
        Claim claim = claim();
        upsert("1", "{\"a\": \"good\"}");
        settlement.settle(claim, List.of(Outcome.rejected("1", "INVALID", "bad")));
        assertThat(deadLetters()).isEmpty();
        assertThat(claim().changes().get(0).fields()).isEqualTo(Map.of("a", "good", "b", 1));
    }

    @Test
    void aFieldThatIsRejectedAgainCountsAsEditedNoMore() throws SQLException {
        settled("1", "{}");
        upsert("1", "{\"a\": \"bad\"}");
        Claim claim = claim();
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, edited_fields)"
                        + " select account, object, key, sync, 'upsert', '{\"a\": \"edited\", \"b\": \"edited\"}', '{}', '{a,b}'"
                        + " from sluice.outbox");
        settlement.settle(claim, List.of(Outcome.rejected("1", "INVALID", "bad")));
        assertThat(DATABASE.texts("select concat_ws(' ', fields, edited_fields) from sluice.dead_letter"))
                .containsExactly("{\"a\": \"bad\", \"b\": \"edited\"} {b}");
    }

    @Test
    void aRejectedUpsertUnderAWaitingDeleteIsDropped() throws SQLException {
        settled("1", "{}");
        upsert("1", "{\"a\": \"bad\"}");
        Claim claim = claim();
        delete("1");
        settlement.settle(claim, List.of(Outcome.rejected("1", "INVALID", "bad")));
        assertThat(deadLetters()).isEmpty();
        assertThat(claim().operation()).isEqualTo(Operation.DELETE);
    }

    @Test
    void aForeignLeaseSettlesNothing() throws SQLException {
        upsert("1", "{\"a\": 1}");
        Claim lost = claim();
        endLeases();
        settlement.expireLeases();
        Claim current = claim();
        assertThat(settlement.settle(lost, List.of(Outcome.done("1", "x")))).isZero();
        assertThat(DATABASE.texts("select key from sluice.sync_state where unproven = '{}'"))
                .isEmpty();
        assertThat(settlement.settle(current, List.of(Outcome.done("1", "x")))).isEqualTo(1);
        assertThat(settlement.settle(current, List.of(Outcome.done("1", "x"))))
                .as("a second time")
                .isZero();
    }

    @Test
    void aLeaseThatHasNotEndedGivesNothingBack() throws SQLException {
        upsert("1", "{\"a\": 1}");
        claim();
        assertThat(settlement.expireLeases()).isZero();
    }

    @Test
    void anEndedLeaseGivesItsWorkBackBelowNewerChanges() throws SQLException {
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
        assertThat(settlement.expireLeases()).isEqualTo(4);
        assertThat(DATABASE.texts(
                        "select concat_ws(' ', key, operation, fields, attempts) from sluice.outbox order by key"))
                .containsExactly(
                        "1 upsert {\"a\": 1, \"b\": 1} 1",
                        "2 upsert {\"a\": 2, \"b\": 1} 1",
                        "3 delete {} 1",
                        "4 upsert {\"a\": 0} 1");
        Claim next = claim();
        assertThat(next.changes()).anySatisfy(change -> {
            assertThat(change.key()).isEqualTo("4");
            assertThat(change.fields()).isEqualTo(Map.of("a", 0));
        });
    }

    @Test
    void aBatchRejectedAsAWholeIsSplitUntilTheBadRecordIsAlone() throws SQLException {
        for (int i = 1; i <= 64; i++) {
            upsert("k" + i, "{\"A\": 1}");
        }
        int calls = 0;
        int refused = 0;
        for (Optional<Claim> claim = outbox.claim("crm", 64, Priority.LOW);
                claim.isPresent();
                claim = outbox.claim("crm", 64, Priority.LOW)) {
            calls++;
            boolean spoilt = keys(claim).contains("k42");
            boolean alone = claim.get().size() == 1;
            refused += spoilt ? 1 : 0;
            settlement.settle(
                    claim.get(),
                    claim.get().changes().stream()
                            .map(change -> !spoilt
                                    ? Outcome.done(change.key(), null)
                                    : alone
                                            ? Outcome.rejected(change.key(), "BAD", "date")
                                            : Outcome.retry(change.key(), "BAD", "date"))
                            .toList(),
                    spoilt && !alone ? SplitRule.AT_ONCE : SplitRule.NEVER,
                    null);
        }
        assertThat(deadLetters()).singleElement().asString().startsWith("k42 ");
        assertThat(DATABASE.sluice()
                        .first("select count(*) from sluice.sync_state where unproven = '{}'", row -> row.getLong(1)))
                .contains(63L);
        assertThat(calls).isLessThanOrEqualTo(13);
        assertThat(refused).isEqualTo(4);
    }

    @Test
    void lockedRecordsAreSentInSmallerCallsByParent() throws SQLException {
        for (int i = 1; i <= 16; i++) {
            enter("Contact", "k" + i, "upsert", "{\"Parent\": \"p" + i % 4 + "\"}", 2, i);
        }
        // one record's parent is in the base and does not change
        enter("Contact", "known", "upsert", "{\"A\": 1}", 2, 17);
        settled("known", "{\"Parent\": \"p2\"}");
        Claim all = claim();
        assertThat(all.size()).isEqualTo(17);
        settlement.settle(
                all,
                all.changes().stream()
                        .map(change -> Outcome.retry(change.key(), "LOCKED", "by another"))
                        .toList(),
                SplitRule.BY_PARENT,
                "Parent");
        upsert("new", "{\"Parent\": \"p0\"}");

        List<List<String>> calls = new ArrayList<>();
        for (Optional<Claim> claim = outbox.claim("crm", 100, Priority.LOW);
                claim.isPresent();
                claim = outbox.claim("crm", 100, Priority.LOW)) {
            calls.add(keys(claim));
        }
        assertThat(calls)
                .containsExactlyInAnyOrder(
                        List.of("new"),
                        List.of("k4", "k8", "k12", "k16", "k1"),
                        List.of("k5", "k9", "k13", "k2", "k6"),
                        List.of("k10", "k14", "known", "k3", "k7"),
                        List.of("k11", "k15"));
    }

    @Test
    void aFewLockedRecordsShareOneCall() throws SQLException {
        for (int i = 1; i <= 40; i++) {
            upsert("k" + i, "{\"A\": 1}");
        }
        Claim all = claim();
        List<String> locked = keys(all).subList(3, 9);
        settlement.settle(
                all,
                all.changes().stream()
                        .map(change -> locked.contains(change.key())
                                ? Outcome.retry(change.key(), "LOCKED", "by another")
                                : Outcome.done(change.key(), null))
                        .toList(),
                SplitRule.BY_PARENT,
                null);
        upsert("new", "{\"A\": 1}");
        Claim again = claim();
        assertThat(keys(again)).containsExactlyInAnyOrderElementsOf(locked);
        locked.forEach(key -> later(key));
        settlement.settle(
                again,
                again.changes().stream()
                        .map(change -> Outcome.done(change.key(), null))
                        .toList());
        assertThat(claim().size()).isEqualTo(7);
    }

    private void later(String key) {
        try {
            upsert(key, "{\"A\": 2}");
        } catch (SQLException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    void aBatchThatTheCrmFailsAtIsSplitFromTheThirdTimeOn() throws SQLException {
        for (int i = 1; i <= 8; i++) {
            upsert("k" + i, "{\"A\": 1}");
        }
        for (int size : new int[] {8, 8, 8, 2, 2}) {
            Claim claim = claim();
            assertThat(claim.size()).isEqualTo(size);
            settlement.settle(
                    claim,
                    claim.changes().stream()
                            .map(change -> size == 2
                                    ? Outcome.done(change.key(), null)
                                    : Outcome.retry(change.key(), "UNKNOWN_EXCEPTION", "gack"))
                            .toList(),
                    SplitRule.AFTER_FAILURES,
                    null);
        }
    }

    @Test
    void recordsThatFailedInOneCallAreRetriedInOneCall() throws SQLException {
        Settlement slow = new Settlement(
                DATABASE.sluice(), new Backoff(Duration.ofHours(1), Duration.ofHours(1)), WriteDebounce.NONE);
        for (int i = 1; i <= 20; i++) {
            upsert("k" + i, "{\"A\": 1}");
        }
        Claim claim = claim();
        slow.settle(
                claim,
                claim.changes().stream()
                        .map(change -> Outcome.retry(change.key(), "HTTP_503", "down"))
                        .toList());
        assertThat(DATABASE.sluice().first("select count(distinct due) from sluice.outbox", row -> row.getLong(1)))
                .contains(1L);
    }

    @Test
    void theWriteDebounceLetsChangesShareOneCall() throws SQLException {
        Settlement resting = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.of(Duration.ofHours(4)));
        upsert("1", "{\"A\": 1}");
        Claim first = claim();
        upsert("1", "{\"A\": 2}");
        resting.settle(first, List.of(Outcome.done("1", null)));
        assertThat(outbox.claim("crm", 100, Priority.LOW)).isEmpty();
        upsert("1", "{\"A\": 3}");
        DATABASE.run("update sluice.outbox set due = now()");
        assertThat(claim().changes()).extracting(RecordChange::fields).containsExactly(Map.of("A", 3));
    }

    @ParameterizedTest
    @CsvSource({"done, 0", "retry, 0", "rejected, 0", "done, 1500", "retry, 1500", "rejected, 1500", "retry, 20000"})
    void settlingReadsOnlyTheRecordsOfTheAnswer(String status, int known) throws SQLException {
        twentyThousandWaitOfWhich(known);
        Claim claim = outbox.claim("crm", 200, Priority.LOW).orElseThrow();
        DATABASE.run(
                "analyze sluice.sync_state",
                "insert into sluice.sync_state (account, object, key, sync, base)"
                        + " select account, object, key, sync, '{}' from sluice.outbox");
        String texts = "array(select '%s'::text from generate_series(1, 200))";
        assertThat(plan(
                        Settlement.SETTLE,
                        "array(select key from sluice.outbox where lease is not null)",
                        texts.formatted(status),
                        "array(select key from sluice.outbox where lease is not null)",
                        texts,
                        texts,
                        texts,
                        "array(select 0 from generate_series(1, 200))",
                        "'crm'",
                        "'Contact'",
                        "'" + claim.lease() + "'",
                        "0",
                        "0",
                        "0",
                        "null",
                        "'Parent'",
                        "'Parent'"))
                .contains("actual rows=200 ")
                .doesNotContainPattern("actual rows=\\d{4}")
                .doesNotContain("JIT");
    }

    @Test
    void theSearchForEndedLeasesReadsNoCurrentOne() throws SQLException {
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, priority, since, inflight_operation, lease,"
                        + " lease_until) select 'crm', 'Contact', n, 'contact', 2, now(), 'upsert', gen_random_uuid(),"
                        + " now() + interval '1 minute' from generate_series(1, 20000) as n",
                "analyze sluice.outbox");
        assertThat(plan(Settlement.EXPIRE))
                .contains("outbox_leases")
                .doesNotContain("Rows Removed by Filter")
                .doesNotContainPattern("actual rows=\\d{4}");
    }
}
