// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import io.sluice.testkit.AcceptingCrm;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ApplierTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");
    private static final Instant FAR_AHEAD = Instant.parse("2100-01-01T00:00:00Z");

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
    private final AcceptingCrm crm = new AcceptingCrm(DATABASE.sluice(), capture, "x");
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final Applier applier = new Applier(DATABASE.sluice(), capture);
    private final Sync sync = sync();

    private static Sync sync() {
        Sync sync = new Sync();
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(new LinkedHashMap<>(Map.of("name", "Name", "city", "City", "visits", "Visits__c")));
        return sync;
    }

    @BeforeEach
    void twoSettledCustomers() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.customer (no int primary key, name text, city text check (city <> 'Atlantis'),"
                        + " visits int)",
                "insert into app.customer values (1, 'Ann', 'Oslo', 1), (2, 'Bob', 'Rome', 2)");
        capture.start(List.of(sync));
        crm.acceptAll();
    }

    private static CrmRecord record(String key, Instant at, Object... fields) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            map.put((String) fields[i], fields[i + 1]);
        }
        return new CrmRecord("x" + key, key, at, map);
    }

    private Applied apply(CrmRecord... records) throws SQLException {
        return applier.apply(sync, List.of(records), applier.now());
    }

    @Test
    void aRecordWithAnInvalidTimeIsRejectedAndHoldsUpNoOther() throws SQLException {
        Applied applied = apply(record("1", null, "City", "Lima"), record("2", applier.now(), "City", "Lima"));
        assertThat(rows()).containsExactly("1 Ann Oslo 1", "2 Bob Lima 2");
        assertThat(applied.rejected())
                .singleElement()
                .extracting("crmId", "why")
                .containsExactly("x1", "the time of its last change can't be read");
        assertThat(DATABASE.texts("select concat_ws(' ', crm_id, why) from sluice.inbound_rejection"))
                .containsExactly("x1 the time of its last change can't be read");
        apply(record("1", applier.now(), "City", "Lima"));
        assertThat(DATABASE.texts("select crm_id from sluice.inbound_rejection"))
                .isEmpty();
    }

    private List<String> rows() throws SQLException {
        return DATABASE.texts("select concat_ws(' ', no, name, city, visits) from app.customer order by no");
    }

    @Test
    void aChangeInTheCrmIsWrittenAndNotSentBack() throws SQLException {
        Applied applied = apply(record("1", FAR_AHEAD, "Name", "Anna", "City", "", "Visits__c", new BigDecimal("7.0")));

        assertThat(applied.updated()).isEqualTo(1);
        assertThat(rows()).containsExactly("1 Anna 7", "2 Bob Rome 2");
        capture.drain("app.customer");
        assertThat(DATABASE.texts("select key from sluice.outbox"))
                .as("no echo enters the outbox")
                .isEmpty();
        assertThat(crm.acceptAll()).isEmpty();
    }

    /** A sync of the same table with another CRM, which has all rows already. */
    private Sync other() throws SQLException {
        Sync other = sync();
        other.setName("customers-elsewhere");
        other.setAccount("elsewhere");
        capture.start(List.of(sync, other));
        capture.drain("app.customer");
        settlement.settle(elsewhere().orElseThrow(), List.of(Outcome.done("1", "y1"), Outcome.done("2", "y2")));
        assertThat(crm.acceptAll()).isEmpty();
        return other;
    }

    private Optional<Claim> elsewhere() throws SQLException {
        return outbox.claim("elsewhere", 200, Priority.LOW);
    }

    @Test
    void aChangeInOneCrmIsSentToTheOtherAndNotBack() throws SQLException {
        other();
        apply(
                record("1", FAR_AHEAD, "Name", "Anna", "City", "Oslo", "Visits__c", 1),
                record("3", FAR_AHEAD, "Name", "Cid", "City", "Bern", "Visits__c", 3));

        assertThat(crm.acceptAll()).isEmpty();
        assertThat(elsewhere().orElseThrow().changes())
                .extracting(change -> change.key() + change.fields())
                .containsExactlyInAnyOrder("1{Name=Anna}", "3{City=Bern, Name=Cid, Visits__c=3}");
    }

    @Test
    void aDeleteInOneCrmIsRepeatedInTheOther() throws SQLException {
        other();
        applier.delete(sync, List.of(new DeletedRecord("x2", FAR_AHEAD)), applier.now());

        assertThat(rows()).containsExactly("1 Ann Oslo 1");
        assertThat(crm.acceptAll()).isEmpty();
        assertThat(elsewhere().orElseThrow().changes())
                .extracting(change -> change.key() + " " + change.operation())
                .containsExactly("2 " + io.sluice.Operation.DELETE);
    }

    @Test
    void aChangeOfACrmThatWaitsForTheOtherDoesNotConflictWithTheCrmsDelete() throws SQLException {
        other();
        apply(record("1", LONG_AGO, "Name", "Anna", "City", "Oslo", "Visits__c", 1));
        Applied applied = applier.delete(sync, List.of(new DeletedRecord("x1", LONG_AGO)), applier.now());

        assertThat(applied.conflicts()).isZero();
        assertThat(rows()).containsExactly("2 Bob Rome 2");
    }

    @Test
    void aRowThatStaysIsSentBackToTheCrmThatDeletedTheRecord() throws SQLException {
        other();
        DATABASE.run("update app.customer set name = 'Anne' where no = 1");
        applier.delete(sync, List.of(new DeletedRecord("x1", LONG_AGO)), applier.now());

        assertThat(crm.acceptAll())
                .containsExactly(new LinkedHashMap<>(Map.of("Name", "Anne", "City", "Oslo", "Visits__c", 1)));
    }

    @Test
    void aSnapshotDoesNotOverwriteNewerValues() throws SQLException {
        Instant asked = applier.now();
        apply(record("1", FAR_AHEAD, "Name", "Anna", "City", "Oslo", "Visits__c", 1));
        applier.applySnapshot(
                sync,
                List.of(
                        record("1", FAR_AHEAD.minusSeconds(1), "Name", "Anne", "City", "Oslo", "Visits__c", "1"),
                        record("3", LONG_AGO, "Name", "Cid", "City", null, "Visits__c", "3.0")),
                asked.plusSeconds(60));

        assertThat(rows()).containsExactly("1 Anna Oslo 1", "2 Bob Rome 2", "3 Cid 3");
        assertThat(crm.acceptAll()).isEmpty();
    }

    @Test
    void aLateEventDoesNotOverwriteASnapshotAlsoAfterAnUnprovenWrite() throws SQLException {
        Instant read = applier.now().plusSeconds(60);
        applier.applySnapshot(
                sync, List.of(record("3", FAR_AHEAD, "Name", "Cid", "City", "Bern", "Visits__c", "3")), read);
        CrmRecord late = record("3", FAR_AHEAD.minusSeconds(1), "Name", "Sid", "City", "Basel", "Visits__c", "2");
        applier.applySnapshot(sync, List.of(late), read);
        assertThat(rows()).contains("3 Cid Bern 3");

        DATABASE.run("update app.customer set city = 'Chur' where no = 3");
        capture.drain("app.customer");
        Claim claim = crm.claim().orElseThrow();
        DATABASE.sluice().transaction(connection -> Settlement.abandon(connection, claim.lease(), "no answer came"));
        sync.setConflicts("crm");
        applier.applySnapshot(sync, List.of(late), read);
        assertThat(rows()).contains("3 Cid Chur 3");
    }

    @Test
    void aSnapshotMergesWithRowsWithoutABaseByTheRule() throws SQLException {
        DATABASE.run("insert into app.customer values (5, 'Eve', 'Kiel', 5), (6, 'Flo', 'Bonn', 6)");
        Applied latest = applier.applySnapshot(
                sync, List.of(record("5", FAR_AHEAD, "Name", "Eva", "City", "Kiel", "Visits__c", "5")), applier.now());
        sync.setConflicts("crm");
        applier.applySnapshot(
                sync, List.of(record("6", LONG_AGO, "Name", "Flora", "City", "Bonn", "Visits__c", "6")), applier.now());

        assertThat(latest.conflicts()).isEqualTo(1);
        assertThat(rows()).contains("5 Eve Kiel 5", "6 Flora Bonn 6");
    }

    @Test
    void anEchoOfOurWriteChangesNothing() throws SQLException {
        Applied applied =
                apply(record("1", FAR_AHEAD, "Name", "Ann", "City", "Oslo ", "Visits__c", new BigDecimal("1.0")));

        assertThat(applied).isEqualTo(Applied.NOTHING);
    }

    @Test
    void editsOfDifferentFieldsAreBothKept() throws SQLException {
        DATABASE.run("update app.customer set city = 'Bergen' where no = 1");
        apply(record("1", FAR_AHEAD, "Name", "Anna", "City", "Oslo", "Visits__c", 1));

        assertThat(rows()).contains("1 Anna Bergen 1");
        assertThat(crm.acceptAll()).containsExactly(Map.of("City", "Bergen"));
    }

    @Test
    void anUndrainedChangeCountsAsOurs() throws SQLException {
        sync.setConflicts("database");
        DATABASE.run("update app.customer set name = 'Hanna' where no = 1");
        Applied applied = apply(record("1", FAR_AHEAD, "Name", "Anna"));

        assertThat(applied.conflicts()).isEqualTo(1);
        assertThat(rows()).contains("1 Hanna Oslo 1");
        assertThat(crm.acceptAll()).containsExactly(Map.of("Name", "Hanna"));
        assertThat(DATABASE.texts("select concat_ws(' ', key, field, winner, base, crm, ours) from sluice.conflict"))
                .containsExactly("1 Name database \"Ann\" \"Anna\" \"Hanna\"");
    }

    @Test
    void ifTheCrmWinsOurChangeIsNotSent() throws SQLException {
        sync.setConflicts("crm");
        DATABASE.run(
                "update app.customer set name = 'Hanna' where no = 1",
                "update app.customer set name = 'H' where no = 2");
        apply(record("1", LONG_AGO, "Name", "Anna"));
        capture.drain("app.customer");
        apply(record("2", LONG_AGO, "Name", "Bobby"));

        assertThat(rows()).containsExactly("1 Anna Oslo 1", "2 Bobby Rome 2");
        assertThat(crm.acceptAll()).isEmpty();
        assertThat(DATABASE.texts("select winner from sluice.conflict")).containsExactly("crm", "crm");
    }

    /** A write of v2 without a proven result (403 with a firewall's page, 502), then each value that the CRM may have. */
    @Test
    void afterAnUnprovenWriteTheCrmWinsOnlyWithAnEdit() throws SQLException {
        sync.setConflicts("crm");
        for (String had : List.of("Ann", "Hanna", "Zoe")) {
            DATABASE.run("update app.customer set name = 'Hanna' where no = 1");
            capture.drain("app.customer");
            Claim claim = crm.claim().orElseThrow();
            DATABASE.sluice()
                    .transaction(connection -> Settlement.abandon(connection, claim.lease(), "no answer came"));
            DATABASE.run("update app.customer set name = 'Heidi' where no = 1");
            apply(record("1", FAR_AHEAD, "Name", had));
            assertThat(rows()).as(had).contains(had.equals("Zoe") ? "1 Zoe Oslo 1" : "1 Heidi Oslo 1");
            assertThat(DATABASE.text("select base ->> 'Name' from sluice.sync_state where key = '1'"))
                    .as(had)
                    .isEqualTo(had);
            assertThat(DATABASE.text("select unproven from sluice.sync_state where key = '1'"))
                    .as(had)
                    .isEqualTo("{}");
            assertThat(crm.acceptAll()).isEqualTo(had.equals("Zoe") ? List.of() : List.of(Map.of("Name", "Heidi")));
            DATABASE.run("update app.customer set name = 'Ann' where no = 1");
            crm.acceptAll();
        }
    }

    /** Before the end of the call, its write may still come. */
    @Test
    void aReadBeforeTheEndOfAnUnprovenWriteDoesNotProveIt() throws SQLException {
        DATABASE.run("update app.customer set name = 'Hanna' where no = 1");
        capture.drain("app.customer");
        Claim claim = crm.claim().orElseThrow();
        Instant read = applier.now();
        DATABASE.sluice().transaction(connection -> Settlement.abandon(connection, claim.lease(), "no answer came"));
        Applied applied = applier.apply(sync, List.of(record("1", FAR_AHEAD, "Name", "Ann")), read);
        assertThat(applied.deferred()).hasSize(1);
        assertThat(DATABASE.text("select unproven from sluice.sync_state where key = '1'"))
                .isEqualTo("{\"Name\": [\"Hanna\"]}");
    }

    @Test
    void theLaterChangeWinsWithTheRuleLatest() throws SQLException {
        DATABASE.run(
                "update app.customer set name = 'Hanna' where no = 1",
                "update app.customer set name = 'H' where no = 2");
        apply(record("1", LONG_AGO, "Name", "Anna"), record("2", FAR_AHEAD, "Name", "Bobby"));

        assertThat(rows()).containsExactly("1 Hanna Oslo 1", "2 Bobby Rome 2");
        assertThat(crm.acceptAll()).containsExactly(Map.of("Name", "Hanna"));
    }

    @Test
    void aValueThatWasSetBackIsSentIfTheDatabaseWins() throws SQLException {
        sync.setConflicts("database");
        DATABASE.run("update app.customer set name = 'Hanna' where no = 1");
        apply(record("1", FAR_AHEAD, "Name", "Anna"));
        DATABASE.run("update app.customer set name = 'Ann' where no = 1");

        assertThat(crm.acceptAll()).containsExactly(Map.of("Name", "Ann"));
    }

    @Test
    void aRecordInFlightIsDeferred() throws SQLException {
        DATABASE.run("update app.customer set city = 'Bergen' where no = 1");
        capture.drain("app.customer");
        Claim claim = crm.claim().orElseThrow();
        Instant before = applier.now();

        assertThat(apply(record("1", FAR_AHEAD, "Name", "Anna")).deferred()).containsExactly("x1");
        crm.accept(claim);
        assertThat(applier.apply(sync, List.of(record("1", FAR_AHEAD, "City", "Oslo")), before)
                        .deferred())
                .as("read before our write")
                .containsExactly("x1");
        assertThat(apply(record("1", FAR_AHEAD, "City", "Bergen", "Name", "Anna"))
                        .deferred())
                .isEmpty();
        assertThat(rows()).contains("1 Anna Bergen 1");
    }

    @Test
    void aLockedRowIsDeferredWithoutWaiting() throws SQLException {
        try (Connection application = DATABASE.application();
                Statement statement = application.createStatement()) {
            application.setAutoCommit(false);
            statement.execute("update app.customer set name = 'Hanna' where no = 1");
            Applied applied = apply(record("1", FAR_AHEAD, "Name", "Anna"), record("2", FAR_AHEAD, "Name", "Bobby"));

            assertThat(applied.deferred()).containsExactly("x1");
            assertThat(applied.updated()).isEqualTo(1);
            application.rollback();
        }
    }

    @Test
    void aRejectedValueStopsNoOther() throws SQLException {
        Applied applied = apply(
                record("1", FAR_AHEAD, "City", "Atlantis"),
                record("2", FAR_AHEAD, "Visits__c", new BigDecimal("2.5")),
                record("3", FAR_AHEAD, "Name", "Cid"),
                record("no number", FAR_AHEAD, "Name", "Dan"));

        assertThat(applied.inserted()).isEqualTo(1);
        assertThat(applied.rejected()).extracting(Applied.RejectedRow::key).containsExactly("1", "2", "no number");
        assertThat(applied.rejected())
                .extracting(Applied.RejectedRow::columns)
                .startsWith(List.of("city"), List.of("visits"));
        assertThat(applied.rejected().get(0).why()).contains("customer_city_check");
        assertThat(rows()).containsExactly("1 Ann Oslo 1", "2 Bob Rome 2", "3 Cid");
    }

    @Test
    void aRecordCreatedInTheCrmBecomesARowIfItHasAKeyAndTheSyncPropagatesInserts() throws SQLException {
        Applied applied = apply(
                record("3", FAR_AHEAD, "Name", "Cid", "City", null),
                new CrmRecord("x9", null, FAR_AHEAD, Map.of("Name", "Nobody")));

        assertThat(applied.inserted()).isEqualTo(1);
        assertThat(applied.withoutKey()).isEqualTo(1);
        assertThat(rows()).contains("3 Cid");
        assertThat(crm.acceptAll()).isEmpty();
        sync.setInserts("ignore");
        assertThat(apply(record("4", FAR_AHEAD, "Name", "Dan"))).isEqualTo(Applied.NOTHING);
    }

    @Test
    void aRowThatWasDeletedHereIsNotInsertedAgainByAnUnchangedRecord() throws SQLException {
        Instant before = applier.now();
        DATABASE.run("delete from app.customer where no = 1");
        apply(record("1", FAR_AHEAD, "Name", "Ann"));
        capture.drain("app.customer");
        apply(record("1", FAR_AHEAD, "Name", "Ann"));
        crm.acceptAll();
        Applied stale = applier.apply(sync, List.of(record("1", FAR_AHEAD, "Name", "Ann")), before);

        assertThat(stale.inserted()).isZero();
        assertThat(rows()).containsExactly("2 Bob Rome 2");
    }

    @Test
    void aRecordWhoseExternalIdWasChangedInTheCrmKeepsItsRowAndIsRejected() throws SQLException {
        for (String key : Arrays.asList("77", "2", null)) {
            Applied applied = apply(new CrmRecord("x1", key, FAR_AHEAD, Map.of("Name", "Anna " + key)));

            assertThat(applied.rejected()).as(key).singleElement().satisfies(it -> {
                assertThat(it.why()).contains(key == null ? "emptied" : key, "No__c");
                assertThat(it.key()).isEqualTo("1");
            });
            assertThat(rows()).containsExactly("1 Anna " + key + " Oslo 1", "2 Bob Rome 2");
        }
        assertThat(DATABASE.texts("select concat_ws(' ', key, crm_id) from sluice.sync_state order by key"))
                .containsExactly("1 x1", "2 x2");
        assertThat(DATABASE.texts("select key from sluice.inbound_rejection where crm_id = 'x1'"))
                .containsExactly("1");
        assertThat(crm.acceptAll()).isEmpty();
        apply(new CrmRecord("x1", "1", FAR_AHEAD, Map.of("Name", "Anna")));
        assertThat(DATABASE.texts("select key from sluice.inbound_rejection where crm_id = 'x1'"))
                .as("changed back")
                .isEmpty();
    }

    @Test
    void aRecordDeletedInTheCrmIsDeletedHereAndNotThereAgain() throws SQLException {
        Applied applied = applier.delete(
                sync,
                List.of(new DeletedRecord("x1", FAR_AHEAD), new DeletedRecord("other", FAR_AHEAD)),
                applier.now());

        assertThat(applied.deleted()).isEqualTo(1);
        assertThat(rows()).containsExactly("2 Bob Rome 2");
        capture.drain("app.customer");
        assertThat(crm.claim()).isEmpty();
        assertThat(DATABASE.texts("select key from sluice.sync_state")).containsExactly("2");
    }

    @Test
    void aRowThatChangedAfterTheDeleteInTheCrmIsCreatedThereAgain() throws SQLException {
        DATABASE.run("update app.customer set city = 'Bergen' where no = 1");
        Applied applied = applier.delete(sync, List.of(new DeletedRecord("x1", LONG_AGO)), applier.now());

        assertThat(applied.conflicts()).isEqualTo(1);
        assertThat(rows()).contains("1 Ann Bergen 1");
        assertThat(crm.acceptAll()).containsExactly(Map.of("Name", "Ann", "City", "Bergen", "Visits__c", 1));
    }

    @Test
    void withDeletesKeepTheRowStaysAndItsNextChangeCreatesTheRecordAgain() throws SQLException {
        sync.setDeletes("keep");
        applier.delete(sync, List.of(new DeletedRecord("x1", FAR_AHEAD)), applier.now());
        assertThat(rows()).contains("1 Ann Oslo 1");
        DATABASE.run("update app.customer set city = 'Bergen' where no = 1");

        assertThat(crm.acceptAll()).containsExactly(Map.of("Name", "Ann", "City", "Bergen", "Visits__c", 1));
    }

    @Test
    void eachTypeOfColumnAcceptsACrmsValues() throws SQLException {
        DATABASE.run(
                "create table app.typed (no int primary key, flag boolean, price numeric(12, 2), born date,"
                        + " seen timestamptz, local timestamp, opens time, code varchar(3))",
                "insert into app.typed values (1)");
        Sync typed = sync();
        typed.setTable("app.typed");
        typed.setObject("Typed");
        typed.setTimeZone("Europe/Berlin");
        typed.setFields(
                Map.of("flag", "F", "price", "P", "born", "B", "seen", "S", "local", "L", "opens", "O", "code", "C"));
        capture.start(List.of(typed));
        applier.apply(
                typed,
                List.of(record(
                        "1",
                        FAR_AHEAD,
                        "F",
                        true,
                        "P",
                        new BigDecimal("1.25E+3"),
                        "B",
                        "2001-02-03",
                        "S",
                        "2026-07-01T10:00:00.000+0000",
                        "L",
                        "2026-07-01T10:00:00.000+0000",
                        "O",
                        "08:30:00.000Z",
                        "C",
                        "abc")),
                applier.now());

        // the initial export still waits, so that our value would stay: no record has a base yet
        assertThat(DATABASE.text("select concat_ws(' ', flag, price) from app.typed"))
                .isEmpty();
        capture.drain("app.typed");
        crm.accept(crm.claim().orElseThrow());
        applier.apply(
                typed,
                List.of(record(
                        "1",
                        FAR_AHEAD,
                        "F",
                        true,
                        "P",
                        new BigDecimal("1.25E+3"),
                        "B",
                        "2001-02-03",
                        "S",
                        "2026-07-01T10:00:00.000+0000",
                        "L",
                        "2026-07-01T10:00:00.000+0000",
                        "O",
                        "08:30:00.000Z",
                        "C",
                        "abc")),
                applier.now());

        assertThat(DATABASE.text("select concat_ws(' ', flag, price, born, seen at time zone 'UTC', local, opens, code)"
                        + " from app.typed"))
                .isEqualTo("t 1250.00 2001-02-03 2026-07-01 10:00:00 2026-07-01 12:00:00 08:30:00 abc");
        capture.drain("app.typed");
        assertThat(crm.claim()).isEmpty();
    }
}
