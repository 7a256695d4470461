// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Statements of the application that are under way while somebody alters the change log: they wait, and do not fail. */
class LogUnderDdlTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final List<String> WRITES = List.of(
            "update app.t set name = 'x' where id = 1",
            "update app.t set name = 'y' where id in (2, 3)",
            "insert into app.t values (7, 'seven')",
            "delete from app.t where id = 4",
            "update app.t set id = 50 where id = 5",
            "begin; update app.t set name = 'z' where id = 6; commit");

    private static final String WAITING =
            "select count(*) from pg_locks where not granted and relation = %d::oid and database ="
                    + " (select oid from pg_database where datname = current_database())";

    private final Capture capture =
            new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE, InitialExportJobs.NONE, Duration.ZERO, 100);
    private final Sync sync = CaptureTest.sync("app.t", "id", "name");

    @AfterEach
    void tidy() throws SQLException {
        DATABASE.run(
                "alter table if exists sluice.log2 rename to change_log",
                "create table if not exists sluice.change_log (like sluice.log3 including all)",
                "do $$ begin alter table sluice.change_log rename column many to records;"
                        + " exception when undefined_column then null; end $$",
                "alter table sluice.change_log alter records type integer",
                "drop table sluice.log3");
    }

    private void prepare() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.t (id int primary key, name text)",
                "insert into app.t select n, 'n' from generate_series(1, 6) as n",
                "create table if not exists sluice.log3 (like sluice.change_log including all)");
        capture.start(List.of(sync));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alter table sluice.change_log rename to log2",
                "drop table sluice.change_log",
                "alter table sluice.change_log rename column records to many",
                "alter table sluice.change_log alter records type bigint",
                "truncate sluice.change_log"
            })
    void noStatementThatWaitsFails(String ddl) throws Exception {
        prepare();
        String log = DATABASE.text("select 'sluice.change_log'::regclass::oid::text");
        ExecutorService writers = Executors.newCachedThreadPool();
        try (Connection owner = DATABASE.application();
                Statement statement = owner.createStatement()) {
            statement.execute("begin");
            statement.execute(ddl);
            List<Future<String>> results = new ArrayList<>();
            for (String write : WRITES) {
                results.add(writers.submit((Callable<String>) () -> attempt(write)));
            }
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> DATABASE.text(WAITING.formatted(Long.parseLong(log)))
                            .equals(Integer.toString(WRITES.size())));
            statement.execute("commit");
            for (int i = 0; i < WRITES.size(); i++) {
                assertThat(results.get(i).get()).as(WRITES.get(i)).isEqualTo("done");
            }
        } finally {
            writers.shutdownNow();
        }
    }

    /**
     * What writes in a subtransaction has a number of its own, and PostgreSQL holds 64 of them in memory: see
     * <a href="https://www.postgresql.org/docs/current/subxacts.html">PostgreSQL, Subtransactions</a>.
     */
    @Test
    void aTransactionOfManyStatementsHasNoSubtransactionsWithNumbers() throws SQLException {
        prepare();
        try (Connection connection = DATABASE.application();
                Statement statement = connection.createStatement()) {
            statement.execute("begin");
            for (int i = 0; i < 70; i++) {
                statement.execute("update app.t set name = 'n " + i + "' where id = " + (1 + i % 6));
                statement.execute("insert into app.t values (" + (100 + i) + ", 'n'), (" + (200 + i) + ", 'n')");
                statement.execute("update app.t set name = 'm' where id in (" + (100 + i) + ", " + (200 + i) + ")");
                statement.execute("delete from app.t where id = " + (100 + i));
            }
            assertThat(Database.query(
                            connection,
                            "select (pg_stat_get_backend_subxact(id)).subxact_count"
                                    + " from pg_stat_get_backend_idset() as id where pg_stat_get_backend_pid(id) = pg_backend_pid()",
                            row -> row.getInt(1)))
                    .containsExactly(0);
            statement.execute("commit");
        }
        assertThat(DATABASE.text("select count(*) from sluice.change_log where op <> 'S'"))
                .isEqualTo("280");
    }

    @Test
    void thePlannersSettingsStayAsTheApplicationHasThem() throws SQLException {
        prepare();
        try (Connection connection = DATABASE.application();
                Statement statement = connection.createStatement()) {
            for (String set : List.of("on on", "off off", "on off")) {
                statement.execute("set jit = " + set.split(" ")[0] + "; set enable_mergejoin = " + set.split(" ")[1]);
                statement.execute("begin; update app.t set name = name || 'x'; commit");
                assertThat(Database.query(
                                connection,
                                "select current_setting('jit') || ' ' || current_setting('enable_mergejoin')",
                                row -> row.getString(1)))
                        .containsExactly(set);
            }
        }
    }

    private static String attempt(String sql) throws SQLException {
        try (Connection connection = DATABASE.application();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
            return "done";
        } catch (SQLException failure) {
            return failure.getMessage();
        }
    }
}
