// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.outbox.Parents.Parent;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParentsTest extends OutboxTestBase {

    @BeforeEach
    void dealsNameTheirCompany() throws SQLException {
        new Parents(DATABASE.sluice())
                .declare(
                        "crm",
                        List.of(
                                new Parent("deal", "Company.No", "Company", "app.company"),
                                new Parent("company", "Owner.No", "Company", "app.company")));
    }

    private void deal(String key, String company, int priority) throws SQLException {
        enter("Deal", key, "upsert", "{\"Name\": \"D\", \"Company.No\": " + company + "}", priority, 0);
    }

    private void company(String key, String fields, int priority) throws SQLException {
        enter("Company", key, "upsert", fields, priority, 0);
    }

    private void done(Claim claim) throws SQLException {
        settlement.settle(
                claim,
                claim.changes().stream()
                        .map(it -> Outcome.done(it.key(), "id-" + it.key()))
                        .toList());
    }

    private String said(String key) throws SQLException {
        return DATABASE.text("select last_error from sluice.outbox where key = ?", key);
    }

    @Test
    void aChildWaitsUntilItsParentIsSettled() throws SQLException {
        deal("d-1", "\"c-1\"", 2);
        deal("d-2", "\"c-1\"", 2);
        company("c-1", "{\"Name\": \"C\"}", 2);
        Claim parent = claim();
        assertThat(keys(parent)).containsExactly("c-1");
        assertThat(outbox.claim("crm", 100, Priority.LOW)).isEmpty();
        done(parent);
        assertThat(keys(claim())).containsExactly("d-1", "d-2");
    }

    @Test
    void aWaitingChildSharesItsParentsCallAndFollowsIt() throws SQLException {
        deal("d-1", "\"c-1\"", 2);
        assertThat(keys(claim())).as("an unknown parent").containsExactly("d-1");
        company("c-2", "{\"Name\": \"C\"}", 2);
        deal("d-2", "\"c-2\"", 2);
        deal("d-3", "\"c-9\"", 2);
        company("c-9", "{\"Name\": \"C\"}", 3);
        DATABASE.run("update sluice.outbox set waits_for = 'c-2', waits_for_object = 'Company',"
                + " due = now() + interval '30 seconds' where key = 'd-2'");
        Claim parent = outbox.claim("crm", 1, Priority.LOW).orElseThrow();
        assertThat(keys(parent)).containsExactly("c-2");
        Claim beside = outbox.claimForSameCall(List.of(parent), 100, Priority.LOW, Set.of())
                .orElseThrow();
        assertThat(keys(beside)).as("d-3 waits for a record in another call").containsExactly("d-2");
        assertThat(beside.object()).isEqualTo("Deal");
        assertThat(outbox.claimForSameCall(List.of(parent, beside), 100, Priority.LOW, Set.of()))
                .isEmpty();
    }

    @Test
    void aRecordWithoutParentOrWithASettledOrUnknownOneDoesNotWait() throws SQLException {
        DATABASE.run("insert into sluice.sync_state (account, object, key, sync, crm_id, base)"
                + " values ('crm', 'Company', 'there', 'company', 'id', '{}')");
        company("there", "{\"Name\": \"changed\"}", 3);
        company("new", "{\"Name\": \"C\"}", 3);
        deal("none", "null", 2);
        deal("of-one-that-is-there", "\"there\"", 2);
        deal("of-nobody", "\"unknown\"", 2);
        deal("waits", "\"new\"", 2);
        assertThat(keys(claim())).containsExactlyInAnyOrder("none", "of-nobody", "of-one-that-is-there");
    }

    @Test
    void aParentBecomesAsUrgentAsItsChild() throws SQLException {
        deal("d-1", "\"c-2\"", 0);
        company("c-1", "{\"Name\": \"C\"}", 2);
        company("c-2", "{\"Name\": \"C\"}", 3);
        assertThat(keys(claim())).containsExactly("c-2", "c-1");
    }

    @Test
    void aChildOfADeadLetterWaitsWithAnErrorUntilTheReplay() throws SQLException {
        company("c-1", "{\"Name\": \"C\"}", 2);
        deal("d-1", "\"c-1\"", 2);
        Claim parent = claim();
        assertThat(keys(parent)).containsExactly("c-1");
        assertThat(outbox.claim("crm", 100, Priority.LOW)).isEmpty();
        settlement.settle(parent, List.of(Outcome.rejected("c-1", "INVALID", "no such country")));
        assertThat(outbox.claim("crm", 100, Priority.LOW)).isEmpty();
        assertThat(said("d-1"))
                .isEqualTo("waits for Company c-1, which is a dead letter; repair and replay that" + " one first");
        DATABASE.run("delete from sluice.dead_letter");
        company("c-1", "{\"Name\": \"C\"}", 2);
        done(claim());
        assertThat(said("d-1")).isNull();
        assertThat(keys(claim())).containsExactly("d-1");
    }

    @Test
    void aChildWaitsForAParentThatIsStillInTheChangeLog() throws SQLException {
        deal("d-1", "\"c-1\"", 2);
        DATABASE.run(
                "insert into sluice.change_log (source, keys, records, op) values ('app.company', '{c-1}', 1, 'I')");
        assertThat(outbox.claim("crm", 100, Priority.LOW)).isEmpty();
        assertThat(DATABASE.text("select due < now() + interval '1 second' from sluice.outbox"))
                .isEqualTo("t");
        DATABASE.run("delete from sluice.change_log", "update sluice.outbox set due = now()");
        assertThat(keys(claim())).containsExactly("d-1");
    }

    /** Each record names the next, the last one the first; in calls of so many records. */
    @ParameterizedTest(name = "{0} in a cycle, {1} a call")
    @CsvSource({"1, 1", "1, 200", "2, 1", "2, 2", "2, 200", "3, 1", "3, 2", "3, 200", "7, 3", "7, 200"})
    void recordsInACycleAreWrittenWithoutTheReferenceAndThenWithIt(int cycle, int size) throws SQLException {
        for (int i = 0; i < cycle; i++) {
            company("c" + i, "{\"Name\": \"C\", \"Owner.No\": \"c" + (i + 1) % cycle + "\"}", 2);
        }
        company("child", "{\"Name\": \"C\", \"Owner.No\": \"c0\"}", 2);
        Map<String, Map<String, Object>> crm = new TreeMap<>();
        int calls = 0;
        while (!DATABASE.texts("select 1 from sluice.outbox").isEmpty()) {
            assertThat(calls++).as("calls and checks").isLessThan(60);
            // a waiting child is checked again after a while, which the test skips
            DATABASE.run("update sluice.outbox set due = now() where due > now() and last_error is null");
            Optional<Claim> claim = outbox.claim("crm", size, Priority.LOW);
            if (claim.isEmpty()) {
                continue;
            }
            settlement.settle(
                    claim.get(),
                    claim.get().changes().stream()
                            .map(change -> {
                                Object owner = change.fields().get("Owner.No");
                                if (owner != null && !crm.containsKey(owner)) {
                                    return Outcome.rejected(
                                            change.key(), "INVALID_FIELD", "Foreign key external ID not found");
                                }
                                crm.computeIfAbsent(change.key(), fresh -> new TreeMap<>())
                                        .putAll(change.fields());
                                return Outcome.done(change.key(), "id-" + change.key());
                            })
                            .toList());
        }
        assertThat(DATABASE.texts("select key from sluice.dead_letter")).isEmpty();
        assertThat(crm).hasSize(cycle + 1);
        for (int i = 0; i < cycle; i++) {
            assertThat(crm.get("c" + i)).containsEntry("Name", "C").containsEntry("Owner.No", "c" + (i + 1) % cycle);
        }
        assertThat(crm.get("child")).containsEntry("Owner.No", "c0");
    }

    @Test
    void aBulkClaimLeavesChildrenWithoutASettledParent() throws SQLException {
        company("c-1", "{\"Name\": \"C\"}", 2);
        deal("d-1", "\"c-1\"", 2);
        deal("d-2", "null", 2);
        deal("d-3", "null", 2);
        UUID lease = UUID.randomUUID();
        Optional<BulkClaim.Claimed> taken = DATABASE.sluice()
                .transaction(connection -> new BulkClaim("crm", "deal", Operation.UPSERT, 2, 10, 1_000_000, null)
                        .claim(connection, lease));
        assertThat(taken.orElseThrow().records()).isEqualTo(2);
        assertThat(DATABASE.text("select waits_for from sluice.outbox where key = 'd-1'"))
                .isEqualTo("c-1");
    }
}
