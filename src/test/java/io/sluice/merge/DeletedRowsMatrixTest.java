// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
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
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Goes through all ways in which a user's edit in the CRM meets a deleted row: each rule, both orders, each moment at which
 * Sluice learns of the edit, rows that are gone and rows that got another key, tables that take the row again and tables that
 * reject it. Every edit is a conflict, once, and it restores the row where the rule says so.
 */
class DeletedRowsMatrixTest {

    private static final Duration SKEW = Duration.ofSeconds(1);
    private static final String EDIT = "edited";

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** Moment at which Sluice learns of the edit, and by what. */
    private enum Notice {
        POLL_BEFORE_DRAIN,
        POLL_BEFORE_CALL,
        EVENT_BEFORE_CALL,
        EVENT_THEN_READ_BACK,
        IMAGE_OF_THE_CALL,
        EVENT_AFTER_CALL;

        private boolean canRestore() {
            return this != EVENT_BEFORE_CALL && this != EVENT_AFTER_CALL;
        }
    }

    private enum Row {
        DELETED,
        KEY_CHANGED
    }

    private record Case(String rule, boolean later, Notice notice, Row row, boolean accepts) {

        private boolean restores() {
            return notice.canRestore()
                    && accepts
                    && row == Row.DELETED
                    && (rule.equals("crm") || rule.equals("latest") && later);
        }
    }

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final Applier applier = new Applier(DATABASE.sluice(), customers.capture);

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (String rule : List.of("latest", "crm", "database")) {
            for (boolean later : new boolean[] {true, false}) {
                for (Notice notice : Notice.values()) {
                    for (Row row : Row.values()) {
                        for (boolean accepts : new boolean[] {true, false}) {
                            cases.add(new Case(rule, later, notice, row, accepts));
                        }
                    }
                }
            }
        }
        return cases;
    }

    @Test
    void everyEditIsAConflictAndRestoresTheRowWhereTheRuleSaysSo() throws SQLException {
        SoftAssertions softly = new SoftAssertions();
        List<Case> cases = cases();
        for (Case each : cases) {
            run(each);
            softly.assertThat(DATABASE.texts(
                            "select distinct concat_ws(' ', key, field, winner, base #>> '{}', crm #>> '{}', ours #>> '{}')"
                                    + " from sluice.conflict"))
                    .as("conflicts of " + each)
                    .containsExactly("1 name " + (each.restores() ? "crm" : "database") + " first " + EDIT);
            softly.assertThat(DATABASE.text("select count(*) from sluice.conflict"))
                    .as("rows of " + each)
                    .isEqualTo("1");
            softly.assertThat(DATABASE.texts("select no || ' ' || name || ' ' || city from app.customer"))
                    .as("table of " + each)
                    .isEqualTo(
                            each.row() == Row.KEY_CHANGED
                                    ? List.of("2 first Rome")
                                    : each.restores() ? List.of("1 edited Rome") : List.of());
            softly.assertThat(DATABASE.texts("select key || ' ' || (base ->> 'name') from sluice.sync_state"))
                    .as("base of " + each)
                    .isEqualTo(
                            each.row() == Row.KEY_CHANGED
                                    ? List.of("2 first")
                                    : each.restores() ? List.of("1 edited") : List.of());
            softly.assertThat(DATABASE.texts("select key from sluice.outbox"))
                    .as("outbox of " + each)
                    .isEmpty();
        }
        System.out.println("DeletedRowsMatrixTest: " + cases.size() + " combinations");
        softly.assertAll();
    }

    private void run(Case each) throws SQLException {
        customers.sync.setConflicts(each.rule());
        customers.start(
                "name text, city text, made text default 'x' " + (each.accepts() ? "" : "not null"),
                "1, 'first', 'Rome', 'x'",
                Map.of("name", "name", "city", "city"));
        if (!each.accepts()) {
            DATABASE.run("alter table app.customer alter made drop default");
        }
        customers.sendAll();
        DATABASE.run(
                "update sluice.sync_state set stamps = '{\"*\": \"2026-01-01T00:00:00Z\"}', settled_at = '2026-01-01'");
        DATABASE.run(
                each.row() == Row.DELETED ? "delete from app.customer" : "update app.customer set no = 2 where no = 1");
        Instant deleted = applier.now();
        Instant at = each.later() ? deleted.plusSeconds(2) : deleted.minusSeconds(2);
        CrmRecord record = new CrmRecord("x1", "1", at, Map.of("name", EDIT, "city", "Rome"));
        CrmRecord event = CrmRecord.ofEvents("x1", Map.of("name", EDIT), Map.of("name", at));
        Map<String, List<CrmRecord>> edits = Map.of("x1", List.of(event));
        switch (each.notice()) {
            case POLL_BEFORE_DRAIN -> applier.apply(customers.sync, List.of(record), applier.now());
            case POLL_BEFORE_CALL -> {
                customers.drain();
                applier.apply(customers.sync, List.of(record), applier.now());
                applier.apply(customers.sync, List.of(record), applier.now());
            }
            case EVENT_BEFORE_CALL -> {
                customers.drain();
                Applied applied = applier.applyEvents(customers.sync, List.of(event), SKEW, edits);
                if (!applied.deferred().isEmpty()) {
                    // the read finds the record deleted
                    customers.sendAll();
                    applier.logDeleted(customers.sync, edits);
                }
            }
            case EVENT_THEN_READ_BACK -> {
                customers.drain();
                applier.applyEvents(customers.sync, List.of(event), SKEW, edits);
                applier.apply(customers.sync, List.of(record), applier.now(), edits);
            }
            case IMAGE_OF_THE_CALL, EVENT_AFTER_CALL -> {}
        }
        if (each.notice() == Notice.IMAGE_OF_THE_CALL) {
            Claim claim = customers.claim().orElseThrow();
            assertThat(claim.changes()).extracting(change -> change.crmId()).containsExactly("x1");
            applier.replaced(customers.sync, List.of(record));
            customers.settle(claim);
        }
        customers.sendAll();
        applier.logDeleted(customers.sync, edits);
        if (each.notice() == Notice.EVENT_AFTER_CALL) {
            applier.logDeleted(customers.sync, edits);
        }
    }

    @Test
    void anEchoThatArrivesAfterTheDeleteIsNoConflict() throws SQLException {
        customers.start("name text, city text", "1, 'first', 'Rome'", Map.of("name", "name", "city", "city"));
        customers.sendAll();
        DATABASE.run("update app.customer set name = 'second'");
        customers.sendAll();
        DATABASE.run("delete from app.customer");
        customers.sendAll();
        Instant now = applier.now();

        for (String ours : List.of("first", "second")) {
            applier.logDeleted(
                    customers.sync,
                    Map.of("x1", List.of(CrmRecord.ofEvents("x1", Map.of("name", ours), Map.of("name", now)))));
        }

        assertThat(DATABASE.texts("select crm #>> '{}' from sluice.conflict")).isEmpty();
    }

    @Test
    void anEditThatAWriteReplacedBeforeTheDeleteIsAConflict() throws SQLException {
        customers.start("name text, city text", "1, 'first', 'Rome'", Map.of("name", "name", "city", "city"));
        customers.sendAll();
        Instant edited = applier.now();
        DATABASE.run("update app.customer set name = 'second'");
        customers.sendAll();
        DATABASE.run("delete from app.customer");
        customers.sendAll();

        applier.logDeleted(
                customers.sync,
                Map.of(
                        "x1",
                        Stream.of(EDIT, "second")
                                .map(name -> CrmRecord.ofEvents("x1", Map.of("name", name), Map.of("name", edited)))
                                .toList()));

        assertThat(DATABASE.texts("select concat_ws(' ', winner, base #>> '{}', crm #>> '{}', ours #>> '{}')"
                        + " from sluice.conflict"))
                .containsExactly("database first edited second");
    }

    @Test
    void anEditOfAFieldThatOnlyTheTableComputesRestoresNoRow() throws SQLException {
        customers.sync.setConflicts("latest");
        customers.start(
                "name text, loud text generated always as (upper(name)) stored",
                "1, 'first'",
                Map.of("name", "name", "loud", "loud"));
        customers.sendAll();
        DATABASE.run("delete from app.customer");
        Claim claim = customers.claim().orElseThrow();
        applier.replaced(
                customers.sync,
                List.of(new CrmRecord("x1", "1", applier.now().plusSeconds(2), Map.of("name", "first", "loud", EDIT))));
        customers.settle(claim);

        assertThat(DATABASE.texts("select concat_ws(' ', field, winner, crm #>> '{}') from sluice.conflict"))
                .containsExactly("loud database edited");
        assertThat(DATABASE.texts("select name from app.customer")).isEmpty();
    }

    @Test
    void aRowWhoseDeletesStayInTheTableIsNotRestored() throws SQLException {
        customers.sync.setConflicts("latest");
        customers.sync.setDeletes("keep");
        try {
            customers.start("name text, city text", "1, 'first', 'Rome'", Map.of("name", "name", "city", "city"));
            customers.sendAll();
            DATABASE.run("update sluice.sync_state set settled_at = '2026-01-01'");
            DATABASE.run("delete from app.customer");
            applier.apply(
                    customers.sync,
                    List.of(new CrmRecord(
                            "x1", "1", applier.now().plusSeconds(2), Map.of("name", EDIT, "city", "Rome"))),
                    applier.now());

            assertThat(DATABASE.texts("select name from app.customer")).isEmpty();
            assertThat(DATABASE.texts("select winner from sluice.conflict")).isEmpty();
        } finally {
            customers.sync.setDeletes("propagate");
        }
    }

    @Test
    void aRowThatIsDeletedAgainAfterTheEditIsNotRestored() throws SQLException {
        customers.sync.setConflicts("latest");
        customers.start("name text, city text", "1, 'first', 'Rome'", Map.of("name", "name", "city", "city"));
        customers.sendAll();
        DATABASE.run("delete from app.customer");
        Claim claim = customers.claim().orElseThrow();
        DATABASE.run("insert into app.customer values (1, 'again', 'Rome')");
        customers.drain();
        DATABASE.run("delete from app.customer");
        customers.drain();
        DATABASE.run("update sluice.outbox set stamps = jsonb_build_object('*', now() + interval '10 seconds')");
        applier.replaced(
                customers.sync,
                List.of(new CrmRecord("x1", "1", applier.now().plusSeconds(2), Map.of("name", EDIT, "city", "Rome"))));
        customers.settle(claim);

        assertThat(DATABASE.texts("select name from app.customer")).isEmpty();
        assertThat(DATABASE.texts("select winner from sluice.conflict")).containsExactly("database");
    }

    @Test
    void aRestoredRowHasWhatOnlyAnotherCrmKnows() throws SQLException {
        customers.sync.setConflicts("latest");
        customers.start(
                "name text, city text, phone text", "1, 'first', 'Rome', '5'", Map.of("name", "name", "city", "city"));
        Sync other = new Sync();
        other.setName("people");
        other.setTable("app.customer");
        other.setKey("no");
        other.setAccount("other");
        other.setObject("people");
        other.setExternalId("no");
        other.setFields(Map.of("name", "Name", "phone", "Phone"));
        customers.capture.start(List.of(customers.sync, other));
        customers.sendAll();
        for (String table : List.of("sync_state", "tombstone")) {
            DATABASE.run(
                    "delete from sluice.sync_state where account = 'other'",
                    "insert into sluice." + table + " (account, object, key, base"
                            + (table.equals("sync_state") ? ", sync" : "") + ") values ('other', 'people', '1',"
                            + " '{\"Name\": \"first\", \"Phone\": \"5\"}'"
                            + (table.equals("sync_state") ? ", 'people'" : "") + ")",
                    "delete from app.customer");
            applier.apply(
                    customers.sync,
                    List.of(new CrmRecord(
                            "x1", "1", applier.now().plusSeconds(2), Map.of("name", EDIT + table, "city", "Rome"))),
                    applier.now());

            assertThat(DATABASE.texts("select name || ' ' || city || ' ' || phone from app.customer"))
                    .as(table)
                    .containsExactly(EDIT + table + " Rome 5");
            customers.sendAll();
        }
    }
}
