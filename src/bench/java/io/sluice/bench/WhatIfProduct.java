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
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A bundle with a PostgreSQL and a sandbox of its own. It sends three tables, each of one priority: {@code alarm} is
 * critical, {@code customer} normal, {@code deal} low or what is said.
 */
final class WhatIfProduct implements AutoCloseable {

    /** By table, the object of its records. */
    static final Map<String, String> OBJECTS = Map.of("alarm", "Account", "customer", "Contact", "deal", "Opportunity");

    private static final String ACCOUNT = "salesforce";
    private static final Duration ANSWER_TIME = Duration.ofMillis(50);
    private static final int HEAP = 320;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String TABLES =
            """
            create table public.alarm (no text primary key, name text not null);
            create table public.customer (no text primary key, last_name text not null);
            create table public.deal (no text primary key, title text not null, stage text not null, close_date date not null)""";

    private static final String SYNC =
            """
                - name: %1$ss
                  type: io.sluice.Sync
                  properties:
                    table: public.%1$s
                    key: no
                    account: salesforce
                    object: %2$s
                    externalId: %3$s
                    priority: %4$s
                    direction: %6$s
                    fields:
            %5$s
            """;

    private static final String CAPTURED =
            """
            select count(distinct tgrelid) from pg_trigger
            where not tgisinternal and tgrelid::regclass::text in ('alarm', 'customer', 'deal')""";

    private static final String PAST =
            """
            with past as (
                insert into sluice.api_call (account, operation, priority, granted_at, expires_at, completed_at, status,
                                             records, bytes, object, throttled)
                select '%1$s', 'upsert', 2, at, at + interval '15 s', at + interval '%2$d ms', 200, 1, 10, 'Contact', false
                from unnest(array[%3$s]::timestamptz[]) as at
                returning account, operation, completed_at)
            insert into sluice.usage_minute (account, minute, operation, calls, cost)
            select account, date_trunc('minute', completed_at), operation, count(*), count(*) from past group by 1, 2, 3""";

    private static final String CALLS =
            """
            select granted_at, completed_at, operation, coalesce(object, '') as object, priority, records, status, throttled
            from sluice.api_call where account = 'salesforce' and granted_at >= ? and granted_at < ? order by granted_at""";

    /** A call in the ledger. */
    record Call(Instant at, String operation, String object, int priority, int records) {

        boolean carries(String table) {
            return List.of(object.split(",")).contains(OBJECTS.get(table)) && records > 0;
        }
    }

    private final String limitName;
    private final int sandboxPort = BackgroundProcess.freePort();
    private final int port = BackgroundProcess.freePort();
    private final EmbeddedDatabase server;
    private final Connection connection;
    private final BackgroundProcess sandbox;
    private final BackgroundProcess sluice;

    /**
     * @param limitName name of the limit, in the settings and in the sandbox
     * @param max       calls in a window
     * @param window    length of a window
     * @param past      times of calls before the start, which the sandbox and the ledger know
     * @param deals     priority of deals
     * @param direction of the syncs: {@code both} or {@code out}, which never polls
     */
    WhatIfProduct(
            Path work,
            String limitName,
            int max,
            Duration window,
            List<Instant> past,
            String deals,
            String direction,
            Map<String, String> settings)
            throws IOException, SQLException, InterruptedException {
        Files.createDirectories(work);
        this.limitName = limitName;
        Path syncs = Files.createDirectories(work.resolve("syncs"));
        Files.writeString(syncs.resolve("all.camel.yaml"), "- beans:\n" + syncs(deals, direction));
        Path journal = work.resolve("sandbox.journal");
        Files.writeString(journal, journal(max, window, past));
        server = EmbeddedDatabase.start(work.resolve("postgres"), 0);
        connection = DriverManager.getConnection(server.url());
        for (String table : TABLES.split(";\n")) {
            execute(table);
        }
        sandbox = new BackgroundProcess(
                "io.sluice.sandbox.Sandbox",
                Map.of("sluice.sandbox.port", "" + sandboxPort, "sluice.sandbox.data", journal.toString()),
                work.resolve("sandbox.log"),
                HEAP);
        await(sandbox, () -> referee().has("limits"));
        Map<String, String> all = new LinkedHashMap<>();
        all.put("sluice.database.url", server.url());
        all.put("sluice.demo", "false");
        all.put("sluice.sandbox.enabled", "false");
        all.put("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandboxPort);
        all.put("sluice.account.salesforce.limit." + limitName, max + " per " + window.toSeconds() + "s");
        all.put("sluice.bulk.max-records", "0");
        all.put("sluice.syncs.folder", syncs.toString());
        all.put(
                "camel.main.routesIncludePattern",
                "file:routes/*.camel.yaml,file:routes/crm/*.camel.yaml,file:" + syncs + "/*.camel.yaml");
        all.put("camel.server.port", "" + port);
        all.put("sluice.webhooks.port", "" + BackgroundProcess.freePort());
        all.put("camel.management.port", "" + BackgroundProcess.freePort());
        all.putAll(settings);
        sluice = new BackgroundProcess("io.sluice.app.Main", all, work.resolve("sluice.log"), HEAP);
        await(sluice, () -> number(CAPTURED) == OBJECTS.size());
        if (!past.isEmpty()) {
            String times =
                    String.join(",", past.stream().map(at -> "'" + at + "'").toList());
            execute(PAST.formatted(ACCOUNT, ANSWER_TIME.toMillis(), times));
        }
    }

    private static String syncs(String deals, String direction) {
        return SYNC.formatted("alarm", "Account", "Ext_Id__c", "critical", "          name: Name", direction)
                + SYNC.formatted(
                        "customer", "Contact", "Customer_No__c", "normal", "          last_name: LastName", direction)
                + SYNC.formatted(
                        "deal",
                        "Opportunity",
                        "Deal_No__c",
                        deals,
                        "          title: Name\n          stage: StageName\n          close_date: CloseDate",
                        direction);
    }

    /** The sandbox's data file: the limit, and the requests that it counts from the past. */
    private String journal(int max, Duration window, List<Instant> past) {
        StringBuilder lines = new StringBuilder("{\"k\":\"account\",\"a\":\"salesforce\",\"crm\":\"salesforce\"}\n");
        lines.append("{\"k\":\"limits\",\"a\":\"salesforce\",\"spec\":{\"%s\":{\"max\":%d,\"windowSeconds\":%d}}}\n"
                .formatted(limitName, max, window.toSeconds()));
        for (Instant at : past) {
            long micros = (at.toEpochMilli() + ANSWER_TIME.toMillis() / 2) * 1000;
            lines.append("{\"k\":\"spent\",\"a\":\"salesforce\",\"n\":\"%s\",\"t\":%d}\n".formatted(limitName, micros));
        }
        return lines.toString();
    }

    /** A connection of the application. */
    Connection application() throws SQLException {
        return DriverManager.getConnection(server.url());
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private long number(String sql) throws SQLException {
        return Database.query(connection, sql, row -> row.getLong(1)).get(0);
    }

    /** Waits until nothing waits to be sent. */
    void awaitSent() throws InterruptedException {
        await(
                sluice,
                () -> number("select (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox)")
                        == 0);
    }

    List<Call> calls(Instant from, Instant to) throws SQLException {
        return new ArrayList<>(Database.query(
                connection,
                CALLS,
                row -> new Call(
                        Database.instant(row, "granted_at"),
                        row.getString("operation"),
                        row.getString("object"),
                        row.getInt("priority"),
                        row.getInt("records")),
                OffsetDateTime.ofInstant(from, ZoneOffset.UTC),
                OffsetDateTime.ofInstant(to, ZoneOffset.UTC)));
    }

    JsonNode referee() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandboxPort + "/sandbox/referee"))
                .timeout(Duration.ofSeconds(10))
                .build();
        return JSON.readTree(
                        HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body())
                .path("accounts")
                .path(ACCOUNT);
    }

    /** Asks what would have been. @param assumptions fields of the request beside account and time */
    JsonNode whatIf(Instant from, Instant to, Map<String, Object> assumptions)
            throws IOException, InterruptedException {
        Map<String, Object> body = new LinkedHashMap<>(assumptions);
        body.put("account", ACCOUNT);
        body.put("from", from.toString());
        body.put("to", to.toString());
        HttpResponse<String> answer = HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/usage/what-if"))
                        .header("Content-Type", "application/json")
                        .timeout(Duration.ofSeconds(60))
                        .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IllegalStateException("The replay was answered " + answer.statusCode() + ": " + answer.body());
        }
        return JSON.readTree(answer.body());
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds() throws IOException, SQLException, InterruptedException;
    }

    private static void await(BackgroundProcess process, Condition condition) throws InterruptedException {
        long patience = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            process.requireAlive();
            try {
                if (condition.holds()) {
                    return;
                }
            } catch (IOException | SQLException notYet) {
                // the process is starting
            }
            if (System.nanoTime() > patience) {
                throw new IllegalStateException("The measurement waited in vain for " + PATIENCE);
            }
            Thread.sleep(100);
        }
    }

    @Override
    public void close() throws SQLException {
        sluice.close();
        sandbox.close();
        connection.close();
        server.close();
    }
}
