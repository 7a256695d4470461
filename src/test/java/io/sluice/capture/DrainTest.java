// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static io.sluice.capture.CaptureTest.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.Sync;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.WriteDebounce;
import io.sluice.quota.SavedCalls;
import io.sluice.store.Database;
import io.sluice.store.Json;
import io.sluice.store.TestDatabase;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DrainTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final SavedCalls savedCalls = new SavedCalls(DATABASE.sluice());
    private Capture capture = new Capture(
            DATABASE.sluice(),
            1_000,
            WriteDebounce.NONE,
            InitialExportJobs.NONE,
            Duration.ofSeconds(20),
            20,
            savedCalls,
            0);

    @BeforeEach
    void customers() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.customer (no text primary key, name text, city text, tier text)",
                "insert into app.customer values ('1', 'Ann', 'Oslo', 'gold'), ('2', 'Bob', 'Rome', 'bronze')");
    }

    /** Starts the capture with all rows known to the CRM as they are. */
    private void startSettled(Sync... syncs) throws SQLException {
        capture.start(List.of(syncs));
        drain();
        DATABASE.run(
                "insert into sluice.sync_state (account, object, key, sync, base)"
                        + " select account, object, key, sync, fields from sluice.outbox",
                "delete from sluice.outbox");
    }

    private int drain() throws SQLException {
        int drained = 0;
        for (String table : capture.tables()) {
            drained += capture.drain(table);
        }
        return drained;
    }

    private List<String> outbox() throws SQLException {
        return DATABASE.texts(
                "select concat_ws(' ', object, key, operation, fields) from sluice.outbox" + " order by object, key");
    }

    private static Sync customers(String... columns) {
        return sync("app.customer", "no", columns);
    }

    @Test
    void aFirstLoadSendsEveryRowWhole() throws SQLException {
        capture.start(List.of(customers("name", "city")));
        assertThat(drain()).isEqualTo(2);
        assertThat(outbox())
                .containsExactly(
                        "Contact 1 upsert {\"city__c\": \"Oslo\", \"name__c\": \"Ann\"}",
                        "Contact 2 upsert {\"city__c\": \"Rome\", \"name__c\": \"Bob\"}");
        assertThat(capture.backlog("app.customer")).isZero();
    }

    @Test
    void aRowMayHaveMoreMappedColumnsThanAFunctionTakesArguments() throws SQLException {
        String[] columns = IntStream.range(0, 230).mapToObj(n -> "c" + n).toArray(String[]::new);
        DATABASE.run(
                "create table app.wide (no text primary key, " + String.join(" text, ", columns) + " text)",
                "insert into app.wide (no, c0, c229) values ('1', 'first', 'last')");
        capture.start(List.of(sync("app.wide", "no", columns)));
        drain();
        assertThat(
                        DATABASE.texts(
                                "select concat_ws(' ', count(*), min(v.value) filter (where v.key = 'c0__c'),"
                                        + " min(v.value) filter (where v.key = 'c229__c')) from sluice.outbox, jsonb_each_text(fields) as v"))
                .containsExactly("230 first last");
    }

    private String saved() throws SQLException {
        savedCalls.write();
        return DATABASE.text(
                "select string_agg(concat_ws(' ', account, object, reason, calls), ', ' order by account, object)"
                        + " from sluice.saved_calls");
    }

    @Test
    void eachChangeThatIsMergedIntoAWaitingOneSavesACall() throws SQLException {
        startSettled(customers("name", "city"));
        assertThat(saved()).as("the initial export").isNull();

        DATABASE.run("update app.customer set name = 'A'", "update app.customer set city = 'B' where no = '1'");
        drain();
        assertThat(saved()).as("three changes of two records").isEqualTo("crm Contact coalescing 1");

        DATABASE.run("update app.customer set name = 'C' where no = '1'", "delete from app.customer where no = '2'");
        drain();
        assertThat(saved()).as("two more of records that wait").isEqualTo("crm Contact coalescing 3");

        DATABASE.run("update sluice.outbox set inflight_operation = operation, inflight = fields, fields = '{}',"
                + " operation = null, lease = gen_random_uuid(), lease_until = 'infinity' where key = '1'");
        DATABASE.run("update app.customer set name = 'D' where no = '1'");
        drain();
        assertThat(saved()).as("a change beside one in flight").isEqualTo("crm Contact coalescing 3");

        DATABASE.run(
                "update app.customer set name = 'E' where no = '1'",
                "update app.customer set tier = 'silver' where no = '1'",
                "update app.customer set tier = 'bronze' where no = '1'");
        drain();
        assertThat(saved()).as("a column without a field is not captured").isEqualTo("crm Contact coalescing 4");
    }

    @Test
    void exportedRowsAndValuesThatTheSyncAppliedSaveNoCall() throws SQLException {
        Sync sync = customers("name", "city");
        startSettled(sync);
        DATABASE.run("update app.customer set name = 'A'");
        drain();
        DATABASE.run(
                "insert into sluice.change_log (source, keys, records, op) values ('app.customer', '{1,2}', 2, 'S')",
                "insert into sluice.change_log (source, keys, records, op, columns, origin)"
                        + " values ('app.customer', '{1}', 1, 'U', '{name}', '" + sync.getName() + "')");
        drain();

        assertThat(saved()).isNull();
    }

    @Test
    void aChangeThatTwoSyncsMergeSavesACallOfEach() throws SQLException {
        Sync names = customers("name");
        Sync cities = sync("app.customer", "no", "city");
        cities.setName("cities");
        cities.setObject("City");
        startSettled(names, cities);
        DATABASE.run(
                "update app.customer set name = 'A', city = 'B'",
                "update app.customer set city = 'C'",
                "update app.customer set city = 'D' where no = '1'");
        drain();

        assertThat(saved()).isEqualTo("crm City coalescing 3, crm Contact coalescing 3");
    }

    @Test
    void aChangeMadeDuringAFirstLoadIsNotOvertakenByAnOlderValue() throws SQLException {
        capture.start(List.of(customers("name")));
        DATABASE.run("update app.customer set name = 'Anna' where no = '1'", "delete from app.customer where no = '2'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"name__c\": \"Anna\"}", "Contact 2 delete {}");
    }

    @Test
    void aDeleteThatASecondLoadOverlappedIsStillADelete() throws SQLException {
        startSettled(customers("name"));
        DATABASE.run(
                "delete from app.customer where no = '1'",
                "insert into sluice.change_log (source, keys, records, op) values ('app.customer', '{1}', 1, 'S')");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 delete {}");
    }

    @Test
    void aDrainReadsWhatItMovesWhateverTheStatisticsSay() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("insert into app.customer select n, 'Name', 'City', 'gold' from generate_series(10, 5009) as n");
        startSettled(customers("name", "city"));
        DATABASE.run(
                "analyze sluice.change_log",
                "analyze sluice.outbox",
                "analyze sluice.dead_letter",
                "update app.customer set name = 'Other'");
        String drain = DrainSql.of(
                        capture.source("app.customer").orElseThrow(), WriteDebounce.NONE, ChangeLog.Taking.OLDEST)
                .replaceFirst("\\?", "10000")
                .replaceFirst("\\?", "0");
        String plan = DATABASE.sluice()
                .planned(connection -> String.join(
                        "\n",
                        Database.query(connection, "explain (analyze, timing off) " + drain, row -> row.getString(1))));
        assertThat(plan)
                .contains("actual rows=5002 ")
                .doesNotContain("Rows Removed by Join Filter")
                .doesNotContainPattern("actual rows=\\d{5}")
                .doesNotContainPattern("Seq Scan on (?!folded)\\w+");
    }

    @Test
    void aDrainOfFewChangesDoesNotReadTheWholeTable() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("insert into app.customer select n, 'Name', 'City', 'gold' from generate_series(10, 5009) as n");
        startSettled(customers("name", "city"));
        DATABASE.run("analyze app.customer", "update app.customer set name = 'Other' where no between '1' and '1999'");
        String plan = DATABASE.sluice()
                .planned(connection -> String.join(
                        "\n",
                        Database.query(
                                connection,
                                "explain (analyze, timing off) "
                                        + DrainSql.of(
                                                        capture.source("app.customer")
                                                                .orElseThrow(),
                                                        WriteDebounce.NONE,
                                                        ChangeLog.Taking.OLDEST)
                                                .replaceFirst("\\?", "5000")
                                                .replaceFirst("\\?", "0"),
                                row -> row.getString(1))));
        assertThat(plan).contains("Index Scan using customer_pkey").doesNotContain("rows=5002 ");
    }

    @Test
    void newChangesDoNotWaitBehindALargeBacklog() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("insert into app.customer select n, 'Name', 'City', 'gold' from generate_series(10, 9009) as n");
        for (int i = 0; i < 600; i++) {
            DATABASE.run("update app.customer set name = 'Early' where no = '" + (10 + i) + "'");
        }
        capture.drain("app.customer");
        DATABASE.run("update app.customer set name = 'Anna' where no = '1'");
        capture.drain("app.customer");
        assertThat(outbox()).contains("Contact 1 upsert {\"name__c\": \"Anna\"}");
        assertThat(capture.backlog("app.customer")).isPositive();
        while (drain() > 0) {
            assertThat(capture.backlog("app.customer")).isNotNegative();
        }
        assertThat(DATABASE.text("select count(*) from sluice.outbox where fields ->> 'name__c' = 'Early'"))
                .isEqualTo("600");
        assertThat(DATABASE.text("select count(*) from sluice.outbox")).isEqualTo("9001");
    }

    @Test
    void aFieldKeepsTheTimeOfItsLastChangeInWhateverOrderChangesAreTaken() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run(
                "update app.customer set name = 'A', city = 'X' where no = '1'",
                "update sluice.change_log set records = 2");
        DATABASE.run("update app.customer set name = 'B' where no = '1'");
        String last = DATABASE.text("select max(changed_at) from sluice.change_log");
        DATABASE.sluice()
                .transaction(connection -> Database.query(
                        connection,
                        DrainSql.of(
                                capture.source("app.customer").orElseThrow(),
                                WriteDebounce.NONE,
                                ChangeLog.Taking.NEWEST),
                        row -> null,
                        10,
                        0L));
        drain();
        assertThat(DATABASE.text("select (stamps ->> 'name__c')::timestamptz from sluice.outbox"))
                .isEqualTo(last);
        assertThat(DATABASE.text("select (stamps ->> 'city__c')::timestamptz < (stamps ->> 'name__c')::timestamptz"
                        + " from sluice.outbox"))
                .isEqualTo("t");
    }

    @Test
    void aDrainLastsAboutATenthOfASecond() {
        assertThat(TableDrain.next(2_000, 2_000, Duration.ofMillis(50), TableDrain.TARGET_TIME, 20_000))
                .isEqualTo(4_000);
        assertThat(TableDrain.next(2_000, 2_000, Duration.ofMillis(80), TableDrain.TARGET_TIME, 20_000))
                .isEqualTo(2_500);
        assertThat(TableDrain.next(2_000, 2_000, Duration.ofSeconds(5), TableDrain.TARGET_TIME, 20_000))
                .as("not at one slow turn")
                .isEqualTo(1_000);
        assertThat(TableDrain.next(600, 600, Duration.ofSeconds(5), TableDrain.TARGET_TIME, 20_000))
                .isEqualTo(500);
        assertThat(TableDrain.next(15_000, 15_000, Duration.ofMillis(1), TableDrain.TARGET_TIME, 20_000))
                .isEqualTo(20_000);
        assertThat(TableDrain.next(100, 100, Duration.ofSeconds(5), TableDrain.TARGET_TIME, 100))
                .as("the setting is less")
                .isEqualTo(100);
    }

    @Test
    void changesOfOneRecordBecomeOneRowInWhichTheLastValueWins() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run(
                "update app.customer set name = 'A' where no = '1'",
                "update app.customer set city = 'X' where no = '1'",
                "update app.customer set name = 'B' where no = '1'");
        assertThat(drain()).isEqualTo(3);
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": \"X\", \"name__c\": \"B\"}");
    }

    /**
     * The application's own trigger sets a field back in the transaction that applies a CRM's change of another one. The field
     * equals the base, but not what is about to be written.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFieldThatATriggerSetsBackReplacesTheValueThatWaitsOrIsInFlight(boolean inFlight) throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("update app.customer set city = 'Rome' where no = '1'");
        drain();
        if (inFlight) {
            DATABASE.run(
                    "update sluice.outbox set operation = null, fields = '{}', inflight = fields, inflight_operation = 'upsert',"
                            + " inflight_since = since, inflight_stamps = stamps, stamps = '{}', lease = gen_random_uuid(),"
                            + " lease_until = now() + interval '1 minute'");
        }
        DATABASE.run("begin; set local sluice.origin = 's';"
                + " update app.customer set name = 'Anna', city = 'Oslo' where no = '1'; commit");
        DATABASE.run("update sluice.sync_state set base = base || '{\"name__c\": \"Anna\"}' where key = '1'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": \"Oslo\"}");
    }

    @Test
    void changesOfLaterDrainsMergeIntoWhatWaits() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("update app.customer set name = 'A', city = 'X' where no = '1'");
        drain();
        String since = DATABASE.text("select since from sluice.outbox");
        String stamp = DATABASE.text("select stamps ->> 'city__c' from sluice.outbox");
        DATABASE.run("update app.customer set name = 'B' where no = '1'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": \"X\", \"name__c\": \"B\"}");
        assertThat(DATABASE.text("select since from sluice.outbox"))
                .as("the oldest unsent time stays")
                .isEqualTo(since);
        assertThat(DATABASE.text("select stamps ->> 'city__c' from sluice.outbox"))
                .isEqualTo(stamp);
        assertThat(DATABASE.text("select stamps ->> 'name__c' > stamps ->> 'city__c' from sluice.outbox"))
                .isEqualTo("t");
    }

    /** The outer statement's trigger fires after the inner one's, whose value is the newer. */
    @Test
    void aValueThatTheApplicationsOwnTriggerWritesLaterIsNotOvertaken() throws SQLException {
        DATABASE.run(
                "create function app.slug() returns trigger language plpgsql as $$ begin"
                        + " update app.customer set city = upper(new.name) where no = new.no; return null; end $$",
                "create trigger slug after insert on app.customer for each row execute function app.slug()");
        startSettled(customers("name", "city"));
        DATABASE.run("insert into app.customer (no, name) values ('3', 'Cid')");
        drain();
        assertThat(outbox()).containsExactly("Contact 3 upsert {\"city__c\": \"CID\", \"name__c\": \"Cid\"}");
    }

    @Test
    void aNullIsSentAndAnAbsentFieldIsNot() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("update app.customer set city = null where no = '1'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": null}");
    }

    @Test
    void aDeleteClearsTheWaitingFields() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("update app.customer set name = 'A' where no = '1'");
        drain();
        DATABASE.run("delete from app.customer where no = '1'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 delete {}");
        assertThat(DATABASE.text(
                        "select jsonb_object_agg(name, true) from sluice.outbox, jsonb_object_keys(stamps) as name"))
                .as("only the time of the delete")
                .isEqualTo("{\"*\": true}");
    }

    @Test
    void anInsertAfterADeleteCarriesTheWholeRow() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("delete from app.customer where no = '1'");
        drain();
        DATABASE.run("insert into app.customer values ('1', 'New', null)");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": null, \"name__c\": \"New\"}");
    }

    @Test
    void aDeleteAndAnInsertInOneBatchCarryTheWholeRow() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run(
                "delete from app.customer where no = '1'",
                "insert into app.customer values ('1', 'New', null)",
                "update app.customer set name = 'Newer' where no = '1'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": null, \"name__c\": \"Newer\"}");
    }

    @Test
    void deletesThatAreKeptAreNotEntered() throws SQLException {
        Sync sync = customers("name");
        sync.setDeletes("keep");
        startSettled(sync);
        DATABASE.run("delete from app.customer");
        drain();
        assertThat(outbox()).isEmpty();
    }

    @Test
    void aRecordThatTheCrmNeverTookIsSentWhole() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run("delete from sluice.sync_state where key = '1'", "update app.customer set name = 'A'");
        drain();
        assertThat(outbox())
                .containsExactly(
                        "Contact 1 upsert {\"city__c\": \"Oslo\", \"name__c\": \"A\"}",
                        "Contact 2 upsert {\"name__c\": \"A\"}");
    }

    @Test
    void theDeadLettersFieldsGoWithTheNextChangeAndTheDeadLetterGoes() throws SQLException {
        startSettled(customers("name", "city"));
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps) values ('crm',"
                        + " 'Contact', '1', 's', 'upsert', '{\"city__c\": \"dead\", \"name__c\": \"dead\"}', '{}')");
        DATABASE.run("update app.customer set name = 'A' where no = '1'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": \"dead\", \"name__c\": \"A\"}");
        assertThat(DATABASE.texts("select key from sluice.dead_letter")).isEmpty();
    }

    /** An operator's values that were edited into a dead letter and not replayed, because the table rejects one, or not yet. */
    private static void editedLetter() throws SQLException {
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, edited_fields)"
                        + " values ('crm', 'Contact', '1', 's', 'upsert', '{\"name__c\": \"edited\"}', '{}', '{name__c}')");
    }

    @Test
    void anEditThatWasNotReplayedIsNotSentWithTheNextChange() throws SQLException {
        startSettled(customers("name", "city"));
        editedLetter();
        DATABASE.run("update app.customer set city = 'Ulm' where no = '1'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": \"Ulm\", \"name__c\": \"Ann\"}");
        assertThat(DATABASE.text("select jsonb_exists_all(stamps, '{city__c,name__c}') from sluice.outbox"))
                .as("times of the changes")
                .isEqualTo("t");
        assertThat(DATABASE.texts("select key from sluice.dead_letter")).isEmpty();
    }

    @Test
    void anEditThatWasNotReplayedIsNotSentWithWhatATriggerOfTheTableChanged() throws SQLException {
        startSettled(customers("name", "city"));
        editedLetter();
        DATABASE.run(
                "begin; set local sluice.origin = 's'; update app.customer set city = 'Ulm' where no = '1'; commit",
                "update sluice.sync_state set base = base || '{\"city__c\": \"Berlin\"}' where key = '1'");
        drain();
        assertThat(outbox()).containsExactly("Contact 1 upsert {\"city__c\": \"Ulm\", \"name__c\": \"Ann\"}");
        assertThat(DATABASE.texts("select key from sluice.dead_letter")).isEmpty();
    }

    @Test
    void anEditWaitsWhileTheCrmOrAnotherSyncChangesTheRow() throws SQLException {
        Sync other = customers("tier");
        other.setName("other");
        other.setObject("Lead");
        startSettled(customers("name", "city"), other);
        editedLetter();
        DATABASE.run(
                "begin; set local sluice.origin = 's'; update app.customer set city = 'Ulm' where no = '1'; commit",
                "update sluice.sync_state set base = base || '{\"city__c\": \"Ulm\"}' where key = '1'");
        drain();
        DATABASE.run("update app.customer set tier = 'tin' where no = '1'");
        drain();
        assertThat(outbox()).containsExactly("Lead 1 upsert {\"tier__c\": \"tin\"}");
        assertThat(DATABASE.texts("select fields from sluice.dead_letter"))
                .containsExactly("{\"name__c\": \"edited\"}");
    }

    @Test
    void theDeleteOfARecordInTheDeadLettersCountsAsTried() throws SQLException {
        startSettled(customers("name"));
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps) values ('crm',"
                        + " 'Contact', '1', 's', 'upsert', '{\"name__c\": \"dead\"}', '{}')",
                "delete from app.customer");
        drain();
        assertThat(DATABASE.texts("select concat_ws(' ', key, operation, attempts) from sluice.outbox order by key"))
                .containsExactly("1 delete 1", "2 delete 0");
    }

    @Test
    void aDeadLetterStaysWhenOnlyAnotherSyncsFieldsChange() throws SQLException {
        Sync other = customers("city");
        other.setName("other");
        other.setObject("Lead");
        startSettled(customers("name"), other);
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps) values ('crm',"
                        + " 'Contact', '1', 's', 'upsert', '{\"name__c\": \"dead\"}', '{}')");
        DATABASE.run("update app.customer set city = 'X' where no = '1'");
        drain();
        assertThat(outbox()).containsExactly("Lead 1 upsert {\"city__c\": \"X\"}");
        assertThat(DATABASE.texts("select object from sluice.dead_letter")).containsExactly("Contact");
    }

    @Test
    void severalSyncsOfATableEachTakeTheirOwnColumns() throws SQLException {
        Sync other = customers("city", "name");
        other.setName("other");
        other.setObject("Lead");
        other.setFields(Map.of("city", "Town", "name", "FullName"));
        startSettled(customers("name"), other);
        DATABASE.run(
                "update app.customer set name = 'A', city = 'X' where no = '1'",
                "update app.customer set city = 'Y' where no = '2'");
        drain();
        assertThat(outbox())
                .containsExactly(
                        "Contact 1 upsert {\"name__c\": \"A\"}",
                        "Lead 1 upsert {\"Town\": \"X\", \"FullName\": \"A\"}",
                        "Lead 2 upsert {\"Town\": \"Y\"}");
    }

    @Test
    void conditionsOverTheRowSetThePriorityAndTheHighestWins() throws SQLException {
        Sync sync = customers("name", "city", "tier");
        sync.setCritical("tier = 'gold'");
        sync.setHigh("customer.tier = 'silver'");
        sync.setLow("tier = 'tin'");
        startSettled(sync);
        DATABASE.run(
                "insert into app.customer values ('3', '', '', 'silver'), ('4', '', '', 'tin')",
                "update app.customer set name = name || '!'");
        drain();
        assertThat(DATABASE.texts("select priority from sluice.outbox order by key"))
                .containsExactly("0", "2", "1", "3");
        DATABASE.run("update app.customer set tier = 'tin' where no = '1'");
        drain();
        assertThat(DATABASE.text("select priority from sluice.outbox where key = '1'"))
                .isEqualTo("0");
    }

    @Test
    void aFirstLoadIsNoMoreUrgentThanNormalUntilOneOfItsRowsChanges() throws SQLException {
        Sync sync = customers("name", "tier");
        sync.setCritical("tier is not null");
        sync.setLow("tier is null");
        DATABASE.run("insert into app.customer values ('3', '', '', null)");
        capture.start(List.of(sync));
        drain();
        assertThat(DATABASE.texts("select priority from sluice.outbox order by key"))
                .containsExactly("2", "2", "3");
        DATABASE.run("update app.customer set name = 'Anna' where no = '1'");
        drain();
        assertThat(DATABASE.texts("select priority from sluice.outbox order by key"))
                .containsExactly("0", "2", "3");
    }

    @Test
    void aDrainTakesOfTheNewestAndOfTheOldestAndLeavesTheRest() throws SQLException {
        capture = new Capture(DATABASE.sluice(), 1, WriteDebounce.NONE);
        startSettled(customers("name"));
        DATABASE.run(
                "update app.customer set name = 'A' where no = '2'",
                "update app.customer set name = 'B' where no = '2'",
                "update app.customer set name = 'C' where no = '1'");
        assertThat(drain()).isEqualTo(2);
        assertThat(outbox())
                .containsExactly("Contact 1 upsert {\"name__c\": \"C\"}", "Contact 2 upsert {\"name__c\": \"B\"}");
        assertThat(drain()).isEqualTo(1);
        assertThat(drain()).isZero();
    }

    @Test
    void ofTwoConcurrentDrainsOneGetsNothing() throws Exception {
        startSettled(customers("name"));
        DATABASE.run("update app.customer set name = 'A' where no = '1'");
        try (Connection first = DATABASE.application();
                Statement statement = first.createStatement()) {
            first.setAutoCommit(false);
            statement.execute("select pg_advisory_xact_lock(hashtext('sluice.drain'), hashtext('app.customer'))");
            assertThat(drain()).isZero();
            first.rollback();
        }
        assertThat(drain()).isEqualTo(1);
    }

    @Test
    void aDrainKilledInTheMiddleLosesAndDoublesNothing() throws Exception {
        startSettled(customers("name"));
        DATABASE.run("update app.customer set name = 'A'");
        drain();
        DATABASE.run("update app.customer set name = 'B'");
        try (Connection blocker = DATABASE.application();
                Statement statement = blocker.createStatement()) {
            blocker.setAutoCommit(false);
            statement.execute("select from sluice.outbox where key = '2' for update");
            CompletableFuture<Integer> drain = CompletableFuture.supplyAsync(() -> {
                try {
                    return drain();
                } catch (SQLException killed) {
                    throw new IllegalStateException(killed);
                }
            });
            String waiting = "select pid from pg_stat_activity where datname = current_database()"
                    + " and wait_event_type = 'Lock' and query like 'with taken%'";
            Awaitility.await().until(() -> !DATABASE.texts(waiting).isEmpty());
            DATABASE.texts("select pg_terminate_backend(pid) from (" + waiting + ") as drainer");
            assertThatThrownBy(() -> drain.get(10, TimeUnit.SECONDS)).hasMessageContaining("terminating connection");
            blocker.rollback();
        }
        assertThat(capture.backlog("app.customer")).isEqualTo(2);
        assertThat(outbox()).allMatch(row -> row.contains("\"A\""));
        assertThat(drain()).isEqualTo(2);
        assertThat(outbox()).hasSize(2).allMatch(row -> row.contains("\"B\""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "text|'a'|'b \"q\" \\ü''\t'|\"b \\\"q\\\" \\\\ü'\\t\"",
                "text|'a'|E'two\\nlines \\x01'|\"two\\nlines \\u0001\"",
                "varchar(9)|'a'|'b'|\"b\"",
                "char(5)|'a'|'b'|\"b\"",
                "numeric|1|123456789012345678901234567890.123456789|123456789012345678901234567890.123456789",
                "numeric(10,2)|1|1.5|1.50",
                "numeric|1|'NaN'|\"NaN\"",
                "int|1|-2|-2",
                "smallint|1|2|2",
                "bigint|1|9223372036854775807|9223372036854775807",
                "real|1|0.1|0.1",
                "float8|1|1e300|1e300",
                "float8|1|'Infinity'|\"Infinity\"",
                "boolean|true|false|false",
                "date|'2024-01-01'|'2024-06-30'|\"2024-06-30\"",
                "date|'2024-01-01'|'0044-03-15 BC'|\"0044-03-15 BC\"",
                "date|'2024-01-01'|'infinity'|\"infinity\"",
                "timestamp|'2024-01-01'|'2024-06-30 12:00:00.123456'|\"2024-06-30T10:00:00.123Z\"",
                "timestamp|'2024-01-01'|'infinity'|\"infinity\"",
                "timestamptz|'2024-01-01Z'|'2024-06-30 12:00+02'|\"2024-06-30T10:00:00.000Z\"",
                "timestamptz|'2024-01-01Z'|'-infinity'|\"-infinity\"",
                "timestamptz|'2024-01-01Z'|'0044-03-15 00:00+00 BC'|\"0044-03-15T00:00:00 BC\"",
                "uuid|'00000000-0000-0000-0000-000000000001'|'A0000000-0000-0000-0000-000000000002'"
                        + "|\"a0000000-0000-0000-0000-000000000002\"",
                "app.mood|'sad'|'so so'|\"so so\"",
                "app.email|'a@b'|'c@d'|\"c@d\"",
                "app.nested|1|2|2",
                "json|'{}'|'{\"a\": 1}'|\"{\\\"a\\\": 1}\"",
                "jsonb|'{}'|'{\"a\":1}'|\"{\\\"a\\\": 1}\"",
                "time|'10:00'|'11:30'|\"11:30:00\"",
                "inet|'10.0.0.1'|'192.168.0.1'|\"192.168.0.1\"",
                "inet|'10.0.0.1'|'192.168.0.0/24'|\"192.168.0.0/24\"",
                "xml|'<a/>'|'<b>ä</b>'|\"<b>ä</b>\"",
                "int4range|'[1,2)'|'[3,5)'|\"[3,5)\"",
            })
    void aValueOfEachTypeReachesTheOutboxAsTheCrmNeedsIt(String type, String before, String after, String json)
            throws SQLException {
        DATABASE.run(
                "create type app.mood as enum ('sad', 'so so')",
                "create domain app.email as text",
                "create domain app.inner_int as int",
                "create domain app.nested as app.inner_int check (value > 0)",
                "create table app.t (id int primary key, v " + type + ")",
                "insert into app.t values (1, " + before + ")");
        Sync sync = sync("app.t", "id", "v");
        sync.setTimeZone("Europe/Berlin");
        startSettled(sync);
        DATABASE.run("update app.t set v = v", "update app.t set v = " + after);
        assertThat(drain()).as("a value that stays is no change").isEqualTo(1);
        Object sent =
                Json.fields(DATABASE.text("select fields from sluice.outbox")).get("v__c");
        if (sent instanceof Number) {
            assertThat(new BigDecimal(sent.toString())).isEqualByComparingTo(json);
        } else {
            assertThat(Json.text(sent)).isEqualTo(json);
        }
        DATABASE.run("update app.t set v = null");
        drain();
        assertThat(DATABASE.text("select fields from sluice.outbox")).isEqualTo("{\"v__c\": null}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"})
    void datesNeverShiftAndMomentsStayWhateverTheSessionsZone(String zone) throws SQLException {
        DATABASE.run(
                "create table app.t (id int primary key, day date, moment timestamptz)",
                "insert into app.t values (1, '2024-01-01', now())");
        startSettled(sync("app.t", "id", "day", "moment"));
        DATABASE.run(
                "set timezone = '" + zone + "'; update app.t set day = '2024-02-29', moment = '2024-02-29 23:30:00Z'");
        drain();
        assertThat(Json.fields(DATABASE.text("select fields from sluice.outbox")))
                .isEqualTo(Map.of("day__c", "2024-02-29", "moment__c", "2024-02-29T23:30:00.000Z"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "app.mood|'sad'",
                "app.email|'a@b'",
                "app.nested|1",
                "varchar(9)|'a'",
                "char(9)|'a'",
                "uuid|gen_random_uuid()",
                "bigint|1",
                "numeric|1.5",
                "date|'2024-02-29'",
                "text|'quote '' \" \\ ü'"
            })
    void aKeyOfAnySteadyTypeFindsItsRow(String type, String value) throws SQLException {
        DATABASE.run(
                "create type app.mood as enum ('sad', 'so so')",
                "create domain app.email as text",
                "create domain app.inner_int as int",
                "create domain app.nested as app.inner_int check (value > 0)",
                "create table app.t (id " + type + " primary key, v text)",
                "insert into app.t values (" + value + ", 'a')");
        startSettled(sync("app.t", "id", "v"));
        DATABASE.run("update app.t set v = 'b'");
        drain();
        assertThat(outbox()).singleElement().asString().endsWith("upsert {\"v__c\": \"b\"}");
    }

    @Test
    void namesWithQuotesSpacesCaseAndPercentSignsWork() throws SQLException {
        String table = "My \"odd\" tablé %s";
        String column = "it's \"a\" \\ %I col\tumn?";
        Sync sync = sync("app." + table, "The Key", column);
        sync.setCritical("\"The Key\" = 'b''%'");
        DATABASE.run("create table app.\"" + table.replace("\"", "\"\"") + "\" (\"The Key\" text primary key, \""
                + column.replace("\"", "\"\"") + "\" text)");
        startSettled(sync);
        DATABASE.run("insert into app.\"" + table.replace("\"", "\"\"") + "\" values ('b''%', 'v')");
        drain();
        assertThat(DATABASE.text("select key || priority from sluice.outbox")).isEqualTo("b'%0");
        assertThat(Json.fields(DATABASE.text("select fields from sluice.outbox")))
                .isEqualTo(Map.of(column + "__c", "v"));
        DATABASE.run("truncate app.\"" + table.replace("\"", "\"\"") + "\"");
        drain();
        assertThat(DATABASE.text("select operation from sluice.outbox")).isEqualTo("delete");
    }

    @Test
    void tablesNamedAsOurOwnAliasesWork() throws SQLException {
        DATABASE.run(
                "create table app.folded (key text primary key, f text)",
                "create table app.batch (batch text primary key, t text)");
        Sync batch = sync("app.batch", "batch", "t");
        batch.setName("batch");
        batch.setObject("Batch");
        startSettled(sync("app.folded", "key", "f"), batch);
        DATABASE.run("insert into app.folded values ('1', 'x')", "insert into app.batch values ('2', 'y')");
        drain();
        assertThat(outbox()).containsExactly("Batch 2 upsert {\"t__c\": \"y\"}", "Contact 1 upsert {\"f__c\": \"x\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tags text[]|array",
                "raw bytea|binary",
                "place app.place|composite",
                "price money|money",
                "span interval|interval",
                "tags app.tags|array"
            })
    void unsupportedTypesAreReportedByName(String column, String reason) throws SQLException {
        DATABASE.run(
                "create type app.place as (x int, y int)",
                "create domain app.tags as text[]",
                "create table app.t (id int primary key, " + column + ")");
        String name = column.substring(0, column.indexOf(' '));
        assertThat(capture.check(List.of(sync("app.t", "id", name))))
                .singleElement()
                .asString()
                .contains("sync 's': column '" + name + "' is")
                .contains(reason);
    }

    @Test
    void wrongNamesAreAnsweredWithTheNearestRightOnes() throws SQLException {
        Sync condition = customers("name");
        condition.setCritical("teir = 'gold'");
        Map<Sync, List<String>> expected = new LinkedHashMap<>();
        expected.put(
                sync("app.custommer", "no", "name"), List.of("no table 'app.custommer'", "did you mean app.customer"));
        expected.put(customers("nmae"), List.of("has no column 'nmae'", "did you mean name"));
        expected.put(sync("app.customer", "nr", "name"), List.of("has no key 'nr'", "did you mean no"));
        expected.put(
                sync("app.customer", "city", "name"), List.of("must be unique and not null", "unique columns are no"));
        expected.put(condition, List.of("condition critical", "column \"teir\" does not exist"));
        for (Map.Entry<Sync, List<String>> entry : expected.entrySet()) {
            assertThat(capture.check(List.of(entry.getKey())))
                    .singleElement()
                    .asString()
                    .contains(entry.getValue());
        }
    }

    @Test
    void aKeyWithAVaryingTextIsRejected() throws SQLException {
        DATABASE.run("create table app.t (id timestamptz primary key, name text)");
        assertThat(capture.check(List.of(sync("app.t", "id", "name"))))
                .singleElement()
                .asString()
                .contains("key 'id' is of type timestamptz");
    }
}
