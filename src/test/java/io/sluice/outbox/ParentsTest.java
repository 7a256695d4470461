package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Change;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.outbox.Parents.Parent;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ParentsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final String ENTER = """
            insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)
            values ('crm', ?, ?, ?, ?, ?::jsonb, ?, now())""";

    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1),
            new Backoff(Duration.ZERO, Duration.ZERO), Rest.NONE);

    @BeforeEach
    void dealsNameTheirCompany() throws SQLException {
        DATABASE.reset();
        new Parents(DATABASE.sluice()).declare("crm", List.of(new Parent("deal", "Company.No", "Company", "app.company"),
                new Parent("company", "Owner.No", "Company", "app.company")));
    }

    private void deal(String key, String company, int priority) throws SQLException {
        DATABASE.sluice().update(ENTER, "Deal", key, "deal", "upsert", "{\"Name\": \"D\", \"Company.No\": " + company + "}",
                priority);
    }

    private void company(String key, String fields, int priority) throws SQLException {
        DATABASE.sluice().update(ENTER, "Company", key, "company", "upsert", fields, priority);
    }

    private Claim claim() throws SQLException {
        return outbox.claim("crm", 100, Priority.LOW).orElseThrow();
    }

    private static List<String> keys(Claim claim) {
        return claim.changes().stream().map(Change::key).toList();
    }

    private void done(Claim claim) throws SQLException {
        outbox.settle(claim, claim.changes().stream().map(it -> Outcome.done(it.key(), "id-" + it.key())).toList());
    }

    private String said(String key) throws SQLException {
        return DATABASE.text("select last_error from sluice.outbox where key = ?", key);
    }

    @Test
    void aChildWaitsForItsParentAndGoesWhenThatIsSettled() throws SQLException {
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
    void aChildThatWaitedGoesInTheSameCallAsItsParentAndAfterIt() throws SQLException {
        deal("d-1", "\"c-1\"", 2);
        assertThat(keys(claim())).as("of nobody yet").containsExactly("d-1");
        company("c-2", "{\"Name\": \"C\"}", 2);
        deal("d-2", "\"c-2\"", 2);
        deal("d-3", "\"c-9\"", 2);
        company("c-9", "{\"Name\": \"C\"}", 3);
        DATABASE.run("update sluice.outbox set waits_for = 'c-2', waits_for_object = 'Company',"
                + " due = now() + interval '30 seconds' where key = 'd-2'");
        Claim parent = outbox.claim("crm", 1, Priority.LOW).orElseThrow();
        assertThat(keys(parent)).containsExactly("c-2");
        Claim beside = outbox.claimBeside(List.of(parent), 100, Priority.LOW, Set.of()).orElseThrow();
        assertThat(keys(beside)).as("d-3 waits for what is in another call").containsExactly("d-2");
        assertThat(beside.object()).isEqualTo("Deal");
        assertThat(outbox.claimBeside(List.of(parent, beside), 100, Priority.LOW, Set.of())).isEmpty();
    }

    @Test
    void whoNamesNoParentOrOneThatIsThereOrThatNobodyKnowsDoesNotWait() throws SQLException {
        DATABASE.run("insert into sluice.record (account, object, key, sync, crm_id, base)"
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
    void aChildOfADeadParentWaitsAndSaysSoAndGoesAfterTheReplay() throws SQLException {
        company("c-1", "{\"Name\": \"C\"}", 2);
        deal("d-1", "\"c-1\"", 2);
        Claim parent = claim();
        assertThat(keys(parent)).containsExactly("c-1");
        assertThat(outbox.claim("crm", 100, Priority.LOW)).isEmpty();
        outbox.settle(parent, List.of(Outcome.rejected("c-1", "INVALID", "no such country")));
        assertThat(outbox.claim("crm", 100, Priority.LOW)).isEmpty();
        assertThat(said("d-1")).isEqualTo("waits for Company c-1, which stands in the dead letters; mend and replay that"
                + " one first");
        DATABASE.run("delete from sluice.dead_letter");
        company("c-1", "{\"Name\": \"C\"}", 2);
        done(claim());
        assertThat(said("d-1")).isNull();
        assertThat(keys(claim())).containsExactly("d-1");
    }

    @Test
    void aParentWhoseChangeWasNotDrainedYetIsWaitedFor() throws SQLException {
        deal("d-1", "\"c-1\"", 2);
        DATABASE.run("insert into sluice.change_log (source, keys, records, op) values ('app.company', '{c-1}', 1, 'I')");
        assertThat(outbox.claim("crm", 100, Priority.LOW)).isEmpty();
        assertThat(DATABASE.text("select due < now() + interval '1 second' from sluice.outbox")).isEqualTo("t");
        DATABASE.run("delete from sluice.change_log", "update sluice.outbox set due = now()");
        assertThat(keys(claim())).containsExactly("d-1");
    }

    @Test
    void twoThatNameEachOtherDoNotBothWait() throws SQLException {
        company("a", "{\"Owner.No\": \"b\"}", 2);
        company("b", "{\"Owner.No\": \"a\"}", 2);
        List<String> first = outbox.claim("crm", 1, Priority.LOW).map(ParentsTest::keys).orElse(List.of());
        assertThat(first).hasSize(1);
    }

    @Test
    void aBulkClaimLeavesThoseWhoseParentIsNotThere() throws SQLException {
        company("c-1", "{\"Name\": \"C\"}", 2);
        deal("d-1", "\"c-1\"", 2);
        deal("d-2", "null", 2);
        deal("d-3", "null", 2);
        UUID lease = UUID.randomUUID();
        Optional<BulkClaim.Taken> taken = DATABASE.sluice().transaction(connection -> new BulkClaim("crm", "deal",
                Operation.UPSERT, 2, 10, 1_000_000, null).take(connection, lease));
        assertThat(taken.orElseThrow().records()).isEqualTo(2);
        assertThat(DATABASE.text("select waits_for from sluice.outbox where key = 'd-1'")).isEqualTo("c-1");
    }
}
