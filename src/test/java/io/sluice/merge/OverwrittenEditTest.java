// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import io.sluice.Outcome;
import io.sluice.Sync;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CustomerSync;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests edits of a CRM's user that a write of ours replaced before they were read, and whose events arrive afterwards. */
class OverwrittenEditTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final Applier applier = new Applier(DATABASE.sluice(), customers.capture);
    private final Sync sync = customers.sync;
    private Instant changed;

    /** Writes 'first' to the CRM long ago and 'ours' just now. */
    @BeforeEach
    void aWriteOfOurs() throws SQLException {
        customers.start("name text", "1, 'first'", Map.of("name", "name"));
        customers.sendAll();
        // the record was read before its first write
        DATABASE.run(
                "update sluice.sync_state set stamps = '{\"name\": \"2026-01-01T00:00:00Z\"}', prior = '{}'",
                "update app.customer set name = 'ours'");
        customers.sendAll();
        changed = Instant.parse(DATABASE.text("select to_char(max((stamps ->> 'name')::timestamptz) at time zone 'UTC',"
                + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from sluice.sync_state"));
    }

    /** Applies the event of an edit together with the record, which has another value by now. */
    private Applied event(String edit, Instant at, String read, Instant stamp) throws SQLException {
        return applier.apply(
                sync,
                List.of(new CrmRecord("x1", "1", stamp, Map.of("name", read))),
                applier.now(),
                Map.of("x1", List.of(edit(edit, at))));
    }

    private static CrmRecord edit(String name, Instant at) {
        return CrmRecord.ofEvents("x1", Map.of("name", name), Map.of("name", at));
    }

    /** Applies the events of two edits; the later one is the CRM's value. */
    private Applied twoEvents(boolean read, CrmRecord first, CrmRecord second) throws SQLException {
        Map<String, List<CrmRecord>> edits = Map.of("x1", List.of(first, second));
        Object name = second.fields().get("name");
        return read
                ? applier.apply(
                        sync,
                        List.of(new CrmRecord("x1", "1", second.at(), Map.of("name", name))),
                        applier.now(),
                        edits)
                : applier.applyEvents(sync, List.of(second), Duration.ofSeconds(1), edits);
    }

    private List<String> conflicts() throws SQLException {
        return DATABASE.texts(
                "select concat_ws(' ', winner, base #>> '{}', crm #>> '{}', ours #>> '{}') from sluice.conflict");
    }

    private String row() throws SQLException {
        return DATABASE.text("select name from app.customer");
    }

    @Test
    void anEarlierEditIsInTheLogAndOurLaterChangeStays() throws SQLException {
        Applied applied = event("theirs", changed.minusSeconds(3), "ours", changed.plusMillis(50));

        assertThat(applied.conflicts()).isEqualTo(1);
        assertThat(conflicts()).containsExactly("database first theirs ours");
        assertThat(row()).isEqualTo("ours");
        assertThat(customers.sendAll()).isEmpty();
    }

    @Test
    void aLaterEditThatOurWriteReplacedIsRestored() throws SQLException {
        event("theirs", changed.plusMillis(1200), "ours", changed.plusMillis(1300));

        assertThat(conflicts()).containsExactly("crm first theirs ours");
        assertThat(row()).isEqualTo("theirs");
        assertThat(customers.sendAll()).containsExactly(Map.of("name", "theirs"));
    }

    @ParameterizedTest
    @CsvSource({"crm, theirs", "database, ours"})
    void theRuleDecides(String rule, String stays) throws SQLException {
        sync.setConflicts(rule);
        event("theirs", changed.minusSeconds(3), "ours", changed.plusMillis(50));

        assertThat(conflicts()).containsExactly(rule + " first theirs ours");
        assertThat(row()).isEqualTo(stays);
    }

    /** The answer names another record, but the write was done to the known one. */
    @Test
    void anEditThatAWriteWithAWrongAnswerReplacedIsLogged() throws SQLException {
        sync.setConflicts("database");
        DATABASE.run("update app.customer set name = 'newest'");
        Claim claim = customers.claim().orElseThrow();
        Instant edited = applier.now();
        customers.settle(claim, List.of(Outcome.otherRecord("1", "the CRM wrote another record, x9, instead of x1")));

        event("theirs", edited, "newest", edited.plusMillis(50));

        assertThat(conflicts()).containsExactly("database ours theirs newest");
        assertThat(row()).isEqualTo("newest");
    }

    @Test
    void ourOwnValuesAndTheValueBeforeThemAreNoEdits() throws SQLException {
        event("ours", changed.plusMillis(20), "ours", changed.plusMillis(50));
        event("first", changed.minusSeconds(3), "ours", changed.plusMillis(50));
        event("older", Instant.parse("2025-12-31T00:00:00Z"), "ours", changed.plusMillis(50));

        assertThat(conflicts()).isEmpty();
        assertThat(row()).isEqualTo("ours");
    }

    @Test
    void anEditIsInTheLogHoweverManyWritesReplacedItBeforeItsEvent() throws SQLException {
        for (String later : List.of("second", "third", "fourth")) {
            DATABASE.run("update app.customer set name = '" + later + "'");
            customers.sendAll();
        }
        event("theirs", changed.minusSeconds(3), "fourth", changed.plusSeconds(1));
        event("ours", changed.plusMillis(20), "fourth", changed.plusSeconds(1));
        event("second", changed.minusSeconds(3), "fourth", changed.plusSeconds(1));
        event("older", Instant.parse("2025-12-31T00:00:00Z"), "fourth", changed.plusSeconds(1));

        assertThat(conflicts()).containsExactly("database first theirs ours");
        assertThat(row()).isEqualTo("fourth");
        assertThat(customers.sendAll()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEditThatOurWriteReplacedIsInTheLogEvenIfTheUserHasEditedTheFieldAgain(boolean read) throws SQLException {
        twoEvents(read, edit("theirs", changed.minusSeconds(3)), edit("again", changed.plusSeconds(5)));

        assertThat(conflicts()).containsExactly("database first theirs ours");
        assertThat(row()).isEqualTo("again");
        assertThat(customers.sendAll()).isEmpty();
    }

    @Test
    void theEchoOfOurWriteSaysWhichWriteReplacedAnEdit() throws SQLException {
        for (String later : List.of("second", "third")) {
            DATABASE.run("update app.customer set name = '" + later + "'");
            customers.sendAll();
        }
        DATABASE.run("update sluice.sync_state set settled_at = now() + interval '1 hour'");

        applier.apply(
                sync,
                List.of(new CrmRecord("x1", "1", changed.plusSeconds(9), Map.of("name", "third"))),
                applier.now().plusSeconds(7200),
                Map.of(
                        "x1",
                        List.of(
                                edit("theirs", changed.minusSeconds(3)),
                                edit("ours", changed.plusMillis(20)),
                                edit("second", changed.plusMillis(30)))));

        assertThat(conflicts()).containsExactly("database first theirs ours");
        assertThat(row()).isEqualTo("third");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEditThatTheUserReplacedIsNoConflict(boolean read) throws SQLException {
        twoEvents(read, edit("theirs", changed.plusSeconds(500)), edit("again", changed.plusSeconds(501)));

        assertThat(conflicts()).isEmpty();
        assertThat(row()).isEqualTo("again");
    }

    @ParameterizedTest
    @CsvSource({"theirs, -3, ours, database", "theirs, 1, ours, crm", "theirs, -3, again, database"})
    void anEditThatAnUnprovenWriteReplacedIsInTheLog(String edit, int seconds, String crm, String winner)
            throws SQLException {
        DATABASE.run(
                "update sluice.sync_state set stamps = '{\"name\": \"2026-06-01T00:00:00Z\"}'",
                "update app.customer set name = 'unproven'");
        Claim claim = customers.claim().orElseThrow();
        customers.settle(claim, List.of(Outcome.noResult("1")));
        Instant sent = applier.now();
        DATABASE.run("update sluice.outbox set due = now() + interval '1 hour'");
        String there = crm.equals("ours") ? "unproven" : crm;
        List<CrmRecord> edits = new ArrayList<>(List.of(edit(edit, sent.plusSeconds(seconds))));
        if (!there.equals("unproven")) {
            edits.add(edit(there, sent.plusSeconds(9)));
        }

        applier.apply(
                sync,
                List.of(new CrmRecord("x1", "1", sent.plusSeconds(10), Map.of("name", there))),
                applier.now(),
                Map.of("x1", edits));

        assertThat(conflicts()).contains(winner + " ours theirs unproven");
        assertThat(row()).isEqualTo(winner.equals("crm") ? "theirs" : there);
    }

    /** Where the history of the field is cut, nobody can tell whose value an old event reports. */
    @Test
    void anEditThatIsOlderThanAllThatIsKeptIsNeverRestored() throws SQLException {
        sync.setConflicts("crm");
        customers.start("name text", "1, 'first'", Map.of("name", "name"));
        customers.sendAll();
        String edit = "edit".repeat(700);
        Instant edited = applier.now().plusMillis(10);
        applier.apply(
                sync,
                List.of(new CrmRecord("x1", "1", edited, Map.of("name", edit))),
                applier.now().plusSeconds(1));
        for (int i = 1; i <= 7; i++) {
            DATABASE.run("update app.customer set name = '" + i + "' || repeat('w', 2800)");
            customers.sendAll();
        }

        event(edit, edited, "7" + "w".repeat(2800), applier.now());

        assertThat(conflicts()).isEmpty();
        assertThat(row()).startsWith("7");
    }

    /** The end of a lease says nothing about the time of our change. */
    @Test
    void anEditIsComparedWithTheTimeOfTheChangeThatStays() throws SQLException {
        Instant now = applier.now();
        DATABASE.run(
                "update sluice.sync_state set stamps = '{\"name\": \"2026-06-01T00:00:00Z\"}'",
                "update app.customer set name = 'unproven'");
        customers.settle(customers.claim().orElseThrow(), List.of(Outcome.noResult("1")));
        DATABASE.run(
                "update sluice.sync_state set settled_at = '" + now.minusSeconds(5) + "'",
                "update app.customer set name = 'last'");
        customers.drain();
        DATABASE.run("update sluice.outbox set stamps = jsonb_build_object('name', '" + now.minusSeconds(90)
                + "'), due = clock_timestamp()");
        customers.sendAll();

        event("theirs", now.minusSeconds(60), "last", applier.now());

        assertThat(conflicts()).containsExactly("crm ours theirs unproven");
        assertThat(row()).isEqualTo("theirs");
    }

    /** The event of our own write may arrive after the value was set back. */
    @ParameterizedTest
    @ValueSource(strings = {"latest", "crm"})
    void anUnprovenValueThatWasSetBackIsNoEdit(String rule) throws SQLException {
        sync.setConflicts(rule);
        DATABASE.run("update app.customer set name = 'unproven'");
        customers.settle(customers.claim().orElseThrow(), List.of(Outcome.noResult("1")));
        Instant written = applier.now();
        DATABASE.run("update sluice.outbox set due = clock_timestamp()", "update app.customer set name = 'ours'");
        assertThat(customers.sendAll()).containsExactly(Map.of("name", "ours"));

        event("unproven", written, "ours", applier.now());

        assertThat(conflicts()).isEmpty();
        assertThat(row()).isEqualTo("ours");
    }

    @Test
    void aReadFromALaggingIndexIsNoBaseEvenIfAnotherFieldIsUnproven() throws SQLException {
        customers.start("name text, city text", "1, 'before', 'Bonn'", Map.of("name", "name", "city", "city"));
        customers.sendAll();
        Instant before = applier.now();
        DATABASE.run("update app.customer set name = 'ours'");
        customers.sendAll();
        DATABASE.run("update app.customer set city = 'Ulm'");
        customers.settle(customers.claim().orElseThrow(), List.of(Outcome.noResult("1")));

        applier.apply(
                sync,
                List.of(new CrmRecord("x1", "1", before.minusSeconds(2), Map.of("name", "before"))),
                applier.now());
        DATABASE.run("update sluice.outbox set due = clock_timestamp()", "update app.customer set name = 'before'");

        assertThat(customers.sendAll()).containsExactly(Map.of("name", "before", "city", "Ulm"));
    }

    @Test
    void anEditOfARecordThatExistedBeforeOurFirstWriteIsInTheLog() throws SQLException {
        DATABASE.run("insert into app.customer values (2, 'new')");
        customers.sendAll();
        Instant written = applier.now();

        applier.apply(
                sync,
                List.of(new CrmRecord("x2", "2", written, Map.of("name", "new"))),
                written,
                Map.of(
                        "x2",
                        List.of(CrmRecord.ofEvents(
                                "x2", Map.of("name", "theirs"), Map.of("name", written.minusSeconds(60))))));
        assertThat(conflicts()).containsExactly("database theirs new");

        DATABASE.run("delete from sluice.conflict");
        applier.apply(
                sync,
                List.of(new CrmRecord("x2", "2", written, Map.of("name", "new"))),
                written,
                Map.of("x2", List.of(CrmRecord.ofEvents("x2", Map.of("name", "new"), Map.of("name", written)))));
        assertThat(conflicts()).as("our own").isEmpty();
    }

    @Test
    void anEditAfterOurWriteIsApplied() throws SQLException {
        event("theirs", changed.plusSeconds(1), "theirs", changed.plusSeconds(1));

        assertThat(conflicts()).isEmpty();
        assertThat(row()).isEqualTo("theirs");
        assertThat(customers.sendAll()).isEmpty();
    }

    @Test
    void aReadFromALaggingIndexRestoresNothing() throws SQLException {
        CrmRecord old = new CrmRecord("x1", "1", changed.minusSeconds(2), Map.of("name", "first"));
        assertThat(applier.apply(sync, List.of(old), applier.now()).changes()).isZero();
        assertThat(row()).isEqualTo("ours");

        CrmRecord edit = new CrmRecord("x1", "1", changed.plusSeconds(1), Map.of("name", "first"));
        assertThat(applier.apply(sync, List.of(edit), applier.now()).updated()).isEqualTo(1);
        assertThat(row()).isEqualTo("first");
    }
}
