// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sluice.Sync;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.PGConnection;

class CaptureTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** In a schema of the role's own and in pg_temp, the names that a function of ours might mean. */
    private static final String TRAPS =
            """
            do $traps$
            declare
                it record;
            begin
                for it in select distinct oprname as name, oprleft::regtype as l, oprright::regtype as r from pg_operator
                          where oprnamespace = 'pg_catalog'::regnamespace and oprname in ('=', '<>', '/', '#>>') loop
                    execute format('create or replace function hostile.trap(%s, %s) returns boolean language plpgsql'
                                   ' as $$ begin raise ''sprung''; end $$', it.l, it.r);
                    execute format('create operator hostile.%s (leftarg = %s, rightarg = %s, function = hostile.trap)',
                                   it.name, it.l, it.r);
                end loop;
                for it in select proname as name, pg_get_function_identity_arguments(oid) as arguments from pg_proc
                          where pronamespace = 'pg_catalog'::regnamespace
                            and proname in ('current_setting', 'array_remove', 'array_agg', 'count', 'row_number',
                                            'format', 'to_json', 'text', 'differs')
                            and pg_get_function_identity_arguments(oid) !~ 'internal|"any"' loop
                    execute format('create function hostile.%I(%s) returns boolean language plpgsql'
                                   ' as $$ begin raise ''sprung''; end $$', it.name, it.arguments);
                end loop;
                create collation hostile."C" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
                create temp table old_rows (id text, day date, name text);
                create temp table new_rows (id text, day date, name text);
                create temp table change_log (source text);
                for it in select unnest(array['text', 'char', 'bool', 'numeric', 'date', 'timestamp', 'time', 'inet',
                                              'int4', 'int8']) as name loop
                    execute format('create domain hostile.%1$I as integer check (false)', it.name);
                    execute format('create domain pg_temp.%1$I as integer check (false)', it.name);
                end loop;
            end $traps$""";

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);

    @BeforeEach
    void emptyDatabase() throws SQLException {
        DATABASE.reset();
    }

    static Sync sync(String table, String key, String... columns) {
        Sync sync = new Sync();
        sync.setName("s");
        sync.setTable(table);
        sync.setKey(key);
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("Key__c");
        Map<String, String> fields = new LinkedHashMap<>();
        for (String column : columns) {
            fields.put(column, column + "__c");
        }
        sync.setFields(fields);
        return sync;
    }

    private void captureCustomers() throws SQLException {
        DATABASE.run(
                "create table app.customer (no text primary key, name text, city text, notes text)",
                "insert into app.customer values ('1', 'Ann', 'Oslo', ''), ('2', 'Bob', 'Rome', '')");
        start(sync("app.customer", "no", "name", "city"));
    }

    /** Starts the capture and forgets the first load. */
    private void start(Sync... syncs) throws SQLException {
        capture.start(List.of(syncs));
        DATABASE.run("delete from sluice.change_log");
    }

    private List<String> log() throws SQLException {
        return DATABASE.texts(
                "select concat_ws(' ', op, key, nullif(array_to_string(columns, ','), ''))"
                        + " from sluice.change_log cross join unnest(keys) with ordinality as k(key, place) order by seq, place");
    }

    @Test
    void onlyTheMappedColumnsThatChangedAreLogged() throws SQLException {
        captureCustomers();
        DATABASE.run("update app.customer set name = 'Anna', city = 'Oslo', notes = 'x' where no = '1'");
        assertThat(log()).containsExactly("U 1 name");
    }

    @Test
    void anUpdateOfAnUnmappedColumnLogsNothing() throws SQLException {
        captureCustomers();
        DATABASE.run("update app.customer set notes = 'called'", "update app.customer set name = name");
        assertThat(log()).isEmpty();
    }

    @Test
    void insertUpdateAndDeleteAreLoggedInTheirOrder() throws SQLException {
        captureCustomers();
        DATABASE.run(
                "insert into app.customer values ('3', 'Cid')",
                "update app.customer set city = 'Bern' where no = '3'",
                "delete from app.customer where no = '3'");
        assertThat(log()).containsExactly("I 3", "U 3 city", "D 3");
    }

    @Test
    void aValueBecomingNullAndANullBecomingAValueAreChanges() throws SQLException {
        captureCustomers();
        DATABASE.run(
                "update app.customer set name = null where no = '1'",
                "update app.customer set name = '' where no = '1'");
        assertThat(log()).containsExactly("U 1 name", "U 1 name");
    }

    @Test
    void recordsThatAStatementChangedAlikeShareRowsOfTenThousandKeys() throws SQLException {
        DATABASE.run(
                "create table app.t (id int primary key, name text, city text)",
                "insert into app.t select n, 'a', 'b' from generate_series(1, 25000) as n");
        start(sync("app.t", "id", "name", "city"));
        DATABASE.run("update app.t set name = case when id % 5 = 0 then name else 'x' end, city = 'y'");
        assertThat(
                        DATABASE.texts(
                                "select concat_ws(' ', columns, sum(records), max(records) <= 10000,"
                                        + " bool_and(records = cardinality(keys))) from sluice.change_log group by columns order by columns"))
                .containsExactly("{city} 5000 t t", "{name,city} 20000 t t");
        assertThat(log()).hasSize(25_000).doesNotHaveDuplicates();
        assertThat(capture.backlog("app.t")).isEqualTo(25_000);
    }

    @Test
    void aKeyChangeNamesBothKeys() throws SQLException {
        captureCustomers();
        DATABASE.run("update app.customer set no = '9' where no = '1'");
        assertThat(log()).containsExactlyInAnyOrder("K 1", "K 9");
    }

    @Test
    void keysThatMoveOnByOneAreChangedKeysInsertsAndUpdatesOfWhatTheyNowName() throws SQLException {
        DATABASE.run(
                "create table app.t (id int primary key deferrable initially deferred, name text)",
                "insert into app.t values (1, 'a'), (2, 'b'), (3, 'b')");
        start(sync("app.t", "id", "name"));
        DATABASE.run("update app.t set id = id + 1");
        assertThat(log()).containsExactlyInAnyOrder("K 1", "U 2 name", "I 4");
    }

    @Test
    void onConflictDoUpdateLogsTheInsertedAndTheUpdatedRow() throws SQLException {
        captureCustomers();
        DATABASE.run("insert into app.customer values ('1', 'Anna'), ('3', 'Cid')"
                + " on conflict (no) do update set name = excluded.name");
        assertThat(log()).containsExactlyInAnyOrder("I 3", "U 1 name");
    }

    @Test
    void mergeLogsEachOfItsActions() throws SQLException {
        assumeTrue(Integer.parseInt(DATABASE.text("show server_version_num")) >= 150_000, "PostgreSQL 14 has no MERGE");
        captureCustomers();
        DATABASE.run(
                """
                merge into app.customer c using (values ('1', 'Anna'), ('2', null), ('3', 'Cid')) as v(no, name)
                on v.no = c.no
                when matched and v.name is null then delete
                when matched then update set name = v.name
                when not matched then insert (no, name) values (v.no, v.name)""");
        assertThat(log()).containsExactlyInAnyOrder("U 1 name", "D 2", "I 3");
    }

    @Test
    void aStatementOverManyRowsLogsEachRowThatChanged() throws SQLException {
        captureCustomers();
        DATABASE.run("update app.customer set city = 'Oslo'");
        assertThat(log()).containsExactly("U 2 city");
    }

    @Test
    void copyIsCaptured() throws Exception {
        captureCustomers();
        try (Connection connection = DATABASE.application()) {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("copy app.customer (no, name) from stdin", new StringReader("7\tSue\n8\tTim\n"));
        }
        assertThat(log()).containsExactlyInAnyOrder("I 7", "I 8");
    }

    @Test
    void truncateIsCapturedAsDeletes() throws SQLException {
        captureCustomers();
        DATABASE.run("truncate app.customer");
        assertThat(log()).containsExactlyInAnyOrder("D 1", "D 2");
    }

    private void captureEventsInPartitions() throws SQLException {
        DATABASE.run(
                "create table app.event (id int primary key, name text) partition by range (id)",
                "create table app.event_low partition of app.event for values from (0) to (100)",
                // a partition whose columns stand in another order
                "create table app.event_high (name text, junk int, id int not null)",
                "alter table app.event_high drop column junk",
                "alter table app.event attach partition app.event_high for values from (100) to (200)",
                "insert into app.event values (1, 'a'), (101, 'b')");
        start(sync("app.event", "id", "name"));
    }

    @Test
    void partitionsThatAreWrittenDirectlyAreCaptured() throws SQLException {
        captureEventsInPartitions();
        DATABASE.run(
                "update app.event_high set name = 'x'",
                "insert into app.event_low values (2, 'c')",
                "delete from app.event_low where id = 1");
        assertThat(log()).containsExactly("U 101 name", "I 2", "D 1");
    }

    @Test
    void rowsThatMoveBetweenPartitionsAreCapturedOnceThroughTheParent() throws SQLException {
        captureEventsInPartitions();
        DATABASE.run("update app.event set id = 151 where id = 1", "update app.event set name = 'z'");
        assertThat(log()).containsExactlyInAnyOrder("K 1", "K 151", "U 101 name", "U 151 name");
    }

    @Test
    void truncatingOnePartitionDeletesItsRowsOnly() throws SQLException {
        captureEventsInPartitions();
        DATABASE.run("truncate app.event_high");
        assertThat(log()).containsExactly("D 101");
    }

    @Test
    void truncatingAPartitionedTableDeletesEachRowOnce() throws SQLException {
        captureEventsInPartitions();
        DATABASE.run("truncate app.event");
        assertThat(log()).containsExactlyInAnyOrder("D 1", "D 101");
    }

    @Test
    void rowsThatReplicationAppliesAreCaptured() throws SQLException {
        captureCustomers();
        DATABASE.run("set session_replication_role = replica", "update app.customer set name = 'Anna' where no = '1'");
        try (Connection connection = DATABASE.application();
                Statement statement = connection.createStatement()) {
            statement.execute("set session_replication_role = replica");
            statement.execute("update app.customer set name = 'Bert' where no = '2'");
        }
        assertThat(log()).contains("U 2 name");
    }

    @Test
    void writesWhileApplyingACrmChangeAreNotCaptured() throws SQLException {
        captureCustomers();
        DATABASE.run("begin; set local sluice.applying = 'on'; update app.customer set name = 'Crm'; commit;"
                + " update app.customer set name = 'App' where no = '1'");
        assertThat(log()).containsExactly("U 1 name");
    }

    @Test
    void aRollbackLeavesNothing() throws SQLException {
        captureCustomers();
        DATABASE.run("begin; update app.customer set name = 'x'; rollback");
        assertThat(log()).isEmpty();
    }

    @Test
    void anApplicationRoleWithoutAnyRightOnSluiceStillWritesItsTable() throws SQLException {
        captureCustomers();
        DATABASE.run("set client_min_messages = warning; drop role if exists plain_app; create role plain_app login;"
                + " grant usage on schema app to plain_app; grant all on app.customer to plain_app");
        try (Connection connection = DATABASE.application();
                Statement statement = connection.createStatement()) {
            statement.execute("set role plain_app");
            statement.execute("update app.customer set name = 'x' where no = '1'");
            statement.execute("truncate app.customer");
            assertThatThrownBy(() -> statement.execute("select from sluice.change_log"))
                    .hasMessageContaining("permission");
        } finally {
            DATABASE.run("drop owned by plain_app; drop role plain_app");
        }
        assertThat(log()).containsExactlyInAnyOrder("U 1 name", "D 1", "D 2");
    }

    @Test
    void aTableOfAnotherOwnerIsNamedWithWhatWouldHelp() throws SQLException {
        DATABASE.run(
                "create table app.t (id int primary key, name text)",
                "set client_min_messages = warning;"
                        + " drop role if exists guest; create role guest login; grant usage on schema app to guest;"
                        + " grant trigger, select, insert, update on app.t to guest");
        List<Sync> syncs = List.of(sync("app.t", "id", "name"));
        try (Database guest = DATABASE.as("guest")) {
            Capture theirs = new Capture(guest, 10, WriteDebounce.NONE);
            assertThat(theirs.check(syncs))
                    .singleElement()
                    .asString()
                    .contains("'app.t' belongs to sluice", "grant sluice to guest");
            DATABASE.run("grant sluice to guest");
            assertThat(theirs.check(syncs)).isEmpty();
        } finally {
            DATABASE.run("drop owned by guest; drop role guest");
        }
    }

    /** The functions run with our rights and with the path of whoever writes; a body that names no schema fails here. */
    @Test
    void objectsInARolesSearchPathAreNeitherRunNorRead() throws SQLException {
        DATABASE.run(
                "set client_min_messages = warning; drop schema if exists hostile cascade;"
                        + " drop role if exists hostile; create role hostile; create schema hostile authorization hostile",
                "create table app.t (id text primary key, name varchar(9), code char(3), amount numeric, day date,"
                        + " seen timestamp, net cidr, doc json, open boolean, born_at time)",
                "create table app.d (day date primary key, name text)",
                "grant usage on schema app to hostile; grant all on all tables in schema app to hostile");
        Sync byDay = sync("app.d", "day", "name");
        byDay.setName("d");
        byDay.setObject("Day");
        start(sync("app.t", "id", "name", "code", "amount", "day", "seen", "net", "doc", "open", "born_at"), byDay);
        try (Connection connection = DATABASE.application();
                Statement statement = connection.createStatement()) {
            statement.execute("set session authorization hostile");
            statement.execute(TRAPS);
            statement.execute("set search_path = pg_temp, hostile, pg_catalog");
            assertThatThrownBy(() -> statement.executeQuery("select '1'::pg_catalog.text = '1'::pg_catalog.text"))
                    .hasMessageContaining("sprung");
            statement.execute("insert into app.t values ('1', 'a'), ('k', 'a')");
            statement.execute(
                    "update app.t set name = 'b', code = 'x', amount = 1, day = '2024-03-02', net = '10.0.0.0/8',"
                            + " seen = '2024-03-02 10:00', doc = '{}', open = true, born_at = '10:00'");
            statement.execute("update app.t set name = 'B' where id operator(pg_catalog.=) '1'");
            statement.execute("update app.t set id = 'K' where id operator(pg_catalog.=) 'k'");
            statement.execute("delete from app.t where id operator(pg_catalog.=) '1'");
            statement.execute("truncate app.t");
            statement.execute("insert into app.d values ('2024-03-02', 'a')");
            statement.execute("update app.d set name = 'b'");
            statement.execute("truncate app.d");
        }
        assertThat(log())
                .containsExactlyInAnyOrder(
                        "I 1",
                        "I k",
                        "U 1 name,code,amount,day,seen,net,doc,open,born_at",
                        "U k name,code,amount,day,seen,net,doc,open,born_at",
                        "U 1 name",
                        "K k",
                        "K K",
                        "D 1",
                        "D K",
                        "I 2024-03-02",
                        "U 2024-03-02 name",
                        "D 2024-03-02");
        DATABASE.run("drop schema hostile cascade; drop owned by hostile; drop role hostile");
    }

    @Test
    void aChangeOfCaseIsAChangeEvenWhereTheCollationSaysEqual() throws SQLException {
        DATABASE.run(
                "create collation app.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "create table app.t (id text collate app.ci primary key, name text collate app.ci)",
                "insert into app.t values ('a', 'ann')");
        start(sync("app.t", "id", "name"));
        DATABASE.run("update app.t set name = 'Ann'", "update app.t set id = 'A'");
        assertThat(log()).hasSize(3).startsWith("U a name").contains("K a", "K A");
    }

    @Test
    void theKeysTextDoesNotDependOnTheSession() throws SQLException {
        DATABASE.run(
                "create table app.t (day date primary key, name text)", "insert into app.t values ('2024-03-02', 'a')");
        start(sync("app.t", "day", "name"));
        for (String style : List.of("ISO, DMY", "German", "SQL, MDY", "Postgres, DMY")) {
            // a function, because the driver itself insists on ISO
            DATABASE.run(
                    "create or replace function app.write() returns void language sql set datestyle = '" + style
                            + "' as $$ update app.t set name = name || 'x' $$",
                    "select app.write()");
        }
        assertThat(log()).hasSize(4).containsOnly("U 2024-03-02 name");
    }

    @Test
    void tablesWithSimilarOrLongNamesHaveFunctionsOfTheirOwn() throws SQLException {
        String longName = "ü".repeat(30);
        DATABASE.run(
                "set client_min_messages = warning; drop schema if exists app_b cascade; create schema app_b",
                "create table app.b_c (id int primary key, name text)",
                "create table app_b.c (id int primary key, name text)",
                "create table app.\"" + longName + "\" (id int primary key, name text)");
        Sync other = sync("app_b.c", "id", "name");
        other.setName("other");
        Sync umlauts = sync("app." + longName, "id", "name");
        umlauts.setName("umlauts");
        start(sync("app.b_c", "id", "name"), other, umlauts);
        DATABASE.run(
                "insert into app.b_c values (1)",
                "insert into app_b.c values (2)",
                "delete from app_b.c",
                "insert into app.\"" + longName + "\" values (3)",
                "delete from app.\"" + longName + "\"");
        assertThat(DATABASE.texts("select concat_ws(' ', source, op, keys[1]) from sluice.change_log order by seq"))
                .containsExactly(
                        "app.b_c I 1",
                        "app_b.c I 2",
                        "app_b.c D 2",
                        "app." + longName + " I 3",
                        "app." + longName + " D 3");
        DATABASE.run("drop schema app_b cascade");
    }

    @Test
    void aTableThatWasRenamedIsCapturedUnderItsNewName() throws SQLException {
        captureCustomers();
        DATABASE.run("alter table app.customer rename to client");
        start(sync("app.client", "no", "name"));
        DATABASE.run("update app.client set name = 'Anna' where no = '1'");
        assertThat(DATABASE.texts("select source from sluice.change_log")).containsExactly("app.client");
    }

    @Test
    void aTableThatNoSyncReadsAnyMoreIsLeftAlonePartitionsToo() throws SQLException {
        captureEventsInPartitions();
        DATABASE.run("create table app.t (id int primary key, name text)", "update app.event set name = 'unsent'");
        start(sync("app.t", "id", "name"));
        DATABASE.run("update app.event set name = 'x'", "delete from app.event_low");
        assertThat(log()).isEmpty();
        assertThat(DATABASE.texts("select tgname from pg_trigger where tgname like 'sluice%'"))
                .hasSize(5);
    }

    @Test
    void aSyncThatIsPutBackIsLoadedAgain() throws SQLException {
        captureCustomers();
        capture.start(List.of());
        DATABASE.run("update app.customer set name = 'unseen' where no = '1'");
        assertThat(capture.start(List.of(sync("app.customer", "no", "name", "city"))))
                .hasSize(1);
        assertThat(log()).containsExactlyInAnyOrder("S 1", "S 2");
    }

    @Test
    void aSyncIsExportedOnceAndAgainOnlyAfterItsTriggersWereMissing() throws SQLException {
        captureCustomers();
        Sync sync = sync("app.customer", "no", "name", "city");
        assertThat(capture.start(List.of(sync))).isEmpty();
        DATABASE.run("alter table app.customer disable trigger sluice_update");
        assertThat(capture.start(List.of(sync))).containsExactly(sync);
        DATABASE.run("update app.customer set name = 'Anna' where no = '1'");
        assertThat(log()).contains("U 1 name");
    }

    @Test
    void theStoredMappingIsTheSameInEveryProcess() throws SQLException {
        captureCustomers();
        assertThat(DATABASE.texts("select concat_ws(' ', source, key, external_id, fields, time_zone, missed)"
                        + " from sluice.initial_export"))
                .singleElement()
                .asString()
                .matches("app\\.customer no Key__c \\{.*} UTC f");
    }

    @Test
    void replicasThatStartTogetherDoNotDisturbEachOther() throws Exception {
        DATABASE.run("create table app.t (id int primary key, name text)", "insert into app.t values (1, 'a')");
        List<CompletableFuture<Integer>> starts = java.util.stream.IntStream.range(0, 4)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> {
                    try {
                        return new Capture(DATABASE.sluice(), 10, WriteDebounce.NONE)
                                .start(List.of(sync("app.t", "id", "name")))
                                .size();
                    } catch (SQLException failure) {
                        throw new IllegalStateException(failure);
                    }
                }))
                .toList();
        int loads = 0;
        for (CompletableFuture<Integer> start : starts) {
            loads += start.get(30, TimeUnit.SECONDS);
        }
        assertThat(loads).isEqualTo(1);
        assertThat(log()).containsExactly("S 1");
    }

    @Test
    void aWriterNeverWaitsLongForAnInstallationThatWaitsForAnother() throws Exception {
        DATABASE.run(
                "create table app.t (id int primary key, name text)", "insert into app.t values (1, 'a'), (2, 'b')");
        try (Connection longTransaction = DATABASE.application();
                Connection writer = DATABASE.application();
                Statement slow = longTransaction.createStatement();
                Statement quick = writer.createStatement()) {
            longTransaction.setAutoCommit(false);
            slow.execute("update app.t set name = 'x' where id = 1");
            CompletableFuture<Throwable> install = CompletableFuture.supplyAsync(() -> {
                try {
                    capture.start(List.of(sync("app.t", "id", "name")));
                    return null;
                } catch (SQLException failure) {
                    return failure;
                }
            });
            org.awaitility.Awaitility.await()
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> !DATABASE.texts(
                                    "select 1 from pg_locks where not granted and relation = 'app.t'::regclass")
                            .isEmpty());
            long start = System.nanoTime();
            quick.execute("update app.t set name = 'y' where id = 2");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(2_300));
            assertThat(install.get(10, TimeUnit.SECONDS)).isInstanceOf(SQLException.class);
            longTransaction.rollback();
        }
        capture.start(List.of(sync("app.t", "id", "name")));
        assertThat(log()).containsExactlyInAnyOrder("S 1", "S 2");
    }
}
