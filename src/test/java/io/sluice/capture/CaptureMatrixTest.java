// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever DDL or maintenance meets a captured table: no statement of the application fails that would not fail without
 * Sluice, and after the watch has looked both sides are equal, or words say what stops the sync, and both sides are
 * equal once that is undone. The same statements run in a schema without Sluice, so that both can be compared.
 *
 * <p>All kinds of table in both replication roles by {@code -Dmatrix=full}; else the plain table and one of the others. {@code
 * -Dmatrix.only=REGEX} chooses by name.
 */
class CaptureMatrixTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final boolean FULL = "full".equals(System.getProperty("matrix"));

    /** Statements of an application; each runs alone, in {@code S.t} and in tables with other names. */
    private static final List<String> WRITES = List.of(
            "insert into S.t (id, name, city) values (N0, 'new', 'Bonn'), (N1, 'newer', null)",
            "update S.t set name = name || 'x' where id = 1",
            "update S.t set name = name || 'y', city = null where id in (2, 3)",
            "update S.t set city = 'Graz' where id = 4",
            "update S.t set notes = 'n' where id = 5",
            "update S.t set id = id + N0 where id = 6",
            "update S.t set id = id + N0 where id in (7, 17)",
            "delete from S.t where id = 8",
            "insert into S.t (id, name) values (9, 'conflict') on conflict (id) do update set name = excluded.name",
            "merge into S.t as t using (values (10, 'merged'), (N5, 'made')) as v(id, name) on v.id = t.id"
                    + " when matched then update set name = v.name when not matched then insert (id, name) values (v.id, v.name)",
            "begin; savepoint one; update S.t set name = 'back' where id = 11; rollback to one;"
                    + " update S.t set name = 'kept' where id = 12; commit",
            "begin; set constraints all deferred; update S.t set name = 'deferred' where id = 13; commit",
            "begin isolation level serializable; update S.t set city = 'Wien' where id = 14; commit",
            "update S.t set town = 'Linz' where id = 15",
            "update S.t2 set name = 'there' where id = 16",
            "with gone as (delete from S.t where id = 18 returning *) select count(*) from gone",
            "insert into S.far2 (id, name) values (N9, 'far')",
            "update S.far2 set name = name || 'z', city = 'Bern'");

    /** @param undo what makes a stopped sync go on again; empty where nothing needs to */
    private record Alteration(String name, List<String> statements, List<String> undo, List<Kind> kinds) {

        @Override
        public String toString() {
            return name;
        }
    }

    private enum Kind {
        PLAIN("create table S.t (id int primary key, name text, city text, notes text)"),
        PARTITIONED("create table S.t (id int primary key, name text, city text, notes text) partition by range (id);"
                + " create table S.low partition of S.t for values from (0) to (10);"
                + " create table S.high partition of S.t for values from (10) to (100000)"),
        INHERITED("create table S.t (id int primary key, name text, city text, notes text);"
                + " create table S.kid (id int primary key, extra int) inherits (S.t);"
                + " create table S.far2 (primary key (id)) inherits (S.kid)");

        private final String ddl;

        Kind(String ddl) {
            this.ddl = ddl;
        }
    }

    private record Combination(Alteration alteration, Kind kind, String role) {

        @Override
        public String toString() {
            return alteration + ", " + kind + " table, as " + role;
        }
    }

    private static Alteration of(String name, List<Kind> kinds, List<String> undo, String... statements) {
        return new Alteration(name, List.of(statements), undo, kinds);
    }

    private static Alteration of(String name, String... statements) {
        return of(name, List.of(Kind.values()), List.of(), statements);
    }

    private static Alteration undone(String name, String statement, String... undo) {
        return of(name, List.of(Kind.values()), List.of(undo), statement);
    }

    private static Alteration plain(String name, String... statements) {
        return of(name, List.of(Kind.PLAIN), List.of(), statements);
    }

    private static Alteration partitioned(String name, String... statements) {
        return of(name, List.of(Kind.PARTITIONED), List.of(), statements);
    }

    private static final String LOG_AWAY = "alter table if exists sluice.change_log rename to log2";
    private static final String LOG_BACK = "alter table if exists sluice.log2 rename to change_log";
    private static final String GAPS_AWAY = "alter table if exists sluice.capture_gap rename to gap2";
    private static final String GAPS_BACK = "alter table if exists sluice.gap2 rename to capture_gap";
    private static final String LOG_COPY =
            "create table if not exists sluice.log3 (like sluice.change_log including all)";
    private static final String LOG_GONE = "drop table if exists sluice.change_log";
    private static final String LOG_AGAIN =
            "do $$ begin create table sluice.change_log (like sluice.log3 including all);"
                    + " exception when duplicate_table or undefined_table then null; end $$";
    private static final String SCHEMA_AWAY = "do $$ begin alter schema sluice rename to sluice_away;"
            + " exception when invalid_schema_name then null; end $$";
    private static final String SCHEMA_BACK = "do $$ begin alter schema sluice_away rename to sluice;"
            + " exception when invalid_schema_name then null; end $$";

    private static Alteration ofLog(String name, String undo, String... statements) {
        return of(name, List.of(Kind.PLAIN), List.of(undo), statements);
    }

    /** Undone before the watch looks. */
    private static Alteration back(String name, String undo, String... statements) {
        return plain(
                name,
                Stream.of(
                                Stream.of(statements),
                                Stream.of(
                                        "update S.t set name = 'away' where id = 21",
                                        "update S.t set city = 'away' where id in (22, 23)",
                                        "delete from S.t where id = 24",
                                        "insert into S.t (id, name) values (79, 'away')"),
                                Stream.of(undo))
                        .flatMap(it -> it)
                        .toArray(String[]::new));
    }

    private static final String STAGING =
            "create table S.t2 (like S.t including all); insert into S.t2 select id, name,"
                    + " case when id = 4 then 'staged' else city end, notes from S.t where id <> 16;";

    static final List<Alteration> ALTERATIONS = List.of(
            of("nothing"),
            of("add a column", "alter table S.t add column extra2 int default 7"),
            of(
                    "add a generated column",
                    "alter table S.t add column long text generated always as (name || '!') stored"),
            of("drop an unmapped column", "alter table S.t drop column notes"),
            undone("drop a mapped column", "alter table S.t drop column city", "alter table S.t add column city text"),
            undone(
                    "rename a mapped column",
                    "alter table S.t rename column city to town",
                    "alter table S.t rename column town to city"),
            of(
                    "rename a mapped column and back",
                    "alter table S.t rename column city to town",
                    "update S.t set town = 'away' where id = 4",
                    "alter table S.t rename column town to city"),
            of("rename an unmapped column", "alter table S.t rename column notes to remarks"),
            of(
                    "swap two columns by name",
                    "alter table S.t rename column city to c2",
                    "alter table S.t rename column notes to city",
                    "alter table S.t rename column c2 to notes"),
            of("shorten a mapped text", "alter table S.t alter column city type varchar(40)"),
            of("make a mapped text a number", "alter table S.t alter column city type int using length(city)"),
            of("rewrite a mapped text", "alter table S.t alter column name type text using upper(name)"),
            of("retype an unmapped column", "alter table S.t alter column notes type varchar(99)"),
            plain("widen the key", "alter table S.t alter column id type bigint"),
            plain("make the key a text", "alter table S.t alter column id type text using id::text"),
            undone(
                    "rename the key",
                    "alter table S.t rename column id to nr",
                    "alter table S.t rename column nr to id"),
            of(
                    "drop the key",
                    List.of(Kind.PLAIN),
                    List.of("alter table S.t add column id int primary key generated by default" + " as identity"),
                    "alter table S.t drop column id"),
            of(
                    "drop the primary key",
                    List.of(Kind.PLAIN),
                    List.of("alter table S.t add primary key (id)"),
                    "alter table S.t drop constraint t_pkey"),
            of(
                    "make a column required",
                    "update S.t set city = '' where city is null",
                    "alter table S.t alter column city set not null"),
            of("set a default", "alter table S.t alter column city set default 'Ulm'"),
            of("add a check", "alter table S.t add constraint named check (name <> 'never') not valid"),
            of(
                    "index concurrently",
                    List.of(Kind.PLAIN, Kind.INHERITED),
                    List.of(),
                    "create index concurrently on S.t (name)",
                    "reindex table concurrently S.t"),
            of("reindex", "reindex table S.t"),
            of("vacuum full", "vacuum full S.t"),
            plain("cluster", "cluster S.t using t_pkey"),
            of("analyze", "analyze S.t"),
            plain("set unlogged and logged", "alter table S.t set unlogged", "alter table S.t set logged"),
            of(
                    "set storage",
                    "alter table S.t alter column name set storage external",
                    "alter table S.t alter column name set statistics 7"),
            undone("rename the table", "alter table S.t rename to t2", "alter table S.t2 rename to t"),
            undone(
                    "move the table to another schema",
                    "create schema S_away; alter table S.t set schema S_away",
                    "alter table S_away.t set schema S; drop schema S_away"),
            plain(
                    "swap by rename",
                    STAGING + "begin; alter table S.t rename to t3; alter table S.t2 rename to t; commit"),
            plain("swap by rename and drop", STAGING + "begin; drop table S.t; alter table S.t2 rename to t; commit"),
            plain(
                    "drop and make again with rows",
                    "create table S.t4 as select * from S.t where id <> 16",
                    "drop table S.t",
                    "create table S.t (id int primary key, name text, city text, notes text)",
                    "insert into S.t select * from S.t4"),
            of(
                    "drop and make again empty",
                    List.of(Kind.PLAIN),
                    List.of("insert into S.t select * from S.t4 where true" + " on conflict do nothing"),
                    "create table S.t4 as select * from S.t",
                    "drop table S.t",
                    "create table S.t (id int primary key, name text, city text, notes text)"),
            of("truncate", "truncate S.t"),
            of("truncate and restart", "truncate S.t restart identity cascade"),
            of(
                    "disable all triggers for a load",
                    "alter table S.t disable trigger all",
                    "update S.t set name = 'unseen' where id = 2",
                    "delete from S.t where id = 5",
                    "insert into S.t (id, name) values (77, 'unseen')",
                    "alter table S.t enable trigger all"),
            of(
                    "disable user triggers for a load",
                    "alter table S.t disable trigger user",
                    "update S.t set name = 'unseen' where id = 2",
                    "alter table S.t enable trigger user"),
            of("disable triggers and forget", "alter table S.t disable trigger all"),
            of(
                    "enable all triggers always",
                    "do $$ declare t text; begin for t in select tgname from pg_trigger where tgrelid ="
                            + " 'S.t'::regclass and not tgisinternal loop execute 'alter table S.t enable always trigger ' || t;"
                            + " end loop; end $$"),
            of(
                    "drop all triggers",
                    "do $$ declare t text; begin for t in select tgname from pg_trigger where tgrelid ="
                            + " 'S.t'::regclass and not tgisinternal loop execute 'drop trigger ' || t || ' on S.t'; end loop; end $$",
                    "update S.t set name = 'unseen' where id = 3",
                    "delete from S.t where id = 4"),
            of(
                    "drop the functions",
                    "do $$ declare f text; begin for f in select p.oid::regprocedure from pg_proc p where"
                            + " pronamespace = 'sluice'::regnamespace and proname like 'capture\\_S.t\\_%' loop"
                            + " execute 'drop function ' || f || ' cascade'; end loop; end $$"),
            of(
                    "load as a replica",
                    "set session_replication_role = replica",
                    "update S.t set name = 'replica' where id = 2",
                    "delete from S.t where id = 5",
                    "insert into S.t (id, name) values (78, 'replica')",
                    "set session_replication_role = origin"),
            of(
                    "row level security",
                    "alter table S.t enable row level security",
                    "create policy none on S.t using (false)"),
            of(
                    "forced row level security",
                    "alter table S.t enable row level security",
                    "alter table S.t force row level security"),
            of("another owner", "alter table S.t owner to postgres"),
            of("grant and revoke", "grant select on S.t to public", "revoke all on S.t from public"),
            of(
                    "a trigger of the application",
                    "create or replace function S.up() returns trigger language plpgsql as"
                            + " $$ begin new.name := upper(new.name); return new; end $$",
                    "create trigger up before insert or update on S.t for each row execute function S.up()"),
            of("a rule", List.of(Kind.PLAIN), List.of(), "create rule r as on delete to S.t do instead nothing"),
            of("a comment", "comment on table S.t is 'ours'"),
            of(
                    "settings of the session",
                    "set search_path = pg_catalog",
                    "set lock_timeout = '3s'",
                    "set statement_timeout = '20s'",
                    "set standard_conforming_strings = off",
                    "set row_security = off",
                    "set transform_null_equals = on",
                    "set plan_cache_mode = force_generic_plan"),
            plain(
                    "a child by inheritance",
                    "create table S.kid2 () inherits (S.t)",
                    "insert into S.kid2 (id, name) values (71, 'kid')"),
            plain(
                    "a grandchild by inheritance",
                    "create table S.kid2 () inherits (S.t)",
                    "create table S.far2 () inherits (S.kid2)",
                    "insert into S.far2 (id, name) values (72, 'grandkid')"),
            plain(
                    "a grandchild by inheritance that leaves",
                    "create table S.kid2 () inherits (S.t)",
                    "create table S.far2 () inherits (S.kid2)",
                    "insert into S.far2 (id, name) values (72, 'grandkid')",
                    "alter table S.kid2 no inherit S.t",
                    "update S.far2 set name = 'apart'"),
            plain(
                    "a child of two parents",
                    "create table S.kid2 () inherits (S.t)",
                    "create table S.kid3 () inherits (S.t)",
                    "create table S.far2 () inherits (S.kid2, S.kid3)",
                    "insert into S.far2 (id, name) values (73, 'of two')"),
            partitioned(
                    "a partition of a partition",
                    "create table S.far partition of S.t for values from (100000) to (200000)"
                            + " partition by list (id)",
                    "create table S.far2 partition of S.far default",
                    "insert into S.far2 (id, name) values (100001, 'far')"),
            partitioned(
                    "make a partition",
                    "create table S.far partition of S.t for values from (100000) to (200000)",
                    "insert into S.far (id, name) values (100001, 'far')"),
            partitioned(
                    "attach a partition with rows",
                    "create table S.far (like S.t including all)",
                    "insert into S.far (id, name) values (100001, 'far')",
                    "alter table S.t attach partition S.far for values from (100000) to (200000)"),
            partitioned(
                    "attach a partition of another shape",
                    "create table S.far (junk int, notes text, city text, name text," + " id int not null primary key)",
                    "alter table S.far drop column junk",
                    "insert into S.far (id, name) values (100001, 'far')",
                    "alter table S.t attach partition S.far for values from (100000) to (200000)",
                    "update S.far set city = 'Rom'"),
            of(
                    "detach a partition",
                    List.of(Kind.PARTITIONED),
                    List.of("alter table S.t attach partition S.low for values from (0) to (10)"),
                    "alter table S.t detach partition S.low",
                    "update S.low set name = 'apart'"),
            partitioned("truncate a partition", "truncate S.high"),
            of(
                    "drop a partition",
                    List.of(Kind.PARTITIONED),
                    List.of("create table S.low partition of S.t for values from (0)"
                            + " to (10); insert into S.low select n, 'again' from generate_series(1, 9) as n"),
                    "drop table S.low"),
            plain("empty the change log", "truncate sluice.change_log"),
            ofLog("move the change log away", LOG_BACK, LOG_AWAY),
            ofLog("move Sluice's schema away", SCHEMA_BACK, SCHEMA_AWAY),
            ofLog("drop the change log", LOG_AGAIN, LOG_COPY, LOG_GONE),
            back("move the change log away and back", LOG_BACK, LOG_AWAY),
            back("move Sluice's schema away and back", SCHEMA_BACK, SCHEMA_AWAY),
            back("drop the change log and make it again", LOG_AGAIN, LOG_COPY, LOG_GONE),
            back("move all that the triggers write away and back", LOG_BACK + "; " + GAPS_BACK, LOG_AWAY, GAPS_AWAY),
            of(
                    "retype the change log",
                    List.of(Kind.PLAIN),
                    List.of("alter table sluice.change_log alter column records" + " type integer"),
                    "alter table sluice.change_log alter column records type bigint"));

    static Stream<Combination> combinations() {
        return ALTERATIONS.stream()
                .flatMap(alteration -> alteration.kinds().stream().flatMap(kind -> Stream.of("origin", "replica")
                        .map(role -> new Combination(alteration, kind, role))))
                .filter(it -> it.toString().matches(System.getProperty("matrix.only", ".*")))
                .filter(it -> FULL
                        || it.role().equals("origin")
                                && (it.kind() == Kind.PLAIN
                                        || it.alteration().kinds().size() == 1));
    }

    private final Capture capture =
            new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE, InitialExportJobs.NONE, Duration.ZERO, 20);
    private final Sync sync = CaptureTest.sync("app.t", "id", "name", "city");
    private int next = 200;

    @AfterEach
    void tidy() throws SQLException {
        DATABASE.run(SCHEMA_BACK, LOG_BACK, GAPS_BACK, LOG_AGAIN, "drop table if exists sluice.log3");
        DATABASE.run("set client_min_messages = warning; drop schema if exists plain, app_away, plain_away cascade");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("combinations")
    void noStatementFailsAndBothSidesAreEqualOrItSaysWhy(Combination combination) throws SQLException {
        prepare(combination.kind());
        List<String> harm = new ArrayList<>();
        try (Connection captured = DATABASE.application();
                Connection plain = DATABASE.application()) {
            for (Connection each : List.of(captured, plain)) {
                try (Statement statement = each.createStatement()) {
                    statement.execute("set session_replication_role = " + combination.role());
                }
            }
            write(captured, plain, harm);
            for (String statement : combination.alteration().statements()) {
                both(captured, plain, statement, harm);
            }
            write(captured, plain, harm);
            assertThat(harm)
                    .as("statements of the application that only Sluice let fail")
                    .isEmpty();
            assertThat(rows("app")).as("what the application sees").isEqualTo(rows("plain"));
            turn();
            if (capture.problem(sync) != null || isPaused()) {
                assertThat(combination.alteration().undo())
                        .as("stopped: " + capture.problem(sync))
                        .isNotEmpty();
                write(captured, plain, harm);
                for (String statement : combination.alteration().undo()) {
                    both(captured, plain, statement, harm);
                }
            }
            write(captured, plain, harm);
            assertThat(harm)
                    .as("statements of the application that only Sluice let fail")
                    .isEmpty();
            turn();
        }
        assertThat(capture.problem(sync)).isNull();
        assertThat(isPaused()).isFalse();
        assertThat(known())
                .as("what the CRM has")
                .isEqualTo(DATABASE.texts("select concat_ws('|', id, coalesce(name, '-'),"
                        + " coalesce(city::text, '-')) from app.t order by id::text collate \"C\""));
    }

    private void prepare(Kind kind) throws SQLException {
        tidy();
        DATABASE.reset();
        DATABASE.run("create schema plain");
        for (String schema : List.of("app", "plain")) {
            for (String statement : kind.ddl.split(";")) {
                DATABASE.run(statement.replace("S.", schema + "."));
            }
            DATABASE.run("insert into " + schema + ".t select n, 'name ' || n, 'city ' || n, 'note'"
                    + " from generate_series(1, 60) as n");
        }
        capture.start(List.of(sync));
        turn();
    }

    private void write(Connection captured, Connection plain, List<String> harm) throws SQLException {
        for (String statement : WRITES) {
            both(
                    captured,
                    plain,
                    statement
                            .replace("N0", "" + next)
                            .replace("N1", "" + (next + 1))
                            .replace("N5", "" + (next + 5))
                            .replace("N9", "" + (next + 9)),
                    harm);
        }
        next += 100;
    }

    /** Fails when a statement fails with Sluice installed and not without it. */
    private static void both(Connection captured, Connection plain, String statement, List<String> harm)
            throws SQLException {
        String without = attempt(
                plain, statement.replace("S.", "plain.").replace("S_", "plain_").replace("schema S", "schema plain"));
        String with = attempt(
                captured, statement.replace("S.", "app.").replace("S_", "app_").replace("schema S", "schema app"));
        if (with != null && without == null && !statement.contains("sluice.")) {
            harm.add(statement + ": " + with);
        }
    }

    private static String attempt(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            if (sql.startsWith("vacuum") || sql.contains("concurrently") || sql.startsWith("set ")) {
                statement.execute(sql);
            } else {
                for (String each :
                        sql.startsWith("do ") || sql.contains("$$") ? List.of(sql) : List.of(sql.split(";"))) {
                    statement.execute(each);
                }
            }
            return null;
        } catch (SQLException failure) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("rollback");
            }
            return failure.getMessage();
        }
    }

    private static List<String> rows(String schema) throws SQLException {
        List<String> tables = DATABASE.texts("select to_regclass(?)::text", schema + ".t");
        return tables.get(0) == null
                ? List.of()
                : DATABASE.texts("select to_jsonb(t)::text from " + schema + ".t as t order by 1");
    }

    /** The watch looks, all is drained and sent, twice, since what is found by the one is drained by the other. */
    private void turn() throws SQLException {
        for (int i = 0; i < 3; i++) {
            try {
                capture.watch();
            } catch (SQLException gone) {
                assertThat(gone.getMessage()).contains("sluice.");
            }
            for (String table : capture.tables()) {
                try {
                    for (int turns = 0; turns < 200 && capture.drain(table) > 0; turns++) {
                        Thread.onSpinWait();
                    }
                } catch (SQLException gone) {
                    assertThat(gone.getMessage()).contains("sluice.");
                }
            }
            if (isThere() && !isPaused()) {
                send();
            }
        }
    }

    private static boolean isThere() throws SQLException {
        return DATABASE.text("select to_regclass('sluice.outbox') is not null").equals("t");
    }

    private static boolean isPaused() throws SQLException {
        return isThere()
                && DATABASE.text("select exists (select from sluice.pause)").equals("t");
    }

    /** The CRM takes all that waits. */
    private static void send() throws SQLException {
        DATABASE.run(
                """
                insert into sluice.sync_state as r (account, object, key, sync, crm_id, base)
                select account, object, key, sync, 'id ' || key, fields from sluice.outbox where operation = 'upsert'
                on conflict (key, object, account) do update set base = r.base || excluded.base""",
                "delete from sluice.sync_state r using sluice.outbox o where o.key = r.key and o.operation = 'delete'",
                "delete from sluice.outbox");
    }

    private static List<String> known() throws SQLException {
        return DATABASE.texts(
                "select concat_ws('|', key, coalesce(base ->> 'name__c', '-'), coalesce(base ->> 'city__c', '-'))"
                        + " from sluice.sync_state order by key collate \"C\"");
    }
}
