// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/** Edits the records of three sides as people and the application do, and injects faults meanwhile. */
final class ChaosEdits {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int KEYS = 30;
    /** Nobody deletes or merges these. */
    private static final int SAFE = 12;
    /** A column that every maker of a record sets and nobody changes: a record without it was made of changed fields. */
    static final String MADE = "title";

    static final List<String> COLUMNS = List.of("last", "first", "phone");

    /** One of the three. */
    enum Side {
        TABLE("t", "", "", Map.of()),
        SALESFORCE("s", "salesforce", "Contact", columns("LastName", "FirstName", "Phone", "Title")),
        HUBSPOT("h", "hubspot", "contacts", columns("lastname", "firstname", "phone", "jobtitle"));

        private final String letter;
        private final String account;
        private final String object;
        private final Map<String, String> fields;

        Side(String letter, String account, String object, Map<String, String> fields) {
            this.letter = letter;
            this.account = account;
            this.object = object;
            this.fields = fields;
        }

        String account() {
            return account;
        }

        String object() {
            return object;
        }

        /** Column to field. */
        Map<String, String> fields() {
            return fields;
        }

        String key() {
            return this == SALESFORCE ? "Customer_No__c" : "customer_no";
        }

        private static Map<String, String> columns(String last, String first, String phone, String made) {
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("last", last);
            fields.put("first", first);
            fields.put("phone", phone);
            fields.put(MADE, made);
            return fields;
        }
    }

    private final RunningSluice sluice;
    private final Random random;
    /** key/column to every value that somebody wrote. */
    private final Map<String, Set<String>> written = new LinkedHashMap<>();
    /** key/column to the last value of each side. */
    private final Map<String, Map<Side, String>> last = new LinkedHashMap<>();

    private final List<Set<String>> merged = new ArrayList<>();
    private final List<String> switched = new ArrayList<>();
    private int values;
    private int count;

    ChaosEdits(RunningSluice sluice, Random random) {
        this.sluice = sluice;
        this.random = random;
    }

    int count() {
        return count;
    }

    int faults() {
        return switched.size();
    }

    /** The faults that were switched on, with their times. */
    List<String> switched() {
        return switched;
    }

    static boolean isSafe(String key) {
        return Integer.parseInt(key.substring(2)) < SAFE;
    }

    static List<String> keys() {
        return java.util.stream.IntStream.range(0, KEYS)
                .mapToObj("K-%02d"::formatted)
                .toList();
    }

    /** Whether somebody wrote this value to this record, or to one that was merged with it. */
    boolean wrote(String key, String column, String value) {
        return related(key).stream().anyMatch(one -> written.getOrDefault(one + "/" + column, Set.of())
                .contains(value));
    }

    /** The last values that the sides wrote; empty where a merge or another maker leaves that open. */
    Set<String> lastOf(String key, String column) {
        return related(key).size() > 1
                ? Set.of()
                : new HashSet<>(last.getOrDefault(key + "/" + column, Map.of()).values());
    }

    /** Whether the record was merged with another one's. */
    boolean isMerged(String key) {
        return related(key).size() > 1;
    }

    private Set<String> related(String key) {
        Set<String> related = new HashSet<>(Set.of(key));
        boolean grown = true;
        while (grown) {
            grown = false;
            for (Set<String> pair : merged) {
                grown |= pair.stream().anyMatch(related::contains) && related.addAll(pair);
            }
        }
        return related;
    }

    /** The table, with all that happens to it written down. */
    void table() throws SQLException {
        sluice.sql(
                """
                create table person (no text primary key, last text not null, first text, phone text, title text);
                create table person_history (seq bigserial, at timestamptz default clock_timestamp(), who text, op text,
                    no text, last text, first text, phone text, title text);
                create function person_history() returns trigger language plpgsql as $$ begin
                    insert into person_history (who, op, no, last, first, phone, title)
                    select case current_setting('application_name') when 'chaos' then 'application' else 'sluice' end, tg_op,
                           r.no, r.last, r.first, r.phone, r.title
                    from (select (case when tg_op = 'DELETE' then old else new end).*) as r;
                    return null; end $$;
                create trigger person_history after insert or update or delete on person
                    for each row execute function person_history();""");
        for (String key : keys()) {
            create(Side.TABLE, key);
        }
    }

    /** The next edit, or the next fault. */
    void next() {
        await().pollDelay(Duration.ofMillis(random.nextInt(120))).until(() -> true);
        if (random.nextInt(14) == 0) {
            fault();
        }
        Side side = Side.values()[random.nextInt(3)];
        String key = keys().get(random.nextInt(KEYS));
        boolean safe = isSafe(key);
        int what = random.nextInt(100);
        try {
            if (safe || what < 70) {
                edit(side, key);
            } else if (what < 84) {
                delete(side, key);
            } else if (what < 97) {
                create(side, key);
            } else if (side == Side.HUBSPOT) {
                merge(key);
            }
            count++;
        } catch (UncheckedIOException | SQLException e) {
            throw new IllegalStateException("The chaos can't edit.", e);
        }
    }

    private String value(Side side) {
        return side.letter + "-" + ++values;
    }

    private void edit(Side side, String key) throws SQLException {
        Map<String, String> changed = new LinkedHashMap<>();
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            String column = COLUMNS.get(random.nextInt(COLUMNS.size()));
            changed.put(column, random.nextInt(12) == 0 && !"last".equals(column) ? null : value(side));
        }
        if (side == Side.TABLE) {
            if (execute("update person set "
                            + changed.entrySet().stream()
                                    .map(e -> e.getKey() + " = " + quoted(e.getValue()))
                                    .collect(Collectors.joining(", "))
                            + " where no = '" + key + "'")
                    > 0) {
                wrote(side, key, changed);
            }
        } else if (sandbox(side, "POST", "/" + key, body(side, changed)).statusCode() == 200) {
            wrote(side, key, changed);
        }
    }

    private void create(Side side, String key) throws SQLException {
        Map<String, String> values = new LinkedHashMap<>();
        COLUMNS.forEach(column -> values.put(column, value(side)));
        values.put(MADE, "made " + value(side));
        if (side == Side.TABLE) {
            if (execute("insert into person (no, last, first, phone, title) values ('" + key + "', "
                            + values.values().stream().map(ChaosEdits::quoted).collect(Collectors.joining(", "))
                            + ") on conflict do nothing")
                    > 0) {
                wrote(side, key, values);
            }
            return;
        }
        ObjectNode body = body(side, values);
        if (sandbox(side, "POST", "", body.put(side.key(), key)).statusCode() == 200) {
            wrote(side, key, values);
        }
    }

    private void delete(Side side, String key) throws SQLException {
        if (side == Side.TABLE) {
            execute("delete from person where no = '" + key + "'");
        } else {
            sandbox(side, "DELETE", "/" + key, JSON.createObjectNode());
        }
    }

    private void merge(String key) {
        String other = keys().get(SAFE + random.nextInt(KEYS - SAFE));
        JsonNode loser = read(sandbox(Side.HUBSPOT, "GET", "/" + other, JSON.createObjectNode()));
        if (!other.equals(key)
                && loser.has("id")
                && sandbox(
                                        Side.HUBSPOT,
                                        "POST",
                                        "/" + key,
                                        JSON.createObjectNode()
                                                .put(
                                                        "objectIdToMerge",
                                                        loser.path("id").asText()))
                                .statusCode()
                        == 200) {
            merged.add(Set.of(key, other));
        }
    }

    private void wrote(Side side, String key, Map<String, String> values) {
        values.forEach((column, value) -> {
            written.computeIfAbsent(key + "/" + column, k -> new HashSet<>()).add(value);
            last.computeIfAbsent(key + "/" + column, k -> new LinkedHashMap<>()).put(side, value);
        });
    }

    private static ObjectNode body(Side side, Map<String, String> values) {
        ObjectNode body = JSON.createObjectNode();
        values.forEach((column, value) -> body.put(side.fields().get(column), value));
        return body;
    }

    private static String quoted(String value) {
        return value == null ? "null" : "'" + value + "'";
    }

    private int execute(String sql) throws SQLException {
        try (Connection connection = sluice.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set application_name = 'chaos'");
            return statement.executeUpdate(sql);
        }
    }

    private HttpResponse<String> sandbox(Side side, String method, String path, ObjectNode body) {
        return sluice.sandbox(method, "/sandbox/records/" + side.account + "/" + side.object + path, body.toString());
    }

    private static JsonNode read(HttpResponse<String> answer) {
        try {
            return JSON.readTree(answer.body());
        } catch (java.io.IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final List<String> FAULTS = List.of(
            "\"kind\":\"reset\",\"when\":\"before\",\"count\":2",
            "\"kind\":\"reset\",\"when\":\"within\",\"count\":2",
            "\"kind\":\"reset\",\"when\":\"after\",\"count\":2",
            "\"kind\":\"hang\",\"count\":1",
            "\"kind\":\"hang\",\"when\":\"after\",\"count\":1",
            "\"kind\":\"hang\",\"when\":\"within\",\"count\":1",
            "\"kind\":\"slow\",\"when\":\"before\",\"minMs\":3200,\"maxMs\":5500,\"count\":1",
            "\"kind\":\"slow\",\"when\":\"before\",\"minMs\":200,\"maxMs\":2500,\"count\":3",
            "\"kind\":\"slow\",\"when\":\"after\",\"minMs\":500,\"maxMs\":4000,\"count\":2",
            "\"kind\":\"slow\",\"when\":\"within\",\"delayMs\":1500,\"count\":1",
            "\"kind\":\"unavailable\",\"html\":true,\"count\":3",
            "\"kind\":\"unavailable\",\"count\":2",
            "\"kind\":\"answer\",\"when\":\"after\",\"status\":502,\"body\":\"<html>bad gateway</html>\",\"count\":2",
            "\"kind\":\"answer\",\"status\":502,\"body\":\"<html>bad gateway</html>\",\"count\":2",
            "\"kind\":\"answer\",\"status\":200,\"body\":\"<html>sign in</html>\",\"count\":1",
            "\"kind\":\"answer\",\"when\":\"after\",\"status\":200,\"body\":{},\"count\":1",
            "\"kind\":\"results\",\"order\":\"reversed\",\"count\":4",
            "\"kind\":\"results\",\"drop\":1,\"count\":2,\"operation\":WRITES",
            "\"kind\":\"results\",\"double\":1,\"count\":2,\"operation\":WRITES",
            "\"kind\":\"results\",\"empty\":true,\"count\":1,\"operation\":WRITES",
            "\"kind\":\"results\",\"foreign\":1,\"count\":2,\"operation\":WRITES",
            "\"kind\":\"results\",\"otherId\":true,\"count\":1,\"operation\":WRITES",
            "\"kind\":\"results\",\"created\":true,\"count\":1,\"operation\":WRITES",
            "\"kind\":\"results\",\"errors\":1,\"errorCode\":\"UNABLE_TO_LOCK_ROW\",\"count\":1,\"operation\":WRITES",
            "\"kind\":\"rowLock\",\"probability\":0.4,\"count\":3",
            "\"kind\":\"expireTokens\"",
            "\"kind\":\"lateCommit\",\"seconds\":2,\"count\":1,\"operation\":\"edit\"",
            "\"kind\":\"refuse\",\"limit\":LIMIT,\"count\":4");
    private static final List<String> OF_HUBSPOT = List.of(
            "\"kind\":\"dropEvents\",\"seconds\":4",
            "\"kind\":\"dropEvents\",\"seconds\":4",
            "\"kind\":\"duplicateEvents\",\"seconds\":5",
            "\"kind\":\"lateEvents\",\"delayMs\":3000,\"seconds\":4",
            "\"kind\":\"shuffleEvents\",\"delayMs\":900,\"seconds\":5",
            "\"kind\":\"indexLag\",\"lagMs\":2500,\"seconds\":5",
            "\"kind\":\"results\",\"pending\":true,\"count\":1",
            "\"kind\":\"results\",\"operation\":\"batchRead\",\"empty\":true,\"count\":1",
            "\"kind\":\"results\",\"operation\":\"batchRead\",\"errors\":2,\"count\":1",
            "\"kind\":\"refuse\",\"limit\":\"secondly\",\"count\":4",
            "\"kind\":\"refuse\",\"limit\":\"tenSecondly\",\"count\":4");

    private void fault() {
        boolean hubspot = random.nextBoolean();
        List<String> kinds = new ArrayList<>(FAULTS);
        if (hubspot) {
            kinds.addAll(OF_HUBSPOT);
        }
        String fault = "{"
                + kinds.get(random.nextInt(kinds.size()))
                        .replace("LIMIT", hubspot ? "\"search\"" : "\"concurrent\"")
                        .replace(
                                "WRITES",
                                hubspot
                                        ? "[\"batchUpsert\",\"batchUpdate\",\"batchCreate\",\"batchArchive\"]"
                                        : "[\"composite\",\"collectionsUpsert\",\"collectionsUpdate\",\"collectionsDelete\",\"collectionsCreate\"]")
                + "}";
        sluice.sandbox("POST", "/sandbox/faults/" + (hubspot ? "hubspot" : "salesforce"), fault);
        switched.add(java.time.Instant.now() + " fault   " + (hubspot ? "hubspot " : "salesforce ") + fault);
    }

    void calm() {
        sluice.sandbox("DELETE", "/sandbox/faults/salesforce", "");
        sluice.sandbox("DELETE", "/sandbox/faults/hubspot", "");
    }
}
