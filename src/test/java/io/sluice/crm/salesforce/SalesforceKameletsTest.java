// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.RootCause;
import io.sluice.app.Main;
import io.sluice.app.RouteCoverage;
import io.sluice.crm.Accounts;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.Permits;
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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs each Kamelet alone, in a route outside any sync, against the sandbox over HTTP. */
class SalesforceKameletsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String UPSERT =
            "kamelet:salesforce-upsert-sink?account=salesforce&object=Contact&externalId=Customer_No__c";
    private static final String DELETE =
            "kamelet:salesforce-delete-sink?account=salesforce&object=Contact&externalId=Customer_No__c";
    private static final String LOOKUP = "kamelet:salesforce-lookup-action?account=salesforce&object=Contact"
            + "&externalId=Customer_No__c&fields=LastName";

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
        main.start();
        camel = main.getCamelContext().createProducerTemplate();
        org.awaitility.Awaitility.await()
                .atMost(Duration.ofSeconds(60))
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
    void noFaults() throws Exception {
        control("DELETE", "/sandbox/faults/salesforce", "");
    }

    @Test
    void upsertWritesARecordAndReturnsItsId() throws Exception {
        List<Outcome> outcomes = send(UPSERT, List.of(record("K-1", Map.of("LastName", "One"))));
        assertThat(outcomes).singleElement().satisfies(outcome -> {
            assertThat(outcome.status()).isEqualTo(Outcome.Status.DONE);
            assertThat(outcome.key()).isEqualTo("K-1");
            assertThat(outcome.crmId()).hasSize(18);
        });
        assertThat(contact("K-1").path("LastName").asText()).isEqualTo("One");
    }

    @Test
    void upsertReturnsOutcomesInOrderWithSalesforcesMessages() throws Exception {
        List<Outcome> outcomes = send(
                UPSERT,
                List.of(
                        record("O-1", Map.of("LastName", "One")),
                        record("O-2", Map.of("LastName", "Two", "Email", "no address")),
                        record("O-3", Map.of("FirstName", "only"))));
        assertThat(outcomes).extracting(Outcome::key).containsExactly("O-1", "O-2", "O-3");
        assertThat(outcomes)
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.DONE, Outcome.Status.REJECTED, Outcome.Status.REJECTED);
        assertThat(outcomes)
                .extracting(Outcome::code)
                .containsExactly(null, "INVALID_EMAIL_ADDRESS", "REQUIRED_FIELD_MISSING");
    }

    @Test
    void nullClearsAFieldAndAnAbsentOneIsKept() throws Exception {
        send(UPSERT, List.of(record("N-1", Map.of("LastName", "One", "Phone", "1", "Title", "Dr"))));
        Map<String, Object> fields = new HashMap<>();
        fields.put("Phone", null);
        send(UPSERT, List.of(record("N-1", fields)));
        assertThat(contact("N-1").path("Phone").isTextual()).isFalse();
        assertThat(contact("N-1").path("Title").asText()).isEqualTo("Dr");
    }

    @Test
    void deleteTakesKeysOrIdsAndAbsentRecordsAreDone() throws Exception {
        String id = send(UPSERT, List.of(record("D-1", Map.of("LastName", "One"))))
                .get(0)
                .crmId();
        send(UPSERT, List.of(record("D-2", Map.of("LastName", "Two"))));
        List<Outcome> outcomes = send(
                DELETE,
                List.of(
                        Map.of("key", "D-1", "operation", "delete", "crmId", id),
                        Map.of("key", "D-2", "operation", "delete"),
                        Map.of("key", "D-never", "operation", "delete")));
        assertThat(outcomes).extracting(Outcome::key).containsExactly("D-1", "D-2", "D-never");
        assertThat(outcomes).extracting(Outcome::status).containsOnly(Outcome.Status.DONE);
        assertThat(contact("D-1")).isNull();
        assertThat(contact("D-2")).isNull();
    }

    @Test
    void everyCallHasAPermitBeforeItAndAReportAfterIt() throws Exception {
        long ledger = number("select count(*) from sluice.api_call");
        long counted = counted();
        send(
                UPSERT,
                IntStream.range(0, 200)
                        .mapToObj(i -> record("P-" + i, Map.of("LastName", "L" + i)))
                        .toList());
        assertThat(counted() - counted).isEqualTo(1);
        assertThat(number("select count(*) from sluice.api_call") - ledger).isEqualTo(1);
        assertThat(number("select count(*) from sluice.api_call where completed_at is null"))
                .isZero();
        assertThat(number("select records from sluice.api_call order by id desc limit 1"))
                .isEqualTo(200);
        assertThat(number("select status from sluice.api_call order by id desc limit 1"))
                .isEqualTo(200);
        assertThat(number("select used from sluice.reported_limit where account = 'salesforce' and name = 'daily'"))
                .isEqualTo(referee().path("limits").path("daily").path("used").asLong());
    }

    @Test
    void aThrottledCallIsRetriedAndDoesNotOpenTheCircuitBreaker() throws Exception {
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"refuse\",\"count\":15}");
        for (int i = 0; i < 15; i++) {
            assertThat(send(UPSERT, List.of(record("R-1", Map.of("LastName", "One")))))
                    .singleElement()
                    .satisfies(outcome -> {
                        assertThat(outcome.status()).isEqualTo(Outcome.Status.RETRY);
                        assertThat(outcome.code()).isEqualTo("REQUEST_LIMIT_EXCEEDED");
                    });
            endThrottling();
        }
        assertThat(send(UPSERT, List.of(record("R-1", Map.of("LastName", "One")))))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.DONE);
    }

    /** Ends the throttling, since the quota's own wait is not under test here. */
    private static void endThrottling() throws Exception {
        try (var connection = DriverManager.getConnection(database.url());
                var statement = connection.createStatement()) {
            statement.execute("delete from sluice.throttle");
        }
    }

    @Test
    void anOpenCircuitBreakerMakesNoCallAndReturnsItsPermit() throws Exception {
        String own = UPSERT;
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"unavailable\",\"count\":1000}");
        for (int i = 0; i < 20; i++) {
            assertThat(send(own, List.of(record("B-1", Map.of("LastName", "One")))))
                    .extracting(Outcome::status)
                    .containsExactly(Outcome.Status.RETRY);
        }
        CircuitBreaker circuitBreaker = main.getCamelContext()
                .getRegistry()
                .lookupByNameAndType("accounts", Accounts.class)
                .circuitBreaker("salesforce");
        assertThat(circuitBreaker.getState()).isNotEqualTo(CircuitBreaker.State.CLOSED);
        circuitBreaker.transitionToOpenStateFor(Duration.ofMinutes(5));
        long counted = counted();
        long ledger = number("select count(*) from sluice.api_call");
        List<Outcome> outcomes = send(own, List.of(record("B-1", Map.of("LastName", "One"))));
        assertThat(outcomes).extracting(Outcome::status).containsExactly(Outcome.Status.RETRY);
        assertThat(outcomes.get(0).message()).containsIgnoringCase("circuitbreaker");
        assertThat(counted()).isEqualTo(counted);
        assertThat(number("select count(*) from sluice.api_call")).isEqualTo(ledger);
        control("DELETE", "/sandbox/faults/salesforce", "");
        circuitBreaker.transitionToHalfOpenState();
        assertThat(send(own, List.of(record("B-1", Map.of("LastName", "One")))))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.DONE);
        assertThat(circuitBreaker.getState()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void anExpiredTokenIsRenewedWithAPermitForEachCall() throws Exception {
        send(UPSERT, List.of(record("T-1", Map.of("LastName", "One"))));
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"expireTokens\"}");
        long counted = counted();
        long ledger = number("select count(*) from sluice.api_call");
        assertThat(send(UPSERT, List.of(record("T-1", Map.of("LastName", "Two")))))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.RETRY);
        assertThat(send(UPSERT, List.of(record("T-1", Map.of("LastName", "Two")))))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.DONE);
        assertThat(counted() - counted).isEqualTo(number("select count(*) from sluice.api_call") - ledger);
    }

    @Test
    void eachAnswerHasItsOwnErrorScope() throws Exception {
        control(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"answer\",\"status\":403,\"errorCode\":"
                        + "\"INSUFFICIENT_ACCESS\",\"message\":\"no\",\"count\":1}");
        List<Map<String, Object>> one = List.of(record("W-1", Map.of("LastName", "One")));
        assertThat(ask(UPSERT, one).getMessage().getHeader(ErrorScope.HEADER)).isEqualTo(ErrorScope.OBJECT);
        assertThat(ask(UPSERT, one).getMessage().getHeader(ErrorScope.HEADER)).isEqualTo(ErrorScope.NONE);
    }

    @Test
    void aRejectedLoginIsReportedMakesNoCallAndFailsNoRecord() throws Exception {
        List<Map<String, Object>> one = List.of(record("W-2", Map.of("LastName", "One")));
        send(UPSERT, one);
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"expireTokens\"}");
        assertThat(ask(UPSERT, one).getMessage().getHeader(Permits.THROTTLED))
                .as("a session that was accepted and has expired")
                .isEqualTo(true);
        control(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"answer\",\"operation\":\"token\",\"errorCode\":"
                        + "\"invalid_grant\",\"message\":\"user is locked out\",\"count\":1}");
        long counted = counted();
        long ledger = number("select count(*) from sluice.api_call");
        Exchange refused = ask(UPSERT, one);
        assertThat(refused.getMessage().getHeader(Permits.THROTTLED)).isEqualTo(true);
        assertThat(refused.getMessage().getHeader("SluiceStatus")).isEqualTo(0);
        assertThat(refused.getMessage().getBody())
                .asInstanceOf(LIST)
                .singleElement()
                .asString()
                .contains("user is locked out");
        assertThat(counted()).isEqualTo(counted);
        assertThat(number("select count(*) from sluice.api_call")).isEqualTo(ledger);
        assertThat(ask(UPSERT, one).getMessage().getHeader(Permits.THROTTLED))
                .as("no second login at once")
                .isEqualTo(true);
        // as if an operator resumes the account
        number(
                "insert into sluice.login (account, resumed_at) values ('salesforce', clock_timestamp()) on conflict (account)"
                        + " do update set resumed_at = excluded.resumed_at returning 1");
        assertThat(send(UPSERT, one)).extracting(Outcome::status).containsExactly(Outcome.Status.DONE);
    }

    @ParameterizedTest
    @CsvSource({
        "This session is not valid for use with the REST API,0",
        "Connected app is not attached to Agent,0",
        "Session expired or invalid,2"
    })
    void aSessionThatIsRejectedRepeatedlyCausesFewLogins(String message, long logins) throws Exception {
        List<Map<String, Object>> one = List.of(record("W-3", Map.of("LastName", "One")));
        send(UPSERT, one);
        control(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"answer\",\"status\":401,\"errorCode\":" + "\"INVALID_SESSION_ID\",\"message\":\"" + message
                        + "\",\"count\":2}");
        long before = referee().path("byOperation").path("token").asLong();
        for (int i = 0; i < 2; i++) {
            assertThat(ask(UPSERT, one).getMessage().getHeader(Permits.THROTTLED))
                    .isEqualTo(true);
        }
        assertThat(number("select count(*) from sluice.throttle where kind = 'sign-in' and recovered_at is null"))
                .isOne();
        assertThat(send(UPSERT, one)).extracting(Outcome::status).containsExactly(Outcome.Status.DONE);
        assertThat(referee().path("byOperation").path("token").asLong() - before)
                .isEqualTo(logins);
        endThrottling();
    }

    @Test
    void anAnswerTruncatedAfterTheWriteLeadsToAnIdempotentRetry() throws Exception {
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}");
        assertThat(send(UPSERT, List.of(record("X-1", Map.of("LastName", "One")))))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.RETRY);
        assertThat(number("select status from sluice.api_call order by id desc limit 1"))
                .isZero();
        assertThat(send(UPSERT, List.of(record("X-1", Map.of("LastName", "One")))))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.DONE);
        assertThat(contact("X-1").path("LastName").asText()).isEqualTo("One");
    }

    @Test
    void aBodyThatIsNoListOfRecordsIsRejectedBeforeAnyCall() throws Exception {
        long counted = counted();
        Exchange exchange =
                camel.request(UPSERT, message -> message.getMessage().setBody("a string"));
        assertThat(exchange.getException()).hasMessageContaining("A writer takes a list of records");
        assertThat(counted()).isEqualTo(counted);
    }

    @Test
    void callMakesAnyCountedCallAndReturnsStatusAndText() throws Exception {
        long ledger = number("select count(*) from sluice.api_call where operation = 'limits'");
        Exchange exchange =
                camel.request("kamelet:salesforce-call-action?account=salesforce&operation=limits", message -> {
                    message.getMessage().setHeader("rawMethod", "GET");
                    message.getMessage().setHeader("rawPath", "/services/data/v62.0/limits");
                });
        assertThat(exchange.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(exchange.getMessage().getBody(String.class)).contains("DailyApiRequests");
        assertThat(number("select count(*) from sluice.api_call where operation = 'limits'") - ledger)
                .isEqualTo(1);
    }

    @Test
    void aCallThatGetsNoPermitFailsWithTheReason() throws Exception {
        run("alter table sluice.api_call rename to away");
        try {
            Exchange exchange =
                    camel.request("kamelet:salesforce-call-action?account=salesforce&operation=limits", message -> {
                        message.getMessage().setHeader("rawMethod", "GET");
                        message.getMessage().setHeader("rawPath", "/services/data/v62.0/limits");
                    });
            assertThat(RootCause.of(exchange.getException())).contains("api_call");
        } finally {
            run("alter table sluice.away rename to api_call");
        }
    }

    @Test
    void describeReturnsTheFieldsOfAnObject() {
        ObjectShape shape =
                camel.requestBody("kamelet:salesforce-describe-action?object=Contact", null, ObjectShape.class);
        assertThat(shape.fields().get("Customer_No__c").externalId()).isTrue();
        assertThat(shape.fields().get("LastName").writable()).isTrue();
        assertThat(shape.fields().get("SystemModstamp").writable()).isFalse();
    }

    @Test
    void objectsListsTheObjectsOfTheOrg() {
        assertThat(camel.requestBody("kamelet:salesforce-objects-action", (Object) null))
                .asInstanceOf(LIST)
                .contains("Account", "Contact", "Opportunity");
    }

    @Test
    void queryReturnsTheFirstPage() throws Exception {
        send(UPSERT, List.of(record("Q-1", Map.of("LastName", "O'Query"))));
        String page = camel.requestBody(
                "kamelet:salesforce-query-action",
                "SELECT Id, Customer_No__c FROM Contact WHERE LastName = 'O\\'Query'",
                String.class);
        assertThat(JSON.readTree(page)
                        .path("records")
                        .path(0)
                        .path("Customer_No__c")
                        .asText())
                .isEqualTo("Q-1");
    }

    @Test
    void deltaReadsChangedRecordsPageByPageAndNoneTwice() throws Exception {
        send(
                UPSERT,
                IntStream.range(0, 5)
                        .mapToObj(i -> record("L-" + i, Map.of("LastName", "Delta")))
                        .toList());
        String delta = "kamelet:salesforce-delta-action?object=Contact&externalId=Customer_No__c&pageSize=2"
                + "&fields=LastName%2CPhone,Account.Name";
        List<CrmRecord> read = new ArrayList<>();
        String next = Instant.now().minusSeconds(600).toString();
        while (next != null) {
            Exchange exchange = ask(delta, next);
            assertThat(exchange.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
            List<?> page = exchange.getMessage().getBody(List.class);
            assertThat(page).hasSizeLessThanOrEqualTo(2);
            page.forEach(record -> read.add((CrmRecord) record));
            next = exchange.getMessage().getHeader("SluiceNext", String.class);
        }
        assertThat(read).extracting(CrmRecord::crmId).doesNotHaveDuplicates();
        assertThat(read)
                .filteredOn(it -> "Delta".equals(it.fields().get("LastName")))
                .hasSize(5)
                .first()
                .satisfies(record -> {
                    assertThat(record.key()).startsWith("L-");
                    assertThat(record.fields()).containsEntry("Phone", null).containsEntry("Account.Name", null);
                    assertThat(record.at()).isAfter(Instant.now().minusSeconds(600));
                });
        assertThat(ask(delta, Instant.now().plusSeconds(60).toString())
                        .getMessage()
                        .getBody())
                .asInstanceOf(LIST)
                .isEmpty();
    }

    @Test
    void anErrorIsReturnedUnchanged() throws Exception {
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"unavailable\",\"count\":1}");
        Exchange exchange = ask(
                "kamelet:salesforce-delta-action?object=Contact&externalId=Customer_No__c&fields=LastName",
                "2026-01-01T00:00:00Z");
        assertThat(exchange.getMessage().getHeader("SluiceStatus")).isNotEqualTo(200);
        assertThat(exchange.getMessage().getBody()).isNotInstanceOf(List.class);
        assertThat(exchange.getMessage().getHeader("SluiceNext")).isNull();
    }

    @Test
    void deletedReturnsIdsAndTheTimeUpToWhichTheyAreComplete() throws Exception {
        String id = send(UPSERT, List.of(record("G-1", Map.of("LastName", "Gone"))))
                .get(0)
                .crmId();
        control("DELETE", "/sandbox/records/salesforce/Contact/" + id, "");
        Exchange exchange = ask(
                "kamelet:salesforce-deleted-action?object=Contact",
                Instant.now().minusSeconds(60).toString());

        assertThat(exchange.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(exchange.getMessage().getBody())
                .asInstanceOf(LIST)
                .extracting(it -> ((DeletedRecord) it).crmId())
                .contains(id);
        assertThat(Instant.parse(exchange.getMessage().getHeader("SluiceCovered", String.class)))
                .isBefore(Instant.now().plusSeconds(61));
    }

    @Test
    void olderDeletesAreReadFromTheRecycleBin() throws Exception {
        String id = send(UPSERT, List.of(record("G-2", Map.of("LastName", "Gone"))))
                .get(0)
                .crmId();
        control("DELETE", "/sandbox/records/salesforce/Contact/" + id, "");
        long ledger = number("select count(*) from sluice.api_call");
        Exchange exchange = ask("kamelet:salesforce-deleted-action?object=Contact", "2026-01-01T00:00:00Z");

        assertThat(exchange.getMessage().getBody())
                .asInstanceOf(LIST)
                .extracting(it -> ((DeletedRecord) it).crmId())
                .contains(id);
        assertThat(Instant.parse(exchange.getMessage().getHeader("SluiceCovered", String.class)))
                .isBefore(Instant.now());
        assertThat(number("select count(*) from sluice.api_call") - ledger).isEqualTo(2);
    }

    @Test
    void lookupReturnsExistingAndDeletedRecords() throws Exception {
        List<Outcome> made = send(
                UPSERT,
                List.of(
                        record("L-1", Map.of("LastName", "There")),
                        record("L-2", Map.of("LastName", "Binned")),
                        record("L-3", Map.of("LastName", "Replaced"))));
        String binned = made.get(1).crmId();
        String replaced = made.get(2).crmId();
        control("DELETE", "/sandbox/records/salesforce/Contact/" + binned, "");
        control("DELETE", "/sandbox/records/salesforce/Contact/" + replaced, "");
        String recreated = send(UPSERT, List.of(record("L-3", Map.of("LastName", "Recreated"))))
                .get(0)
                .crmId();
        String never = "003XX0000000ZZZ";
        long counted = counted();
        Exchange exchange = ask(
                LOOKUP,
                List.of(
                        known("L-1", made.get(0).crmId()),
                        known("L-2", binned),
                        known("L-3", replaced),
                        known("L-4", never)));

        assertThat(exchange.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(counted() - counted).as("calls").isEqualTo(1);
        List<?> fates = exchange.getMessage().getBody(List.class);
        assertThat(fates.stream().filter(CrmRecord.class::isInstance).map(it -> ((CrmRecord) it).crmId()))
                .containsExactlyInAnyOrder(made.get(0).crmId(), recreated);
        Map<String, DeletedRecord> gone = new HashMap<>();
        fates.stream()
                .filter(DeletedRecord.class::isInstance)
                .map(DeletedRecord.class::cast)
                .forEach(it -> gone.put(it.crmId(), it));
        assertThat(gone).containsOnlyKeys(binned, replaced, never);
        assertThat(gone.get(binned).at()).isAfter(Instant.now().minusSeconds(600));
        assertThat(gone.get(never).at()).as("the time of the delete is unknown").isNull();
    }

    @Test
    void aLookupWithoutAnAnswerReturnsNoRecords() throws Exception {
        String id = send(UPSERT, List.of(record("L-5", Map.of("LastName", "There"))))
                .get(0)
                .crmId();
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"unavailable\",\"count\":1}");
        Exchange exchange = ask(LOOKUP, List.of(known("L-5", id)));
        assertThat(exchange.getMessage().getHeader("SluiceStatus")).isNotEqualTo(200);
        assertThat(exchange.getMessage().getBody()).isNotInstanceOf(List.class);
    }

    private static Map<String, Object> known(String key, String crmId) {
        return Map.of("key", key, "crmId", crmId);
    }

    private static Exchange ask(String uri, Object body) {
        Exchange exchange = camel.request(uri, message -> message.getMessage().setBody(body));
        assertThat(exchange.getException()).isNull();
        return exchange;
    }

    private static Map<String, Object> record(String key, Map<String, Object> fields) {
        return Map.of("key", key, "fields", fields);
    }

    @SuppressWarnings("unchecked")
    private static List<Outcome> send(String uri, List<?> records) {
        Exchange exchange = camel.request(uri, message -> message.getMessage().setBody(records));
        assertThat(exchange.getException()).isNull();
        return exchange.getMessage().getBody(List.class);
    }

    private static JsonNode contact(String key) throws Exception {
        for (String line :
                control("GET", "/sandbox/records/salesforce/Contact", "").split("\n")) {
            if (!line.isBlank()
                    && JSON.readTree(line).path("Customer_No__c").asText().equals(key)) {
                return JSON.readTree(line);
            }
        }
        return null;
    }

    private static JsonNode referee() throws Exception {
        return JSON.readTree(control("GET", "/sandbox/referee", ""))
                .path("accounts")
                .path("salesforce");
    }

    private static long counted() throws Exception {
        JsonNode account = referee();
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

    private static void run(String sql) throws Exception {
        try (var connection = DriverManager.getConnection(database.url(), "sluice", "");
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static long number(String sql) throws Exception {
        try (var connection = DriverManager.getConnection(database.url(), "sluice", "");
                var rows = connection.createStatement().executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
