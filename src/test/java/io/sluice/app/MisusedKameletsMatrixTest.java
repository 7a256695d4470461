// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.sluice.crm.Accounts;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.store.TestDatabase;
import io.sluice.testkit.FreePorts;
import java.io.ByteArrayInputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.ResolveEndpointFailedException;
import org.apache.camel.main.Main;
import org.apache.camel.support.DefaultExchange;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calls each Kamelet as a route of one's own may misuse it, with each wrong body, parameter and header. The misuse fails for
 * that route alone: the account stays ready for all syncs, its circuit breaker closed, and no login is made again.
 */
class MisusedKameletsMatrixTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    /** Names that a person may write into any parameter. */
    private static final List<String> WRONG_TEXTS = List.of("Nope", "a'b ?/");

    private static EmbeddedDatabase database;
    private static Sandbox sandbox;
    private static Main main;
    private static ProducerTemplate camel;

    @TempDir
    static Path home;

    /** A call of a Kamelet. */
    private record Call(String uri, Object body, Map<String, Object> headers) {

        @Override
        public String toString() {
            return uri + " with body "
                    + (body == null ? "null" : body.getClass().getSimpleName() + " " + body) + " and headers "
                    + headers;
        }
    }

    @BeforeAll
    static void start() throws Exception {
        database = EmbeddedDatabase.start(SharedBinaries.in(home), FreePorts.next());
        sandbox = Sandbox.start("127.0.0.1", 0);
        main = new Main();
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("sluice.database.url", database.url());
        settings.put("sluice.demo", "false");
        settings.put("sluice.sandbox.enabled", "false");
        settings.put("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandbox.port());
        settings.put("sluice.account.salesforce.limit.daily", "1000000 per 24h");
        settings.put("sluice.account.hubspot.url", "http://127.0.0.1:" + sandbox.port());
        settings.put("sluice.account.hubspot.limit.burst", "100000 per 10s");
        settings.put("sluice.account.hubspot.limit.search", "100000 per 1s");
        settings.put("camel.main.routesIncludePattern", "file:src/test/resources/no-routes/*.camel.yaml");
        settings.put("camel.server.enabled", "false");
        settings.put("camel.management.enabled", "false");
        settings.forEach(main::addOverrideProperty);
        main.start();
        camel = main.getCamelContext().createProducerTemplate();
        Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
            try (var connection = DriverManager.getConnection(database.url(), "sluice", "");
                    var rows = connection.createStatement().executeQuery(TestDatabase.MIGRATED)) {
                rows.next();
                return rows.getLong(1) == TestDatabase.migrations();
            }
        });
        Accounts accounts = accounts();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> accounts.isReady("salesforce") && accounts.isReady("hubspot"));
    }

    @AfterAll
    static void stop() throws Exception {
        RouteCoverage.gather(main.getCamelContext());
        main.stop();
        sandbox.close();
        database.close();
    }

    private static Accounts accounts() {
        return main.getCamelContext().getRegistry().lookupByNameAndType("accounts", Accounts.class);
    }

    private static List<Object> bodies() {
        List<Object> bodies = new ArrayList<>();
        bodies.add(null);
        bodies.add("");
        bodies.add("text");
        bodies.add("select Nope from Contact");
        bodies.add("select Id from Nope");
        bodies.add("{\"a\":");
        bodies.add(42);
        bodies.add(List.of());
        bodies.add(List.of("x"));
        bodies.add(List.of(Map.of()));
        bodies.add(List.of(Map.of("key", "K", "fields", Map.of("Nope", "x"))));
        bodies.add(List.of(Map.of("key", "K", "fields", "x")));
        bodies.add(Map.of());
        bodies.add(Map.of("key", "K"));
        bodies.add(new byte[] {(byte) 0xff, 0});
        bodies.add(new ByteArrayInputStream(new byte[] {1}));
        bodies.add(new Object());
        return bodies;
    }

    private static Object rightBody(String kamelet) {
        if (kamelet.endsWith("-sink")) {
            return List.of(Map.of("key", "K-1", "crmId", "003000000000001AAA", "fields", Map.of()));
        }
        return kamelet.contains("query") ? "select Id from Contact" : List.of("003000000000001AAA");
    }

    private static String rightValue(String parameter, JsonNode definition) {
        if (definition.hasNonNull("default")) {
            return definition.path("default").asText();
        }
        return definition.hasNonNull("example") ? definition.path("example").asText() : "Contact";
    }

    private static String uri(String kamelet, Map<String, String> parameters) {
        StringBuilder uri = new StringBuilder("kamelet:" + kamelet);
        parameters.forEach((name, value) -> uri.append(uri.indexOf("?") < 0 ? '?' : '&')
                .append(name)
                .append('=')
                .append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        return uri.toString();
    }

    private static List<Call> calls(Path file) throws Exception {
        JsonNode kamelet = YAML.readTree(file.toFile());
        String name = kamelet.path("metadata").path("name").asText();
        JsonNode properties = kamelet.path("spec").path("definition").path("properties");
        Map<String, String> right = new LinkedHashMap<>();
        properties.properties().forEach(each -> right.put(each.getKey(), rightValue(each.getKey(), each.getValue())));
        List<Call> calls = new ArrayList<>();
        bodies().forEach(body -> calls.add(new Call(uri(name, right), body, Map.of())));
        for (String parameter : right.keySet()) {
            for (String wrong : WRONG_TEXTS) {
                Map<String, String> parameters = new LinkedHashMap<>(right);
                parameters.put(parameter, wrong);
                calls.add(new Call(uri(name, parameters), rightBody(name), Map.of()));
            }
        }
        if (right.containsKey("apiVersion")) {
            for (String wrong : List.of("1.0", "v62.0")) {
                Map<String, String> parameters = new LinkedHashMap<>(right);
                parameters.put("apiVersion", wrong);
                calls.add(new Call(uri(name, parameters), rightBody(name), Map.of()));
            }
        }
        if (name.endsWith("-call-action")) {
            String vendor = name.startsWith("hubspot") ? "hubspot" : "raw";
            for (String method : List.of("GET", "POST", "get", "NOPE", "")) {
                for (String path : List.of(
                        "",
                        "no/slash",
                        vendor.equals("raw") ? "/services/data/v62.0/nope" : "/crm/v3/nope",
                        "/nope",
                        "//",
                        "http://[",
                        "/a b",
                        "/%zz")) {
                    calls.add(
                            new Call(uri(name, right), "{}", Map.of(vendor + "Method", method, vendor + "Path", path)));
                }
            }
        }
        return calls;
    }

    private static boolean isReady(String account) {
        return accounts().isReady(account)
                && accounts().circuitBreaker(account).getState() == CircuitBreaker.State.CLOSED;
    }

    /** Makes a call; a parameter with which there can be no route at all ends the start of that route alone. */
    private static Exchange made(Call call) {
        try {
            return camel.request(call.uri(), message -> {
                message.getMessage().setBody(call.body());
                message.getMessage().setHeaders(new LinkedHashMap<>(call.headers()));
            });
        } catch (ResolveEndpointFailedException noRoute) {
            Exchange exchange = new DefaultExchange(main.getCamelContext());
            exchange.setException(noRoute);
            return exchange;
        }
    }

    @Test
    void aMisusedKameletRestsNoAccount() throws Exception {
        List<String> wrong = new ArrayList<>();
        int made = 0;
        try (Stream<Path> files = Files.list(Path.of("kamelet-catalog"))) {
            for (Path file : files.filter(it -> it.toString().matches(".*-(action|sink)\\.kamelet\\.yaml"))
                    .sorted()
                    .toList()) {
                for (Call call : calls(file)) {
                    made++;
                    Exchange exchange = made(call);
                    for (String account : List.of("salesforce", "hubspot")) {
                        if (!isReady(account)) {
                            wrong.add(account + " rests after " + call + ": "
                                    + exchange.getMessage().getHeader("SluiceStatus") + " "
                                    + exchange.getMessage().getBody(String.class) + " " + exchange.getException());
                            // as the next answer does
                            accounts().recordAnswer(account, 200, null);
                        }
                    }
                }
            }
        }
        assertThat(wrong).as(made + " calls").isEmpty();
        assertThat(made).isGreaterThan(900);
    }
}
