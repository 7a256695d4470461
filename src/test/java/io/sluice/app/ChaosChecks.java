// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/** Checks the invariants after a chaos run, and prints the history of a record that violates one. */
final class ChaosChecks {

    private static final ObjectMapper JSON = new ObjectMapper();
    /** As {@link ChaosRun} sets {@code sluice.call.late-delivery}. */
    private static final int LATE_SECONDS = 5;

    private static final List<ChaosEdits.Side> CRMS = List.of(ChaosEdits.Side.SALESFORCE, ChaosEdits.Side.HUBSPOT);

    private final RunningSluice sluice;
    private final ChaosEdits edits;
    private final Map<ChaosEdits.Side, List<JsonNode>> journals = new LinkedHashMap<>();

    /** @param key of the record, or empty where it is about none */
    record Fault(String kind, String key, String text) {}

    ChaosChecks(RunningSluice sluice, ChaosEdits edits) {
        this.sluice = sluice;
        this.edits = edits;
    }

    List<Fault> all(boolean settled) throws SQLException {
        List<Fault> faults = new ArrayList<>();
        if (!settled) {
            long waiting = sluice.number(ChaosRun.DONE);
            if (waiting > 0) {
                faults.add(new Fault("never settled", "", waiting + " changes or events still wait"));
            }
        }
        faults.addAll(sidesDiffer());
        deadLetters(faults);
        CRMS.forEach(side -> journals.put(side, journal(side)));
        recordsAndValues(faults);
        overwrittenEdits(faults);
        husks(faults);
        counts(faults);
        return faults;
    }

    /** Keys of which the three sides do not say the same. */
    List<Fault> sidesDiffer() throws SQLException {
        Map<String, Map<String, String>> table = table();
        List<Fault> faults = new ArrayList<>();
        for (ChaosEdits.Side side : CRMS) {
            Map<String, Map<String, String>> records = new TreeMap<>();
            for (JsonNode record : records(side)) {
                Map<String, String> values = new LinkedHashMap<>();
                side.fields().forEach((column, field) -> values.put(column, text(record.path(field))));
                String key = record.path(side.key()).asText("none");
                if (records.put(key, values) != null) {
                    faults.add(new Fault("twin", key, "two records of " + side + " with one key"));
                }
            }
            Set<String> keys = new LinkedHashSet<>(table.keySet());
            keys.addAll(records.keySet());
            for (String key : keys) {
                if (!Objects.equals(table.get(key), records.get(key))) {
                    faults.add(new Fault(
                            "differs",
                            key,
                            "the table has " + table.get(key) + ", " + side + " has " + records.get(key)));
                }
            }
        }
        return faults;
    }

    private void deadLetters(List<Fault> faults) throws SQLException {
        sluice.rows("select id, key, account, operation, code, left(message, 200) from sluice.dead_letter")
                .values()
                .forEach(letter -> faults.add(new Fault("dead letter", letter.get(0), letter.toString())));
    }

    private Map<String, Map<String, String>> table() throws SQLException {
        Map<String, Map<String, String>> table = new TreeMap<>();
        sluice.rows("select no, last, first, phone, title from person").forEach((key, values) -> {
            Map<String, String> row = new LinkedHashMap<>();
            int at = 0;
            for (String column : ChaosEdits.Side.SALESFORCE.fields().keySet()) {
                row.put(column, values.get(at++));
            }
            table.put(key, row);
        });
        return table;
    }

    /** No husk, no value that nobody wrote or that all have overwritten, and none gone that nobody deleted. */
    private void recordsAndValues(List<Fault> faults) throws SQLException {
        Map<String, Map<String, String>> table = table();
        for (String key : ChaosEdits.keys()) {
            Map<String, String> row = table.get(key);
            if (row == null) {
                if (ChaosEdits.isSafe(key)) {
                    faults.add(new Fault("vanished", key, "nobody deleted it"));
                }
                continue;
            }
            if (row.get(ChaosEdits.MADE) == null) {
                faults.add(new Fault("husk", key, "it has changed fields alone: " + row));
            }
            row.forEach((column, value) -> {
                Set<String> last = edits.lastOf(key, column);
                if (value != null && !edits.wrote(key, column, value)) {
                    faults.add(new Fault("nobody's value", key, column + " is " + value));
                } else if (ChaosEdits.isSafe(key) && !last.isEmpty() && !last.contains(value)) {
                    faults.add(new Fault(
                            "old value",
                            key,
                            column + " is " + value + ", though the last that the sides wrote are " + last));
                }
            });
        }
    }

    /** A record that our own write made holds all that the row had then: at least what every maker sets. */
    private void husks(List<Fault> faults) {
        journals.forEach((side, lines) -> {
            Map<Long, Set<String>> fields = new LinkedHashMap<>();
            Map<Long, JsonNode> made = new LinkedHashMap<>();
            lines.stream()
                    .filter(line -> "created".equals(line.path("change").asText())
                            && "api".equals(line.path("by").asText()))
                    .forEach(line -> {
                        made.put(line.path("seq").asLong(), line);
                        fields.computeIfAbsent(line.path("seq").asLong(), k -> new LinkedHashSet<>())
                                .add(line.path("field").asText());
                    });
            made.forEach((seq, line) -> {
                if (!fields.get(seq).contains(side.fields().get(ChaosEdits.MADE))) {
                    faults.add(new Fault(
                            "husk made",
                            key(side, line),
                            "a write to " + side + " made it of " + fields.get(seq) + " alone"));
                }
            });
        });
    }

    /**
     * Every edit of a CRM's user that our write replaced was in the table before, or is a conflict. Salesforce tells of it in
     * the answer to that write, so nobody can know of one whose answer never came, or came otherwise than it was given.
     * HubSpot tells by events, of which the journal keeps those that no webhook brings. Whoever deletes the record afterwards
     * gives the edit up. A write to a record that was just merged lands in the record that survives: which edits it replaces
     * there, nobody tells.
     */
    private void overwrittenEdits(List<Fault> faults) throws SQLException {
        Map<String, List<Instant[]>> unanswered = new LinkedHashMap<>();
        sluice.rows(
                        "select id, account, granted_at at time zone 'UTC', coalesce(completed_at, expires_at) at time zone 'UTC'"
                                + " from sluice.api_call where coalesce(status, 0) not between 200 and 499")
                .values()
                .forEach(call -> unanswered
                        .computeIfAbsent(call.get(0), account -> new ArrayList<>())
                        .add(new Instant[] {instant(call.get(1)), instant(call.get(2))}));
        Set<String> applied = new LinkedHashSet<>();
        sluice.rows("select seq, no, last, first, phone, title from person_history")
                .values()
                .forEach(row -> {
                    int at = 1;
                    for (String column : ChaosEdits.Side.SALESFORCE.fields().keySet()) {
                        applied.add(column + "=" + row.get(at++));
                    }
                });
        Set<String> conflicts = new LinkedHashSet<>();
        sluice.rows("select id, account, field, crm #>> '{}' from sluice.conflict where field is not null")
                .values()
                .forEach(row -> conflicts.add(row.get(0) + "/" + row.get(2)));
        journals.forEach((side, lines) -> {
            Map<String, String> columns = new LinkedHashMap<>();
            side.fields().forEach((column, field) -> columns.put(field, column));
            Map<String, String> byUser = new LinkedHashMap<>();
            Map<String, Long> deleted = new LinkedHashMap<>();
            lines.stream()
                    .filter(line -> "deleted".equals(line.path("change").asText())
                            && "user".equals(line.path("by").asText()))
                    .forEach(line -> deleted.put(
                            line.path("record").asText(), line.path("seq").asLong()));
            for (JsonNode line : lines) {
                String column = columns.get(line.path("field").asText());
                if (column == null || "deleted".equals(line.path("change").asText())) {
                    continue;
                }
                String field = line.path("record").asText() + "/" + column;
                String value = text(line.path("value"));
                if ("user".equals(line.path("by").asText())) {
                    byUser.put(field, value);
                    continue;
                }
                String before = byUser.remove(field);
                if (before != null
                        && !before.equals(value)
                        && before.equals(text(line.path("before")))
                        && deleted.getOrDefault(line.path("record").asText(), 0L)
                                < line.path("seq").asLong()
                        && !edits.isMerged(key(side, line))
                        && !applied.contains(column + "=" + before)
                        && !conflicts.contains(side.account() + "/" + before)
                        && (side == ChaosEdits.Side.HUBSPOT
                                || !line.has("answer")
                                        && unanswered.getOrDefault(side.account(), List.of()).stream()
                                                .noneMatch(call -> isWithin(
                                                        Instant.parse(
                                                                line.path("at").asText()),
                                                        call)))) {
                    faults.add(new Fault(
                            "silently overwritten",
                            key(side, line),
                            column + " of " + side + " was " + before + " by its user and became " + value
                                    + "; no conflict tells of it"));
                }
            }
        });
    }

    private JsonNode referee(ChaosEdits.Side side) {
        return sluice.get(sluice.sandboxPort, "/sandbox/referee")
                .path("accounts")
                .path(side.account());
    }

    private static long counted(JsonNode referee) {
        return referee.path("accepted").asLong() + referee.path("refused").asLong();
    }

    /** What the CRMs counted is what the ledger has, and no record had two writes at once. */
    private void counts(List<Fault> faults) throws SQLException {
        for (ChaosEdits.Side side : CRMS) {
            JsonNode before = referee(side);
            String calls = "select count(*) from sluice.api_call where account = '" + side.account() + "'";
            long ledger = sluice.number(calls);
            long unanswered = sluice.number(calls + " and (completed_at is null or status is null or status = 0)");
            // polls go on meanwhile
            JsonNode referee = referee(side);
            long counted = counted(referee);
            if (counted(before) > ledger || counted < ledger - unanswered) {
                faults.add(new Fault(
                        "ledger",
                        "",
                        side + " counted " + counted + " calls, the ledger has " + ledger
                                + ", of which " + unanswered + " have no answer: " + referee.path("byOperation") + " "
                                + referee.path("byStatus") + " against "
                                + sluice.rows("select operation || ' ' || coalesce(status, -1),"
                                        + " count(*) from sluice.api_call where account = '" + side.account()
                                        + "' group by 1 order by 1")));
            }
            if (referee.path("maxWritesInFlightPerRecord").asInt() > 1) {
                String record = referee.path("recordOfMaxWritesInFlight").asText();
                faults.add(new Fault(
                        "two writes at once",
                        keyOf(side, record),
                        record + " of " + side + " had "
                                + referee.path("maxWritesInFlightPerRecord").asInt() + " writes under way"));
            }
        }
    }

    /** The key that a record of the CRM had last; empty where its name says none. */
    private String keyOf(ChaosEdits.Side side, String record) {
        return journals.get(side).stream()
                .filter(line -> record.endsWith(line.path("record").asText()) || record.endsWith(key(side, line)))
                .map(line -> key(side, line))
                .reduce("", (first, last) -> last);
    }

    /** All that happened to a record, in the order of its times. */
    List<String> story(String key) {
        if (key.isEmpty()) {
            return List.of();
        }
        List<String> story = new ArrayList<>();
        journals.forEach((side, lines) -> lines.stream()
                .filter(line -> key.equals(key(side, line)))
                .forEach(line -> story.add(time(line.path("at").asText()) + " " + side.account() + " "
                        + line.path("by").asText() + " "
                        + line.path("request").asText("") + " "
                        + line.path("change").asText() + " "
                        + line.path("record").asText()
                        + (line.has("field")
                                ? " " + line.path("field").asText() + ": " + text(line.path("before")) + " -> "
                                        + text(line.path("value"))
                                : ""))));
        try {
            sluice.rows(
                            "select seq, to_char(at at time zone 'UTC', 'HH24:MI:SS.MS'), who, op, last, first, phone, title"
                                    + " from person_history where no = '" + key + "'")
                    .values()
                    .forEach(row -> story.add(row.get(0) + " table " + String.join(" ", row.subList(1, 3)) + " "
                            + row.subList(3, row.size())));
            sluice.rows(
                            "select id, to_char(decided_at at time zone 'UTC', 'HH24:MI:SS.MS'), account, field, winner, crm, ours"
                                    + " from sluice.conflict where key = '" + key + "'")
                    .values()
                    .forEach(row -> story.add(row.get(0) + " conflict " + row.subList(1, row.size())));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        story.sort(null);
        if (story.isEmpty()) {
            return story;
        }
        String first = story.get(Math.max(0, story.size() - 60));
        edits.switched().stream()
                .map(fault -> time(fault.substring(0, fault.indexOf(' '))) + fault.substring(fault.indexOf(' ')))
                .filter(fault -> fault.compareTo(first) >= 0)
                .forEach(story::add);
        story.sort(null);
        return story.subList(Math.max(0, story.size() - 120), story.size());
    }

    private static Instant instant(String timestamp) {
        return Instant.parse(timestamp.replace(' ', 'T') + "Z");
    }

    /** The clocks of PostgreSQL and of the sandbox are one, but what arrives late is done after the call was given up. */
    private static boolean isWithin(Instant at, Instant[] call) {
        return !at.isBefore(call[0]) && !at.isAfter(call[1].plusSeconds(LATE_SECONDS));
    }

    private static String time(String instant) {
        return (instant.substring(11).replace("Z", "") + (instant.contains(".") ? "000" : ".000")).substring(0, 12);
    }

    private static String key(ChaosEdits.Side side, JsonNode line) {
        return line.path("keys").path(side.key()).asText("");
    }

    private static String text(JsonNode value) {
        return value.isMissingNode() || value.isNull() || value.asText().isEmpty() ? null : value.asText();
    }

    private List<JsonNode> records(ChaosEdits.Side side) {
        return lines("/sandbox/records/" + side.account() + "/" + side.object()).stream()
                .map(line -> line.has("properties") ? line.path("properties") : line)
                .toList();
    }

    private List<JsonNode> journal(ChaosEdits.Side side) {
        return lines("/sandbox/journal/" + side.account() + "?object=" + side.object());
    }

    private List<JsonNode> lines(String path) {
        return sluice.text(sluice.sandboxPort, path)
                .lines()
                .filter(line -> !line.isBlank())
                .map(line -> {
                    try {
                        return JSON.readTree(line);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .toList();
    }
}
