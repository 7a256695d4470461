// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Measures the page with 200 syncs and 10,000 dead letters in Chromium, and what 10 viewers of it cost the syncs: the throughput
 * with and without them, in turns.
 */
public final class PageBench implements Bench {

    private static final int SYNCS = 200;
    private static final int DEAD_LETTERS = 10_000;
    private static final int VIEWERS = 10;
    private static final int ROWS = 20_000;
    private static final int VISITS = 6;
    private static final int ROUNDS = Integer.getInteger("bench.rounds", 15);
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration WATCHED = Duration.ofSeconds(20);

    private static final String TABLES =
            """
            create table public.t_0 (id text primary key, name text, phone text);
            insert into public.t_0 select 'r-' || n, 'Name ' || n, '0' from generate_series(1, %d) as n;
            do $$ begin for n in 1..%d loop
                execute format('create table public.t_%%s (id text primary key, name text, phone text)', n);
            end loop; end $$"""
                    .formatted(ROWS, SYNCS - 1);

    private static final String SYNC =
            """
            - beans:
                - name: sync-%1$d
                  type: io.sluice.Sync
                  properties:
                    table: public.t_%1$d
                    key: id
                    account: %2$s
                    object: %3$s
                    externalId: %4$s
                    direction: out
                    fields:
                      name: %5$s
                      phone: %6$s
            """;

    private static final String SCHEMA =
            """
            {"name": "t_%1$d", "labels": {"singular": "T %1$d", "plural": "Ts %1$d"}, "primaryDisplayProperty": "name",
             "requiredProperties": ["id"], "associatedObjects": [], "properties": [
              {"name": "id", "label": "Id", "type": "string", "fieldType": "text", "hasUniqueValue": true},
              {"name": "name", "label": "Name", "type": "string", "fieldType": "text"},
              {"name": "phone", "label": "Phone", "type": "string", "fieldType": "text"}]}""";

    private static final String LETTERS =
            """
            insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code, message, rejected_fields)
            select 'salesforce', 'Contact', 'd-' || n, 'sync-' || n %% %d, 'upsert', '{"Phone": "x"}', '{}',
                   'STRING_TOO_LONG', 'Phone: data value too large', '{Phone}' from generate_series(1, %d) as n"""
                    .formatted(SYNCS, DEAD_LETTERS);

    /** Measures how long the page takes for each event, its layout included. */
    private static final String MEASURE =
            """
            window.updates = [];
            const listen = EventSource.prototype.addEventListener;
            EventSource.prototype.addEventListener = function (type, listener) {
              return listen.call(this, type, event => {
                const begin = performance.now();
                listener(event);
                document.body.offsetHeight;
                window.updates.push(performance.now() - begin);
              });
            };""";

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Map<String, Object> result = new LinkedHashMap<>();

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Path syncs = Files.createDirectories(work.resolve("syncs"));
        sync(syncs, 0, "salesforce", "Contact", "Customer_No__c", "LastName", "Phone");
        for (int i = 1; i < SYNCS; i++) {
            sync(syncs, i, "hubspot", "t_" + i, "id", "name", "phone");
        }
        int sandboxPort = BackgroundProcess.freePort();
        int port = BackgroundProcess.freePort();
        try (EmbeddedDatabase server = EmbeddedDatabase.start(work.resolve("postgres"), 0);
                Connection application = DriverManager.getConnection(server.url())) {
            for (String sql : TABLES.split(";\n", 3)) {
                execute(application, sql);
            }
            try (BackgroundProcess sandbox = new BackgroundProcess(
                    "io.sluice.sandbox.Sandbox",
                    Map.of("sluice.sandbox.port", "" + sandboxPort, "sluice.sandbox.data", ""),
                    work.resolve("sandbox.log"),
                    1024)) {
                makeObjects(sandbox, sandboxPort);
                try (BackgroundProcess sluice = new BackgroundProcess(
                        "io.sluice.app.Main", settings(server, syncs, sandboxPort, port), work.resolve("sluice.log"))) {
                    awaitSent(application, sluice, "0");
                    execute(application, LETTERS);
                    browse("http://127.0.0.1:" + port, application);
                    throughput("http://127.0.0.1:" + port, application, sluice);
                }
            }
        }
        return result;
    }

    private static void sync(Path folder, Object... values) throws IOException {
        Files.writeString(folder.resolve("sync-" + values[0] + ".camel.yaml"), SYNC.formatted(values));
    }

    private static void makeObjects(BackgroundProcess sandbox, int port) throws InterruptedException {
        for (int i = 1; i < SYNCS; ) {
            sandbox.requireAlive();
            try {
                HttpResponse<String> answer = HTTP.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/crm/v3/schemas"))
                                .header("Authorization", "Bearer pat-sandbox")
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(SCHEMA.formatted(i)))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 201) {
                    i++;
                } else if (answer.statusCode() != 429) {
                    throw new IllegalStateException("No object " + i + ": " + answer.body());
                } else {
                    Thread.sleep(1_000);
                }
            } catch (IOException notYet) {
                Thread.sleep(100);
            }
        }
    }

    private static Map<String, String> settings(EmbeddedDatabase server, Path syncs, int sandboxPort, int port) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("sluice.database.url", server.url());
        settings.put("sluice.demo", "false");
        settings.put("sluice.sandbox.enabled", "false");
        settings.put("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandboxPort);
        settings.put("sluice.account.hubspot.crm", "hubspot");
        settings.put("sluice.account.hubspot.url", "http://127.0.0.1:" + sandboxPort);
        settings.put("sluice.account.hubspot.access-token", "pat-sandbox");
        settings.put("sluice.bulk.max-records", "0");
        settings.put("sluice.syncs.folder", syncs.toString());
        settings.put(
                "camel.main.routesIncludePattern",
                "file:routes/*.camel.yaml,file:routes/crm/*.camel.yaml,file:" + syncs + "/*.camel.yaml");
        settings.put("camel.server.port", "" + port);
        settings.put("sluice.webhooks.port", "" + BackgroundProcess.freePort());
        settings.put("camel.management.port", "" + BackgroundProcess.freePort());
        return settings;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void awaitSent(Connection application, BackgroundProcess sluice, String phone)
            throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!isSent(application, phone)) {
            sluice.requireAlive();
            if (System.nanoTime() > end) {
                throw new IllegalStateException("The changes were not sent within " + PATIENCE);
            }
            Thread.sleep(20);
        }
    }

    private static boolean isSent(Connection application, String phone) {
        try {
            return Database.query(
                                    application,
                                    "select (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox)"
                                            + " + abs(" + ROWS + " - (select count(*) from sluice.sync_state"
                                            + " where base ->> 'Phone' = ?))",
                                    row -> row.getLong(1),
                                    phone)
                            .get(0)
                    == 0;
        } catch (SQLException noSchemaYet) {
            return false;
        }
    }

    private void browse(String address, Connection application) throws Exception {
        try (Playwright playwright = Playwright.create(
                        new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
                Browser browser = playwright
                        .chromium()
                        .launch(new BrowserType.LaunchOptions()
                                .setExecutablePath(chromium())
                                .setArgs(List.of("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")))) {
            Page page = browser.newPage();
            page.addInitScript(MEASURE);
            List<Double> paints = new ArrayList<>();
            List<Double> complete = new ArrayList<>();
            for (int i = 0; i < VISITS; i++) {
                page.navigate(address + "/");
                page.locator("#syncs tr").nth(SYNCS - 1).waitFor();
                complete.add(number(page.evaluate("performance.now()")));
                paints.add(
                        number(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")));
            }
            page.evaluate("window.updates.length = 0");
            long end = System.nanoTime() + WATCHED.toNanos();
            for (int change = 0; System.nanoTime() < end; change++) {
                for (int i = 1; i < SYNCS; i++) {
                    execute(
                            application,
                            "insert into public.t_%d values ('%d-%d', 'Name', '')".formatted(i, i, change));
                }
                page.waitForTimeout(500);
            }
            List<Double> updates = ((List<?>) page.evaluate("window.updates"))
                    .stream().map(PageBench::number).toList();
            page.navigate(address + "/#/dead-letters");
            page.reload();
            page.locator("#page-list tbody tr").nth(99).waitFor();
            double list = number(page.evaluate("performance.now()"));
            List<Double> further = new ArrayList<>();
            while (page.locator("#page-list tbody tr").count() < DEAD_LETTERS) {
                further.add(
                        number(
                                page.evaluate(
                                        """
                        async () => {
                          const rows = document.querySelector('#page-list tbody').rows;
                          const more = [...document.querySelectorAll('#page-list button')]
                            .find(button => button.textContent === 'Show more');
                          const before = rows.length;
                          const begin = performance.now();
                          more.click();
                          while (rows.length === before) {
                            await new Promise(resolve => requestAnimationFrame(resolve));
                          }
                          document.body.offsetHeight;
                          return performance.now() - begin;
                        }""")));
            }
            print("first paint, ms", paints);
            print("all " + SYNCS + " syncs shown, ms", complete);
            print("an update, ms", updates);
            print("first 100 dead letters shown, ms", List.of(list));
            print("100 more, up to " + DEAD_LETTERS + ", ms", further);
        }
    }

    private static double number(Object value) {
        return ((Number) value).doubleValue();
    }

    private void print(String what, List<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        double median = sorted[sorted.length / 2];
        double most = sorted[sorted.length - 1];
        System.out.printf("%-44s median %8.1f  max %8.1f  (%d)%n", what, median, most, sorted.length);
        result.put(what, Map.of("median", median, "max", most, "count", sorted.length));
    }

    private static Path chromium() {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, "chromium"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("There is no chromium on the PATH"));
    }

    /** In turns, so that a change of the machine's pace meets both. */
    private void throughput(String address, Connection application, BackgroundProcess sluice) throws Exception {
        List<Double> alone = new ArrayList<>();
        List<Double> watched = new ArrayList<>();
        sent(application, sluice, "warm");
        for (int round = 0; round < ROUNDS; round++) {
            alone.add(sent(application, sluice, "alone " + round));
            List<CompletableFuture<?>> viewers = new ArrayList<>();
            for (int i = 0; i < VIEWERS; i++) {
                viewers.add(HTTP.sendAsync(
                                HttpRequest.newBuilder(URI.create(address + "/page/events"))
                                        .build(),
                                HttpResponse.BodyHandlers.ofLines())
                        .thenAccept(stream -> stream.body().forEach(line -> {})));
            }
            watched.add(sent(application, sluice, "watched " + round));
            viewers.forEach(viewer -> viewer.cancel(true));
        }
        print("rows per second without viewers", alone);
        print("rows per second with " + VIEWERS + " viewers", watched);
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            ratios.add(watched.get(round) / alone.get(round));
        }
        double lost = 100 - 100 * median(ratios);
        System.out.printf("%-44s %.1f %%%n", "throughput lost, median of the rounds", lost);
        result.put("throughput lost, %", lost);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** Rows per second, from the commit until all are settled. */
    private static double sent(Connection application, BackgroundProcess sluice, String phone) throws Exception {
        execute(application, "update public.t_0 set phone = '" + phone + "'");
        long begin = System.nanoTime();
        awaitSent(application, sluice, phone);
        return ROWS / ((System.nanoTime() - begin) / 1e9);
    }
}
