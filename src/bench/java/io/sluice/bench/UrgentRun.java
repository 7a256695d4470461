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
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One run: the bundle, the sandbox and PostgreSQL in processes of their own, as a user has them. */
final class UrgentRun {

    static final int BACKLOG = 50_000;
    static final int URGENT = 1_000;
    static final Duration DURATION = Duration.ofSeconds(Long.getLong("bench.seconds", 60));
    static final int MAX = 190;
    static final int WINDOW_SECONDS = 10;

    private static final String TABLE =
            """
            create table public.customer (
                customer_no text primary key, n integer not null unique, last_name text not null, phone text, city text,
                tier text not null);
            insert into public.customer
            select 'N-' || n, n, 'Name ' || n, '+49 30 ' || n, 'City', 'bronze' from generate_series(1, %d) as n;
            insert into public.customer
            select 'G-' || n, -n, 'Name ' || n, '+49 30 ' || n, 'City', 'gold' from generate_series(1, %d) as n;
            vacuum analyze public.customer"""
                    .formatted(BACKLOG + Backlog.SPARE, URGENT);

    private static final String SYNC =
            """
            - beans:
                - name: customers-salesforce
                  type: io.sluice.Sync
                  properties:
                    table: public.customer
                    key: customer_no
                    account: salesforce
                    object: Contact
                    externalId: Customer_No__c
                    fields:
                      last_name: LastName
                      phone: Phone
                      city: MailingCity
                      tier: Tier__c
            """;
    private static final String CRITICAL = "        critical: \"tier = 'gold'\"\n";

    private static final String UPDATE = "update public.customer set phone = ? where customer_no = ?";
    /** A phone that only an urgent change has. */
    private static final String MARK = "urgent ";

    private static final String CALLS =
            """
            select extract(epoch from completed_at - granted_at) * 1000 from sluice.api_call
            where granted_at >= ?::timestamptz and granted_at < ?::timestamptz and status = 200""";

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /**
     * @param urgent   from an urgent change's commit to the CRM's, in ms
     * @param answer   from a call's permit to its answer, in ms
     * @param calls    made while the urgent changes were
     * @param refused  of all calls of the run
     * @param peak     most calls in a window, as the sandbox counted them
     * @param least    normal changes that waited meanwhile, at least
     * @param most     the same, at most
     */
    record Figures(Spread urgent, Spread answer, int calls, long refused, long peak, long least, long most) {

        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("commitToCrm", urgent.json());
            json.put("permitToAnswer", answer.json());
            json.put("calls", calls);
            json.put("refused", refused);
            json.put("peakOfWindow", peak);
            json.put("waitingLeast", least);
            json.put("waitingMost", most);
            return json;
        }
    }

    private final Path work;
    private final boolean critical;
    private final int sandboxPort = BackgroundProcess.freePort();

    /** @param critical whether the sync says what is critical; first in, first out, if not */
    UrgentRun(Path work, boolean critical) {
        this.work = work;
        this.critical = critical;
    }

    Figures run() throws Exception {
        Path journal = work.resolve("sandbox.journal");
        Path syncs = Files.createDirectories(work.resolve("syncs"));
        Files.writeString(syncs.resolve("customers.camel.yaml"), critical ? SYNC + CRITICAL : SYNC);
        try (EmbeddedDatabase server = EmbeddedDatabase.start(work.resolve("postgres"), 0);
                Connection application = connect(server)) {
            for (String statement : TABLE.split(";\n")) {
                execute(application, statement);
            }
            try (BackgroundProcess sandbox = new BackgroundProcess(
                    "io.sluice.sandbox.Sandbox",
                    Map.of("sluice.sandbox.port", "" + sandboxPort, "sluice.sandbox.data", journal.toString()),
                    work.resolve("sandbox.log"))) {
                limitSandbox(sandbox);
                try (BackgroundProcess sluice = new BackgroundProcess(
                        "io.sluice.app.Main", settings(server, syncs), work.resolve("sluice.log"))) {
                    awaitLoaded(application, sluice);
                    return measure(server, application, journal, sluice);
                }
            }
        }
    }

    private Map<String, String> settings(EmbeddedDatabase server, Path syncs) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("sluice.database.url", server.url());
        settings.put("sluice.demo", "false");
        settings.put("sluice.sandbox.enabled", "false");
        settings.put("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandboxPort);
        settings.put("sluice.account.salesforce.limit.short", MAX + " per " + WINDOW_SECONDS + "s");
        // a bulk job would carry the backlog away, and calls would not be scarce
        settings.put("sluice.bulk.max-records", "0");
        // and so would calls of 1,000 records
        settings.put("sluice.composite.max-collections", "1");
        settings.put("sluice.syncs.folder", syncs.toString());
        settings.put(
                "camel.main.routesIncludePattern",
                "file:routes/*.camel.yaml,file:routes/crm/*.camel.yaml,file:" + syncs + "/*.camel.yaml");
        settings.put("camel.server.port", "" + BackgroundProcess.freePort());
        settings.put("sluice.webhooks.port", "" + BackgroundProcess.freePort());
        settings.put("camel.management.port", "" + BackgroundProcess.freePort());
        return settings;
    }

    private static Connection connect(EmbeddedDatabase server) throws SQLException {
        return DriverManager.getConnection(server.url());
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void limitSandbox(BackgroundProcess sandbox) throws InterruptedException {
        String limit = "{\"short\":{\"max\":%d,\"windowSeconds\":%d}}".formatted(MAX, WINDOW_SECONDS);
        await(sandbox, Duration.ofSeconds(60), () -> {
            try {
                return HTTP.send(
                                        sandbox("/sandbox/limits/salesforce")
                                                .PUT(HttpRequest.BodyPublishers.ofString(limit))
                                                .build(),
                                        HttpResponse.BodyHandlers.ofString())
                                .statusCode()
                        == 200;
            } catch (IOException notYet) {
                return false;
            }
        });
    }

    private HttpRequest.Builder sandbox(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandboxPort + path))
                .timeout(Duration.ofSeconds(10));
    }

    private JsonNode referee() throws IOException, InterruptedException {
        return new ObjectMapper()
                .readTree(HTTP.send(sandbox("/sandbox/referee").GET().build(), HttpResponse.BodyHandlers.ofString())
                        .body())
                .path("accounts")
                .path("salesforce");
    }

    private static void awaitLoaded(Connection application, BackgroundProcess sluice) throws InterruptedException {
        await(sluice, Duration.ofSeconds(120), () -> {
            try {
                return number(application, "select count(*) from sluice.sync_state")
                        == BACKLOG + Backlog.SPARE + URGENT;
            } catch (SQLException noSchemaYet) {
                return false;
            }
        });
    }

    private Figures measure(EmbeddedDatabase server, Connection application, Path journal, BackgroundProcess sluice)
            throws Exception {
        Map<String, Long> committed = new LinkedHashMap<>();
        try (Backlog backlog = new Backlog(connect(server), BACKLOG);
                JournalWatch watch = new JournalWatch(journal)) {
            backlog.start();
            await(sluice, Duration.ofSeconds(120), () -> windowIsFull(application));
            backlog.count();
            String start = now(application);
            trickle(application, committed);
            String end = now(application);
            long least = backlog.least();
            long most = backlog.most();
            Map<String, Long> arrived = awaitArrivals(watch, sluice);
            JsonNode referee = referee();
            List<Double> urgent = new ArrayList<>();
            committed.forEach((phone, at) -> urgent.add((arrived.get(phone) - at) / 1e6));
            List<Double> calls = Database.query(application, CALLS, row -> row.getDouble(1), start, end);
            return new Figures(
                    Spread.of(urgent),
                    Spread.of(calls),
                    calls.size(),
                    referee.path("refused").asLong(),
                    referee.path("limits").path("short").path("peak").asLong(),
                    least,
                    most);
        }
    }

    /** The backlog waits, and nearly all of a window was used. */
    private static boolean windowIsFull(Connection application) {
        try {
            return number(application, "select count(*) from sluice.outbox") > BACKLOG * 9 / 10
                    && number(
                                    application,
                                    "select count(*) from sluice.api_call where completed_at > clock_timestamp()"
                                            + " - interval '" + WINDOW_SECONDS + " seconds'")
                            >= MAX * 9 / 10;
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Each in a transaction of its own, evenly over the time; the clock starts when its commit is asked for. */
    private static void trickle(Connection application, Map<String, Long> committed)
            throws SQLException, InterruptedException {
        application.setAutoCommit(false);
        long begin = System.nanoTime();
        for (int i = 1; i <= URGENT; i++) {
            long due = begin + DURATION.toNanos() * (i - 1) / URGENT;
            Thread.sleep(Math.max(0, (due - System.nanoTime()) / 1_000_000));
            try (PreparedStatement update = application.prepareStatement(UPDATE)) {
                update.setString(1, MARK + i);
                update.setString(2, "G-" + i);
                update.executeUpdate();
            }
            committed.put(MARK + i, System.nanoTime());
            application.commit();
        }
        application.setAutoCommit(true);
    }

    private static Map<String, Long> awaitArrivals(JournalWatch watch, BackgroundProcess sluice) throws Exception {
        long patience = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        Map<String, Long> arrived = watch.arrivals("Contact", "Phone", MARK);
        while (arrived.size() < URGENT) {
            sluice.requireAlive();
            if (System.nanoTime() > patience) {
                throw new IllegalStateException("Only " + arrived.size() + " of the urgent changes came");
            }
            Thread.sleep(2_000);
            arrived = watch.arrivals("Contact", "Phone", MARK);
        }
        return arrived;
    }

    private static String now(Connection application) throws SQLException {
        return Database.query(application, "select clock_timestamp()::text", row -> row.getString(1))
                .get(0);
    }

    private static long number(Connection application, String sql) throws SQLException {
        return Database.query(application, sql, row -> row.getLong(1)).get(0);
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds() throws InterruptedException;
    }

    private static void await(BackgroundProcess process, Duration most, Condition condition)
            throws InterruptedException {
        long patience = System.nanoTime() + most.toNanos();
        while (!condition.holds()) {
            process.requireAlive();
            if (System.nanoTime() > patience) {
                throw new IllegalStateException("The measurement waited in vain for " + most);
            }
            Thread.sleep(100);
        }
    }
}
