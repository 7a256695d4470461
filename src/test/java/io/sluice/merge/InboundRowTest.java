// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests how a table's defaults, computed columns, identities, triggers and constraints treat a CRM's values. */
class InboundRowTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant FAR_AHEAD = Instant.parse("2100-01-01T00:00:00Z");

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final Applier applier = new Applier(DATABASE.sluice(), capture);
    private final Sync sync = new Sync();

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
    }

    private void start(String table, Map<String, String> fields) throws SQLException {
        DATABASE.run(table);
        sync.setFields(new LinkedHashMap<>(fields));
        capture.start(List.of(sync));
        sendAll();
    }

    private List<Map<String, Object>> sendAll() throws SQLException {
        List<Map<String, Object>> sent = new ArrayList<>();
        capture.drain("app.customer");
        for (Optional<Claim> claim = claim(); claim.isPresent(); claim = claim()) {
            claim.get().changes().stream()
                    .map(RecordChange::fields)
                    .map(TreeMap::new)
                    .forEach(sent::add);
            settlement.settle(
                    claim.get(),
                    claim.get().changes().stream()
                            .map(it -> Outcome.done(it.key(), "x" + it.key()))
                            .toList());
        }
        return sent;
    }

    private Optional<Claim> claim() throws SQLException {
        return outbox.claim("crm", 200, Priority.LOW);
    }

    private Applied apply(String key, Object... fields) throws SQLException {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            map.put((String) fields[i], fields[i + 1]);
        }
        return applier.apply(sync, List.of(new CrmRecord("x" + key, key, FAR_AHEAD, map)), applier.now());
    }

    private List<String> rows() throws SQLException {
        return DATABASE.texts("select c::text from app.customer c order by no");
    }

    @Test
    void aFieldThatTheCrmLacksGetsTheDefaultWhichIsSentToTheCrm() throws SQLException {
        start(
                "create table app.customer (no int primary key, name text not null default 'nobody', city text default 'Oslo',"
                        + " visits int)",
                Map.of("name", "Name", "city", "City", "visits", "Visits"));

        assertThat(apply("1", "Name", null, "City", "Rome", "Visits", null).inserted())
                .isEqualTo(1);
        assertThat(apply("2", "Name", "Bob", "City", "", "Visits", 2).inserted())
                .isEqualTo(1);

        assertThat(rows()).containsExactly("(1,nobody,Rome,)", "(2,Bob,Oslo,2)");
        assertThat(sendAll()).containsExactlyInAnyOrder(Map.of("Name", "nobody"), Map.of("City", "Oslo"));
        assertThat(apply("1", "Name", "nobody", "City", "Rome", "Visits", null).changes())
                .isZero();
    }

    @Test
    void aComputedColumnIsSentToTheCrmAndNeverWrittenFromIt() throws SQLException {
        start(
                "create table app.customer (no int primary key, name text, shout text generated always as (upper(name)) stored)",
                Map.of("name", "Name", "shout", "Shout"));

        assertThat(apply("1", "Name", "Ann", "Shout", "what a user wrote").inserted())
                .isEqualTo(1);
        assertThat(rows()).containsExactly("(1,Ann,ANN)");
        assertThat(sendAll()).containsExactly(Map.of("Shout", "ANN"));

        assertThat(apply("1", "Name", "Eve", "Shout", "ANN").rejected()).isEmpty();
        assertThat(rows()).containsExactly("(1,Eve,EVE)");
        assertThat(sendAll()).containsExactly(Map.of("Shout", "EVE"));
    }

    @Test
    void aRecordBecomesARowWhoseKeyIsAnIdentityColumn() throws SQLException {
        start(
                "create table app.customer (no int generated always as identity primary key, name text)",
                Map.of("name", "Name"));

        assertThat(apply("7", "Name", "Ann").inserted()).isEqualTo(1);
        assertThat(apply("7", "Name", "Eve").updated()).isEqualTo(1);
        assertThat(rows()).containsExactly("(7,Eve)");
        assertThat(sendAll()).isEmpty();
    }

    @Test
    void aKeyWithADeferrableUniqueIndexReceivesRecords() throws SQLException {
        start(
                "create table app.customer (no int not null unique deferrable initially deferred, name text)",
                Map.of("name", "Name"));

        assertThat(apply("7", "Name", "Ann").inserted()).isEqualTo(1);
        assertThat(apply("7", "Name", "Eve").updated()).isEqualTo(1);
        assertThat(rows()).containsExactly("(7,Eve)");
    }

    @Test
    void aValueThatATriggerKeepsIsSentBackToTheCrm() throws SQLException {
        start(
                "create table app.customer (no int primary key, name text, city text)",
                Map.of("name", "Name", "city", "City"));
        apply("1", "Name", "Ann", "City", "Oslo");
        DATABASE.run(
                "create function app.keep() returns trigger language plpgsql as $$ begin new.name := old.name;"
                        + " return new; end $$",
                "create trigger keep before update on app.customer for each row" + " execute function app.keep()");

        apply("1", "Name", "Eve", "City", "Rome");

        assertThat(rows()).containsExactly("(1,Ann,Rome)");
        assertThat(sendAll()).containsExactly(Map.of("Name", "Ann"));
        assertThat(apply("1", "Name", "Ann", "City", "Rome").changes()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "'numeric(5, 2)', 12.35, 12.345",
        "int, 7, 7.0",
        "'char(5)', ab, 'ab '",
        "timestamptz, 2026-01-01T00:00:00Z," + " 2026-01-01T01:00:00+01:00"
    })
    void aValueThatTheColumnRoundsToItsPresentValueCostsNoCall(String type, String has, String comes)
            throws SQLException {
        start("create table app.customer (no int primary key, name " + type + ")", Map.of("name", "Name"));
        apply("1", "Name", has);
        sendAll();

        apply("1", "Name", comes);

        assertThat(sendAll()).isEmpty();
    }

    @Test
    void aRejectedValueHoldsUpNoOther() throws SQLException {
        start(
                "create table app.customer (no int primary key, name text not null, city text check (city <> 'Atlantis'), visits int,"
                        + " score int check (score < 10))",
                Map.of("name", "Name", "city", "City", "visits", "Visits", "score", "Score"));
        DATABASE.run("insert into app.customer values (1, 'Ann', 'Oslo', 1, 1)");
        sendAll();

        Applied applied = apply("1", "Name", "Anna", "City", "Atlantis", "Visits", "many", "Score", 9);

        assertThat(rows()).containsExactly("(1,Anna,Oslo,1,9)");
        assertThat(applied.rejected()).singleElement().satisfies(refused -> assertThat(refused.columns())
                .containsExactlyInAnyOrder("city", "visits"));
        assertThat(sendAll()).isEmpty();
        assertThat(apply("1", "Name", "Anna", "City", "Rome", "Visits", 3, "Score", 9)
                        .rejected())
                .isEmpty();
        assertThat(rows()).containsExactly("(1,Anna,Rome,3,9)");
    }

    @Test
    void aNewRecordBecomesARowWithoutTheRejectedValue() throws SQLException {
        start(
                "create table app.customer (no int primary key, name text not null, city text check (city <> 'Atlantis'), visits int)",
                Map.of("name", "Name", "city", "City", "visits", "Visits"));

        Applied applied = apply("1", "Name", "Ann", "City", "Atlantis", "Visits", 4);
        assertThat(rows()).containsExactly("(1,Ann,,4)");
        assertThat(applied.rejected()).singleElement().satisfies(refused -> assertThat(refused.columns())
                .containsExactly("city"));

        assertThat(apply("2", "Name", null, "City", "Rome", "Visits", 4).rejected())
                .hasSize(1);
        assertThat(rows()).containsExactly("(1,Ann,,4)");
    }

    /**
     * A BEFORE trigger of the application that skips the row.
     *
     * @param rows      rows after the CRM's record 1 has name Eve and city Rome, and record 2 has name Bea
     * @param rejected  columns of record 1 that are rejected
     */
    private record Skipping(String name, String body, List<String> rows, List<String> rejected) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Skipping> skipping() {
        return Stream.of(
                new Skipping(
                        "the row is closed",
                        "if old.no = 1 then return null; end if; return new;",
                        List.of("(1,Ann,Oslo,)", "(2,Bea,Bern,)"),
                        List.of("name", "city")),
                new Skipping(
                        "the name is closed",
                        "if old.no = 1 and new.name <> old.name then return null; end if; return new;",
                        List.of("(1,Ann,Rome,)", "(2,Bea,Bern,)"),
                        List.of("name")),
                new Skipping(
                        "all rows are closed",
                        "return null;",
                        List.of("(1,Ann,Oslo,)", "(2,Bob,Bern,)"),
                        List.of("name", "city")),
                new Skipping(
                        "the trigger updates the row itself",
                        "if pg_trigger_depth() > 1 then return new; end if;"
                                + " update app.customer set name = new.name, city = new.city, visits = 1 where no = new.no; return null;",
                        List.of("(1,Eve,Rome,1)", "(2,Bea,Bern,1)"),
                        List.of()));
    }

    private void skipping(String event, String body) throws SQLException {
        DATABASE.run(
                "create or replace function app.skip() returns trigger language plpgsql as $$ begin " + body
                        + " end $$",
                "create trigger skip before " + event + " on app.customer for each row execute function app.skip()");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("skipping")
    void anUpdateThatATriggerSkipsIsRejectedAndNotInTheBase(Skipping trigger) throws SQLException {
        start(
                "create table app.customer (no int primary key, name text, city text, visits int)",
                Map.of("name", "Name", "city", "City"));
        DATABASE.run("insert into app.customer values (1, 'Ann', 'Oslo'), (2, 'Bob', 'Bern')");
        sendAll();
        skipping("update", trigger.body());
        Map<String, Object> first = Map.of("Name", "Eve", "City", "Rome");
        Map<String, Object> second = Map.of("Name", "Bea", "City", "Bern");
        List<CrmRecord> page =
                List.of(new CrmRecord("x1", "1", FAR_AHEAD, first), new CrmRecord("x2", "2", FAR_AHEAD, second));

        Applied applied = applier.apply(sync, page, applier.now());

        assertThat(rows()).containsExactlyElementsOf(trigger.rows());
        assertThat(applied.rejected().stream()
                        .filter(it -> it.key().equals("1"))
                        .flatMap(it -> it.columns().stream()))
                .containsExactlyInAnyOrderElementsOf(trigger.rejected());
        assertThat(DATABASE.texts("select crm_id from sluice.inbound_rejection where crm_id = 'x1'"))
                .hasSize(trigger.rejected().isEmpty() ? 0 : 1);
        assertThat(applied.deferred()).isEmpty();
        assertThat(sendAll()).as("sent back").isEmpty();
        assertThat(DATABASE.texts(
                        "select concat_ws(' ', base ->> 'Name', base ->> 'City') from sluice.sync_state order by key"))
                .containsExactlyElementsOf(rows().stream()
                        .map(row -> row.split("[(,)]"))
                        .map(row -> row[2] + " " + row[3])
                        .toList());
        DATABASE.run("drop trigger skip on app.customer");
        assertThat(applier.apply(sync, page, applier.now()).rejected()).isEmpty();
        assertThat(rows())
                .extracting(row -> row.replaceAll(",1?\\)", ""))
                .containsExactly("(1,Eve,Rome", "(2,Bea,Bern");
        assertThat(DATABASE.texts("select crm_id from sluice.inbound_rejection"))
                .isEmpty();
    }

    @Test
    void anInsertThatATriggerSkipsIsRejected() throws SQLException {
        start("create table app.customer (no int primary key, name text)", Map.of("name", "Name"));
        skipping("insert", "if new.name = 'Ann' then return null; end if; return new;");

        assertThat(apply("2", "Name", "Bob").inserted()).isEqualTo(1);
        Applied applied = apply("1", "Name", "Ann");

        assertThat(applied.inserted()).isZero();
        assertThat(applied.deferred()).as("read again and again").isEmpty();
        assertThat(applied.rejected()).singleElement().satisfies(it -> assertThat(it.key())
                .isEqualTo("1"));
        assertThat(DATABASE.texts("select key from sluice.sync_state")).containsExactly("2");
    }

    @Test
    void aRowThatATriggerInsertsElsewhereIsFoundThere() throws SQLException {
        start(
                "create table app.customer (no int primary key, name text);"
                        + " create table app.part (primary key (no)) inherits (app.customer)",
                Map.of("name", "Name"));
        skipping("insert", "insert into app.part values (new.*); return null;");

        assertThat(apply("1", "Name", "Ann").rejected()).isEmpty();
        Applied again = apply("1", "Name", "Ann");

        assertThat(again.rejected()).isEmpty();
        assertThat(again.deferred()).isEmpty();
        assertThat(rows()).containsExactly("(1,Ann)");
        assertThat(sendAll()).isEmpty();
        assertThat(DATABASE.texts("select base ->> 'Name' from sluice.sync_state"))
                .containsExactly("Ann");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "return null; | (1,Ann,)",
                "update app.customer set visits = -1 where no = old.no; return null;" + " | (1,Ann,-1)",
                "if pg_trigger_depth() = 1 then delete from app.customer where no = old.no; return null; end if;"
                        + " return old; | "
            })
    void aDeleteThatATriggerSkipsIsRejectedWhereTheRowStays(String body, String row) throws SQLException {
        start("create table app.customer (no int primary key, name text, visits int)", Map.of("name", "Name"));
        DATABASE.run("insert into app.customer values (1, 'Ann'), (2, 'Bob')");
        sendAll();
        skipping("delete", "if old.no = 2 then return old; end if; " + body);

        Applied applied = applier.delete(
                sync, List.of(new DeletedRecord("x1", FAR_AHEAD), new DeletedRecord("x2", FAR_AHEAD)), applier.now());

        assertThat(rows()).isEqualTo(row == null ? List.of() : List.of(row));
        assertThat(applied.deleted()).isEqualTo(row == null ? 2 : 1);
        assertThat(applied.rejected()).hasSize(row == null ? 0 : 1);
        assertThat(DATABASE.texts("select crm_id from sluice.inbound_rejection"))
                .hasSize(row == null ? 0 : 1);
        assertThat(DATABASE.texts("select key from sluice.sync_state")).isEmpty();
        assertThat(sendAll()).isEmpty();
    }

    /** Numbers of CRM records, and the numbers that the column's sequence then gives to the application. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bigint generated always as identity | 6 | 7,8",
                "int generated by default as identity | 8 | 9,10",
                "smallint generated by default as identity | 5 | 6,7",
                "bigserial | 7,9,6 | 10,11",
                "smallserial | 6 | 7,8",
                "bigserial | 3 | 6,7",
                "bigserial | -4 | 6,7",
                "bigint generated always as identity (start with 1000) | 1005,1000 | 1006,1007",
                "bigint generated always as identity (increment by 10) | 51,60,47 | 61,71",
                "bigint generated always as identity (increment by 2) | 12,14 | 11,13",
                "bigint generated always as identity (cache 20) | 24 | 25,26",
                "bigint default nextval('app.numbers') | 6 | 7,8",
                "app.number default nextval('app.numbers') | 6 | 7,8",
                "bigint generated always as identity | 90000,180000,5000000000 | 180001,180002",
                "bigint generated always as identity | 9223372036854775807 | 6,7",
                "int generated always as identity (maxvalue 7) | 6 | 7"
            })
    void theApplicationNeverGetsTheNumberOfACrmRecord(String type, String made, String given) throws SQLException {
        start(
                "create sequence app.numbers; create domain app.number as bigint; create table app.customer (no " + type
                        + " primary key, name text)",
                Map.of("name", "Name"));
        boolean rows = !type.contains("start");
        DATABASE.run("insert into app.customer (name) select 'theirs' from generate_series(1, " + (rows ? 5 : 0) + ")");
        sendAll();

        for (String number : made.split(",")) {
            apply(number, "Name", "crm");
        }

        for (String number : given.split(",")) {
            assertThat(DATABASE.texts("insert into app.customer (name) values ('new') returning no"))
                    .containsExactly(number);
        }
        assertThat(DATABASE.text("select count(*) from app.customer where name = 'crm'"))
                .isEqualTo(type.equals("bigserial") && made.equals("3") ? "1" : String.valueOf(made.split(",").length));
    }

    @Test
    void numbersThatASessionHasCachedDoNotHoldTheSequenceBack() throws SQLException {
        start(
                "create table app.customer (no bigint generated by default as identity (cache 20) primary key, name text)",
                Map.of("name", "Name"));
        takeNumbers(5);
        apply("24", "Name", "crm");
        takeNumbers(5);
        apply("70", "Name", "crm");
        takeNumbers(25);
        assertThat(DATABASE.text("select count(*) from app.customer")).isEqualTo("37");
    }

    private static void takeNumbers(int rows) throws SQLException {
        try (Connection connection = DATABASE.application();
                Statement statement = connection.createStatement()) {
            statement.execute("insert into app.customer (name) select 'theirs' from generate_series(1, " + rows + ")");
        }
    }

    @Test
    void theSequenceOfAnotherColumnAdvancesToo() throws SQLException {
        start(
                "create table app.customer (no int primary key, visits bigserial unique, city serial)",
                Map.of("visits", "Visits", "city", "City"));
        DATABASE.run("insert into app.customer (no) values (1), (2)");
        sendAll();
        apply("1", "Visits", 3, "City", 3);
        apply("5", "Visits", 5, "City", 5);
        DATABASE.run("insert into app.customer (no) values (7)");
        assertThat(rows()).containsExactly("(1,3,3)", "(2,2,2)", "(5,5,5)", "(7,6,3)");
    }

    @Test
    void aSequenceNeverGoesBackWhileTheApplicationTakesNumbers() throws Exception {
        start("create table app.customer (no bigserial primary key, name text)", Map.of("name", "Name"));
        List<Long> given = java.util.Collections.synchronizedList(new ArrayList<>());
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> takers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            takers.add(new Thread(() -> {
                try (Connection connection = DATABASE.application();
                        Statement statement = connection.createStatement()) {
                    while (!over.get()) {
                        try (var row = statement.executeQuery("select nextval('app.customer_no_seq')")) {
                            row.next();
                            given.add(row.getLong(1));
                        }
                    }
                } catch (SQLException failed) {
                    given.add(-1L);
                }
            }));
        }
        takers.forEach(Thread::start);
        for (int i = 0; i < 20; i++) {
            int ahead = 50;
            apply(
                    String.valueOf(Long.parseLong(DATABASE.text("select last_value from app.customer_no_seq")) + ahead),
                    "Name",
                    "crm");
        }
        over.set(true);
        for (Thread taker : takers) {
            taker.join();
        }
        assertThat(given).doesNotHaveDuplicates().doesNotContain(-1L).hasSizeGreaterThan(20);
    }
}
