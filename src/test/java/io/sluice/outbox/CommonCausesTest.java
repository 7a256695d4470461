// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.outbox.Pause.Kind;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CommonCausesTest extends OutboxTestBase {

    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final CommonCauses causes = new CommonCauses(DATABASE.sluice(), new CircuitBreakers(pauseStore));

    private void waiting(int records) throws SQLException {
        DATABASE.run("insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                + " select 'crm', 'Contact', 'k' || lpad(i::text, 6, '0'), 'contacts', 'upsert', '{\"A\": 1}', 2,"
                + " now() + i * interval '1 microsecond' from generate_series(1, " + records + ") as i");
    }

    /**
     * Sends as the pipeline does until nothing may go; records with bad keys are rejected. Answers the number of calls.
     */
    private int send(int room, Set<String> bad, boolean allBad) throws SQLException {
        int calls = 0;
        while (pauseStore.find(Kind.SYNC, "contacts").isEmpty()) {
            Optional<Claim> claim = outbox.claim("crm", causes.isProbing("contacts") ? 1 : room, Priority.LOW);
            if (claim.isEmpty()) {
                return calls;
            }
            calls++;
            List<Outcome> outcomes = new ArrayList<>();
            for (RecordChange recordChange : claim.get().changes()) {
                outcomes.add(
                        allBad || bad.contains(recordChange.key())
                                ? Outcome.rejected(recordChange.key(), "PROPERTY_DOESNT_EXIST", "no")
                                        .withFields(List.of("A"))
                                : Outcome.done(recordChange.key(), "id-" + recordChange.key()));
            }
            List<Outcome> left = causes.removeCommon(claim.get(), outcomes);
            if (!left.isEmpty()) {
                settlement.settle(claim.get(), left);
            }
        }
        return calls;
    }

    private void untilTheNextTry() throws SQLException {
        DATABASE.run("update sluice.pause set until = now() - interval '1 millisecond' where by = 'crm'");
        DATABASE.run("update sluice.outbox set due = now() - interval '1 millisecond' where due > now()");
    }

    private static long number(String sql) throws SQLException {
        return DATABASE.sluice().first(sql, row -> row.getLong(1)).orElseThrow();
    }

    private long dead() throws SQLException {
        return number("select count(*) from sluice.dead_letter");
    }

    private long left() throws SQLException {
        return number("select count(*) from sluice.outbox");
    }

    @Test
    void aCommonCausePausesTheSyncAndMakesNoDeadLetter() throws SQLException {
        for (int room : new int[] {1, 3, 100, 200}) {
            DATABASE.run("truncate sluice.outbox, sluice.dead_letter, sluice.pause, sluice.sync_state");
            waiting(10_508);
            CommonCausesTest fresh = new CommonCausesTest();
            int calls = fresh.send(room, Set.of(), true);

            assertThat(calls).as("calls of " + room).isLessThanOrEqualTo(5);
            assertThat(dead()).as("dead with calls of " + room).isZero();
            assertThat(left()).isEqualTo(10_508);
            assertThat(pauseStore.find(Kind.SYNC, "contacts")).hasValueSatisfying(paused -> assertThat(paused.reason())
                    .contains("all records are rejected with PROPERTY_DOESNT_EXIST (A)"));

            fresh.untilTheNextTry();
            assertThat(fresh.send(room, Set.of(), true)).as("calls of one try").isEqualTo(1);
            fresh.untilTheNextTry();
            fresh.send(200, Set.of(), false);
            assertThat(left()).as("left after the cause is gone").isZero();
            assertThat(dead()).isZero();
            assertThat(number("select count(*) from sluice.sync_state")).isEqualTo(10_508);
        }
    }

    @Test
    void aFewBadRecordsAmongGoodOnesBecomeDeadLettersAndPauseNothing() throws SQLException {
        waiting(1000);
        Set<String> bad = new TreeSet<>(Stream.of(1, 2, 3, 4, 250, 251, 252, 253, 254, 255, 999)
                .map("k%06d"::formatted)
                .toList());
        send(100, bad, false);

        assertThat(left()).isZero();
        assertThat(number("select count(*) from sluice.dead_letter")).isEqualTo(bad.size());
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void aCallOfBadRecordsDelaysGoodOnesByOneTryAndThenBecomesDeadLetters() throws SQLException {
        waiting(300);
        Set<String> bad = new TreeSet<>();
        for (int i = 1; i <= 100; i++) {
            bad.add("k%06d".formatted(i));
        }
        send(100, bad, false);
        assertThat(pauseStore.find(Kind.SYNC, "contacts")).isPresent();
        // tried records are behind the untried ones
        DATABASE.run("update sluice.pause set until = now() - interval '1 millisecond' where by = 'crm'");
        send(100, bad, false);
        DATABASE.run("update sluice.outbox set due = now() - interval '1 millisecond' where due > now()");
        send(100, bad, false);

        assertThat(left()).isZero();
        assertThat(dead()).isEqualTo(100);
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void aFewBadRecordsWithNothingBehindThemBecomeDeadLetters() throws SQLException {
        waiting(5);
        send(100, Set.of(), true);

        assertThat(dead()).isEqualTo(5);
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void deadLettersFromBeforeTheCauseWasKnownAreReplayed() throws SQLException {
        waiting(4);
        send(1, Set.of(), true);
        assertThat(dead()).isEqualTo(4);
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                        + " select 'crm', 'Contact', 'later' || i, 'contacts', 'upsert', '{\"A\": 1}', 2, now() from generate_series(1, 2) as i");
        send(1, Set.of(), true);

        assertThat(dead()).isZero();
        assertThat(left()).isEqualTo(6);
        assertThat(pauseStore.find(Kind.SYNC, "contacts")).isPresent();
    }
}
