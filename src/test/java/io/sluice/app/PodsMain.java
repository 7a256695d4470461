// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Runs the image and the demo's manifests with podman: {@code mvn -Pkubernetes verify}. Three replicas share a PostgreSQL and the
 * sandbox. While 20,000 changes are committed and a person edits records in HubSpot, a replica is deleted every few seconds, by
 * turns at once and with its grace period, and all three are replaced by replicas with another mapping. At the end both CRMs have
 * what the table has, no call was refused, and the ledger has the calls that the CRMs counted.
 */
public final class PodsMain {

    private static final int CHANGES = 20_000;
    private static final int ROWS = 20;
    private static final int EDITS = 100;
    private static final int DELETE_SECONDS = 8;
    private static final int GRACE_SECONDS = 30;
    private static final Duration WRITING = Duration.ofSeconds(90);
    private static final List<String> REPLICAS = List.of("sluice-1", "sluice-2", "sluice-3");

    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Podman podman;
    private final PodFiles files;
    private String database;
    private String sandbox;

    private PodsMain(Podman podman, PodFiles files) {
        this.podman = podman;
        this.files = files;
    }

    public static void main(String... none) throws Exception {
        Path folder = Path.of("target", "pods").toAbsolutePath();
        Path rendered = Files.createDirectories(folder).resolve("demo.yaml");
        render(rendered);
        try (Podman podman = new Podman(folder)) {
            new PodsMain(podman, new PodFiles(rendered, folder)).run();
        }
    }

    private static void render(Path rendered) throws IOException, InterruptedException {
        Process kubectl = new ProcessBuilder(
                        "kubectl", "kustomize", "--load-restrictor", "LoadRestrictionsNone", "src/main/kubernetes/demo")
                .redirectOutput(rendered.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(kubectl.waitFor(1, TimeUnit.MINUTES) && kubectl.exitValue() == 0)
                .as("kubectl renders the manifests")
                .isTrue();
    }

    private void run() throws Exception {
        Instant begin = Instant.now();
        for (String pod : List.of("postgres", "sandbox")) {
            podman.play(pod, files.file(pod));
        }
        database = "jdbc:postgresql://" + podman.address("postgres") + "/sluice?user=sluice&password=sluice";
        sandbox = "http://" + podman.address("sandbox") + ":8090/sandbox/";
        await().atMost(Duration.ofMinutes(1)).ignoreExceptions().until(() -> number("select 1") == 1);
        for (String replica : REPLICAS) {
            podman.play(replica, files.file(replica));
        }
        awaitSettled();
        say(begin, "three replicas have exported the demo's tables");

        CompletableFuture<Void> writer = background(this::write);
        CompletableFuture<Void> person = background(this::edit);
        int deleted = deleteReplicasUntil(Instant.now().plus(WRITING.dividedBy(2)));
        say(begin, deleted + " pods were deleted; now the mapping changes");
        files.edit(
                "sluice-syncs",
                "customers-salesforce.camel.yaml",
                "newsletter: Newsletter__c",
                "newsletter: Newsletter__c\n          notes: Description");
        for (String replica : REPLICAS) {
            podman.delete(replica, GRACE_SECONDS);
            podman.play(replica, files.file(replica));
            awaitReady(replica);
        }
        say(begin, "all replicas have the new mapping");
        deleted += deleteReplicasUntil(Instant.now().plus(WRITING.dividedBy(4)));
        writer.get();
        person.get();
        awaitSettled();
        say(begin, CHANGES + " changes and " + EDITS + " edits were made, and " + deleted + " pods deleted");
        check();
        say(begin, "both CRMs have what the table has; 0 calls were refused");
    }

    private static void say(Instant begin, String what) {
        System.out.printf("%4d s: %s%n", Duration.between(begin, Instant.now()).toSeconds(), what);
    }

    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> background(Work work) {
        return CompletableFuture.runAsync(() -> {
            try {
                work.run();
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
    }

    /** Changes rows evenly over the time; the next transaction begins when its time has come. */
    private void write() throws Exception {
        int transactions = CHANGES / ROWS;
        Instant begin = Instant.now();
        try (Connection connection = DriverManager.getConnection(database);
                Statement statement = connection.createStatement()) {
            for (int i = 0; i < transactions; i++) {
                Instant due = begin.plus(WRITING.multipliedBy(i).dividedBy(transactions));
                await().pollInterval(Duration.ofMillis(5))
                        .until(() -> Instant.now().isAfter(due));
                statement.executeUpdate("update customer set phone = '" + i + "', notes = 'change " + i
                        + "' where customer_no in (select 'C-' || lpad((1 + (n * 37 + " + i * ROWS
                        + ") % 1000)::text, 5, '0') from generate_series(1, " + ROWS + ") as n)");
            }
        }
    }

    /** Edits records as a person in HubSpot, whose webhooks may find no replica. */
    private void edit() throws Exception {
        Instant begin = Instant.now();
        for (int i = 1; i <= EDITS; i++) {
            Instant due = begin.plus(WRITING.multipliedBy(i).dividedBy(EDITS));
            await().pollInterval(Duration.ofMillis(50))
                    .until(() -> Instant.now().isAfter(due));
            HttpResponse<String> answer = HTTP.send(
                    HttpRequest.newBuilder(URI.create(sandbox + "records/hubspot/contacts/" + key(i)))
                            .POST(HttpRequest.BodyPublishers.ofString("{\"city\": \"" + city(i) + "\"}"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
    }

    private static String key(int i) {
        return "C-%05d".formatted(i);
    }

    private static String city(int i) {
        return "Town " + i;
    }

    private int deleteReplicasUntil(Instant end) throws Exception {
        int deleted = 0;
        for (Instant due = Instant.now().plusSeconds(DELETE_SECONDS); due.isBefore(end); deleted++) {
            Instant next = due;
            await().atMost(Duration.ofMinutes(1)).until(() -> Instant.now().isAfter(next));
            String replica = REPLICAS.get(deleted % REPLICAS.size());
            podman.delete(replica, deleted % 2 == 0 ? 0 : GRACE_SECONDS);
            podman.play(replica, files.file(replica));
            due = Instant.now().plusSeconds(DELETE_SECONDS);
        }
        return deleted;
    }

    private void awaitReady(String replica) throws Exception {
        String health = "http://" + podman.address(replica) + ":9876/observe/health/ready";
        await().atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(500))
                .ignoreExceptions()
                .until(() -> get(health).contains("\"status\":\"UP\",\"checks\""));
    }

    private void awaitSettled() {
        await().atMost(Duration.ofMinutes(4))
                .pollInterval(Duration.ofMillis(500))
                .ignoreExceptions()
                .until(() ->
                        number("select case when exists (select from sluice.initial_export) then (select count(*) from"
                                        + " sluice.change_log) + (select count(*) from sluice.outbox) else -1 end")
                                == 0);
    }

    private void check() {
        await().atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(this::checkRecords);
        assertThat(number("select count(*) from sluice.dead_letter")).isZero();
        for (String account : List.of("salesforce", "hubspot")) {
            String calls = "select count(*) from sluice.api_call where account = '" + account + "'";
            JsonNode before = referee(account);
            long ledger = number(calls);
            long unanswered = number(calls + " and (completed_at is null or status is null or status = 0)");
            JsonNode after = referee(account);
            assertThat(after.path("refused").asLong())
                    .as("%s: refused", account)
                    .isZero();
            assertThat(after.path("maxWritesInFlightPerRecord").asInt()).isLessThanOrEqualTo(1);
            // polls go on meanwhile
            assertThat(ledger)
                    .as("%s: calls in the ledger, %d of them without an answer", account, unanswered)
                    .isBetween(
                            before.path("accepted").asLong(),
                            after.path("accepted").asLong() + unanswered);
            System.out.println(
                    "        " + account + ": " + after.path("accepted") + " calls " + after.path("byOperation"));
        }
    }

    private void checkRecords() {
        Map<String, List<String>> table = new TreeMap<>();
        Map<String, List<String>> edited = new TreeMap<>();
        query("select customer_no, phone, city, notes from customer", row -> {
            table.put(row.getString(1), List.of(row.getString(2), row.getString(3), String.valueOf(row.getString(4))));
            edited.put(row.getString(1), List.of(row.getString(3)));
        });
        assertThat(table).hasSize(1000);
        for (int i = 1; i <= EDITS; i++) {
            assertThat(edited.get(key(i))).as("the edit of %s", key(i)).containsExactly(city(i));
        }
        Map<String, List<String>> salesforce = new TreeMap<>();
        records("salesforce/Contact")
                .forEach(record -> salesforce.put(
                        record.path("Customer_No__c").asText(),
                        List.of(
                                record.path("Phone").asText(),
                                record.path("MailingCity").asText(),
                                record.path("Description").asText())));
        assertThat(salesforce).isEqualTo(table);
        Map<String, List<String>> hubspot = new TreeMap<>();
        records("hubspot/contacts")
                .forEach(record -> hubspot.put(
                        record.at("/properties/customer_no").asText(),
                        List.of(
                                record.at("/properties/phone").asText(),
                                record.at("/properties/city").asText())));
        table.replaceAll((key, values) -> values.subList(0, 2));
        assertThat(hubspot).isEqualTo(table);
    }

    private JsonNode referee(String account) {
        return json(get(sandbox + "referee")).path("accounts").path(account);
    }

    private List<JsonNode> records(String object) {
        return get(sandbox + "records/" + object)
                .lines()
                .filter(line -> !line.isBlank())
                .map(PodsMain::json)
                .toList();
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException broken) {
            throw new IllegalStateException(broken);
        }
    }

    private static String get(String address) {
        try {
            return HTTP.send(
                            HttpRequest.newBuilder(URI.create(address))
                                    .timeout(Duration.ofSeconds(20))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(address + " did not answer", failed);
        }
    }

    @FunctionalInterface
    private interface Row {
        void read(ResultSet row) throws SQLException;
    }

    private void query(String sql, Row reader) {
        try (Connection connection = DriverManager.getConnection(database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                reader.read(rows);
            }
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private long number(String sql) {
        List<Long> numbers = new ArrayList<>();
        query(sql, row -> numbers.add(row.getLong(1)));
        return numbers.get(0);
    }
}
