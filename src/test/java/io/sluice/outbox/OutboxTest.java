// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.RecordChange;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutboxTest extends OutboxTestBase {

    /** A sender that waits between claim and call must not call when its lease may be over. */
    @Test
    void aLeaseIsRenewedAfterAWaitAndLostAfterALongOne() throws SQLException {
        upsert("1", "{\"a\": 1}");
        Claim claim = claim();
        Lease fresh = outbox.lease(List.of(claim), System.nanoTime());
        assertThat(fresh.coversCall()).isTrue();
        Lease old = outbox.lease(List.of(claim), System.nanoTime() - 5_000_000_000L);
        DATABASE.run("update sluice.outbox set lease_until = now() + interval '1 second'");
        assertThat(old.coversCall()).isTrue();
        assertThat(DATABASE.text("select lease_until > now() + interval '10 seconds' from sluice.outbox"))
                .isEqualTo("t");

        endLeases();
        assertThat(outbox.lease(List.of(claim), System.nanoTime() - 5_000_000_000L)
                        .coversCall())
                .isFalse();
        settlement.expireLeases();
        claim();
        assertThat(outbox.lease(List.of(claim), System.nanoTime() - 5_000_000_000L)
                        .coversCall())
                .as("another process has the records")
                .isFalse();
    }

    @Test
    void urgentRecordsAreClaimedFirstAndTheOldestOfEqualOnes() throws SQLException {
        enter("Contact", "new", "upsert", "{\"a\": 1}", 2, 5);
        enter("Contact", "old", "upsert", "{\"a\": 1}", 2, 1);
        enter("Contact", "critical", "upsert", "{\"a\": 1}", 0, 9);
        enter("Contact", "low", "upsert", "{\"a\": 1}", 3, 0);
        assertThat(keys(outbox.claim("crm", 3, Priority.LOW))).containsExactly("critical", "old", "new");
        assertThat(keys(outbox.claim("crm", 3, Priority.LOW))).containsExactly("low");
        assertThat(outbox.claim("crm", 3, Priority.LOW)).isEmpty();
    }

    @Test
    void aClaimIsLimitedInBytesButHasOneRecordAndPrintsNone() throws SQLException {
        for (int i = 0; i < 4; i++) {
            enter("Contact", "k" + i, "upsert", "{\"a\": \"" + "x".repeat(Outbox.BYTES * 2 / 5) + "\"}", 2, 9 - i);
        }
        enter("Contact", "small", "upsert", "{\"a\": 1}", 2, 1);
        Claim first = outbox.claim("crm", 200, Priority.LOW).orElseThrow();
        assertThat(first.size()).as("a small one and two large ones").isEqualTo(3);
        assertThat(first.toString()).hasSizeLessThan(200);
        assertThat(outbox.claim("crm", 200, Priority.LOW).orElseThrow().size()).isEqualTo(2);
        enter("Contact", "huge", "upsert", "{\"a\": \"" + "x".repeat(Outbox.BYTES * 2) + "\"}", 1, 0);
        assertThat(outbox.claim("crm", 200, Priority.LOW).orElseThrow().size())
                .as("more than that alone")
                .isEqualTo(1);
    }

    @Test
    void aClaimStartsAtItsPermitsPriorityAndFillsUpWithLessUrgentWork() throws SQLException {
        enter("Contact", "normal", "upsert", "{\"a\": 1}", 2, 0);
        assertThat(outbox.urgency("crm")).contains(Priority.NORMAL);
        assertThat(outbox.claim("crm", 3, Priority.HIGH)).isEmpty();
        enter("Contact", "critical", "upsert", "{\"a\": 1}", 0, 0);
        assertThat(outbox.urgency("crm")).contains(Priority.CRITICAL);
        assertThat(keys(outbox.claim("crm", 3, Priority.CRITICAL))).containsExactly("critical", "normal");
        assertThat(outbox.urgency("crm")).isEmpty();
    }

    @Test
    void ageingRaisesThePriorityButNeverToCritical() throws SQLException {
        enter("Contact", "low", "upsert", "{\"a\": 1}", 3, 0);
        enter("Contact", "fresh", "upsert", "{\"a\": 1}", 3, 0);
        DATABASE.run(
                "update sluice.outbox set since = now() - interval '90 s' where key = 'low'",
                "update sluice.outbox set since = now() where key = 'fresh'");
        assertThat(age(Optional.empty())).isEqualTo(1);
        assertThat(age(Optional.empty())).as("one step per interval").isZero();
        assertThat(outbox.urgency("crm")).contains(Priority.NORMAL);
        DATABASE.run("update sluice.outbox set since = now() - interval '1 hour' where key = 'low'");
        assertThat(age(Optional.empty())).isEqualTo(1);
        assertThat(age(Optional.empty())).isZero();
        assertThat(outbox.urgency("crm")).contains(Priority.HIGH);
    }

    private int age(Optional<Priority> stopped) throws SQLException {
        return outbox.age("crm", Duration.ofMinutes(1), stopped);
    }

    @Test
    void ageingStopsAtTheMarkOfALimitAndSetsBackWhatRoseBefore() throws SQLException {
        enter("Contact", "low", "upsert", "{\"a\": 1}", 3, 0);
        enter("Contact", "normal", "upsert", "{\"a\": 1}", 2, 0);
        DATABASE.run("update sluice.outbox set since = now() - interval '1 hour'");
        assertThat(age(Optional.empty())).isEqualTo(2);
        assertThat(age(Optional.of(Priority.LOW))).isZero();
        assertThat(DATABASE.texts("select concat_ws(' ', key, priority, aged) from sluice.outbox order by key"))
                .containsExactly("low 3 0", "normal 1 1");
        assertThat(age(Optional.of(Priority.CRITICAL))).isZero();
        assertThat(DATABASE.texts("select concat_ws(' ', key, priority, aged) from sluice.outbox order by key"))
                .containsExactly("low 3 0", "normal 2 0");
        assertThat(age(Optional.empty())).isEqualTo(2);
    }

    @Test
    void aRecordThatRoseKeepsItsPlaceWhenItsClaimIsReleased() throws SQLException {
        enter("Contact", "low", "upsert", "{\"a\": 1}", 3, 0);
        DATABASE.run("update sluice.outbox set since = now() - interval '1 hour'");
        age(Optional.empty());
        settlement.release(claim());
        assertThat(DATABASE.text("select concat_ws(' ', priority, aged) from sluice.outbox"))
                .isEqualTo("2 1");
    }

    @Test
    void aCallIsFilledWithWorkOfTheSameSyncAndOperation() throws SQLException {
        enter("Contact", "1", "upsert", "{\"a\": 1}", 0, 0);
        enter("Lead", "2", "upsert", "{\"a\": 1}", 1, 0);
        settled("3", "{}");
        enter("Contact", "3", "delete", "{}", 1, 0);
        enter("Contact", "4", "upsert", "{\"a\": 1}", 3, 0);
        Claim first = claim();
        assertThat(keys(first)).containsExactly("1", "4");
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
    void fieldsThatEqualTheBaseAreDropped() throws SQLException {
        settled("1", "{\"a\": 1, \"b\": null}");
        upsert("1", "{\"a\": 1, \"b\": null, \"c\": 3}");
        RecordChange recordChange = claim().changes().get(0);
        assertThat(recordChange.fields()).isEqualTo(Map.of("c", 3));
        assertThat(recordChange.crmId()).isEqualTo("id-1");
    }

    @Test
    void aCallIsFilledThoughOnlyNoOpsCameFirst() throws SQLException {
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
        settlement.expireLeases();
        delete("1");
        assertThat(claim().operation()).isEqualTo(Operation.DELETE);
    }

    @Test
    void concurrentClaimsHideNoOtherWork() throws SQLException {
        enter("Contact", "1", "upsert", "{\"a\": 1}", 0, 0);
        enter("Lead", "2", "upsert", "{\"a\": 1}", 3, 0);
        try (Connection other = DATABASE.application();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("select from sluice.outbox where key = '1' for update");
            assertThat(keys(outbox.claim("crm", 10, Priority.LOW))).containsExactly("2");
            other.rollback();
        }
    }

    @Test
    void concurrentClaimsGetEachRecordOnce() throws Exception {
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
            for (Future<List<String>> result :
                    threads.invokeAll(Collections.nCopies(8, claimer), 60, TimeUnit.SECONDS)) {
                claimed.addAll(result.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(claimed).hasSize(2000).doesNotHaveDuplicates();
    }

    /** Runs with the statistics of an empty, a small and the real outbox. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1_500, 20_000})
    void aClaimReadsOnlyItsRowsHoweverManyWait(int known) throws SQLException {
        twentyThousandWaitOfWhich(known);
        assertThat(planOfACall())
                .contains("actual rows=200 ")
                .doesNotContainPattern("actual rows=\\d{4}")
                .doesNotContain("JIT");
    }

    @Test
    void aClaimOfASplitBatchReadsOnlyItsRowsHoweverManyWait() throws SQLException {
        twentyThousandWaitOfWhich(20_000);
        DATABASE.run(
                "update sluice.outbox set max_batch = 50, parent = key::int % 100, since = now() - interval '1 minute'",
                "vacuum analyze sluice.outbox");
        assertThat(planOfACall())
                .contains("outbox_smaller")
                .contains("actual rows=50 ")
                .doesNotContainPattern("actual rows=\\d{4}");
    }

    private static String planOfACall() throws SQLException {
        return plan(
                Outbox.claimOf(200),
                "'crm'",
                "200",
                "3",
                "'{}'",
                "null",
                "false",
                "'{}'",
                "'crm'",
                "'crm'",
                "'{}'",
                "gen_random_uuid()",
                "60000");
    }
}
