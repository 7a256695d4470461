// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Applies CRM records whose external ids are spelled in every way that a CRM folds, trims or reformats, for each type of
 * key, together with an ordinary record in one page and in two. The ordinary one is always applied; the odd one finds its row,
 * makes one row, or is rejected with a reason. Applied again, nothing changes, and nothing is sent back to the CRM.
 */
class KeysMatrixTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** Coprime to the dimensions, so that each of their values is met. */
    private static final int THINNED = 7;

    private static final boolean FULL = "full".equals(System.getProperty("matrix"));
    private static final Instant AT = Instant.parse("2100-01-01T00:00:00Z");

    /** Expected results for a record. */
    enum End {
        FINDS,
        MAKES,
        REJECTED
    }

    /** Whether its CRM id is known, and whether its row exists. */
    enum Start {
        KNOWN,
        ROW_ONLY,
        NOTHING
    }

    /** Ways in which the record arrives. */
    enum Path {
        READ,
        SNAPSHOT,
        READ_BACK_THEN_EVENT,
        READ_THEN_DELETED
    }

    private record Type(
            String sql, String own, String neighbour, List<String> same, List<String> others, List<String> none) {

        @Override
        public String toString() {
            return sql();
        }
    }

    private static final String LONG = "x".repeat(20) + "é".repeat(3_000);

    private static String noise(int bytes) {
        StringBuilder text = new StringBuilder();
        new java.util.Random(1).ints(bytes, 33, 127).forEach(each -> text.append((char) each));
        return text.toString();
    }

    private static final List<String> TRAVELLERS = List.of(
            "a'b",
            "a\"b",
            "a,b",
            "a/b",
            "a%2Fb",
            "100%",
            "a\\b",
            "a;b",
            "a&b=c",
            "a+b",
            "a?b#c",
            "\u00e9",
            "e\u0301",
            "\ud83d\ude00",
            "a\nb",
            "#N/A",
            "null",
            "=1+1",
            "ſ",
            "İ");

    private static final List<String> NO_TEXTS = List.of("a\u0000b", "a\ud800b", "\udc00");

    private static final List<Type> TYPES = List.of(
            new Type(
                    "int",
                    "77",
                    "1",
                    List.of("77", "0077", " 77 ", "77.0", "7.7E1", "+77"),
                    List.of("78", "-77"),
                    List.of("7.5", "A77", "1.2E77", "99999999999", "77 78", "\u0667\u0667", "7\u00007", "")),
            new Type("smallint", "77", "1", List.of("77", "77.0"), List.of("78"), List.of("40000", "1E5")),
            new Type(
                    "bigint",
                    "12000000",
                    "1",
                    List.of("12000000", "1.2E7", "12000000.0"),
                    List.of("9007199254740993"),
                    List.of("9223372036854775808")),
            new Type("numeric", "7", "1", List.of("7", "7.0", "7.000", "0.7E1"), List.of("7.5"), List.of("x", "")),
            new Type(
                    "numeric(10,2)",
                    "7.00",
                    "1.00",
                    List.of("7.00", "7.0", "7"),
                    List.of("7.5", "8"),
                    List.of("7.505", "123456789012")),
            new Type(
                    "uuid",
                    "0b1e8a52-6e4c-4d63-9c9c-aabbccddeeff",
                    "0b1e8a52-6e4c-4d63-9c9c-aabbccddee00",
                    List.of(
                            "0b1e8a52-6e4c-4d63-9c9c-aabbccddeeff", "0B1E8A52-6E4C-4D63-9C9C-AABBCCDDEEFF",
                            "{0b1e8a52-6e4c-4d63-9c9c-aabbccddeeff}", " 0b1e8a526e4c4d639c9caabbccddeeff "),
                    List.of("0b1e8a52-6e4c-4d63-9c9c-aabbccddee01"),
                    List.of("0b1e8a52", "x", "")),
            new Type(
                    "text",
                    "Ab-1",
                    "z",
                    List.of("Ab-1"),
                    TRAVELLERS,
                    Stream.concat(NO_TEXTS.stream(), Stream.of(LONG.substring(0, 20) + noise(9_000)))
                            .toList()),
            new Type(
                    "varchar(10)",
                    "Ab-1",
                    "z",
                    List.of("Ab-1"),
                    List.of("0123456789"),
                    List.of("01234567890", "a\u0000")),
            new Type(
                    "char(6)",
                    "Ab-1",
                    "z",
                    List.of("Ab-1", "Ab-1  ", "Ab-1          "),
                    List.of("abcdef"),
                    List.of("abcdefg")),
            new Type(
                    "date",
                    "2026-01-02",
                    "2026-01-01",
                    List.of("2026-01-02", " 2026-01-02", "2026-1-2"),
                    List.of("2026-01-03"),
                    List.of("2026-02-30", "x", "9".repeat(30))),
            new Type("app.ci", "Ab-1", "z", List.of("Ab-1", "AB-1", "ab-1"), List.of("Ab-2"), List.of("a\u0000b")),
            new Type("app.colour", "red", "blue", List.of("red"), List.of("green"), List.of("Rot", "pink", "")),
            new Type("app.code", "C-1", "C-9", List.of("C-1"), List.of("C-2"), List.of("D-1", "x")),
            new Type("app.positive", "5", "1", List.of("5", "05", "5.0"), List.of("6"), List.of("-5", "0", "x")),
            new Type(
                    "inet",
                    "10.0.0.1/32",
                    "10.0.0.9/32",
                    List.of("10.0.0.1", "10.0.0.1/32"),
                    List.of("10.0.0.2"),
                    List.of("10.0.0.300")));

    private record Case(Type type, String spelled, End end, Start start, Path path, boolean together) {

        @Override
        public String toString() {
            String shown = spelled.length() > 40 ? spelled.length() + " characters" : spelled;
            return type.sql() + " '" + shown.replace("\u0000", "NUL") + "' " + start + " " + path
                    + (together ? " in one page" : " in two pages");
        }
    }

    private static List<Case> combinations() {
        List<Case> cases = new ArrayList<>();
        for (Type type : TYPES) {
            for (Start start : Start.values()) {
                for (Path path : Path.values()) {
                    for (boolean together : new boolean[] {true, false}) {
                        type.same()
                                .forEach(each -> cases.add(new Case(
                                        type,
                                        each,
                                        start == Start.NOTHING ? End.MAKES : End.FINDS,
                                        start,
                                        path,
                                        together)));
                        type.others()
                                .forEach(each -> cases.add(new Case(
                                        type,
                                        each,
                                        start == Start.KNOWN ? End.REJECTED : End.MAKES,
                                        start,
                                        path,
                                        together)));
                        type.none()
                                .forEach(each -> cases.add(new Case(type, each, End.REJECTED, start, path, together)));
                    }
                }
            }
        }
        return cases;
    }

    static Stream<Type> types() {
        return TYPES.stream();
    }

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final Applier applier = new Applier(DATABASE.sluice(), capture);
    private Connection application;
    private String table;

    private Sync sync() {
        Sync sync = new Sync();
        sync.setName("rows");
        sync.setTable(table);
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(Map.of("name", "Name"));
        sync.setConflicts("crm");
        return sync;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("types")
    void oneRecordNeverStopsASync(Type type) throws SQLException {
        table = "app.t" + TYPES.indexOf(type);
        DATABASE.reset();
        DATABASE.run(
                "create collation app.folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "create domain app.ci as text collate app.folding",
                "create type app.colour as enum ('red', 'green', 'blue')",
                "create domain app.code as text check (value ~ '^C-')",
                "create domain app.positive as int check (value > 0)",
                "create table " + table + " (no " + type.sql() + " primary key, name text)");
        Sync sync = sync();
        capture.start(List.of(sync));
        List<Case> cases =
                combinations().stream().filter(each -> each.type() == type).toList();
        SoftAssertions wrong = new SoftAssertions();
        try (Connection connection = DATABASE.application()) {
            application = connection;
            for (int i = 0; i < cases.size(); i += FULL ? 1 : THINNED) {
                Case each = cases.get(i);
                wrong.assertThatCode(() -> play(each, sync)).as(each.toString()).doesNotThrowAnyException();
            }
        }
        wrong.assertAll();
    }

    private void play(Case each, Sync sync) throws SQLException {
        Type type = each.type();
        run("set sluice.applying = 'on'; delete from " + table + "; set sluice.applying = 'off';"
                + " delete from sluice.sync_state; delete from sluice.outbox; delete from sluice.tombstone;"
                + " delete from sluice.change_log");
        insert(type.neighbour());
        if (each.start() != Start.NOTHING) {
            insert(type.own());
        }
        capture.drain(table);
        if (each.start() == Start.KNOWN) {
            sendAll(type.own());
        }
        int before = count("true");

        CrmRecord odd = record("X", each.spelled());
        CrmRecord ordinary = record("N" + type.neighbour(), type.neighbour());
        List<CrmRecord> page = List.of(odd, ordinary);
        Applied applied = each.together()
                ? apply(each, sync, page)
                : apply(each, sync, List.of(odd)).plus(apply(each, sync, List.of(ordinary)));

        assertThat(count("name = 'N' and no = '" + type.neighbour() + "'"))
                .as("the ordinary record")
                .isEqualTo(1);
        assertThat(applied.rejected()).as("rejected").hasSize(each.end() == End.REJECTED ? 1 : 0);
        assertThat(count("true")).as("rows").isEqualTo(before + (each.end() == End.MAKES ? 1 : 0));
        // a record that is known by its CRM id keeps its row, whatever became of its external id
        assertThat(count("name = 'X'"))
                .as("rows that took it")
                .isEqualTo(each.end() == End.REJECTED && each.start() != Start.KNOWN ? 0 : 1);
        if (each.end() == End.REJECTED) {
            assertThat(applied.rejected().get(0).crmId()).isEqualTo("X");
            assertThat(applied.rejected().get(0).why()).isNotBlank();
            return;
        }
        assertThat(apply(each, sync, page).changes())
                .as("changes of a second reading")
                .isZero();
        assertThat(sendAll(null)).as("values sent back").noneMatch(fields -> fields.containsValue("X"));
        switch (each.path()) {
            case READ_BACK_THEN_EVENT -> {
                applier.applyEvents(
                        sync,
                        List.of(CrmRecord.ofEvents("X", Map.of("Name", "Y"), Map.of("Name", AT.plusSeconds(5)))),
                        Duration.ZERO,
                        Map.of());
                assertThat(count("name = 'Y'"))
                        .as("rows that the event changed")
                        .isEqualTo(1);
            }
            case READ_THEN_DELETED -> {
                applier.delete(sync, List.of(new DeletedRecord("X", AT)), applier.now());
                assertThat(count("name = 'X'")).as("rows after the delete").isZero();
                assertThat(count("name = 'N'")).as("the ordinary row").isEqualTo(1);
            }
            default -> {}
        }
    }

    private Applied apply(Case each, Sync sync, List<CrmRecord> page) throws SQLException {
        return each.path() == Path.SNAPSHOT
                ? applier.applySnapshot(sync, page, applier.now())
                : applier.apply(sync, page, applier.now());
    }

    private static CrmRecord record(String id, String key) {
        return new CrmRecord(id, key, AT, Map.of("Name", id.substring(0, 1)));
    }

    private void insert(String key) throws SQLException {
        run("insert into " + table + " values ('" + key + "', 'before')");
    }

    private void run(String sql) throws SQLException {
        try (Statement statement = application.createStatement()) {
            statement.execute(sql);
        }
    }

    private int count(String where) throws SQLException {
        try (Statement statement = application.createStatement();
                ResultSet rows = statement.executeQuery("select count(*) from " + table + " where " + where)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    /** @param odd the key that becomes known under the CRM id X, or null */
    private List<Map<String, Object>> sendAll(String odd) throws SQLException {
        List<Map<String, Object>> sent = new ArrayList<>();
        capture.drain(table);
        for (Optional<Claim> claim = outbox.claim("crm", 200, Priority.LOW);
                claim.isPresent();
                claim = outbox.claim("crm", 200, Priority.LOW)) {
            claim.get().changes().forEach(change -> sent.add(change.fields()));
            settlement.settle(
                    claim.get(),
                    claim.get().changes().stream()
                            .map(it -> Outcome.done(
                                    it.key(),
                                    it.crmId() != null ? it.crmId() : it.key().equals(odd) ? "X" : "N" + it.key()))
                            .toList());
        }
        return sent;
    }
}
