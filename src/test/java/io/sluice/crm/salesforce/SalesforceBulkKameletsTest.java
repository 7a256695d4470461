// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.Outcome;
import io.sluice.app.Main;
import io.sluice.app.RouteCoverage;
import io.sluice.crm.CrmJob;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.store.TestDatabase;
import io.sluice.testkit.FreePorts;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the bulk Kamelets alone, in a route outside any sync, against the sandbox over HTTP. */
class SalesforceBulkKameletsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String KEY = "&externalId=Customer_No__c";

    @TempDir
    static Path home;

    private static EmbeddedDatabase database;
    private static Sandbox sandbox;
    private static Main main;
    private static ProducerTemplate camel;

    @BeforeAll
    static void start() throws Exception {
        database = EmbeddedDatabase.start(SharedBinaries.in(home), FreePorts.next());
        sandbox = Sandbox.start("127.0.0.1", 0);
        main = new Main();
        Map.of(
                        "sluice.database.url",
                        database.url(),
                        "sluice.demo",
                        "false",
                        "sluice.sandbox.enabled",
                        "false",
                        "sluice.call.timeout",
                        "2s",
                        "sluice.account.salesforce.login-url",
                        "http://127.0.0.1:" + sandbox.port(),
                        "camel.main.routesIncludePattern",
                        "file:src/test/resources/no-routes/*.camel.yaml",
                        "camel.main.jmxManagementRegisterRoutesCreateByKamelet",
                        "true",
                        "camel.server.enabled",
                        "false",
                        "camel.management.enabled",
                        "false")
                .forEach(main::addOverrideProperty);
        main.addOverrideProperty("sluice.circuit-breaker.max-delay", "1ms");
        main.start();
        camel = main.getCamelContext().createProducerTemplate();
        // the transaction that creates this table creates the others too
        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> number(TestDatabase.MIGRATED) == TestDatabase.migrations());
    }

    @AfterAll
    static void stop() throws Exception {
        RouteCoverage.gather(main.getCamelContext());
        main.stop();
        sandbox.close();
        database.close();
    }

    @BeforeEach
    void resetFaults() throws Exception {
        control("DELETE", "/sandbox/faults/salesforce", "");
    }

    @Test
    void aJobRunsFromCreateToResultsAndEachCallIsCounted() throws Exception {
        long counted = counted();
        long ledger = number("select count(*) from sluice.api_call");
        CrmJob crmJob = create();
        assertThat(crmJob.stage()).isEqualTo(CrmJob.Stage.OPEN);
        assertThat(crmJob.ours()).isTrue();
        assertThat(status(upload(
                        crmJob,
                        List.of(
                                Map.of("key", "B-1", "fields", Map.of("LastName", "One")),
                                Map.of("key", "B-2", "fields", Map.of("LastName", "Two", "Email", "no address"))))))
                .isEqualTo(201);
        assertThat(close(crmJob).stage()).isEqualTo(CrmJob.Stage.WORKING);
        CrmJob end = end(crmJob);
        assertThat(end.stage()).isEqualTo(CrmJob.Stage.COMPLETE);
        assertThat(end.tried()).isEqualTo(2);
        assertThat(end.failed()).isEqualTo(1);
        assertThat(results(crmJob, "successfulResults")).singleElement().satisfies(outcome -> {
            assertThat(outcome.key()).isEqualTo("B-1");
            assertThat(outcome.crmId()).hasSize(18);
        });
        assertThat(results(crmJob, "failedResults")).singleElement().satisfies(outcome -> {
            assertThat(outcome.key()).isEqualTo("B-2");
            assertThat(outcome.status()).isEqualTo(Outcome.Status.REJECTED);
            assertThat(outcome.code()).isEqualTo("INVALID_EMAIL_ADDRESS");
        });
        assertThat(results(crmJob, "unprocessedrecords")).isEmpty();

        assertThat(number("select count(*) from sluice.api_call") - ledger).isEqualTo(counted() - counted);
        assertThat(number("select count(*) from sluice.api_call where status is null"))
                .isZero();
        assertThat(number("select bytes from sluice.api_call where operation = 'bulk-upload' order by id desc limit 1"))
                .isPositive();
    }

    @Test
    void theCsvItselfIsTakenAsTextOrAsAStream() throws Exception {
        String csv = "Customer_No__c,LastName\nS-1,Streamed\n";
        for (Object body : List.of(csv, new ByteArrayInputStream(csv.getBytes(StandardCharsets.UTF_8)))) {
            CrmJob crmJob = create();
            assertThat(status(upload(crmJob, body))).isEqualTo(201);
            close(crmJob);
            end(crmJob);
            assertThat(results(crmJob, "successfulResults"))
                    .extracting(Outcome::key)
                    .containsExactly("S-1");
        }
    }

    @Test
    void anInsertMakesARecordOfEachAndFindsNone() throws Exception {
        List<Map<String, Object>> records = List.of(
                Map.of("key", "I-1", "fields", Map.of("LastName", "One")),
                Map.of("key", "I-2", "fields", Map.of("LastName", "Two")));
        CrmJob first = insert(records);
        assertThat(results(first, "successfulResults"))
                .extracting(Outcome::key)
                .containsExactlyInAnyOrder("I-1", "I-2");
        CrmJob again = insert(records);
        assertThat(results(again, "successfulResults")).isEmpty();
        assertThat(results(again, "failedResults"))
                .extracting(Outcome::code)
                .containsOnly("DUPLICATE_VALUE")
                .hasSize(2);
        assertThat(camel.request("kamelet:salesforce-bulk-create-action?object=Contact&operation=upset" + KEY, it -> {})
                        .getException())
                .hasMessageContaining("not 'upset'")
                .hasMessageContaining("did you mean upsert");
    }

    private static CrmJob insert(List<?> records) {
        CrmJob crmJob = camel.requestBody(
                "kamelet:salesforce-bulk-create-action?object=Contact&operation=insert" + KEY, null, CrmJob.class);
        assertThat(status(upload(crmJob, records))).isEqualTo(201);
        close(crmJob);
        return end(crmJob);
    }

    @Test
    void aJobIsListedUntilItIsAborted() {
        CrmJob crmJob = create();
        assertThat(list())
                .filteredOn(one -> one.id().equals(crmJob.id()))
                .singleElement()
                .satisfies(one -> {
                    assertThat(one.stage()).isEqualTo(CrmJob.Stage.OPEN);
                    assertThat(one.object()).isEqualTo("Contact");
                    assertThat(one.key()).isEqualTo("Customer_No__c");
                    assertThat(one.ours()).isTrue();
                });
        assertThat(of(crmJob, "abort", "").getMessage().getBody(CrmJob.class).stage())
                .isEqualTo(CrmJob.Stage.ABORTED);
        assertThat(list())
                .filteredOn(one -> one.id().equals(crmJob.id()))
                .extracting(CrmJob::stage)
                .containsExactly(CrmJob.Stage.ABORTED);
    }

    @Test
    void aRejectedRequestIsReturnedWithSalesforcesMessage() {
        CrmJob crmJob = create();
        upload(crmJob, "Customer_No__c,LastName\nT-1,One\n");
        Exchange second = upload(crmJob, "Customer_No__c,LastName\nT-1,One\n");
        assertThat(status(second)).isEqualTo(400);
        assertThat(second.getMessage().getBody(String.class)).contains("Found multiple contents");
        assertThat(status(of(
                        new CrmJob("750000000000999AAA", null, null, null, null, null, true, 0, 0, null),
                        "status",
                        "")))
                .isEqualTo(404);
    }

    @Test
    void aTruncatedResultAndAnUnavailableCrmAreNoAnswer() throws Exception {
        CrmJob crmJob = create();
        upload(crmJob, "Customer_No__c,LastName\nC-1,One\n");
        close(crmJob);
        end(crmJob);
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}");
        assertThat(status(of(crmJob, "results", KEY + "&part=successfulResults")))
                .isZero();
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"unavailable\",\"count\":1}");
        assertThat(status(of(crmJob, "results", KEY + "&part=successfulResults")))
                .isEqualTo(503);
        assertThat(results(crmJob, "successfulResults")).hasSize(1);
    }

    private static CrmJob create() {
        return camel.requestBody("kamelet:salesforce-bulk-create-action?object=Contact" + KEY, null, CrmJob.class);
    }

    private static Exchange upload(CrmJob crmJob, Object body) {
        return camel.request("kamelet:salesforce-bulk-upload-action?account=salesforce" + KEY, exchange -> {
            exchange.getMessage().setHeader("SluiceJob", crmJob.id());
            exchange.getMessage().setBody(body);
        });
    }

    private static CrmJob close(CrmJob crmJob) {
        return of(crmJob, "close", "").getMessage().getBody(CrmJob.class);
    }

    private static CrmJob end(CrmJob crmJob) {
        return await().pollInterval(Duration.ofMillis(50))
                .until(() -> of(crmJob, "status", "").getMessage().getBody(CrmJob.class), asked -> asked.stage()
                        .isLast());
    }

    @SuppressWarnings("unchecked")
    private static List<Outcome> results(CrmJob crmJob, String part) {
        try (Stream<Outcome> outcomes =
                of(crmJob, "results", KEY + "&part=" + part).getMessage().getBody(Stream.class)) {
            return outcomes.toList();
        }
    }

    @SuppressWarnings("unchecked")
    private static List<CrmJob> list() {
        return camel.requestBody("kamelet:salesforce-bulk-list-action?account=salesforce", null, List.class);
    }

    private static Exchange of(CrmJob crmJob, String what, String parameters) {
        Exchange exchange = camel.request(
                "kamelet:salesforce-bulk-" + what + "-action?account=salesforce" + parameters,
                request -> request.getMessage().setHeader("SluiceJob", crmJob.id()));
        assertThat(exchange.getException()).isNull();
        return exchange;
    }

    private static int status(Exchange exchange) {
        assertThat(exchange.getException()).isNull();
        return exchange.getMessage().getHeader("SluiceStatus", Integer.class);
    }

    private static long counted() throws Exception {
        JsonNode account = JSON.readTree(control("GET", "/sandbox/referee", ""))
                .path("accounts")
                .path("salesforce");
        return account.path("accepted").asLong() + account.path("refused").asLong();
    }

    private static String control(String method, String path, String body) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandbox.port() + path))
                                .header("Content-Type", "application/json")
                                .method(method, HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static long number(String sql) throws Exception {
        try (var connection = DriverManager.getConnection(database.url(), "sluice", "");
                var rows = connection.createStatement().executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
