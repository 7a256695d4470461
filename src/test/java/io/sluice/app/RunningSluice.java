// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Runs Sluice in a process and a folder of its own, as a user does: its files can be changed before
 * the start, and it can be killed.
 */
final class RunningSluice implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> SECOND_CRM = List.of("customers-hubspot.camel.yaml", "deals-hubspot.camel.yaml");
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    /** Folder with the bundle's files that are copied. */
    private final Path bundle;
    /** Folder of the classes, or null: those of this build. */
    private final Path classes;

    final Path home;
    final int databasePort;
    final int sandboxPort;
    final int serverPort = FreePorts.next();
    final int managementPort = FreePorts.next();
    final int webhookPort = FreePorts.next();
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final Deque<Connection> idle = new ConcurrentLinkedDeque<>();
    private Process process;
    private int starts;

    /** A copy of the bundle's files in the folder. */
    RunningSluice(Path home) {
        this(Path.of(""), null, home, FreePorts.next(), FreePorts.next());
    }

    /** One of several in processes of their own, on a database and a sandbox that the test has started. */
    static RunningSluice replica(Path home, int databasePort, int sandboxPort) {
        return replica(Path.of(""), null, home, databasePort, sandboxPort);
    }

    /** One of another build. */
    static RunningSluice replica(PreviousBuild build, Path home, int databasePort, int sandboxPort) {
        return replica(build.bundle(), build.classes(), home, databasePort, sandboxPort);
    }

    private static RunningSluice replica(Path bundle, Path classes, Path home, int databasePort, int sandboxPort) {
        return new RunningSluice(bundle, classes, home, databasePort, sandboxPort)
                .with("sluice.database.url", "jdbc:postgresql://127.0.0.1:" + databasePort + "/sluice")
                .with("sluice.sandbox.enabled", false);
    }

    private RunningSluice(Path bundle, Path classes, Path home, int databasePort, int sandboxPort) {
        this.bundle = bundle;
        this.classes = classes;
        this.home = home;
        this.databasePort = databasePort;
        this.sandboxPort = sandboxPort;
        copy("routes");
        SECOND_CRM.forEach(
                sync -> home.resolve("routes/syncs").resolve(sync).toFile().delete());
        copy("kamelet-catalog");
        SharedBinaries.in(home.resolve(".sluice/postgres"));
        with("sluice.database.port", databasePort);
        with("sluice.sandbox.port", sandboxPort);
        with("camel.server.port", serverPort);
        with("camel.management.port", managementPort);
        with("sluice.webhooks.port", webhookPort);
        with("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandboxPort);
        with("sluice.account.hubspot.url", "http://127.0.0.1:" + sandboxPort);
        with("sluice.sandbox.webhooks", "");
    }

    /** With the demo's syncs of its second CRM, which tells by webhooks; most tests count what one CRM costs. */
    RunningSluice withBothCrms() {
        for (String sync : SECOND_CRM) {
            copy("routes/syncs/" + sync);
        }
        return with("sluice.sandbox.webhooks", "http://127.0.0.1:" + webhookPort + "/webhooks/hubspot");
    }

    private void copy(String folder) {
        try (Stream<Path> files = Files.walk(bundle.resolve(folder))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = home.resolve(bundle.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    RunningSluice with(String setting, Object value) {
        settings.put(setting, value.toString());
        return this;
    }

    /** Writes a sync's file, or replaces it. */
    RunningSluice withSync(String file, String yaml) throws IOException {
        Files.writeString(home.resolve("routes/syncs").resolve(file), yaml);
        return this;
    }

    /** The file of a sync as a user writes it. */
    static String sync(
            String name,
            String table,
            String key,
            String account,
            String object,
            String externalId,
            Map<String, String> fields) {
        StringBuilder yaml = new StringBuilder(
                """
                - beans:
                    - name: %s
                      type: io.sluice.Sync
                      properties:
                        table: %s
                        key: %s
                        account: %s
                        object: %s
                        externalId: %s
                        fields:
                """
                        .formatted(name, table, key, account, object, externalId));
        fields.forEach((column, field) -> yaml.append("          ")
                .append(column)
                .append(": ")
                .append(field)
                .append('\n'));
        return yaml.toString();
    }

    RunningSluice withoutSyncs() throws IOException {
        try (Stream<Path> files = Files.list(home.resolve("routes/syncs"))) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        return this;
    }

    /** Starts the process and does not wait for anything. */
    RunningSluice start() throws IOException {
        writeSettings();
        return start(
                classes == null
                        ? ClassArchive.arguments(home)
                        : List.of("-cp", String.join(File.pathSeparator, home.toString(), classPath(classes))));
    }

    /** Starts the process with arguments of the JVM that name the class path. */
    RunningSluice start(List<String> arguments) throws IOException {
        List<String> command = java();
        command.addAll(arguments);
        command.add("io.sluice.app.Main");
        return run(command);
    }

    /** Starts it by Camel JBang's own main class. */
    RunningSluice startByJBang(String camelVersion, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("run", "application.properties", "--logging-color=false"));
        arguments.addAll(List.of(options));
        return jbang(camelVersion, arguments);
    }

    /** Runs a command of Camel JBang in the folder. */
    RunningSluice jbang(String camelVersion, List<String> arguments) throws IOException {
        writeSettings();
        List<String> command = java();
        command.addAll(List.of(
                "-cp",
                CamelJBangIT.classPath(),
                Path.of("src/test/jbang/CamelJBang.java").toAbsolutePath().toString()));
        command.addAll(arguments);
        command.addAll(List.of("--camel-version=" + camelVersion, "--kamelets-version=" + camelVersion));
        return run(command);
    }

    /** Starts a main class of a project that was made in the folder. */
    RunningSluice startProject(String classPath, String mainClass) throws IOException {
        List<String> command = java();
        command.addAll(List.of("-cp", classPath, mainClass));
        return run(command);
    }

    /** Writes the bundle's settings with those of this run, as a user edits them; it may be done while it runs. */
    void writeSettings() throws IOException {
        String properties = Files.readString(bundle.resolve("application.properties"));
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            String line = setting.getKey() + " = " + setting.getValue().replace("\\", "\\\\");
            Matcher there = Pattern.compile("(?m)^" + Pattern.quote(setting.getKey()) + " =.*$")
                    .matcher(properties);
            properties = there.find() ? there.replaceAll(Matcher.quoteReplacement(line)) : properties + line + "\n";
        }
        Files.writeString(home.resolve("application.properties"), properties);
    }

    private static List<String> java() {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                // a run of seconds is mostly its start, which these halve
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
    }

    private RunningSluice run(List<String> command) throws IOException {
        starts++;
        process = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log().toFile())
                .start();
        return this;
    }

    /** Answers a user's class path, without the tests. */
    static String runtimeClassPath() throws IOException {
        return classPath(Path.of("target/classes"));
    }

    private static String classPath(Path classes) throws IOException {
        return classes.toAbsolutePath()
                + File.pathSeparator
                + Files.readString(Path.of("target/runtime.classpath")).strip();
    }

    private Path log() {
        return home.resolve("run-" + starts + ".log");
    }

    String output() {
        try {
            return Files.readString(log());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Waits until nothing waits and nothing is in flight any more. */
    RunningSluice awaitSettled() {
        await().atMost(Duration.ofSeconds(180))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .untilAsserted(() -> {
                    assertThat(process.isAlive())
                            .as(() -> "still running:\n" + output())
                            .isTrue();
                    // in one statement, or the first load could slip in between
                    assertThat(number("select case when exists (select from sluice.initial_export) then"
                                    + " (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox)"
                                    + " else -1 end"))
                            .isZero();
                });
        return this;
    }

    /** Waits for a line that contains the text. */
    RunningSluice awaitOutput(String text) {
        await().atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> assertThat(output()).contains(text));
        return this;
    }

    int awaitExit() throws InterruptedException {
        assertThat(process.waitFor(120, TimeUnit.SECONDS))
                .as(() -> "has ended:\n" + output())
                .isTrue();
        return process.exitValue();
    }

    /** MiB of heap that it needs: what is in use after a collection. */
    double heap() throws IOException, InterruptedException {
        jcmd("GC.run");
        Matcher used = Pattern.compile("(?:generation|heap)\\s+total \\d+K, used (\\d+)K")
                .matcher(jcmd("GC.heap_info"));
        long kilobytes = 0;
        while (used.find()) {
            kilobytes += Long.parseLong(used.group(1));
        }
        assertThat(kilobytes).as("KiB in use").isPositive();
        return kilobytes / 1024.0;
    }

    private String jcmd(String command) throws IOException, InterruptedException {
        Process asked = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(process.pid()),
                        command)
                .redirectErrorStream(true)
                .start();
        String answer = new String(asked.getInputStream().readAllBytes());
        asked.waitFor();
        return answer;
    }

    /** The processes that it has started, and those that they have. */
    List<ProcessHandle> descendants() {
        return process.descendants().toList();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Kills the process, as kill -9 does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Stops the process, as Ctrl-C does. */
    void stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    // --- looking at both sides

    Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + databasePort + "/sluice", "sluice", "");
    }

    void sql(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    long number(String sql) throws SQLException {
        return query(sql, rows -> {
            rows.next();
            return rows.getLong(1);
        });
    }

    /** First column to the rest, as text. */
    Map<String, List<String>> rows(String sql) throws SQLException {
        return query(sql, rows -> {
            Map<String, List<String>> found = new LinkedHashMap<>();
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                List<String> rest = new ArrayList<>();
                for (int i = 2; i <= columns; i++) {
                    rest.add(rows.getString(i));
                }
                found.put(rows.getString(1), rest);
            }
            return found;
        });
    }

    @FunctionalInterface
    private interface Reading<T> {
        T of(ResultSet rows) throws SQLException;
    }

    /**
     * Reads by a connection that is kept: a test that polls would have PostgreSQL start a process each time, which costs more than
     * the query. One that was broken by a stop of the server is replaced.
     */
    private <T> T query(String sql, Reading<T> reading) throws SQLException {
        Connection kept = idle.pollFirst();
        if (kept != null) {
            try {
                return query(kept, sql, reading);
            } catch (SQLException failure) {
                if (!String.valueOf(failure.getSQLState()).matches("08.*|57P.*")) {
                    throw failure;
                }
            }
        }
        return query(connect(), sql, reading);
    }

    private <T> T query(Connection connection, String sql, Reading<T> reading) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            T read = reading.of(rows);
            idle.addFirst(connection);
            return read;
        } catch (SQLException failure) {
            connection.close();
            throw failure;
        }
    }

    private void closeConnections() {
        for (Connection connection = idle.pollFirst(); connection != null; connection = idle.pollFirst()) {
            try {
                connection.close();
            } catch (SQLException broken) {
                // the server has ended
            }
        }
    }

    JsonNode get(int port, String path) {
        try {
            return JSON.readTree(text(port, path));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    String text(int port, String path) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .GET())
                .body();
    }

    HttpResponse<String> sandbox(String method, String path, String json) {
        return send(sandboxPort, method, path, json);
    }

    /** The product's own API. */
    HttpResponse<String> api(String method, String path) {
        return send(serverPort, method, path, "");
    }

    HttpResponse<String> api(String method, String path, String json) {
        return send(serverPort, method, path, json);
    }

    private static HttpResponse<String> send(int port, String method, String path, String json) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(json)));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException unreachable) {
            throw new UncheckedIOException(unreachable);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    JsonNode referee() {
        return get(sandboxPort, "/sandbox/referee").path("accounts").path("salesforce");
    }

    /** Calls that the sandbox counted. */
    long counted() {
        JsonNode referee = referee();
        return referee.path("accepted").asLong() + referee.path("refused").asLong();
    }

    /** Those of them that it refused for a limit. */
    long refused() {
        return referee().path("refused").asLong();
    }

    long ledger() throws SQLException {
        return number("select count(*) from sluice.api_call");
    }

    /** A record of the sandbox by its id or external id, without reading all; a missing node where there is none. */
    JsonNode record(String account, String object, String id) {
        try {
            HttpResponse<String> answer = sandbox("GET", "/sandbox/records/" + account + "/" + object + "/" + id, "");
            assertThat(answer.statusCode()).as(answer.body()).isIn(200, 404);
            JsonNode whole = answer.statusCode() == 404 ? MissingNode.getInstance() : JSON.readTree(answer.body());
            return fieldsOf(whole);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static JsonNode fieldsOf(JsonNode record) {
        return record.has("properties") ? record.path("properties") : record;
    }

    /** The sandbox's records of an object by the value of a field. */
    Map<String, JsonNode> records(String object, String keyField) {
        return records("salesforce", object, keyField);
    }

    Map<String, JsonNode> records(String account, String object, String keyField) {
        Map<String, JsonNode> records = new LinkedHashMap<>();
        for (String line :
                text(sandboxPort, "/sandbox/records/" + account + "/" + object).split("\n")) {
            if (!line.isBlank()) {
                try {
                    JsonNode record = fieldsOf(JSON.readTree(line));
                    assertThat(records.put(record.path(keyField).asText(), record))
                            .as("records with " + keyField + " = "
                                    + record.path(keyField).asText())
                            .isNull();
                } catch (IOException broken) {
                    throw new UncheckedIOException(broken);
                }
            }
        }
        return records;
    }

    @Override
    public void close() {
        closeConnections();
        if (process != null && process.isAlive()) {
            try {
                RouteCoverage.gather(text(managementPort, "/observe/metrics"));
            } catch (UncheckedIOException notServing) {
                // a process that never came up has entered no route
            }
            try {
                stop();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
