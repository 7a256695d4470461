// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Deletes, restores or re-keys a record on one side while it is changed on the other: in the end
 * both sides are equal or the difference is listed, there is no partial record and no duplicate, and no existing row was re-created.
 * All combinations run in one process at once, each with records of its own.
 */
class LifeMatrixIT {

    private static final boolean FULL = "full".equals(System.getProperty("matrix"));

    /** Events in the CRM. */
    private enum There {
        DELETED,
        RESTORED,
        MADE_AGAIN,
        MERGED,
        KEY_CHANGED
    }

    /** Events in the table. */
    private enum Here {
        NOTHING,
        EDITED,
        DELETED,
        KEY_CHANGED,
        MADE_AGAIN
    }

    /** A CRM with the names that it has for the fields. */
    private record Crm(String account, String object, String key, String name, String city, String email) {

        String table() {
            return account + "_person";
        }

        String sync() {
            return "people-" + account;
        }
    }

    private static final List<Crm> CRMS = List.of(
            new Crm("salesforce", "Contact", "Customer_No__c", "LastName", "MailingCity", "Email"),
            new Crm("hubspot", "contacts", "customer_no", "lastname", "city", "email"));

    /**
     * @param hereFirst whether the table is changed before the CRM
     * @param refused   whether a child forbids to delete the row
     */
    private record Case(int number, Crm crm, There there, Here here, boolean hereFirst, boolean refused) {

        String key() {
            return "M-%03d".formatted(number);
        }

        /** The key of the record into which it is merged. */
        String survivor() {
            return "S-%03d".formatted(number);
        }

        /** The key that it gets in the table. */
        String otherKey() {
            return "N-%03d".formatted(number);
        }

        /** The key that it gets in the CRM. */
        String keyThere() {
            return "X-%03d".formatted(number);
        }

        /** Sides that stay apart until somebody decides, and are listed as rejections. */
        boolean isListed() {
            return there == There.KEY_CHANGED && here != Here.DELETED && here != Here.KEY_CHANGED
                    || refused
                            && (there == There.DELETED || there == There.MERGED)
                            && (here == Here.NOTHING || hereFirst);
        }

        /** Whether the row existed all along, so that it must not have been re-created. */
        boolean isSameRow() {
            return (here == Here.NOTHING || here == Here.EDITED)
                    && (there == There.MADE_AGAIN || there == There.RESTORED);
        }

        /** The key that must be there in the end, since the table's change is the later one or nobody ended it; or null. */
        String stays() {
            boolean later = !hereFirst && here != Here.DELETED && there != There.KEY_CHANGED;
            return !later && !isSameRow() ? null : here == Here.KEY_CHANGED ? otherKey() : key();
        }

        /** Whether its record was ended for good, without a later change in the table and without a refusal. */
        boolean isOver() {
            boolean ended = there == There.DELETED || there == There.MERGED;
            return ended
                    && !refused
                    && (here == Here.NOTHING || here == Here.DELETED || here == Here.EDITED && hereFirst);
        }

        @Override
        public String toString() {
            return key() + " " + crm.account + ": " + there + " in the CRM, " + here
                    + (hereFirst ? " before" : " after") + " in the table" + (refused ? ", which keeps the row" : "");
        }
    }

    @TempDir
    Path home;

    private RunningSluice sluice;
    private final Map<String, Map<String, String>> ids = new LinkedHashMap<>();
    /** Those whose row was gone by the CRM's delete before it could be changed. */
    private final Set<Case> tooLate = new HashSet<>();

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Crm crm : CRMS) {
            for (There there : There.values()) {
                for (Here here : Here.values()) {
                    for (boolean hereFirst : new boolean[] {true, false}) {
                        for (boolean refused : new boolean[] {false, true}) {
                            boolean possible = !refused || here == Here.NOTHING || here == Here.EDITED;
                            if (possible && (here != Here.NOTHING || hereFirst)) {
                                cases.add(new Case(cases.size(), crm, there, here, hereFirst, refused));
                            }
                        }
                    }
                }
            }
        }
        return FULL ? cases : cases.stream().filter(LifeMatrixIT::isOfTheFew).toList();
    }

    /**
     * Each deed there with each deed here, in the order in which the table's change is the later one in one CRM and the
     * earlier one in the other; and all that a child keeps from being deleted.
     */
    private static boolean isOfTheFew(Case it) {
        boolean earlier = (it.there().ordinal() + it.here().ordinal()) % 2 == CRMS.indexOf(it.crm());
        boolean ends = it.there() == There.DELETED || it.there() == There.MERGED;
        return (it.here() == Here.NOTHING || it.hereFirst() == earlier) && (!it.refused() || ends);
    }

    /** Changed in a CRM, as polls and webhooks report, while a local change still waits. */
    @Test
    @EnabledIfSystemProperty(named = "matrix", matches = "full")
    void deletesThatArePolledBeforeTheWrite() throws Exception {
        play(true);
    }

    /** Deletes that the write finds, and a poll reports later. */
    @Test
    void deletesThatTheWriteFinds() throws Exception {
        play(false);
    }

    @SuppressWarnings("try")
    private void play(boolean polled) throws Exception {
        List<Case> cases = cases();
        int port = FreePorts.next();
        try (EmbeddedDatabase database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), port);
                Sandbox sandbox = Sandbox.start("127.0.0.1", 0);
                RunningSluice running = RunningSluice.replica(home, port, sandbox.port())) {
            sluice = running;
            running.withoutSyncs()
                    .with("sluice.demo", false)
                    .with("sluice.account.hubspot.crm", "hubspot")
                    .with("sluice.account.hubspot.access-token", "pat-sandbox")
                    .with(
                            "sluice.account.hubspot.limit.burst",
                            "100 per 10s, for write upsert delete deleted read describe")
                    .with("sluice.account.hubspot.limit.search", "5 per 1s, for search query")
                    .with("sluice.account.hubspot.webhook-secret", "sandbox-secret")
                    .with("sluice.poll.check-interval", 50)
                    .with("sluice.poll.min-interval", "300ms")
                    .with("sluice.poll.max-interval", "600ms")
                    .with("sluice.poll.overlap", "5s")
                    .with("sluice.poll.deletes-interval", polled ? "500ms" : "1h");
            if (polled) {
                done(
                        "PUT",
                        "/sandbox/webhooks/hubspot",
                        "{\"targetUrl\":\"http://127.0.0.1:" + running.webhookPort
                                + "/webhooks/hubspot\",\"subscribe\":{\"contacts\":[\"lastname\",\"city\",\"email\"]}}");
            }
            prepare(cases);
            for (Crm crm : CRMS) {
                running.withSync(
                        crm.sync() + ".camel.yaml",
                        RunningSluice.sync(
                                crm.sync(),
                                crm.table(),
                                "no",
                                crm.account(),
                                crm.object(),
                                crm.key(),
                                Map.of("last_name", crm.name(), "city", crm.city(), "email", crm.email())));
            }
            running.start();
            await().atMost(Duration.ofSeconds(90))
                    .pollInterval(Duration.ofMillis(200))
                    .ignoreExceptions()
                    .until(() -> running.number("select count(*) from sluice.sync_state where crm_id is not null")
                            == rows());
            running.awaitSettled();
            for (Crm crm : CRMS) {
                ids.put(crm.account(), new LinkedHashMap<>());
                running.rows("select key, crm_id from sluice.sync_state where account = '" + crm.account() + "'")
                        .forEach((key, id) -> ids.get(crm.account()).put(key, id.get(0)));
            }
            change(cases, polled);
            if (!polled) {
                running.awaitSettled();
                running.stop();
                running.with("sluice.poll.deletes-interval", "500ms").start();
            }
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(500))
                    .untilAsserted(() -> assertThat(problems(cases)).isEmpty());
            long calls = running.number(
                    "select count(*) from sluice.api_call where operation in ('upsert', 'composite', 'delete')");
            long polls = running.number("select count(*) from sluice.api_call where operation = 'query'");
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> running.number("select count(*) from sluice.api_call where operation = 'query'")
                            > polls + 6);
            assertThat(
                            running.number(
                                    "select count(*) from sluice.api_call where operation in ('upsert', 'composite', 'delete')"))
                    .as("writes when all is settled")
                    .isEqualTo(calls);
            assertThat(problems(cases)).isEmpty();
        }
    }

    private long rows() throws SQLException {
        long all = 0;
        for (Crm crm : CRMS) {
            all += sluice.number("select count(*) from " + crm.table());
        }
        return all;
    }

    private void prepare(List<Case> cases) throws SQLException {
        StringBuilder sql = new StringBuilder();
        for (Crm crm : CRMS) {
            sql.append(
                    ("create table %1$s (no text primary key, last_name text not null, city text, email text, note text);"
                                    + " create table %1$s_child (no text references %1$s (no) on update cascade);")
                            .formatted(crm.table()));
        }
        for (Case it : cases) {
            for (String key : it.there() == There.MERGED ? List.of(it.key(), it.survivor()) : List.of(it.key())) {
                sql.append("insert into %s values ('%s', 'Name', 'City', '%s@example.org', 'own');"
                        .formatted(it.crm().table(), key, key.toLowerCase(java.util.Locale.ROOT)));
            }
            if (it.refused()) {
                sql.append(
                        "insert into %s_child values ('%s');".formatted(it.crm().table(), it.key()));
            }
        }
        sluice.sql(sql.toString());
    }

    private void change(List<Case> cases, boolean polled) throws Exception {
        for (Crm crm : CRMS) {
            assertThat(sluice.api("POST", "/api/syncs/" + crm.sync() + "/pause").statusCode())
                    .isLessThan(300);
        }
        for (Case it : cases) {
            if (it.hereFirst()) {
                here(it);
            }
        }
        nextSecond();
        for (Case it : cases) {
            there(it);
        }
        nextSecond();
        for (Case it : cases) {
            if (!it.hereFirst()) {
                here(it);
            }
        }
        if (polled) {
            // what a webhook brought back waits until the sync goes on
            long deletes = sluice.number("select count(*) from sluice.api_call where operation = 'deleted'");
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> sluice.number("select count(*) from sluice.api_call where operation = 'deleted'")
                                    > deletes + 4
                            && sluice.number(
                                            """
                            select count(*) from sluice.inbox gone where kind = 'deleted' and done_at is null
                              and not exists (select from sluice.inbox back where back.account = gone.account
                                and back.crm_id = gone.crm_id and back.kind <> 'deleted' and back.done_at is null)""")
                                    == 0);
        }
        for (Crm crm : CRMS) {
            assertThat(sluice.api("POST", "/api/syncs/" + crm.sync() + "/resume")
                            .statusCode())
                    .isLessThan(300);
        }
    }

    /** Times are compared by the second. */
    private static void nextSecond() {
        Instant next = Instant.now().plusMillis(1100);
        await().atMost(Duration.ofSeconds(3))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> Instant.now().isAfter(next));
    }

    private void here(Case it) throws SQLException {
        String where = " where no = '" + it.key() + "'";
        switch (it.here()) {
            case NOTHING -> {}
            case EDITED -> update(it, "city = 'Bergen'" + where);
            case DELETED -> sluice.sql("delete from " + it.crm().table() + where);
            case KEY_CHANGED -> update(it, "no = '" + it.otherKey() + "'" + where);
            case MADE_AGAIN -> {
                sluice.sql("delete from " + it.crm().table() + where);
                sluice.sql("insert into %s values ('%s', 'Again', 'Oslo', '%s@example.org', 'again')"
                        .formatted(it.crm().table(), it.key(), it.key().toLowerCase(java.util.Locale.ROOT)));
            }
        }
    }

    private void update(Case it, String setting) throws SQLException {
        if (sluice.number("with changed as (update " + it.crm().table() + " set " + setting
                        + " returning 1) select count(*) from changed")
                == 0) {
            tooLate.add(it);
        }
    }

    private void there(Case it) {
        String records =
                "/sandbox/records/" + it.crm().account() + "/" + it.crm().object();
        String record = records + "/" + id(it, it.key());
        boolean hubspot = it.crm().account().equals("hubspot");
        switch (it.there()) {
            case DELETED -> done("DELETE", record, "");
            case RESTORED -> {
                done("DELETE", record, "");
                done("POST", record, hubspot ? "{\"archived\":false}" : "{\"IsDeleted\":false}");
            }
            case MADE_AGAIN -> {
                done("DELETE", record, "");
                done(
                        "POST",
                        records,
                        "{\"%s\":\"%s\",\"%s\":\"Again\"}"
                                .formatted(it.crm().key(), it.key(), it.crm().name()));
            }
            case MERGED ->
                done(
                        "POST",
                        records + "/" + id(it, it.survivor()),
                        "{\"%s\":\"%s\"}".formatted(hubspot ? "objectIdToMerge" : "IdToMerge", id(it, it.key())));
            case KEY_CHANGED ->
                done("POST", record, "{\"%s\":\"%s\"}".formatted(it.crm().key(), it.keyThere()));
        }
    }

    private String id(Case it, String key) {
        return ids.get(it.crm().account()).get(key);
    }

    private void done(String method, String path, String json) {
        var answer = sluice.sandbox(method, path, json);
        assertThat(answer.statusCode())
                .as(() -> path + " " + json + ": " + answer.body())
                .isLessThan(300);
    }

    private List<String> problems(List<Case> cases) throws SQLException {
        List<String> problems = new ArrayList<>();
        for (Crm crm : CRMS) {
            Map<String, List<String>> rows = sluice.rows("select no, last_name, city, email, note from " + crm.table());
            Map<String, List<String>> records = new LinkedHashMap<>();
            sluice.records(crm.account(), crm.object(), crm.key())
                    .forEach((key, record) -> records.put(
                            key,
                            java.util.Arrays.asList(
                                    text(record, crm.name()), text(record, crm.city()), text(record, crm.email()))));
            Set<String> rejected = sluice.rows(
                            "select key from sluice.inbound_rejection where sync = '" + crm.sync() + "'")
                    .keySet();
            for (Case it : cases) {
                if (it.crm().equals(crm)) {
                    for (String key : List.of(it.key(), it.otherKey(), it.survivor(), it.keyThere())) {
                        compare(it, key, rows.get(key), records.get(key), rejected.contains(it.key()), problems);
                    }
                }
            }
        }
        return problems;
    }

    private void compare(
            Case it, String key, List<String> row, List<String> record, boolean rejected, List<String> problems) {
        boolean listed = it.isListed() && rejected;
        if (row != null && row.contains(null) || record != null && record.contains(null)) {
            problems.add(it + ": " + key + " has lost a value: row " + row + ", record " + record);
        }
        boolean equal = row == null ? record == null : row.subList(0, 3).equals(record);
        if (!equal && !listed) {
            problems.add(it + ": " + key + " differs: row " + row + ", record " + record);
        }
        boolean survives = it.there() == There.MERGED && key.equals(it.survivor());
        if ((survives || key.equals(it.stays()) && !tooLate.contains(it)) && row == null) {
            problems.add(it + ": " + key + " is lost");
        }
        if (it.isOver() && key.equals(it.key()) && row != null) {
            problems.add(it + ": " + key + " is still there: row " + row);
        }
        if (it.isSameRow() && key.equals(it.key()) && (row == null || !"own".equals(row.get(3)))) {
            problems.add(it + ": the row was re-created: " + row);
        }
    }

    private static String text(JsonNode record, String field) {
        String text = record.path(field).asText("");
        return text.isEmpty() || text.equals("null") ? null : text;
    }
}
