// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Replicas of an installation that syncs a table {@code customer} with the contacts of a sandbox. */
final class ReplicaScene implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private static final String TABLE =
            """
            create table public.customer (no text primary key, name text not null, phone text);
            insert into public.customer select 'C-' || n, 'Name ' || n, '0' from generate_series(1, %d) as n""";

    private static final String SYNC =
            """
            - beans:
                - name: customers
                  type: io.sluice.Sync
                  properties:
                    table: public.customer
                    key: no
                    account: salesforce
                    object: Contact
                    externalId: Customer_No__c
                    fields:
                      name: LastName
                      phone: Phone
            """;

    private static final String WAITING =
            """
            select case when exists (select from sluice.initial_export)
                        then (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox) else -1 end""";

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Path work;
    private final Path syncs;
    private final EmbeddedDatabase server;
    private final Connection application;
    private final int sandboxPort = BackgroundProcess.freePort();
    private final BackgroundProcess sandbox;
    private int replicas;

    ReplicaScene(Path work, int rows) throws IOException, SQLException {
        this.work = work;
        this.syncs = Files.createDirectories(work.resolve("syncs"));
        Files.writeString(syncs.resolve("customers.camel.yaml"), SYNC);
        this.server = EmbeddedDatabase.start(work.resolve("postgres"), 0);
        this.application = DriverManager.getConnection(server.url());
        execute(TABLE.formatted(rows));
        this.sandbox = new BackgroundProcess(
                "io.sluice.sandbox.Sandbox",
                Map.of("sluice.sandbox.port", "" + sandboxPort, "sluice.sandbox.data", ""),
                work.resolve("sandbox.log"));
    }

    /** A replica and its management port. */
    record Replica(BackgroundProcess process, int managementPort) {

        /** Waits until its readiness probe answers UP. */
        void awaitReady() throws InterruptedException {
            await(
                    process,
                    () -> HTTP.send(
                                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + managementPort
                                                            + "/observe/health/ready"))
                                                    .build(),
                                            HttpResponse.BodyHandlers.ofString())
                                    .statusCode()
                            == 200);
        }
    }

    /** @param more settings beside the usual ones */
    Replica start(Map<String, String> more, List<String> jvm) throws IOException {
        int managementPort = BackgroundProcess.freePort();
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("sluice.database.url", server.url());
        settings.put("sluice.demo", "false");
        settings.put("sluice.sandbox.enabled", "false");
        settings.put("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandboxPort);
        settings.put("sluice.syncs.folder", syncs.toString());
        settings.put(
                "camel.main.routesIncludePattern",
                "file:routes/*.camel.yaml,file:routes/crm/*.camel.yaml,file:" + syncs + "/*.camel.yaml");
        settings.put("camel.server.port", "" + BackgroundProcess.freePort());
        settings.put("sluice.webhooks.port", "" + BackgroundProcess.freePort());
        settings.put("camel.management.port", "" + managementPort);
        settings.putAll(more);
        replicas++;
        return new Replica(
                new BackgroundProcess(
                        "io.sluice.app.Main", settings, work.resolve("replica-" + replicas + ".log"), jvm),
                managementPort);
    }

    @FunctionalInterface
    interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(BackgroundProcess process, Condition condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                if (condition.holds()) {
                    return;
                }
            } catch (InterruptedException stopped) {
                throw stopped;
            } catch (Exception notYet) {
                // not reachable yet, or the schema is missing
            }
            process.requireAlive();
            if (System.nanoTime() > end) {
                throw new IllegalStateException("What was measured did not come within " + PATIENCE);
            }
            Thread.sleep(5);
        }
    }

    void await(Replica replica, Condition condition) throws InterruptedException {
        await(replica.process(), condition);
    }

    /** Waits until nothing waits and nothing is in flight. */
    void awaitSettled(Replica replica) throws InterruptedException {
        await(replica, () -> number(WAITING) == 0);
    }

    void fault(String json) throws IOException, InterruptedException {
        HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandboxPort + "/sandbox/faults/salesforce"))
                        .POST(HttpRequest.BodyPublishers.ofString(json))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = application.createStatement()) {
            statement.execute(sql);
        }
    }

    long number(String sql) throws SQLException {
        return Database.query(application, sql, row -> row.getLong(1)).get(0);
    }

    String text(String sql) throws SQLException {
        return Database.query(application, sql, row -> row.getString(1)).get(0);
    }

    static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        sorted.sort(null);
        return sorted.get(sorted.size() / 2);
    }

    @Override
    public void close() throws IOException, SQLException {
        sandbox.close();
        application.close();
        server.close();
    }
}
