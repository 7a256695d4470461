// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static io.sluice.capture.CaptureTest.sync;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that a row or table that can't be drained delays no other. */
class PoisonTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** Incompressible, or it would fit into an index after all. */
    private static final String LONG_KEY = "(select string_agg(md5(n::text), '') from generate_series(1, 90) as n)";

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
    private final Sync sync = sync("app.t", "id", "name", "amount", "seen");

    @BeforeEach
    void rows() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.t (id text primary key, name text, amount int, seen timestamp)",
                "insert into app.t select 'r' || lpad(n::text, 4, '0'), 'n', n, '2026-01-01' from generate_series(1, 300) as n");
        sync.setTimeZone("America/New_York");
    }

    private void drain() throws SQLException {
        for (int turns = 0; turns < 500; turns++) {
            int moved = 0;
            for (String table : capture.tables()) {
                moved += capture.drain(table);
            }
            if (moved == 0) {
                return;
            }
        }
        assertThat(capture.backlog("app.t")).as("waits for ever").isZero();
    }

    private static List<String> letters() throws SQLException {
        return DATABASE.texts(
                "select concat_ws(' ', left(key, 8), code, message) from sluice.dead_letter order by key");
    }

    private static String waiting() throws SQLException {
        return DATABASE.text("select count(*) from sluice.outbox");
    }

    @Test
    void aConditionThatFailsForARowCostsThatRowItsPriorityAlone() throws SQLException {
        sync.setCritical("100 / (amount - 7) > 0");
        capture.start(List.of(sync));
        drain();
        DATABASE.run("delete from sluice.outbox", "update app.t set name = 'x' where amount between 1 and 20");
        drain();
        assertThat(letters()).isEmpty();
        assertThat(DATABASE.texts(
                        "select key || ' ' || priority from sluice.outbox where key in ('r0006', 'r0007', 'r0008')"
                                + " order by key"))
                .containsExactly("r0006 2", "r0007 2", "r0008 0");
        assertThat(waiting()).isEqualTo("20");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "seen|update app.t set seen = '294276-12-31 23:59:59' where id = 'r0150'|r0150 ROW_NOT_READ 22008 column seen: timestamp out of range"
            })
    void aValueThatCanNotBeSentIsADeadLetterAndTheOthersGo(String column, String poison, String letter)
            throws SQLException {
        capture.start(List.of(sync));
        DATABASE.run(poison, "update app.t set name = 'x'");
        drain();
        assertThat(letters()).containsExactly(letter);
        assertThat(waiting()).isEqualTo("299");
        DATABASE.run("update app.t set seen = now() where id = 'r0150'");
        drain();
        assertThat(letters())
                .as("its next change is read whole, and the letter goes")
                .isEmpty();
        assertThat(
                        DATABASE.text(
                                "select (select count(*) from jsonb_object_keys(fields)) from sluice.outbox where key = 'r0150'"))
                .isEqualTo("3");
    }

    @Test
    void theLetterOfARowThatCanNotBeReadHasNoEditOfAnEarlierOne() throws SQLException {
        capture.start(List.of(sync));
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, edited_fields) values"
                        + " ('crm', 'Contact', 'r0150', 's', 'upsert', '{\"name__c\": \"edited\"}', '{}', '{name__c}')",
                "update app.t set seen = '294276-12-31 23:59:59' where id = 'r0150'");
        drain();
        assertThat(DATABASE.texts("select concat_ws(' ', key, fields, edited_fields) from sluice.dead_letter"))
                .containsExactly("r0150 {} {}");
    }

    @Test
    void aRowThatOneSyncCantReadIsReadByTheOthers() throws SQLException {
        Sync names = sync("app.t", "id", "name");
        names.setName("names");
        names.setObject("Lead");
        names.setTimeZone("America/New_York");
        capture.start(List.of(sync, names));
        DATABASE.run("update app.t set seen = '294276-12-31 23:59:59' where id = 'r0150'");
        drain();
        assertThat(letters()).hasSize(1);
        assertThat(DATABASE.text("select count(*) from sluice.outbox where object = 'Lead'"))
                .isEqualTo("300");
        assertThat(DATABASE.text("select count(*) from sluice.outbox where object = 'Contact'"))
                .isEqualTo("299");
    }

    @Test
    void aKeyTooLongForAnIndexIsADeadLetterUntilItsRowIsDeleted() throws SQLException {
        capture.start(List.of(sync));
        DATABASE.run(
                "alter table app.t drop constraint t_pkey",
                "create unique index on app.t (md5(id))",
                "insert into app.t values (" + LONG_KEY + ", 'long', 1, null)",
                "update app.t set amount = 5 where id = 'r0001'");
        drain();
        assertThat(letters())
                .singleElement()
                .asString()
                .contains("its key of 2880 bytes is longer than an index holds");
        assertThat(waiting()).isEqualTo("300");
        DATABASE.run("delete from app.t where name = 'long'", "update app.t set amount = 6 where id = 'r0002'");
        drain();
        assertThat(letters()).isEmpty();
        assertThat(capture.backlog("app.t")).isZero();
    }

    @Test
    void aLockOnATableKeepsNoOtherTableFromBeingDrained() throws SQLException {
        DATABASE.run("create table app.u (id text primary key, name text)", "insert into app.u values ('1', 'a')");
        Sync other = sync("app.u", "id", "name");
        other.setName("other");
        other.setObject("Lead");
        capture.start(List.of(sync, other));
        drain();
        DATABASE.run(
                "update app.t set name = 'y' where id = 'r0001'",
                "update app.u set name = 'b'",
                "delete from sluice.outbox");
        try (Connection migration = DATABASE.application();
                Statement statement = migration.createStatement()) {
            migration.setAutoCommit(false);
            statement.execute("lock table app.t in access exclusive mode");
            long begin = System.nanoTime();
            for (int turn = 0; turn < 20; turn++) {
                capture.drain("app.t");
                capture.drain("app.u");
            }
            assertThat(DATABASE.texts("select key from sluice.outbox")).containsExactly("1");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
            migration.rollback();
        }
        org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            capture.drain("app.t");
            return waiting().equals("2");
        });
    }

    /** Its number is lower than what was drained meanwhile. */
    @Test
    void aChangeThatCommitsLateIsDrainedAlthoughTheSearchHasPassedIt() throws SQLException {
        capture.start(List.of(sync));
        drain();
        DATABASE.run("delete from sluice.outbox");
        try (Connection late = DATABASE.application();
                Statement statement = late.createStatement()) {
            late.setAutoCommit(false);
            statement.execute("update app.t set name = 'late' where id = 'r0001'");
            for (int i = 10; i < 40; i++) {
                DATABASE.run("update app.t set name = 'quick' where id = 'r00" + i + "'");
                drain();
            }
            assertThat(waiting()).isEqualTo("30");
            late.commit();
        }
        drain();
        assertThat(DATABASE.texts("select key from sluice.outbox where key = 'r0001'"))
                .hasSize(1);
    }

    /** @param twice whether the table has a second sync, to another CRM, which takes the CRM's change too */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void effectsOfTheApplicationsTriggersWhileACrmChangeIsAppliedGoToThatCrmToo(boolean twice) throws SQLException {
        DATABASE.run(
                "create table app.u (id text primary key, name text)",
                "insert into app.u values ('1', 'a')",
                "create function app.up() returns trigger language plpgsql as $$ begin new.name := upper(new.name); return new;"
                        + " end $$",
                "create trigger up before update on app.t for each row execute function app.up()",
                "create function app.too() returns trigger language plpgsql as $$ begin update app.u set name = new.name;"
                        + " update app.t set amount = -1 where id = 'r0002' and new.id = 'r0001'; return null; end $$",
                "create trigger too after update on app.t for each row execute function app.too()");
        Sync other = sync("app.u", "id", "name");
        other.setName("other");
        other.setObject("Lead");
        Sync second = sync("app.t", "id", "name");
        second.setName("second");
        second.setAccount("elsewhere");
        second.setTimeZone("America/New_York");
        capture.start(twice ? List.of(sync, other, second) : List.of(sync, other));
        drain();
        DATABASE.run(
                "insert into sluice.sync_state (account, object, key, sync, base)"
                        + " select account, object, key, sync, fields from sluice.outbox",
                "delete from sluice.outbox");
        DATABASE.sluice().transaction(connection -> {
            capture.blockDrains(connection, sync);
            io.sluice.store.Database.update(
                    connection, "update app.t set name = 'anna', amount = 77 where id = 'r0001'");
            return io.sluice.store.Database.update(
                    connection,
                    "update sluice.sync_state set base = base"
                            + " || '{\"name__c\": \"anna\", \"amount__c\": 77}' where key = 'r0001' and object = 'Contact' and account = 'crm'");
        });
        drain();
        assertThat(DATABASE.texts("select concat_ws(' ', key, fields) from sluice.outbox where account = 'elsewhere'"
                        + " order by key"))
                .containsExactlyElementsOf(
                        twice ? List.of("r0001 {\"name__c\": \"ANNA\"}", "r0002 {\"name__c\": \"N\"}") : List.of());
        assertThat(DATABASE.texts("select concat_ws(' ', object, key, fields) from sluice.outbox"
                        + " where account = 'crm' order by object, key"))
                .containsExactly(
                        "Contact r0001 {\"name__c\": \"ANNA\"}",
                        "Contact r0002 {\"name__c\": \"N\", \"amount__c\": -1}",
                        "Lead 1 {\"name__c\": \"N\"}");
    }
}
