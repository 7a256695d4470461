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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests edits of a CRM's user that a write of ours replaces, found from the values just before the write. */
class ReplacedEditTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant LONG_AGO = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant AHEAD = Instant.parse("2100-01-01T00:00:00Z");

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final Applier applier = new Applier(DATABASE.sluice(), customers.capture);
    private final Sync sync = customers.sync;
    private Claim claim;

    /** Writes 'first' to the CRM and claims 'ours'. */
    @BeforeEach
    void aWriteOfOurs() throws SQLException {
        customers.start(
                "name text check (name <> 'refused'), city text",
                "1, 'first', 'Oslo'",
                Map.of("name", "name", "city", "city"));
        claim();
        settle();
        change("ours");
    }

    private void change(String name) throws SQLException {
        DATABASE.run("update app.customer set name = '" + name + "'");
        claim();
    }

    private void claim() throws SQLException {
        claim = customers.claim().orElse(null);
    }

    private void settle() throws SQLException {
        customers.settle(claim);
    }

    /** Settles the write; the CRM had this name before it. */
    private Applied written(String before, Instant at) throws SQLException {
        Map<String, Object> fields = new HashMap<>();
        fields.put("name", before);
        Applied applied = applier.replaced(sync, List.of(new CrmRecord("x1", "1", at, fields)));
        settle();
        return applied;
    }

    private List<Object> sent() throws SQLException {
        List<Object> sent = new ArrayList<>();
        for (claim(); claim != null; claim()) {
            claim.changes().forEach(change -> sent.add(change.fields()));
            settle();
        }
        return sent;
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
        assertThat(written("theirs", LONG_AGO).conflicts()).isEqualTo(1);

        assertThat(conflicts()).containsExactly("database first theirs ours");
        assertThat(row()).isEqualTo("ours");
        assertThat(sent()).isEmpty();
    }

    @Test
    void aLaterEditIsRestoredAndSentAgain() throws SQLException {
        written("theirs", AHEAD);

        assertThat(conflicts()).containsExactly("crm first theirs ours");
        assertThat(row()).isEqualTo("theirs");
        assertThat(sent()).containsExactly(Map.of("name", "theirs"));
    }

    @Test
    void anEditThatClearedTheFieldCountsToo() throws SQLException {
        written(null, AHEAD);

        assertThat(conflicts()).containsExactly("crm first ours");
        assertThat(row()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"crm, theirs", "database, ours"})
    void theRuleDecides(String rule, String stays) throws SQLException {
        sync.setConflicts(rule);
        written("theirs", LONG_AGO);

        assertThat(conflicts()).containsExactly(rule + " first theirs ours");
        assertThat(row()).isEqualTo(stays);
    }

    @ParameterizedTest
    @ValueSource(strings = {"first", "ours"})
    void theBaseAndOurValueAreNoEdits(String before) throws SQLException {
        assertThat(written(before, AHEAD)).isEqualTo(Applied.NOTHING);
        assertThat(conflicts()).isEmpty();
    }

    @Test
    void anUnprovenValueIsNoEdit() throws SQLException {
        sync.setConflicts("crm");
        customers.settle(claim, List.of(Outcome.noResult("1")));
        change("again");

        assertThat(written("ours", AHEAD)).isEqualTo(Applied.NOTHING);
        assertThat(conflicts()).isEmpty();
        assertThat(row()).isEqualTo("again");
    }

    @Test
    void anEditThatTheTableRejectsIsOnlyInTheLog() throws SQLException {
        sync.setConflicts("crm");
        written("refused", AHEAD);

        assertThat(conflicts()).containsExactly("database first refused ours");
        assertThat(row()).isEqualTo("ours");
    }

    @ParameterizedTest
    @ValueSource(strings = {"42501", "57014", "42P01"})
    void anEditThatATriggerOfTheTablePreventsIsOnlyInTheLog(String state) throws SQLException {
        sync.setConflicts("crm");
        DATABASE.run(
                "create function app.away() returns trigger language plpgsql as $$ begin"
                        + " raise 'away' using errcode = '" + state + "'; end $$",
                "create trigger away before update on app.customer for each row execute function app.away()");
        written("theirs", LONG_AGO);

        assertThat(conflicts()).containsExactly("database first theirs ours");
        assertThat(row()).isEqualTo("ours");
    }

    @Test
    void aChangeAfterTheEditStays() throws SQLException {
        Instant edited = applier.now().minusSeconds(1);
        DATABASE.run(
                "update sluice.outbox set inflight_stamps = '{\"*\": \"2026-01-01T00:00:00Z\"}'",
                "update app.customer set name = 'newest'");
        written("theirs", edited);

        assertThat(conflicts()).containsExactly("database first theirs ours");
        assertThat(row()).isEqualTo("newest");
        assertThat(sent()).containsExactly(Map.of("name", "newest"));
    }

    @Test
    void aRepeatedWriteWithoutAChangeYieldsWhateverTheRule() throws SQLException {
        sync.setConflicts("database");
        DATABASE.run("update sluice.sync_state set base = base || '{\"name\": \"ours\"}'");
        written("theirs", LONG_AGO);

        assertThat(conflicts()).containsExactly("crm ours theirs ours");
        assertThat(row()).isEqualTo("theirs");
        assertThat(sent()).containsExactly(Map.of("name", "theirs"));
    }

    @Test
    void anEditThatPollsFindDuringABulkJobIsInTheLogOnce() throws SQLException {
        CrmRecord read = new CrmRecord("x1", "1", LONG_AGO, Map.of("name", "theirs", "city", "Oslo"));
        applier.apply(sync, List.of(read), applier.now());
        assertThat(conflicts())
                .as("without a job the call itself reads the edit")
                .isEmpty();
        DATABASE.run("update sluice.outbox set lease_until = 'infinity'");
        for (int poll = 1; poll <= 2; poll++) {
            assertThat(applier.apply(sync, List.of(read), applier.now()).deferred())
                    .containsExactly("x1");
            assertThat(conflicts()).containsExactly("database first theirs ours");
        }
        settle();

        applier.apply(sync, List.of(new CrmRecord("x1", "1", AHEAD, Map.of("name", "ours"))), applier.now());
        assertThat(conflicts()).hasSize(1);
        assertThat(row()).isEqualTo("ours");
    }

    @Test
    void anEditThatWinsDuringABulkJobIsSentAfterTheJob() throws SQLException {
        DATABASE.run("update sluice.outbox set lease_until = 'infinity'");
        for (int poll = 1; poll <= 2; poll++) {
            applier.apply(sync, List.of(new CrmRecord("x1", "1", AHEAD, Map.of("name", "theirs"))), applier.now());
            customers.drain();
            assertThat(conflicts()).containsExactly("crm first theirs ours");
            assertThat(row()).isEqualTo("theirs");
        }
        settle();

        assertThat(sent()).containsExactly(Map.of("name", "theirs"));
    }

    @Test
    void anEditOfAnotherFieldIsLeftToThePoll() throws SQLException {
        applier.replaced(sync, List.of(new CrmRecord("x1", "1", AHEAD, Map.of("name", "first", "city", "Rome"))));

        assertThat(conflicts()).isEmpty();
        assertThat(DATABASE.text("select city from app.customer")).isEqualTo("Oslo");
    }
}
