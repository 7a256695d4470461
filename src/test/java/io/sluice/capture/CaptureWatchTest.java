// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static io.sluice.capture.CaptureTest.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.Sync;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.Pause;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests what the capture watch finds, reports and repairs. */
class CaptureWatchTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Capture capture =
            new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE, InitialExportJobs.NONE, Duration.ZERO, 20);
    private final Sync sync = sync("app.t", "id", "name", "city");

    @BeforeEach
    void rows() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.t (id int primary key, name text, city text)",
                "insert into app.t select n, 'n', 'c' from generate_series(1, 100) as n");
    }

    private void settled(Sync... syncs) throws SQLException {
        capture.start(List.of(syncs));
        drain();
        DATABASE.run(
                "insert into sluice.sync_state (account, object, key, sync, base)"
                        + " select account, object, key, sync, fields from sluice.outbox",
                "delete from sluice.outbox");
    }

    private void drain() throws SQLException {
        for (String table : capture.tables()) {
            while (capture.drain(table) > 0) {
                assertThat(capture.backlog(table)).isNotNegative();
            }
        }
    }

    private static List<String> outbox() throws SQLException {
        return DATABASE.texts("select concat_ws(' ', operation, key) from sluice.outbox order by 1");
    }

    private static void swap(String rows) throws SQLException {
        DATABASE.run(
                "create table app.t2 (like app.t including all)",
                "insert into app.t2 " + rows,
                "begin; drop table app.t; alter table app.t2 rename to t; commit");
    }

    @Test
    void changesByATableSwapAreFoundDeletedRowsIncluded() throws SQLException {
        settled(sync);
        swap("select id, name, case id when 7 then 'other' else city end from app.t where id <> 9");
        capture.watch();
        drain();
        assertThat(outbox()).containsExactly("delete 9", "upsert 7");
        assertThat(capture.state(sync))
                .extracting("lastComparison")
                .asString()
                .contains("relation app.t was replaced", "missed=1", "gone=1");
        DATABASE.run("delete from sluice.outbox", "update app.t set name = 'seen' where id = 1");
        drain();
        assertThat(outbox()).containsExactly("upsert 1");
    }

    @Test
    void aTableThatIsSuddenlyEmptyPausesItsSyncUntilSomebodyWantsTheDeletes() throws SQLException {
        settled(sync);
        swap("select * from app.t limit 0");
        PauseStore pauseStore = new PauseStore(DATABASE.sluice());
        for (int look = 0; look < 3; look++) {
            capture.watch();
            drain();
            assertThat(outbox()).isEmpty();
        }
        assertThat(pauseStore.find(Pause.Kind.SYNC, "s").orElseThrow().reason())
                .contains("100 of 100 known records have no row in app.t any more", "resume the sync to delete them");
        pauseStore.resume(Pause.Kind.SYNC, "s");
        capture.watch();
        drain();
        assertThat(outbox()).hasSize(100).contains("delete 1");
        assertThat(pauseStore.find(Pause.Kind.SYNC, "s")).isEmpty();
    }

    @Test
    void moreMissingRowsThanTheSettingAllowsPauseTheSyncUntilTheyAreBack() throws SQLException {
        settled(sync);
        swap("select * from app.t where id > 30");
        capture.watch();
        PauseStore pauseStore = new PauseStore(DATABASE.sluice());
        assertThat(pauseStore.find(Pause.Kind.SYNC, "s").orElseThrow().by()).isEqualTo(Pause.By.CAPTURE);
        DATABASE.run("insert into app.t select n, 'n', 'c' from generate_series(1, 30) as n");
        capture.watch();
        drain();
        assertThat(pauseStore.find(Pause.Kind.SYNC, "s")).isEmpty();
        assertThat(DATABASE.texts("select key from sluice.outbox where operation = 'delete'"))
                .isEmpty();
    }

    @Test
    void aConditionWhoseColumnWentStopsItsSyncInWordsUntilTheColumnIsBack() throws SQLException {
        DATABASE.run("alter table app.t add column vip boolean");
        sync.setCritical("vip");
        settled(sync);
        DATABASE.run("alter table app.t drop column vip", "update app.t set name = 'later' where id = 3");
        for (int look = 0; look < 3; look++) {
            drain();
            capture.watch();
        }
        assertThat(capture.problem(sync))
                .contains("the condition critical is no SQL condition", "column \"vip\" does not exist");
        assertThat(outbox()).isEmpty();
        DATABASE.run("alter table app.t add column vip boolean default true");
        capture.watch();
        drain();
        assertThat(capture.problem(sync)).isNull();
        assertThat(outbox()).containsExactly("upsert 3");
        DATABASE.run("update app.t set name = 'again' where id = 4");
        drain();
        assertThat(outbox()).containsExactly("upsert 3", "upsert 4");
    }

    @Test
    void oneSyncWithoutItsColumnStopsAloneAndSaysSo() throws SQLException {
        Sync names = sync("app.t", "id", "name");
        names.setName("names");
        names.setObject("Lead");
        settled(sync, names);
        DATABASE.run(
                "alter table app.t rename column city to town", "update app.t set name = 'x', town = 'y' where id = 1");
        capture.watch();
        assertThat(capture.problem(sync)).contains("sync 's': table 'app.t' has no column 'city'");
        assertThat(capture.problem(names)).isNull();
        assertThatThrownBy(() -> capture.source(sync))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("sync s is stopped");
        drain();
        assertThat(DATABASE.texts("select object || ' ' || key from sluice.outbox"))
                .containsExactly("Lead 1");
        DATABASE.run("alter table app.t rename column town to city");
        capture.watch();
        drain();
        assertThat(DATABASE.texts("select object || ' ' || key || ' ' || (fields ->> 'city__c') from sluice.outbox"
                        + " where object = 'Contact'"))
                .containsExactly("Contact 1 y");
        assertThat(capture.problems()).isEmpty();
    }

    @Test
    void rowsHiddenByAPolicyAreReportedAndNeverCountAsDeleted() throws SQLException {
        DATABASE.run("set client_min_messages = warning; drop role if exists guest; create role guest login;"
                + " grant usage, create on schema app to guest; grant usage on schema sluice to guest;"
                + " grant all on all tables in schema sluice to guest; grant create on schema sluice to guest;"
                + " grant all on all sequences in schema sluice to guest; alter table app.t owner to guest");
        try (Database guest = DATABASE.as("guest")) {
            Capture theirs = new Capture(guest, 1_000, WriteDebounce.NONE, InitialExportJobs.NONE, Duration.ZERO, 100);
            theirs.start(List.of(sync));
            while (theirs.drain("app.t") > 0) {
                assertThat(theirs.problems()).isEmpty();
            }
            DATABASE.run(
                    "insert into sluice.sync_state (account, object, key, sync, base)"
                            + " select account, object, key, sync, fields from sluice.outbox",
                    "delete from sluice.outbox",
                    "alter table app.t enable row level security, force row level security",
                    "update app.t set name = 'x' where id = 1");
            assertThat(theirs.drain("app.t")).isZero();
            theirs.watch();
            assertThat(theirs.problem(sync)).contains("row level security of table 'app.t' hides rows from guest");
            DATABASE.run(
                    "truncate app.t",
                    "insert into app.t values (1, 'back', 'c')",
                    "alter table app.t no force row level security");
            theirs.watch();
            assertThat(theirs.problem(sync)).isNull();
            theirs.drain("app.t");
            assertThat(outbox()).contains("upsert 1").doesNotContain("delete 1");
        } finally {
            DATABASE.run("drop owned by guest cascade; drop role guest");
        }
    }

    @Test
    void aTableThatCanNotBeReadIsSaidAndNoRowOfItBecomesADeadLetter() throws SQLException {
        DATABASE.run(
                "set client_min_messages = warning; drop role if exists other; create role other",
                "create function app.gold(text) returns boolean language sql as 'select true'");
        sync.setCritical("app.gold(name)");
        settled(sync);
        DATABASE.run("drop function app.gold", "update app.t set name = 'x' where id < 20");
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            capture.drain("app.t");
            return capture.backlog("app.t") == 0 || capture.problem(sync) != null;
        });
        assertThat(DATABASE.texts("select key from sluice.dead_letter")).isEmpty();
    }

    @Test
    void aTableThatCanBeReadAgainIsNoProblemAlthoughNothingWaits() throws SQLException {
        settled(sync);
        DATABASE.run("alter table sluice.change_log rename to hidden_log");
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            capture.drain("app.t");
            return capture.problem(sync) != null;
        });
        DATABASE.run("alter table sluice.hidden_log rename to change_log");
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            capture.drain("app.t");
            return capture.problem(sync) == null;
        });
        assertThat(capture.problems()).isEmpty();
    }

    @Test
    void aSecondReplicaTakesOverWhatTheFirstHasPutBack() throws SQLException {
        settled(sync);
        Capture second =
                new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE, InitialExportJobs.NONE, Duration.ZERO, 20);
        second.start(List.of(sync));
        DATABASE.run("alter table app.t alter column city type int using 5");
        capture.watch();
        second.watch();
        second.watch();
        DATABASE.run("update app.t set city = 6 where id = 3");
        while (second.drain("app.t") > 0) {
            assertThat(second.problems()).isEmpty();
        }
        assertThat(DATABASE.text("select fields ->> 'city__c' from sluice.outbox where key = '3'"))
                .isEqualTo("6");
        assertThat(DATABASE.text("select count(*) from sluice.outbox")).isEqualTo("100");
    }

    @Test
    void aTableThatNothingHappenedToIsNotCompared() throws SQLException {
        settled(sync);
        DATABASE.run(
                "vacuum full app.t",
                "analyze app.t",
                "create index on app.t (name)",
                "reindex table app.t",
                "update app.t set name = 'x' where id = 1");
        capture.watch();
        assertThat(capture.state(sync)).extracting("lastComparison").asString().isEqualTo("{}");
    }

    /** Rows change although no statement writes them, so that no trigger fires. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "app.colour | red | alter type app.colour rename value 'red' to 'crimson'",
                "app.tint | red | alter type app.colour rename value 'red' to 'crimson'",
                "app.shades | [red,red] | alter type app.colour rename value 'red' to 'crimson'"
            })
    void rowsThatChangeWithTheirTypeAreFound(String type, String value, String statement) throws SQLException {
        DATABASE.run(
                "create type app.colour as enum ('blue', 'red')",
                "create domain app.tint as app.colour",
                "create type app.shades as range (subtype = app.colour)",
                "create table app.tones (id int primary key, tone " + type + ")",
                "insert into app.tones select n, case when n in (3, 4) then '" + value + "'::" + type + " end"
                        + " from generate_series(1, 20) as n");
        Sync tones = sync("app.tones", "id", "tone");
        settled(tones);
        capture.watch();
        DATABASE.run(statement);
        capture.watch();
        drain();
        assertThat(outbox()).containsExactly("upsert 3", "upsert 4");
        assertThat(DATABASE.text("select fields ->> 'tone__c' from sluice.outbox where key = '3'"))
                .contains("crimson");
        assertThat(capture.state(tones))
                .extracting("lastComparison")
                .asString()
                .contains("type app.colour was altered");
    }

    @Test
    void aFunctionThatDidNothingForAWhileIsFound() throws SQLException {
        settled(sync);
        DATABASE.run(
                """
                do $$
                declare made text;
                begin
                    select pg_get_functiondef(p.oid) into made from pg_proc p where p.proname = 'capture_app.t_update';
                    create or replace function sluice."capture_app.t_update"() returns trigger language plpgsql
                        as 'begin return null; end';
                    update app.t set name = 'unseen' where id = 5;
                    execute made;
                end $$""");
        capture.watch();
        drain();
        assertThat(outbox()).containsExactly("upsert 5");
    }
}
