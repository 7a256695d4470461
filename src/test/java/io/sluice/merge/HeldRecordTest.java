package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CustomerSync;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A record in an update loop is written ever more seldom: a trigger of the table undoes what a flow of the CRM does. */
class HeldRecordTest {


    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final Applier applier = new Applier(DATABASE.sluice(), customers.capture);

    @BeforeEach
    void aTriggerThatUndoesWhatTheCrmChanges() throws SQLException {
        customers.start("name text, city text", "1, 'table', 'Oslo'", Map.of("name", "name", "city", "city"));
        DATABASE.run("create function app.undo() returns trigger language plpgsql as $$ begin"
                        + " if new.name = 'flow' then new.name := 'table'; end if; return new; end $$",
                "create trigger undo before update on app.customer for each row execute function app.undo()");
        customers.settle(customers.claim().orElseThrow());
    }

    private void crmChanges(String field, Object value) throws SQLException {
        Applied applied = applier.apply(customers.sync,
                List.of(new CrmRecord("x1", "1", applier.now(), Map.of(field, value))), applier.now());
        assertThat(applied.updated()).isEqualTo(1);
    }

    private int roundsUntilNothingIsDue() throws SQLException {
        for (int round = 0; round < 100; round++) {
            crmChanges("name", "flow");
            Optional<Claim> claim = customers.claim();
            if (claim.isEmpty()) {
                return round;
            }
            customers.settle(claim.get());
        }
        return 100;
    }

    private String heldFor() throws SQLException {
        return DATABASE.text("select extract(epoch from held_until - taken_at)::int from sluice.sync_state");
    }

    private void letTheHoldEnd() throws SQLException {
        DATABASE.run("update sluice.sync_state set held_until = now()", "update sluice.outbox set due = now()");
    }

    @Test
    void theNinthRoundHoldsItsWriteBackForASecondAndEachLaterOneTwiceAsLong() throws SQLException {
        assertThat(roundsUntilNothingIsDue()).isEqualTo(UpdateLoop.FREE_ROUNDS + 1);
        assertThat(heldFor()).isEqualTo("1");
        assertThat(DATABASE.text("select due = held_until from sluice.outbox o join sluice.sync_state r using (key)")).isEqualTo("t");

        letTheHoldEnd();
        customers.settle(customers.claim().orElseThrow());
        crmChanges("name", "flow");
        assertThat(customers.claim()).isEmpty();
        assertThat(heldFor()).isEqualTo("2");
    }

    @Test
    void whatWaitsAlreadyIsHeldBackTooButADeleteIsNot() throws SQLException {
        roundsUntilNothingIsDue();
        letTheHoldEnd();
        customers.settle(customers.claim().orElseThrow());
        DATABASE.run("update app.customer set city = 'Rome'");
        customers.drain();
        crmChanges("name", "flow");
        assertThat(customers.claim()).as("a change that waited before").isEmpty();

        DATABASE.run("delete from sluice.outbox", "delete from app.customer");
        assertThat(customers.claim()).as("a delete").isPresent();
    }

    @Test
    void anEditWithoutAWriteBeforeItEndsTheHold() throws SQLException {
        roundsUntilNothingIsDue();
        DATABASE.run("update sluice.sync_state set settled_at = settled_at - interval '3 minutes'");
        crmChanges("city", "Bern");

        assertThat(DATABASE.text("select held_until from sluice.sync_state")).isNull();
    }
}
