// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A sync that does not run while others do, and one whose mapping was mended: nothing is lost, nothing old is left. */
class StoppedSyncTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Sync one = sync("one", Map.of("name", "Name"));
    private final Sync other = sync("other", Map.of("name", "name", "city", "town"));

    private static Sync sync(String name, Map<String, String> fields) {
        Sync sync = new Sync();
        sync.setName(name);
        sync.setTable("app.t");
        sync.setKey("id");
        sync.setAccount("crm");
        sync.setObject(name);
        sync.setExternalId("No");
        sync.setFields(new LinkedHashMap<>(fields));
        return sync;
    }

    @BeforeEach
    void rows() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.t (id int primary key, name text, city text)",
                "insert into app.t select n, 'n', 'c' from generate_series(1, 50) as n");
    }

    private static Capture started(List<Sync> running, List<Sync> kept) throws SQLException {
        Capture capture = new Capture(DATABASE.sluice(), 10_000, WriteDebounce.NONE);
        capture.start(running, kept);
        return capture;
    }

    private static void drain(Capture capture) throws SQLException {
        for (String table : capture.tables()) {
            while (capture.drain(table) > 0) {
                assertThat(capture.backlog(table)).isNotNegative();
            }
        }
    }

    private static void settle() throws SQLException {
        DATABASE.run(
                "insert into sluice.sync_state (account, object, key, sync, base)"
                        + " select account, object, key, sync, fields from sluice.outbox where operation = 'upsert'"
                        + " on conflict (account, object, key) do update set base = excluded.base",
                "delete from sluice.sync_state r using sluice.outbox o where o.key = r.key and o.object = r.object"
                        + " and o.operation = 'delete'",
                "delete from sluice.outbox");
    }

    @Test
    void changesMissedByAStoppedSyncAreFoundWhenItRunsAgainDeletesIncluded() throws SQLException {
        drain(started(List.of(one, other), List.of()));
        settle();

        Capture without = started(List.of(one), List.of(other));
        DATABASE.run(
                "update app.t set name = 'changed' where id = 7",
                "delete from app.t where id = 9",
                "insert into app.t values (51, 'n', 'c')");
        drain(without);
        assertThat(DATABASE.texts("select distinct object from sluice.outbox")).containsExactly("one");
        settle();

        Capture again = started(List.of(one, other), List.of());
        again.watch();
        drain(again);
        assertThat(DATABASE.texts("select operation || ' ' || key from sluice.outbox where object = 'other' and key in"
                        + " ('7', '9', '51') order by 1"))
                .containsExactly("delete 9", "upsert 51", "upsert 7");
        settle();
        assertThat(started(List.of(one, other), List.of()).tables()).containsExactly("app.t");
        assertThat(DATABASE.texts("select key from sluice.change_log, unnest(keys) as key"))
                .as("nothing is loaded again")
                .isEmpty();
    }

    @Test
    void aSyncThatIsAloneAtItsTableKeepsTriggersAndChanges() throws SQLException {
        drain(started(List.of(other), List.of()));
        settle();

        assertThat(started(List.of(), List.of(other)).tables()).isEmpty();
        DATABASE.run("update app.t set name = 'changed' where id = 7", "delete from app.t where id = 9");
        Capture again = started(List.of(other), List.of());
        drain(again);

        assertThat(DATABASE.texts("select operation || ' ' || key || ' ' || fields from sluice.outbox order by 1"))
                .containsExactly("delete 9 {}", "upsert 7 {\"name\": \"changed\"}");
    }

    @Test
    void aMendedFieldLeavesNothingOfTheOldName() throws SQLException {
        Sync wrong = sync("other", Map.of("name", "nmae", "city", "town"));
        drain(started(List.of(wrong), List.of()));
        DATABASE.run(
                "insert into sluice.sync_state (account, object, key, sync, base, stamps, unproven)"
                        + " values ('crm', 'other', '1', 'other', '{\"nmae\": \"n\", \"town\": \"c\"}', '{\"*\": \"2026-01-01\"}',"
                        + " '{\"nmae\": [\"x\"]}')",
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, rejected_fields)"
                        + " values ('crm', 'other', '2', 'other', 'upsert', '{\"nmae\": \"n\"}', '{}', array['nmae']),"
                        + " ('crm', 'other', '3', 'other', 'upsert', '{\"nmae\": \"n\", \"town\": \"c\"}', '{}', array['nmae', 'town']),"
                        + " ('crm', 'elsewhere', '4', 'other', 'upsert', '{\"nmae\": \"n\"}', '{}', '{}')");

        Capture mended = started(List.of(other), List.of());
        assertThat(DATABASE.texts("select concat_ws(' ', key, fields, array_to_string(rejected_fields, ','))"
                        + " from sluice.dead_letter"))
                .containsExactly("3 {\"town\": \"c\"} town");
        assertThat(DATABASE.texts("select concat_ws(' ', base, stamps, unproven) from sluice.sync_state"))
                .containsExactly("{\"town\": \"c\"} {\"*\": \"2026-01-01\"} {}");
        drain(mended);
        assertThat(DATABASE.texts("select distinct jsonb_object_keys(fields) from sluice.outbox order by 1"))
                .containsExactly("name", "town");
        assertThat(DATABASE.texts("select count(*)::text from sluice.outbox")).containsExactly("50");
    }
}
