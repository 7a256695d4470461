// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.status.DatabaseHealth;
import java.sql.SQLException;
import java.util.Map;
import org.apache.camel.health.HealthCheck;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests a demoted primary: connections to it answer queries and reject each write. */
class FailoverTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @BeforeEach
    void table() throws SQLException {
        promotion();
        for (int stale = 0; stale < 16; stale++) {
            try {
                DATABASE.sluice().checkWritable();
            } catch (SQLException readOnly) {
                // of the test before
            }
        }
        DATABASE.reset();
        DATABASE.run("create table app.t (id int)");
    }

    /** Makes new sessions read-only; they stay so, like those to a demoted primary. */
    private static void demotion() throws SQLException {
        String database = DATABASE.text("select current_database()");
        DATABASE.run(
                "alter database " + database + " set default_transaction_read_only = on",
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                        + " and pid <> pg_backend_pid()");
        for (int stale = 0; stale < 20; stale++) {
            try {
                DATABASE.text("select 1");
            } catch (SQLException terminated) {
                // its connection was one of those that ended
            }
        }
        assertThat(DATABASE.text("show transaction_read_only")).isEqualTo("on");
    }

    private static void promotion() throws SQLException {
        DATABASE.run(
                "set default_transaction_read_only = off",
                "alter database " + DATABASE.text("select current_database()")
                        + " reset default_transaction_read_only");
    }

    @Test
    void aConnectionIsEvictedAfterAWriteToAReadOnlyServer() throws SQLException {
        demotion();
        assertThatThrownBy(() -> DATABASE.sluice().update("insert into app.t values (1)"))
                .hasMessageContaining("read-only");
        promotion();
        for (int stale = 0; stale < 16; stale++) {
            try {
                DATABASE.sluice()
                        .transaction(connection -> Database.update(connection, "insert into app.t values (2)"));
            } catch (SQLException refused) {
                assertThat(refused.getSQLState()).isEqualTo("25006");
            }
        }
        DATABASE.sluice().update("insert into app.t values (3)");
        assertThat(DATABASE.texts("select id::text from app.t where id = 3")).containsExactly("3");
    }

    @Test
    void healthSaysThatTheServerIsReadOnly() throws SQLException {
        demotion();
        HealthCheck.Result asked = new DatabaseHealth(DATABASE.sluice(), () -> null).call(Map.of());
        promotion();
        assertThat(asked.getState()).isEqualTo(HealthCheck.State.DOWN);
        assertThat(asked.getMessage().orElse("")).contains("read-only");
    }
}
