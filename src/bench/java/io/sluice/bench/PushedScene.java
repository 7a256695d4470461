// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A table of people and HubSpot's contacts, known to each other, where HubSpot tells what changes and nobody asks: a
 * bundle, a sandbox and a PostgreSQL in processes of their own.
 */
final class PushedScene implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String USERS = "/sandbox/records/hubspot/contacts";
    private static final int EDITORS = 4;

    private static final String SYNC =
            """
            - beans:
                - name: %s
                  type: io.sluice.Sync
                  properties:
                    table: public.person
                    key: no
                    account: %s
                    object: %s
                    externalId: %s
                    fields:
                      last_name: %s
                      city: %s
            """;
    private static final String TO_HUBSPOT =
            SYNC.formatted("people", "hubspot", "contacts", "customer_no", "lastname", "city");
    private static final String TO_SALESFORCE =
            SYNC.formatted("people-salesforce", "salesforce", "Contact", "Customer_No__c", "LastName", "MailingCity");

    private static final String SETTLED =
            """
            select 1 where (select count(*) from sluice.initial_export where sync like 'people%%') = %d
              and not exists (select from sluice.change_log) and not exists (select from sluice.outbox)""";

    private final Path work;
    private final int people;
    private final String settled;
    private final int sandboxPort = BackgroundProcess.freePort();
    private final int databasePort = BackgroundProcess.freePort();
    private final int port = BackgroundProcess.freePort();
    private final BackgroundProcess sandbox;
    private final BackgroundProcess sluice;
    private final Map<Integer, String> ids = new HashMap<>();
    private EmbeddedDatabase database;

    /** @param withSalesforce whether its contacts are kept the same too */
    PushedScene(Path work, int people, boolean withSalesforce) throws Exception {
        this.work = work;
        this.people = people;
        this.settled = SETTLED.formatted(withSalesforce ? 2 : 1);
        database = EmbeddedDatabase.start(work.resolve("postgres"), databasePort);
        sandbox = new BackgroundProcess(
                "io.sluice.sandbox.Sandbox",
                Map.of("sluice.sandbox.port", "" + sandboxPort, "sluice.sandbox.data", ""),
                work.resolve("sandbox.log"),
                768);
        execute(
                "create table person (no int primary key, last_name text, city text)",
                "insert into person select n, 'Name ' || n, 'Nowhere' from generate_series(0, " + (people - 1) + ") n");
        Path syncs = Files.createDirectories(work.resolve("syncs"));
        Files.writeString(syncs.resolve("people.camel.yaml"), TO_HUBSPOT);
        if (withSalesforce) {
            Files.writeString(syncs.resolve("people-salesforce.camel.yaml"), TO_SALESFORCE);
        }
        Map<String, String> settings = new HashMap<>(Map.of(
                "sluice.database.url",
                "jdbc:postgresql://127.0.0.1:" + databasePort + "/sluice",
                "sluice.demo",
                "false",
                "sluice.sandbox.enabled",
                "false",
                "sluice.syncs.folder",
                syncs.toString(),
                "camel.main.routesIncludePattern",
                "file:routes/*.camel.yaml,file:routes/crm/*.camel.yaml,file:" + syncs + "/*.camel.yaml",
                "camel.server.port",
                "" + BackgroundProcess.freePort(),
                "sluice.webhooks.port",
                "" + port,
                "camel.management.port",
                "" + BackgroundProcess.freePort()));
        String account = "sluice.account.hubspot.";
        settings.putAll(Map.of(
                account + "crm",
                "hubspot",
                account + "url",
                "http://127.0.0.1:" + sandboxPort,
                account + "access-token",
                "pat-sandbox",
                account + "webhook-secret",
                "sandbox-secret",
                account + "app-id",
                "600001",
                account + "limit.burst",
                "100 per 10s, for write upsert delete deleted read" + " describe",
                account + "limit.search",
                "5 per 1s, for search query",
                account + "limit.daily",
                "250000 per 24h"));
        settings.put("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandboxPort);
        settings.putAll(Map.of(
                "sluice.poll.min-interval",
                "1h",
                "sluice.poll.max-interval",
                "1h",
                "sluice.poll.deletes-interval",
                "1h"));
        sluice = new BackgroundProcess("io.sluice.app.Main", settings, work.resolve("sluice.log"), 256);
        await(() -> one(settled) == 1);
        query("select key::int, crm_id from sluice.sync_state where account = 'hubspot'")
                .forEach((no, id) -> ids.put(Integer.valueOf(no), id));
        settledLongAgo();
        control(
                "PUT",
                "/sandbox/webhooks/hubspot",
                "{\"targetUrl\":\"http://127.0.0.1:" + port
                        + "/webhooks/hubspot\",\"timeScale\":240,\"subscribe\":{\"contacts\":[\"lastname\",\"city\"]}}");
    }

    /** Moves our writes an hour back: an event just after a write of ours needs a read-back. */
    void settledLongAgo() throws SQLException {
        execute("update sluice.sync_state set settled_at = settled_at - interval '1 hour'");
    }

    interface Edit {
        void make(int i) throws Exception;
    }

    /**
     * Edits one after the other, by some users at once.
     *
     * @param aSecond at most
     */
    ExecutorService edits(int many, int aSecond, AtomicInteger done, Edit edit) {
        ExecutorService editors = Executors.newFixedThreadPool(EDITORS);
        long begin = System.nanoTime();
        for (int editor = 0; editor < EDITORS; editor++) {
            int first = editor;
            editors.submit(() -> {
                for (int i = first; i < many; i += EDITORS) {
                    long early = begin + i * 1_000_000_000L / aSecond - System.nanoTime();
                    TimeUnit.NANOSECONDS.sleep(Math.max(0, early));
                    edit.make(i);
                    done.incrementAndGet();
                }
                return null;
            });
        }
        editors.shutdown();
        return editors;
    }

    /** A user's edit. Of one person's, one editor makes all, since there is a multiple of four of them. */
    void edit(int i, String value) throws Exception {
        control("POST", USERS + "/" + ids.get(i % people), "{\"city\":\"" + value + "\"}");
    }

    /** Makes a user's import: an edit each of so many people, the first of them {@code i}. */
    void edit(int i, int many, String value) throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int n = i; n < i + many; n++) {
            lines.append("{\"id\":\"")
                    .append(ids.get(n % people))
                    .append("\",\"city\":\"")
                    .append(value)
                    .append(n)
                    .append("\"}\n");
        }
        String answered = request("POST", USERS, "application/x-ndjson", lines.toString());
        if (answered.contains("\"error\"")) {
            throw new IllegalStateException("An edit of the import was refused: " + answered);
        }
    }

    void create(int no) throws Exception {
        control("POST", USERS, "{\"customer_no\":\"" + no + "\",\"lastname\":\"New\"}");
    }

    void fault(String kind, double probability) throws Exception {
        control("POST", "/sandbox/faults/hubspot", "{\"kind\":\"" + kind + "\",\"probability\":" + probability + "}");
    }

    /** Delays each call to HubSpot from now on. */
    void slowCrm(int millis) throws Exception {
        control("POST", "/sandbox/faults/hubspot", "{\"kind\":\"slow\",\"delayMs\":" + millis + "}");
    }

    void noFaults() throws Exception {
        control("DELETE", "/sandbox/faults/hubspot", "");
    }

    /** Resets the referee's counters. */
    void countFromZero() throws Exception {
        control("POST", "/sandbox/referee/reset", "");
    }

    /** Stops every process of PostgreSQL where it is: it takes connections and answers nobody. */
    void freezeDatabase() throws Exception {
        signal("-STOP");
    }

    void thawDatabase() throws Exception {
        signal("-CONT");
    }

    /** The parent first, so that no child is born unseen. */
    private void signal(String signal) throws Exception {
        long parent = Long.parseLong(Files.readAllLines(work.resolve("postgres/data/postmaster.pid"))
                .get(0)
                .strip());
        kill(signal, List.of(parent));
        kill(
                signal,
                ProcessHandle.of(parent)
                        .orElseThrow()
                        .descendants()
                        .map(ProcessHandle::pid)
                        .toList());
    }

    private static void kill(String signal, List<Long> processes) throws Exception {
        List<String> command = new ArrayList<>(List.of("kill", signal));
        processes.forEach(pid -> command.add(pid.toString()));
        // one that ended meanwhile is no failure
        new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    void stopDatabase() throws IOException {
        database.close();
    }

    void startDatabase() throws IOException {
        database = EmbeddedDatabase.start(work.resolve("postgres"), databasePort);
    }

    JsonNode referee() throws Exception {
        return JSON.readTree(control("GET", "/sandbox/referee", ""))
                .path("accounts")
                .path("hubspot");
    }

    /** Waits until all events are applied. */
    void awaitApplied() throws Exception {
        await(() -> referee().at("/webhooks/waiting").asLong() == 0);
        await(() -> one("select count(*) from sluice.inbox where done_at is null") == 0);
        await(() -> one(settled) == 1);
    }

    /** People who are not the same on both sides. */
    int differing() throws Exception {
        Map<String, String> here = query("select no, concat_ws('|', last_name, city) from person");
        int differing = 0;
        String all = control("GET", USERS, "");
        for (String line : all.split("\n")) {
            JsonNode record = JSON.readTree(line).path("properties");
            String city = record.has("city") ? "|" + record.path("city").asText() : "";
            String there = record.path("lastname").asText() + city;
            if (!there.equals(here.remove(record.path("customer_no").asText()))) {
                differing++;
            }
        }
        return differing + here.size();
    }

    long peakMemory() throws IOException {
        return sluice.peakMemory();
    }

    long one(String sql) throws SQLException {
        return Long.parseLong(query(sql).keySet().iterator().next());
    }

    private Map<String, String> query(String sql) throws SQLException {
        try (Connection connection = connect()) {
            Map<String, String> found = new HashMap<>();
            Database.query(
                    connection,
                    sql,
                    row -> found.put(row.getString(1), row.getMetaData().getColumnCount() > 1 ? row.getString(2) : ""));
            return found;
        }
    }

    /**
     * From now on the moments are kept at which cities reach the table, and the other CRM: tables {@code arrival} and
     * {@code settled} (no, city, at).
     */
    void watchCities() throws SQLException {
        execute(
                "create table arrival (no int, city text, at timestamptz default clock_timestamp())",
                "create table settled (like arrival including defaults)",
                """
                create function arrived() returns trigger language plpgsql as $$
                begin insert into arrival values (new.no, new.city); return null; end $$""",
                """
                create function settled() returns trigger language plpgsql as $$
                begin insert into settled values (new.key::int, new.base ->> 'MailingCity'); return null; end $$""",
                "create trigger arrived after update of city on person for each row execute function arrived()",
                """
                create trigger settled after update on sluice.sync_state for each row
                when (new.account = 'salesforce' and new.base ->> 'MailingCity' <> old.base ->> 'MailingCity')
                execute function settled()""");
    }

    /** Answers when each city arrived first, in milliseconds since 1970, by {@code "no city"}. */
    Map<String, Long> firstSeen(String table) throws SQLException {
        Map<String, Long> seen = new HashMap<>();
        query("select no || ' ' || city, (extract(epoch from min(at)) * 1000)::bigint from " + table
                        + " group by no, city")
                .forEach((edit, at) -> seen.put(edit, Long.valueOf(at)));
        return seen;
    }

    void execute(String... statements) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + databasePort + "/sluice", "sluice", "");
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    void await(Condition condition) throws Exception {
        for (int i = 0; i < 6_000; i++) {
            sluice.requireAlive();
            sandbox.requireAlive();
            try {
                if (condition.holds()) {
                    return;
                }
            } catch (SQLException | java.util.NoSuchElementException | IOException notYet) {
                // something is starting
            }
            Thread.sleep(100);
        }
        throw new IllegalStateException("The measurement waited in vain for ten minutes");
    }

    private String control(String method, String path, String json) throws IOException, InterruptedException {
        return request(method, path, "application/json", json);
    }

    private String request(String method, String path, String type, String body)
            throws IOException, InterruptedException {
        HttpResponse<String> answer = HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandboxPort + path))
                        .header("Content-Type", type)
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    static Map<String, Object> counts(JsonNode webhooks, List<String> names) {
        Map<String, Object> counts = new java.util.LinkedHashMap<>();
        names.forEach(name -> counts.put(name, webhooks.path(name).asLong()));
        return counts;
    }

    @Override
    public void close() throws IOException {
        sluice.close();
        sandbox.close();
        database.close();
    }
}
