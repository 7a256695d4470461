// SPDX-License-Identifier: Apache-2.0
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

/** Tests that a record in an update loop is written less and less often: a trigger of the table undoes what a flow of the CRM does. */
class HeldRecordTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final Applier applier = new Applier(DATABASE.sluice(), customers.capture);

    @BeforeEach
    void aTriggerThatUndoesWhatTheCrmChanges() throws SQLException {
        customers.start("name text, city text", "1, 'table', 'Oslo'", Map.of("name", "name", "city", "city"));
        DATABASE.run(
                "create function app.undo() returns trigger language plpgsql as $$ begin"
                        + " if new.name = 'flow' then new.name := 'table'; end if; return new; end $$",
                "create trigger undo before update on app.customer for each row execute function app.undo()");
        customers.settle(customers.claim().orElseThrow());
    }

    private void crmChanges(String field, Object value) throws SQLException {
        Applied applied = applier.apply(
                customers.sync, List.of(new CrmRecord("x1", "1", applier.now(), Map.of(field, value))), applier.now());
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

    private String delay() throws SQLException {
        return DATABASE.text("select extract(epoch from held_until - taken_at)::int from sluice.sync_state");
    }

    private void endTheDelay() throws SQLException {
        DATABASE.run("update sluice.sync_state set held_until = now()", "update sluice.outbox set due = now()");
    }

    @Test
    void theWriteOfTheNinthRoundIsDelayedByASecondAndEachLaterOneTwiceAsLong() throws SQLException {
        assertThat(roundsUntilNothingIsDue()).isEqualTo(UpdateLoop.FREE_ROUNDS + 1);
        assertThat(delay()).isEqualTo("1");
        assertThat(DATABASE.text("select due = held_until from sluice.outbox o join sluice.sync_state r using (key)"))
                .isEqualTo("t");

        endTheDelay();
        customers.settle(customers.claim().orElseThrow());
        crmChanges("name", "flow");
        assertThat(customers.claim()).isEmpty();
        assertThat(delay()).isEqualTo("2");
    }

    @Test
    void aWaitingChangeIsDelayedTooButADeleteIsNot() throws SQLException {
        roundsUntilNothingIsDue();
        endTheDelay();
        customers.settle(customers.claim().orElseThrow());
        DATABASE.run("update app.customer set city = 'Rome'");
        customers.drain();
        crmChanges("name", "flow");
        assertThat(customers.claim()).as("a change that waited before").isEmpty();

        DATABASE.run("delete from sluice.outbox", "delete from app.customer");
        assertThat(customers.claim()).as("a delete").isPresent();
    }

    /** A workflow that computes a score after each write is no loop, however often the application changes the record. */
    @Test
    void aRecordThatOnlyTheApplicationKeepsChangingIsNotHeldBack() throws SQLException {
        for (int change = 0; change < 40; change++) {
            DATABASE.run(
                    "update sluice.sync_state set taken_at = taken_at - interval '6 seconds'",
                    "update app.customer set name = 'change " + change + "'");
            customers.settle(customers.claim().orElseThrow());
            crmChanges("city", "score " + change);
        }
        assertThat(DATABASE.text("select held_until from sluice.sync_state")).isNull();
    }

    @Test
    void aCriticalRecordIsHeldBackForFiveSecondsAtMost() throws SQLException {
        customers.sync.setCritical("true");
        customers.capture.start(List.of(customers.sync));
        for (int round = 0; round < 14; round++) {
            crmChanges("name", "flow");
            DATABASE.run("update sluice.outbox set due = now()");
            customers.drain();
            DATABASE.run("update sluice.outbox set due = now()");
            customers.settle(customers.claim().orElseThrow());
        }
        crmChanges("name", "flow");
        customers.drain();

        assertThat(DATABASE.text("select held_until > taken_at + interval '10 seconds' from sluice.sync_state"))
                .isEqualTo("t");
        assertThat(DATABASE.text(
                        "select due = taken_at + interval '5 seconds' from sluice.outbox o join sluice.sync_state r"
                                + " using (key)"))
                .isEqualTo("t");
    }

    @Test
    void anEditWithoutAWriteBeforeItEndsTheDelay() throws SQLException {
        roundsUntilNothingIsDue();
        DATABASE.run("update sluice.sync_state set settled_at = settled_at - interval '3 minutes'");
        crmChanges("city", "Bern");

        assertThat(DATABASE.text("select held_until from sluice.sync_state")).isNull();
    }
}
