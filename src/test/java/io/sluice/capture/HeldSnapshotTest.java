// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Tests a drain under a dump, whose snapshot keeps all drained rows in the log's index, where each drain would read
 * them.
 */
class HeldSnapshotTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final int CHANGES = 20_000;
    private static final Pattern HITS = Pattern.compile("Buffers: shared hit=(\\d+)");

    @Test
    void aHeldSnapshotMakesNoDrainLonger() throws SQLException {
        DATABASE.reset();
        DATABASE.run("create table app.t (id int primary key, name text)", "insert into app.t values (1, 'a')");
        Capture capture = new Capture(DATABASE.sluice(), CHANGES, WriteDebounce.NONE);
        capture.start(List.of(CaptureTest.sync("app.t", "id", "name")));
        try (Connection dump = DATABASE.application();
                Statement statement = dump.createStatement()) {
            dump.setAutoCommit(false);
            statement.execute("set transaction isolation level repeatable read");
            statement.execute("select count(*) from app.t");
            DATABASE.run("insert into sluice.change_log (source, keys, records, op, columns)"
                    + " select 'app.t', '{1}', 1, 'U', '{name}' from generate_series(1, " + CHANGES + ")");
            while (capture.drain("app.t") > 0) {
                assertThat(capture.backlog("app.t")).isNotNegative();
            }
            capture.drain("app.t");
            DATABASE.run("update app.t set name = 'b'");
            assertThat(pages(0)).as("from the beginning").isGreaterThan(200);
            assertThat(pages(capture.searchedFrom("app.t")))
                    .as("from where it searches")
                    .isLessThan(20);
            assertThat(capture.drain("app.t")).isEqualTo(1);
            dump.rollback();
        }
    }

    private static int pages(long from) throws SQLException {
        String plan = String.join(
                "\n",
                DATABASE.texts("explain (analyze, buffers, costs off) "
                        + ChangeLog.HEAD.replaceFirst("\\?", "'app.t'").replaceFirst("\\?", Long.toString(from))));
        Matcher hits = HITS.matcher(plan);
        assertThat(hits.find()).as(plan).isTrue();
        return Integer.parseInt(hits.group(1));
    }
}
