// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.Outcome;
import io.sluice.app.RouteCoverage;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.store.TestDatabase;
import io.sluice.testkit.FreePorts;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.main.Main;
import org.awaitility.Awaitility;

/** Runs the Kamelets without the pipeline, each called from outside, over HTTP against the sandbox. */
final class RunningKamelets implements AutoCloseable {

    static final ObjectMapper JSON = new ObjectMapper();

    final EmbeddedDatabase database;
    final Sandbox sandbox;
    final Main main = new Main();
    final ProducerTemplate camel;

    /** @param settings settings beyond those that the tests need */
    RunningKamelets(Path home, Map<String, String> settings) throws Exception {
        database = EmbeddedDatabase.start(SharedBinaries.in(home), FreePorts.next());
        sandbox = Sandbox.start("127.0.0.1", 0);
        main.addOverrideProperty("sluice.database.url", database.url());
        main.addOverrideProperty("sluice.demo", "false");
        main.addOverrideProperty("sluice.sandbox.enabled", "false");
        main.addOverrideProperty("sluice.call.timeout", "2s");
        main.addOverrideProperty("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandbox.port());
        main.addOverrideProperty("sluice.circuit-breaker.initial-delay", "1ms");
        main.addOverrideProperty("sluice.circuit-breaker.max-delay", "1ms");
        main.addOverrideProperty("camel.main.routesIncludePattern", "file:src/test/resources/no-routes/*.camel.yaml");
        main.addOverrideProperty("camel.main.jmxManagementRegisterRoutesCreateByKamelet", "true");
        main.addOverrideProperty("camel.server.enabled", "false");
        main.addOverrideProperty("camel.management.enabled", "false");
        main.addOverrideProperty("sluice.account.hubspot.url", "http://127.0.0.1:" + sandbox.port());
        settings.forEach(main::addOverrideProperty);
        main.start();
        camel = main.getCamelContext().createProducerTemplate();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> number(TestDatabase.MIGRATED) == TestDatabase.migrations());
    }

    Exchange ask(String uri, Object body) {
        Exchange exchange = camel.request(uri, message -> message.getMessage().setBody(body));
        assertThat(exchange.getException()).isNull();
        return exchange;
    }

    @SuppressWarnings("unchecked")
    List<Outcome> send(String uri, List<?> records) {
        return ask(uri, records).getMessage().getBody(List.class);
    }

    /** Returns the error with which a Kamelet rejects this body. */
    Exception rejection(String uri, Object body) {
        return camel.request(uri, message -> message.getMessage().setBody(body)).getException();
    }

    /** @param fields names and values in turn; null clears the field */
    static Map<String, Object> record(String key, Object... fields) {
        Map<String, Object> map = new HashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            map.put((String) fields[i], fields[i + 1]);
        }
        return Map.of("key", key, "fields", map);
    }

    /** Returns a record of the CRM by a field; null when there is none. */
    JsonNode find(String object, String field, String value) throws Exception {
        for (String line :
                control("GET", "/sandbox/records/salesforce/" + object, "").split("\n")) {
            if (!line.isBlank() && JSON.readTree(line).path(field).asText().equals(value)) {
                return JSON.readTree(line);
            }
        }
        return null;
    }

    JsonNode referee() throws Exception {
        return JSON.readTree(control("GET", "/sandbox/referee", ""))
                .path("accounts")
                .path("salesforce");
    }

    /** Returns the number of calls that the sandbox counted. */
    long counted() throws Exception {
        return referee().path("accepted").asLong() + referee().path("refused").asLong();
    }

    long ledger() throws SQLException {
        return number("select count(*) from sluice.api_call");
    }

    void fault(String json) throws Exception {
        control("POST", "/sandbox/faults/salesforce", json);
    }

    void noFaults() throws Exception {
        control("DELETE", "/sandbox/faults/salesforce", "");
        run("delete from sluice.throttle");
    }

    String control(String method, String path, String body) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandbox.port() + path))
                                .header("Content-Type", "application/json")
                                .method(method, HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    long number(String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(database.url(), "sluice", "");
                var rows = connection.createStatement().executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    void run(String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(database.url(), "sluice", "");
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() {
        RouteCoverage.gather(main.getCamelContext());
        main.stop();
        sandbox.close();
        database.close();
    }
}
