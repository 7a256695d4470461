// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.CrmRecord;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.crm.ObjectShape;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.quota.Pool;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Tests each column type with each field type and value, in both directions, for both CRMs. Outbound: the CRM's form of our
 * value rewrites no row and is not sent again, and an edit of a CRM's user in the same second is applied. Inbound: the column's
 * form of the CRM's value counts as equal, so that the next read changes nothing and nothing is sent back. {@code -Dmatrix=full}
 * runs all edits in all rows (28,072 combinations, of which 517 were wrong at first).
 */
class ValuesMatrixTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** Column type to values at its edges, as SQL. */
    private static final Map<String, List<String>> COLUMNS = new LinkedHashMap<>();

    static {
        COLUMNS.put(
                "text",
                texts(
                        "Ann",
                        " Ann ",
                        "",
                        "   ",
                        "ANN@Example.ORG",
                        "a\r\nb",
                        "a\nb\n",
                        "\ud83d\ude00 e\u0301 \u00a0",
                        "0012",
                        "true",
                        "2026-01-02",
                        "2026-01-02T03:04:05.678Z",
                        "12.345",
                        "+49 (30) 123-45 67",
                        "b;a;b",
                        "gold",
                        "001xx000003DGb2",
                        "www.Example.org/",
                        "<b>x</b> & y",
                        "tab\there\u0001"));
        COLUMNS.put("varchar(20)", texts("Ann ", "ANN@Example.ORG", ""));
        COLUMNS.put("char(20)", texts("Ann", "ANN@Example.ORG", "gold"));
        COLUMNS.put("app.short", texts("Bob ", "bob@Example.org"));
        COLUMNS.put("app.mood", texts("gold", "Sad"));
        COLUMNS.put("bool", List.of("true", "false", "null"));
        COLUMNS.put("int2", List.of("0", "-32768", "32767", "null"));
        COLUMNS.put("int4", List.of("0", "-2147483648", "2147483647", "null"));
        COLUMNS.put("int8", List.of("0", "9007199254740993", "-9223372036854775808", "null"));
        COLUMNS.put(
                "numeric",
                List.of(
                        "0",
                        "12.345",
                        "12.355",
                        "-0.005",
                        "0.10",
                        "1e15",
                        "123456789012345.678",
                        "0.1234567890123456789",
                        "null"));
        COLUMNS.put("numeric(10,3)", List.of("12.345", "-12.345", "0.005", "9999999.999"));
        COLUMNS.put("numeric(10,2)", List.of("12.35", "0.01"));
        COLUMNS.put("float4", List.of("0.1", "12.345", "16777217", "1.2345678", "3.4e38", "'NaN'"));
        COLUMNS.put(
                "float8",
                List.of("0.1", "12.345", "0.1::float8 + 0.2", "1e300", "1.7976931348623157e308", "'Infinity'"));
        COLUMNS.put("date", List.of("'2026-03-29'", "'0001-01-01'", "'3999-12-31'", "'infinity'", "null"));
        COLUMNS.put("timestamp", moments());
        COLUMNS.put("timestamptz", moments());
        COLUMNS.put("timestamp(0)", moments());
        COLUMNS.put("time", List.of("'10:00:00'", "'10:00:00.123456'", "'23:59:59.999999'", "'24:00:00'", "null"));
        COLUMNS.put("timetz", List.of("'10:00:00.5+02'"));
        COLUMNS.put("uuid", List.of("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "null"));
        COLUMNS.put("jsonb", List.of("'{\"b\": 1, \"a\": \"x\"}'", "'[]'"));
        COLUMNS.put("inet", List.of("'10.0.0.1'", "'10.0.0.0/8'"));
    }

    private static final boolean FULL = "full".equals(System.getProperty("matrix"));

    private int combinations;
    private final List<String> wrong = new ArrayList<>();

    private static List<String> texts(String... values) {
        List<String> quoted = new ArrayList<>();
        for (String value : values) {
            quoted.add("'" + value.replace("'", "''") + "'");
        }
        quoted.add("null");
        return quoted;
    }

    private static List<String> moments() {
        return List.of(
                "'2026-01-02 03:04:05'",
                "'2026-01-02 03:04:05.123456'",
                "'2026-01-02 03:04:05.999999'",
                "'2026-01-02 03:04:05.000001'",
                "'2026-03-29 02:30:00.5'",
                "'2026-10-25 02:30:00.25'",
                "'1969-12-31 23:59:59.5'",
                "'infinity'",
                "null");
    }

    private static Crm crm(String name) {
        return ServiceLoader.load(Crm.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(crm -> crm.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aValueWrittenToACrmWithTypesIsReadBackAsAnEcho() throws SQLException {
        play(NormalisingCrm.typed(crm("salesforce")));
    }

    @Test
    void aValueWrittenToACrmWithTextsIsReadBackAsAnEcho() throws SQLException {
        play(NormalisingCrm.textual(crm("hubspot")));
    }

    private void play(NormalisingCrm crm) throws SQLException {
        for (Map.Entry<String, List<String>> column : COLUMNS.entrySet()) {
            new Table(crm, column.getKey(), column.getValue()).play();
        }
        assertThat(wrong).as("of " + combinations + " combinations").isEmpty();
    }

    /** A table with a row for each value and, for each field, a column of one type. */
    private final class Table {

        private final NormalisingCrm crm;
        private final String type;
        private final List<String> values;
        private final List<String> fields;
        private final Sync sync = new Sync();
        private final Accounts accounts;
        private final Capture capture = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
        private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
        private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
        private final Applier applier;
        /** Row to field to value in the CRM. */
        private final Map<String, Map<String, Object>> records = new TreeMap<>();

        private final Map<String, Map<String, Object>> sent = new TreeMap<>();
        private Instant stamp;

        Table(NormalisingCrm crm, String type, List<String> values) {
            this.crm = crm;
            this.type = type;
            this.values = values;
            this.fields = List.copyOf(crm.fields().keySet());
            accounts = new Accounts(
                    List.of(new Account("crm", crm.crm(), Pool.of("crm", List.of()), false)), InstantSource.system());
            accounts.described(
                    "crm",
                    Map.of(
                            "Thing",
                            new ObjectShape(
                                    "Thing",
                                    crm.fields().entrySet().stream()
                                            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue()
                                                    .shape())))));
            applier = new Applier(DATABASE.sluice(), capture, accounts, Duration.ofSeconds(5));
            sync.setName("things");
            sync.setTable("app.thing");
            sync.setKey("id");
            sync.setAccount("crm");
            sync.setObject("Thing");
            sync.setExternalId("Key");
            sync.setTimeZone("Europe/Berlin");
            Map<String, String> mapping = new LinkedHashMap<>();
            fields.forEach(field -> mapping.put("c_" + field.toLowerCase(java.util.Locale.ROOT), field));
            sync.setFields(mapping);
        }

        void play() throws SQLException {
            DATABASE.reset();
            DATABASE.run(
                    "create domain app.short as varchar(20)",
                    "create type app.mood as enum ('gold', 'Sad', 'Silver')",
                    "create table app.probe (value " + type + ")",
                    "create table app.thing (id int primary key, "
                            + sync.getFields().keySet().stream()
                                    .map(column -> column + " " + type)
                                    .collect(Collectors.joining(", "))
                            + ")");
            for (int i = 0; i < values.size(); i++) {
                String value = values.get(i);
                DATABASE.run("insert into app.thing values (" + i + ", "
                        + fields.stream().map(field -> value).collect(Collectors.joining(", ")) + ")");
            }
            capture.start(List.of(sync));
            outward();
            edited();
            inward();
        }

        private void outward() throws SQLException {
            send(true);
            Map<String, List<String>> before = rows();
            List<String> conflicts = conflicts();
            for (int reading = 1; reading <= 2; reading++) {
                read();
                differences(before, rows(), "rewritten at reading " + reading);
            }
            assertThat(conflicts()).isEqualTo(conflicts);
            send(false);
            differences(before, rows(), "rewritten after all");
        }

        /** Lets a user edit each field in the second of our write. */
        private void edited() throws SQLException {
            Map<String, List<String>> expected = rows();
            expected.forEach((key, row) -> {
                for (int i = 0; i < fields.size(); i++) {
                    String field = fields.get(i);
                    Object edit = crm.fields().get(field).edits().get(0);
                    if (Normalisation.match(
                                            accounts.rule("crm", "Thing", field),
                                            sent.get(key).get(field),
                                            edit)
                                    == Normalisation.Match.NONE
                            && taken(edit) != null) {
                        records.get(key).put(field, edit);
                        row.set(i, taken(edit));
                    }
                }
            });
            read();
            differences(expected, rows(), "an edit was not taken");
            settle();
        }

        /** Sends values that the column rounded; each is sent at most once. */
        private void settle() throws SQLException {
            send(true);
            Map<String, List<String>> sides = rows();
            read();
            differences(sides, rows(), "rewritten by what the column rounded");
            send(false);
        }

        private void inward() throws SQLException {
            int most = crm.fields().values().stream()
                    .mapToInt(field -> field.edits().size())
                    .max()
                    .orElseThrow();
            for (int edit = 0; edit < (FULL ? most : 1); edit++) {
                Map<String, List<String>> expected = rows();
                for (String key : records.keySet()) {
                    for (int i = 0; i < fields.size(); i++) {
                        List<Object> edits = crm.fields().get(fields.get(i)).edits();
                        Object value = edits.get((edit + Integer.parseInt(key)) % edits.size());
                        String taken = value == null ? "null" : taken(value);
                        if (taken != null) {
                            records.get(key).put(fields.get(i), value);
                            expected.get(key).set(i, taken);
                        }
                    }
                }
                read();
                Map<String, List<String>> first = rows();
                read();
                differences(first, rows(), "changed again by the next reading");
                Applied third = read();
                if (third.changes() > 0) {
                    wrong.add(type + ": a reading of what is known changes " + third);
                }
                settle();
            }
        }

        private void differences(Map<String, List<String>> before, Map<String, List<String>> after, String what) {
            before.forEach((key, row) -> {
                for (int i = 0; i < fields.size(); i++) {
                    combinations += what.startsWith("rewritten") && !what.endsWith("1") ? 0 : 1;
                    if (!Objects.equals(row.get(i), after.get(key).get(i))) {
                        wrong.add(what + ": " + type + " " + values.get(Integer.parseInt(key)) + " in " + fields.get(i)
                                + ": "
                                + row.get(i) + " became " + after.get(key).get(i) + ", the CRM has "
                                + records.get(key).get(fields.get(i)));
                    }
                }
            });
        }

        /** Sends all waiting changes; the CRM stores a rejected value as it was sent, since other tests check rejections. */
        private void send(boolean wanted) throws SQLException {
            capture.drain("app.thing");
            for (Optional<Claim> claim = claim(); claim.isPresent(); claim = claim()) {
                for (RecordChange recordChange : claim.get().changes()) {
                    if (!wanted) {
                        wrong.add("sent again: " + type + " " + values.get(Integer.parseInt(recordChange.key())) + ": "
                                + recordChange.fields());
                    }
                    Map<String, Object> record =
                            records.computeIfAbsent(recordChange.key(), first -> new LinkedHashMap<>());
                    recordChange.fields().forEach((field, value) -> record.put(field, kept(field, value)));
                    sent.computeIfAbsent(recordChange.key(), first -> new LinkedHashMap<>())
                            .putAll(recordChange.fields());
                }
                stamp = Instant.now().truncatedTo(crm.crm().timePrecision());
                settlement.settle(
                        claim.get(),
                        claim.get().changes().stream()
                                .map(it -> Outcome.done(it.key(), "x" + it.key()))
                                .toList());
            }
        }

        private Object kept(String field, Object value) {
            try {
                return crm.fields().get(field).keep(value);
            } catch (NormalisingCrm.Refused refused) {
                return value;
            }
        }

        private Optional<Claim> claim() throws SQLException {
            return outbox.claim("crm", 200, Priority.LOW);
        }

        private Applied read() throws SQLException {
            Instant readAt = applier.now().plus(1, ChronoUnit.MILLIS);
            Applied applied = applier.apply(
                    sync,
                    records.entrySet().stream()
                            .map(entry -> new CrmRecord("x" + entry.getKey(), entry.getKey(), stamp, entry.getValue()))
                            .toList(),
                    readAt);
            applied.rejected().forEach(refused -> wrong.add("refused: " + type + ": " + refused));
            assertThat(applied.deferred()).isEmpty();
            return applied;
        }

        private Map<String, List<String>> rows() throws SQLException {
            Map<String, List<String>> rows = new TreeMap<>();
            DATABASE.sluice()
                    .query(
                            "select id::text, "
                                    + sync.getFields().keySet().stream()
                                            .map(column -> column + "::text")
                                            .collect(Collectors.joining(", "))
                                    + " from app.thing",
                            row -> {
                                List<String> cells = new ArrayList<>();
                                for (int i = 0; i < fields.size(); i++) {
                                    cells.add(String.valueOf(row.getString(i + 2)));
                                }
                                return rows.put(row.getString(1), cells);
                            });
            return rows;
        }

        private List<String> conflicts() throws SQLException {
            return DATABASE.texts("select field from sluice.conflict");
        }

        /** Returns the column's form of a value, or null if the column rejects the value. */
        private String taken(Object value) {
            Object text = Values.text(Values.storable(value));
            try {
                String base = type.startsWith("char") ? "bpchar" : type.replaceFirst("\\(.*", "");
                return String.valueOf(DATABASE.text(
                        "insert into app.probe values ("
                                + (base.equals("timestamp")
                                        ? "((?::text)::timestamptz at time zone 'Europe/Berlin')"
                                        : "(?::text)::" + base)
                                + ") returning value::text",
                        text));
            } catch (SQLException unfit) {
                return null;
            }
        }
    }
}
