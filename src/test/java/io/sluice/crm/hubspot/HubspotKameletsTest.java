// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.RootCause;
import io.sluice.app.Main;
import io.sluice.app.RouteCoverage;
import io.sluice.crm.Accounts;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.OwnRoute;
import io.sluice.quota.SavedCalls;
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
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs each Kamelet alone, in a route outside any sync, against the sandbox over HTTP. */
class HubspotKameletsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String UPSERT =
            "kamelet:hubspot-upsert-sink?account=hubspot&object=contacts&externalId=customer_no";
    private static final String DELETE =
            "kamelet:hubspot-delete-sink?account=hubspot&object=contacts&externalId=customer_no";
    private static final String CREATE =
            "kamelet:hubspot-create-sink?account=hubspot&object=contacts&externalId=customer_no";
    private static final String UPDATE =
            "kamelet:hubspot-update-sink?account=hubspot&object=contacts&externalId=customer_no";
    private static final String ASSOCIATE =
            "kamelet:hubspot-associate-action?account=hubspot&fromObject=contacts&toObject=companies";
    private static final String ASSOCIATIONS =
            "kamelet:hubspot-associations-read-action?account=hubspot&fromObject=contacts&toObject=companies";
    private static final String DELTA =
            "kamelet:hubspot-delta-action?account=hubspot&object=contacts&externalId=customer_no&fields=lastname,phone";

    private static final int PORT = FreePorts.next();

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
        main.addOverrideProperty("sluice.account.hubspot.crm", "hubspot");
        main.addOverrideProperty("sluice.account.hubspot.url", "http://127.0.0.1:" + sandbox.port());
        main.addOverrideProperty("sluice.account.hubspot.access-token", "pat-sandbox");
        main.addOverrideProperty("sluice.account.hubspot.limit.daily", "250000 per 24h");
        control("PUT", "/sandbox/accounts/installed", "{\"crm\":\"hubspot\"}");
        main.addOverrideProperty("sluice.account.installed.crm", "hubspot");
        main.addOverrideProperty("sluice.account.installed.url", "http://127.0.0.1:" + sandbox.port());
        main.addOverrideProperty("sluice.account.installed.client-id", "sluice-installed");
        main.addOverrideProperty("sluice.account.installed.client-secret", "sluice");
        main.addOverrideProperty("sluice.account.installed.refresh-token", "refresh-installed");
        main.addOverrideProperty("sluice.account.installed.portal-id", "1000001");
        main.addOverrideProperty("sluice.account.elsewhere.crm", "hubspot");
        main.addOverrideProperty("sluice.account.elsewhere.url", "http://127.0.0.1:" + sandbox.port());
        main.addOverrideProperty("sluice.account.elsewhere.access-token", "pat-sandbox");
        main.addOverrideProperty("sluice.account.elsewhere.client-id", "sluice");
        main.addOverrideProperty("sluice.account.elsewhere.client-secret", "sluice");
        main.addOverrideProperty("sluice.account.elsewhere.limit.burst", "110 per 10s");
        main.addOverrideProperty("sluice.account.installed.limit.burst", "110 per 10s");
        main.addOverrideProperty("sluice.circuit-breaker.initial-delay", "1ms");
        main.addOverrideProperty("sluice.circuit-breaker.max-delay", "1ms");
        main.addOverrideProperty("camel.main.routesIncludePattern", "file:src/test/resources/no-routes/*.camel.yaml");
        main.addOverrideProperty("camel.main.jmxManagementRegisterRoutesCreateByKamelet", "true");
        main.addOverrideProperty("sluice.account.hubspot.webhook-secret", "a-secret");
        main.addOverrideProperty("camel.server.port", Integer.toString(PORT));
        main.addOverrideProperty("sluice.webhooks.port", "0");
        main.addOverrideProperty("camel.management.enabled", "false");
        main.start();
        camel = main.getCamelContext().createProducerTemplate();
        Awaitility.await()
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
    void resetFaultsAndQuota() throws Exception {
        control("DELETE", "/sandbox/faults/hubspot", "");
        control(
                "PUT",
                "/sandbox/limits/hubspot",
                "{\"tenSecondly\":{\"max\":10000,\"windowSeconds\":10},"
                        + "\"search\":{\"max\":1000,\"windowSeconds\":1}}");
    }

    @Test
    void upsertIsIdempotentAndReturnsTheId() throws Exception {
        String id = send(UPSERT, List.of(record("K-1", Map.of("lastname", "One"))))
                .get(0)
                .crmId();
        List<Outcome> again = send(UPSERT, List.of(record("K-1", Map.of("lastname", "Müller \"x\"\nWeiß"))));
        assertThat(again).containsExactly(Outcome.done("K-1", id));
        assertThat(contact("K-1").path("properties").path("lastname").asText()).isEqualTo("Müller \"x\"\nWeiß");
    }

    @Test
    void upsertReturnsOutcomesInOrderWithHubspotsMessages() throws Exception {
        List<Outcome> outcomes = send(
                UPSERT,
                List.of(
                        record("O-1", Map.of("lastname", "One")),
                        record("O-2", Map.of("lastname", "Two", "email", "no address")),
                        record("O-3", Map.of("lastname", "Three"))));
        assertThat(outcomes).extracting(Outcome::key).containsExactly("O-1", "O-2", "O-3");
        assertThat(outcomes)
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.DONE, Outcome.Status.REJECTED, Outcome.Status.DONE);
        assertThat(outcomes.get(1).message()).contains("email");
    }

    @Test
    void nullClearsAPropertyAndAnAbsentOneIsKept() throws Exception {
        send(
                UPSERT,
                List.of(record(
                        "N-1",
                        Map.of(
                                "lastname",
                                "One",
                                "phone",
                                "1",
                                "city",
                                "Ulm",
                                "newsletter",
                                true,
                                "birthdate",
                                "2001-02-03"))));
        Map<String, Object> fields = new HashMap<>();
        fields.put("phone", null);
        send(UPSERT, List.of(record("N-1", fields)));
        JsonNode properties = contact("N-1").path("properties");
        assertThat(properties.path("phone").asText("")).isIn("", "null");
        assertThat(properties.path("city").asText()).isEqualTo("Ulm");
        assertThat(properties.path("newsletter").asText()).isEqualTo("true");
        assertThat(properties.path("birthdate").asText()).isEqualTo("2001-02-03");
    }

    @Test
    void deleteTakesKeysOrIdsAndAbsentRecordsAreDone() throws Exception {
        String id = send(UPSERT, List.of(record("D-1", Map.of("lastname", "One"))))
                .get(0)
                .crmId();
        send(UPSERT, List.of(record("D-2", Map.of("lastname", "Two"))));
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
    void createSplitsAListIntoCallsOfAHundred() throws Exception {
        long counted = counted();
        List<Outcome> outcomes = send(
                CREATE,
                IntStream.range(0, 250)
                        .mapToObj(i -> record(
                                "CR-" + i,
                                Map.of("lastname", "L" + i, "email", i == 120 ? "none" : "cr" + i + "@example.org")))
                        .toList());
        assertThat(counted() - counted).isEqualTo(3);
        assertThat(text("select operation || records from sluice.api_call order by id desc limit 1"))
                .isEqualTo("create50");
        assertThat(outcomes)
                .extracting(Outcome::key)
                .containsExactlyElementsOf(
                        IntStream.range(0, 250).mapToObj(i -> "CR-" + i).toList());
        assertThat(outcomes.stream()
                        .filter(outcome -> outcome.status() == Outcome.Status.DONE)
                        .map(Outcome::crmId)
                        .distinct())
                .hasSize(249);
        assertThat(outcomes.get(120).status()).isEqualTo(Outcome.Status.REJECTED);
        assertThat(outcomes.get(7).crmId()).isEqualTo(contact("CR-7").path("id").asText());
        assertThat(send(CREATE, List.of(record("CR-7", Map.of("email", "cr7@example.org"))))
                        .get(0)
                        .message())
                .contains("already");
        assertThat(send(CREATE, List.of())).isEmpty();
    }

    @Test
    void createWithoutAUniquePropertyCreatesARecordEachTime() throws Exception {
        String anyhow = "kamelet:hubspot-create-sink?account=hubspot&object=deals";
        String first = send(anyhow, List.of(record("A", Map.of("dealname", "Big"))))
                .get(0)
                .crmId();
        String second = send(anyhow, List.of(record("A", Map.of("dealname", "Big"))))
                .get(0)
                .crmId();
        assertThat(first).isNotEqualTo(second).isNotBlank();
    }

    @Test
    void aBadRecordIsIsolatedAndTheOthersAreWritten() throws Exception {
        for (String kamelet : List.of(CREATE, UPDATE)) {
            control("DELETE", "/sandbox/faults/hubspot", "");
            if (kamelet.equals(UPDATE)) {
                send(UPSERT, List.of(record("SP-77", Map.of("lastname", "L"))));
            }
            control(
                    "POST",
                    "/sandbox/faults/hubspot",
                    "{\"kind\":\"partial\",\"whole\":true,\"keys\":[\"SP-77\"],"
                            + "\"status\":409,\"errorCode\":\"CONFLICT\",\"message\":\"Contact already exists.\"}");
            long counted = counted();
            List<Outcome> outcomes = send(
                    kamelet,
                    IntStream.range(0, 100)
                            .mapToObj(i -> record("SP-" + i, Map.of("lastname", "L")))
                            .toList());
            assertThat(outcomes)
                    .filteredOn(outcome -> outcome.status() == Outcome.Status.DONE)
                    .hasSize(99);
            assertThat(outcomes.get(77)).isEqualTo(Outcome.rejected("SP-77", "CONFLICT", "Contact already exists."));
            assertThat(counted() - counted).as("calls of " + kamelet).isBetween(10L, 16L);
        }
    }

    @Test
    void updateFindsRecordsByIdOrKeyAndCreatesNone() throws Exception {
        String id = send(UPSERT, List.of(record("U-1", Map.of("lastname", "One", "city", "Ulm"))))
                .get(0)
                .crmId();
        send(UPSERT, List.of(record("U-2", Map.of("lastname", "Two"))));
        Map<String, Object> cleared = new HashMap<>(Map.of("lastname", "Eins"));
        cleared.put("city", null);
        List<Outcome> outcomes = send(
                UPDATE,
                List.of(
                        Map.of("key", "mine", "crmId", id, "fields", cleared),
                        record("U-2", Map.of("lastname", "Zwei")),
                        record("U-never", Map.of("lastname", "Drei")),
                        Map.of("key", "gone", "crmId", "999", "fields", Map.of("lastname", "Vier")),
                        Map.of("key", "U-3", "operation", "delete")));
        assertThat(outcomes).extracting(Outcome::key).containsExactly("mine", "U-2", "U-never", "gone", "U-3");
        assertThat(outcomes)
                .extracting(Outcome::status)
                .containsExactly(
                        Outcome.Status.DONE,
                        Outcome.Status.DONE,
                        Outcome.Status.REJECTED,
                        Outcome.Status.GONE,
                        Outcome.Status.REJECTED);
        assertThat(outcomes.get(4).message()).contains("hubspot-delete-sink");
        assertThat(contact("U-1").path("properties").path("lastname").asText()).isEqualTo("Eins");
        assertThat(contact("U-1").path("properties").has("city")).isFalse();
        assertThat(contact("U-2").path("properties").path("lastname").asText()).isEqualTo("Zwei");
        assertThat(contact("U-never")).isNull();
        assertThat(send("kamelet:hubspot-update-sink?account=hubspot&object=contacts", List.of(record("U-2", Map.of())))
                        .get(0)
                        .code())
                .isEqualTo("NO_ID");
    }

    @Test
    void aRepeatedIdDoesNotFailOtherUpdates() throws Exception {
        List<Outcome> there = send(
                UPSERT,
                IntStream.range(0, 50)
                        .mapToObj(i -> record("T-" + i, Map.of("lastname", "L")))
                        .toList());
        List<Map<String, Object>> updates = new ArrayList<>(there.stream()
                .map(outcome -> Map.<String, Object>of(
                        "key", outcome.key(), "crmId", outcome.crmId(), "fields", Map.of("lastname", "New")))
                .toList());
        updates.add(Map.of("key", "again", "crmId", there.get(3).crmId(), "fields", Map.of("city", "Ulm")));
        long counted = counted();
        assertThat(send(UPDATE, updates))
                .hasSize(51)
                .extracting(Outcome::status)
                .containsOnly(Outcome.Status.DONE);
        assertThat(counted() - counted)
                .as("all, the unique ones, the two together, each alone")
                .isEqualTo(5);
        assertThat(contact("T-3").path("properties").path("city").asText()).isEqualTo("Ulm");
        assertThat(contact("T-3").path("properties").path("lastname").asText()).isEqualTo("New");
    }

    @Test
    void theRestIsNotSentAfterAMissingAnswer() throws Exception {
        control("POST", "/sandbox/faults/hubspot", "{\"kind\":\"unavailable\",\"count\":1}");
        long counted = counted();
        List<Outcome> outcomes = send(
                CREATE,
                IntStream.range(0, 150)
                        .mapToObj(i -> record("ST-" + i, Map.of()))
                        .toList());
        assertThat(counted() - counted).isOne();
        assertThat(outcomes).hasSize(150).extracting(Outcome::status).containsOnly(Outcome.Status.RETRY);
        assertThat(outcomes.get(149).message()).contains("not sent");
    }

    @Test
    @SuppressWarnings("unchecked")
    void pairsAreAssociatedAndBadPairsRejected() throws Exception {
        String ann = send(UPSERT, List.of(record("AS-1", Map.of("lastname", "Ann"))))
                .get(0)
                .crmId();
        String acme = company("AS-Acme");
        List<Outcome> outcomes = ask(
                        ASSOCIATE,
                        List.of(Map.of("from", ann, "to", acme), Map.of("key", "mine", "from", ann, "to", "77")))
                .getMessage()
                .getBody(List.class);
        assertThat(outcomes.get(0)).isEqualTo(Outcome.done(ann + "/" + acme, null));
        assertThat(outcomes.get(1).key()).isEqualTo("mine");
        assertThat(outcomes.get(1).status()).isEqualTo(Outcome.Status.REJECTED);
        assertThat(outcomes.get(1).message()).contains("COMPANY=77");
        assertThat(associations(ASSOCIATIONS, List.of(ann)))
                .containsExactly(
                        new Association(ann, acme, List.of(new Association.Type(279, "HUBSPOT_DEFINED", null))));

        List<Outcome> primary = ask(ASSOCIATE + "&type=1&apiVersion=2026-09", List.of(Map.of("from", ann, "to", acme)))
                .getMessage()
                .getBody(List.class);
        assertThat(primary).extracting(Outcome::status).containsExactly(Outcome.Status.DONE);
        assertThat(associations(ASSOCIATIONS + "&apiVersion=2026-09", List.of(ann))
                        .get(0)
                        .types())
                .contains(new Association.Type(1, "HUBSPOT_DEFINED", "Primary"));
        List<Outcome> wrong = ask(
                        ASSOCIATE + "&type=9",
                        List.of(Map.of("from", ann, "to", acme), Map.of("from", ann, "to", acme)))
                .getMessage()
                .getBody(List.class);
        assertThat(wrong).hasSize(2).allSatisfy(outcome -> {
            assertThat(outcome.status()).isEqualTo(Outcome.Status.REJECTED);
            assertThat(outcome.message()).contains("HUBSPOT_DEFINED 9");
        });
    }

    @Test
    @SuppressWarnings("unchecked")
    void aCallAssociatesTwoThousandPairsAndReadsAThousandRecords() throws Exception {
        String ann = send(UPSERT, List.of(record("MA-1", Map.of("lastname", "Ann"))))
                .get(0)
                .crmId();
        String acme = company("MA-Acme");
        long counted = counted();
        List<Outcome> outcomes = ask(ASSOCIATE, Collections.nCopies(2_001, Map.of("from", ann, "to", acme)))
                .getMessage()
                .getBody(List.class);
        assertThat(outcomes).hasSize(2_001).extracting(Outcome::status).containsOnly(Outcome.Status.DONE);
        assertThat(counted() - counted).isEqualTo(2);

        List<String> ids =
                new ArrayList<>(IntStream.range(0, 1_000).mapToObj(i -> "9" + i).toList());
        ids.add(ann);
        assertThat(associations(ASSOCIATIONS, ids)).extracting(Association::to).containsExactly(acme);
        assertThat(counted() - counted).isEqualTo(4);
        assertThat(number("select count(*) from sluice.api_call where operation = 'associations' and records = 1000"))
                .isPositive();
    }

    @Test
    void aRecordWithManyAssociationsIsReadPageByPage() throws Exception {
        String acme = company("PA-Acme");
        List<Map<String, Object>> pairs = new ArrayList<>();
        for (int batch = 0; batch < 6; batch++) {
            int from = batch * 100;
            send(
                            UPSERT,
                            IntStream.range(from, from + 100)
                                    .mapToObj(i -> record("PA-" + i, Map.of("lastname", "L")))
                                    .toList())
                    .forEach(outcome -> pairs.add(Map.of("from", outcome.crmId(), "to", acme)));
        }
        ask(ASSOCIATE, pairs);
        String back = "kamelet:hubspot-associations-read-action?account=hubspot&fromObject=companies&toObject=contacts";
        assertThat(associations(back, List.of(acme)))
                .hasSize(600)
                .extracting(Association::to)
                .doesNotHaveDuplicates();
        Exchange refused = ask(back.replace("toObject=contacts", "toObject=unicorns"), List.of(acme));
        assertThat(refused.getMessage().getHeader("SluiceStatus")).isEqualTo(400);
        assertThat(refused.getMessage().getBody(String.class)).contains("Unable to infer object type");
    }

    @Test
    @SuppressWarnings("unchecked")
    void aBadPairIsIsolatedToo() throws Exception {
        String ann = send(UPSERT, List.of(record("SA-1", Map.of("lastname", "Ann"))))
                .get(0)
                .crmId();
        String acme = company("SA-Acme");
        String other = company("SA-Other");
        control(
                "POST",
                "/sandbox/faults/hubspot",
                "{\"kind\":\"partial\",\"whole\":true,\"object\":\"associations\"," + "\"keys\":[\"" + ann + "/" + other
                        + "\"],\"errorCode\":\"VALIDATION_ERROR\"}");
        List<Outcome> outcomes = ask(
                        ASSOCIATE, List.of(Map.of("from", ann, "to", acme), Map.of("from", ann, "to", other)))
                .getMessage()
                .getBody(List.class);
        assertThat(outcomes).extracting(Outcome::status).containsExactly(Outcome.Status.DONE, Outcome.Status.REJECTED);
    }

    @SuppressWarnings("unchecked")
    private static List<Association> associations(String kamelet, List<String> ids) {
        return ask(kamelet, ids).getMessage().getBody(List.class);
    }

    private static String company(String number) {
        return send(
                        "kamelet:hubspot-upsert-sink?account=hubspot&object=companies&externalId=company_no",
                        List.of(record(number, Map.of("name", number))))
                .get(0)
                .crmId();
    }

    @Test
    void everyCallHasAPermitBeforeItAndAReportAfterIt() throws Exception {
        long ledger = number("select count(*) from sluice.api_call");
        long counted = counted();
        send(
                UPSERT,
                IntStream.range(0, 100)
                        .mapToObj(i -> record("P-" + i, Map.of("lastname", "L" + i)))
                        .toList());
        assertThat(counted() - counted).isEqualTo(1);
        assertThat(number("select count(*) from sluice.api_call") - ledger).isEqualTo(1);
        assertThat(
                        text(
                                "select string_agg(operation || coalesce(status::text, '-'), ' ') from sluice.api_call where completed_at is null and status is distinct from 0"))
                .isNull();
        assertThat(number("select records from sluice.api_call order by id desc limit 1"))
                .isEqualTo(100);
        assertThat(number("select used from sluice.reported_limit where account = 'hubspot' and name = 'daily'"))
                .isEqualTo(referee().path("limits").path("daily").path("used").asLong());
    }

    @Test
    void aFailingCrmAndATruncatedAnswerLeadToARetry() throws Exception {
        for (String fault : List.of("{\"kind\":\"unavailable\",\"count\":1}", "{\"kind\":\"reset\",\"count\":1}")) {
            control("POST", "/sandbox/faults/hubspot", fault);
            assertThat(send(UPSERT, List.of(record("F-1", Map.of("lastname", "One"))))
                            .get(0)
                            .status())
                    .as(fault)
                    .isEqualTo(Outcome.Status.RETRY);
        }
        assertThat(send(UPSERT, List.of(record("F-1", Map.of("lastname", "One"))))
                        .get(0)
                        .status())
                .isEqualTo(Outcome.Status.DONE);
    }

    @Test
    @SuppressWarnings("unchecked")
    void deltaReadsPageByPageUntilTheLast() throws Exception {
        Instant before = Instant.now();
        for (int batch = 0; batch < 5; batch++) {
            int from = batch * 100;
            send(
                    UPSERT,
                    IntStream.range(from, from + 100)
                            .mapToObj(i -> record("S-" + i, Map.of("lastname", "L" + i)))
                            .toList());
        }
        Set<String> keys = new HashSet<>();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            String position = before.toString();
            for (int page = 0; position != null && page < 10; page++) {
                Exchange answer = ask(DELTA, position);
                List<CrmRecord> records = answer.getMessage().getBody(List.class);
                records.forEach(
                        record -> keys.add(record.key() + " " + record.fields().get("lastname")));
                position = answer.getMessage().getHeader("SluiceNext", String.class);
            }
            return keys.stream().filter(key -> key.startsWith("S-")).count() == 500;
        });
        assertThat(keys).contains("S-0 L0", "S-499 L499");
    }

    @Test
    @SuppressWarnings("unchecked")
    void archivedRecordsComeWithTheTimeUpToWhichTheyAreComplete() throws Exception {
        Instant before = Instant.now();
        List<Map<String, Object>> records = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            records.add(record("A-" + i, Map.of("lastname", "L")));
        }
        List<Outcome> written = send(UPSERT, records);
        send(
                DELETE,
                records.stream()
                        .map(record -> Map.<String, Object>of("key", record.get("key"), "operation", "delete"))
                        .toList());
        String last = send(UPSERT, List.of(record("A-last", Map.of("lastname", "L"))))
                .get(0)
                .crmId();
        send(DELETE, List.of(Map.of("key", "A-last", "operation", "delete")));

        Exchange answer = ask("kamelet:hubspot-deleted-action?account=hubspot&object=contacts", before.toString());
        List<DeletedRecord> gone = answer.getMessage().getBody(List.class);
        assertThat(gone)
                .extracting(DeletedRecord::crmId)
                .contains(last)
                .containsAll(written.stream().map(Outcome::crmId).toList());
        assertThat(Instant.parse(answer.getMessage().getHeader("SluiceCovered", String.class)))
                .isBetween(before, Instant.now());
    }

    private static List<CrmRecord> records(Exchange answer) {
        return ((List<?>) answer.getMessage().getBody(List.class))
                .stream()
                        .filter(CrmRecord.class::isInstance)
                        .map(CrmRecord.class::cast)
                        .toList();
    }

    @Test
    void readReturnsExistingAndDeletedRecords() throws Exception {
        String id = send(UPSERT, List.of(record("R-1", Map.of("lastname", "One", "city", "Ulm"))))
                .get(0)
                .crmId();
        Exchange answer = ask(
                "kamelet:hubspot-read-action?account=hubspot&object=contacts&fields=city,phone,customer_no",
                List.of(id, "999999999"));
        assertThat(answer.getMessage().getBody()).asInstanceOf(LIST).hasSize(2).anySatisfy(gone -> assertThat(gone)
                .extracting("crmId")
                .isEqualTo("999999999"));
        assertThat(records(answer)).singleElement().satisfies(record -> {
            assertThat(record.crmId()).isEqualTo(id);
            assertThat(record.fields())
                    .containsEntry("city", "Ulm")
                    .containsEntry("phone", null)
                    .containsEntry("customer_no", "R-1");
        });
    }

    private static final String LOOKUP =
            "kamelet:hubspot-lookup-action?account=hubspot&object=contacts&externalId=customer_no&fields=lastname";

    @Test
    void lookupReturnsExistingArchivedAndMergedRecords() throws Exception {
        List<String> made = send(
                        UPSERT,
                        List.of(
                                record("L-1", Map.of("lastname", "There")),
                                record("L-2", Map.of("lastname", "Archived")),
                                record("L-3", Map.of("lastname", "Replaced"))))
                .stream()
                .map(Outcome::crmId)
                .toList();
        control("DELETE", "/sandbox/records/hubspot/contacts/" + made.get(1), "");
        control("DELETE", "/sandbox/records/hubspot/contacts/" + made.get(2), "");
        String recreated = send(UPSERT, List.of(record("L-3", Map.of("lastname", "Recreated"))))
                .get(0)
                .crmId();
        long counted = counted();
        Exchange answer = ask(
                LOOKUP,
                List.of(
                        known("L-1", made.get(0)),
                        known("L-2", made.get(1)),
                        known("L-3", made.get(2)),
                        known("L-4", "999999999")));

        assertThat(status(answer)).isBetween(200, 207);
        assertThat(counted() - counted).as("calls").isEqualTo(3);
        assertThat(ofType(answer, CrmRecord.class))
                .extracting(CrmRecord::crmId)
                .containsExactlyInAnyOrder(made.get(0), recreated);
        Map<String, DeletedRecord> gone = new HashMap<>();
        ofType(answer, DeletedRecord.class).forEach(it -> gone.put(it.crmId(), it));
        assertThat(gone).containsOnlyKeys(made.get(1), made.get(2), "999999999");
        assertThat(gone.get(made.get(1)).at()).isAfter(Instant.now().minusSeconds(600));
        assertThat(gone.get("999999999").at())
                .as("the time of the delete is unknown")
                .isNull();
    }

    @Test
    void aLookupWithoutAnAnswerReturnsNoRecords() throws Exception {
        String id = send(UPSERT, List.of(record("L-5", Map.of("lastname", "There"))))
                .get(0)
                .crmId();
        control("POST", "/sandbox/faults/hubspot", "{\"kind\":\"unavailable\",\"count\":1}");
        Exchange answer = ask(LOOKUP, List.of(known("L-5", id)));
        assertThat(status(answer)).isNotEqualTo(200);
        assertThat(answer.getMessage().getBody()).isNotInstanceOf(List.class);
    }

    private static Map<String, Object> known(String key, String crmId) {
        return Map.of("key", key, "crmId", crmId);
    }

    private static <T> List<T> ofType(Exchange answer, Class<T> type) {
        return ((List<?>) answer.getMessage().getBody(List.class))
                .stream().filter(type::isInstance).map(type::cast).toList();
    }

    private static final String CACHED =
            "kamelet:hubspot-read-action?account=hubspot&object=contacts&fields=city" + "&timeToLive=1h";
    private static final String CACHED_BY_KEY = CACHED + "&externalId=customer_no";

    private static String city(String kamelet, String id) {
        return ((CrmRecord) ask(kamelet, List.of(id))
                        .getMessage()
                        .getBody(List.class)
                        .get(0))
                .fields()
                .get("city")
                .toString();
    }

    @Test
    @SuppressWarnings("unchecked")
    void cachedRecordsAreNotReadAgain() throws Exception {
        List<String> ids =
                send(UPSERT, List.of(record("RC-1", Map.of("city", "Ulm")), record("RC-2", Map.of("city", "Bonn"))))
                        .stream()
                        .map(Outcome::crmId)
                        .toList();
        SavedCalls savedCalls = main.getCamelContext().getRegistry().findSingleByType(SavedCalls.class);
        savedCalls.write();
        long savedBefore = saved();
        long before = counted();
        Exchange first = ask(CACHED, List.of(ids.get(0)));
        assertThat(first.getMessage().getHeader("SluiceCached")).isEqualTo(0);
        Exchange both = ask(CACHED, ids);
        assertThat(both.getMessage().getHeader("SluiceCached")).isEqualTo(1);
        assertThat((List<CrmRecord>) both.getMessage().getBody(List.class))
                .extracting(it -> it.fields().get("city"))
                .containsExactly("Ulm", "Bonn");
        assertThat(counted() - before).as("calls").isEqualTo(2);
        Exchange again = ask(CACHED, ids);
        assertThat(again.getMessage().getHeader("SluiceCached")).isEqualTo(2);
        assertThat(status(again)).isEqualTo(200);
        assertThat(counted() - before).as("calls").isEqualTo(2);
        savedCalls.write();
        assertThat(saved() - savedBefore)
                .as("calls whose whole answer was cached")
                .isEqualTo(1);
        assertThat(records(ask(CACHED_BY_KEY, List.of("RC-2", "RC-none"))))
                .singleElement()
                .satisfies(it -> assertThat(it.key()).isEqualTo("RC-2"));
    }

    private static long saved() throws Exception {
        return number("select coalesce(sum(calls), 0) from sluice.saved_calls where reason = 'caching'");
    }

    @Test
    void aWriteOrAnEventDropsTheCachedRecord() throws Exception {
        String id = send(UPSERT, List.of(record("RD-1", Map.of("city", "Ulm"))))
                .get(0)
                .crmId();
        assertThat(city(CACHED, id)).isEqualTo("Ulm");
        assertThat(city(CACHED_BY_KEY, "RD-1")).isEqualTo("Ulm");
        send(UPSERT, List.of(record("RD-1", Map.of("city", "Bonn"))));
        assertThat(city(CACHED, id)).as("written by this process").isEqualTo("Bonn");
        assertThat(city(CACHED_BY_KEY, "RD-1")).isEqualTo("Bonn");
        Instant before = Instant.now();
        control("POST", "/sandbox/records/hubspot/contacts/" + id, "{\"city\":\"Kiel\"}");
        assertThat(city(CACHED, id)).as("no event yet").isEqualTo("Bonn");
        ask(DELTA, before.toString());
        assertThat(city(CACHED, id)).isEqualTo("Kiel");
        control("POST", "/sandbox/faults/hubspot", "{\"kind\":\"unavailable\",\"operation\":\"batchRead\"}");
        assertThat(city(CACHED, id)).as("without a call").isEqualTo("Kiel");
        Exchange refused = ask(CACHED, List.of(id, "999999999"));
        assertThat(status(refused)).isEqualTo(503);
        assertThat(refused.getMessage().getBody()).as("an error is not cached").isInstanceOf(String.class);
    }

    @Test
    void describeReturnsWritableAndUniqueProperties() throws Exception {
        ObjectShape shape = ask("kamelet:hubspot-describe-action?account=hubspot&object=contacts", null)
                .getMessage()
                .getBody(ObjectShape.class);
        assertThat(shape.fields().get("customer_no").externalId()).isTrue();
        assertThat(shape.fields().get("lastname").writable()).isTrue();
        assertThat(shape.fields().get("lastname").externalId()).isFalse();
        assertThat(shape.fields().get("hs_object_id").writable()).isFalse();
        Exchange unknown = ask("kamelet:hubspot-describe-action?account=hubspot&object=unicorns", null);
        assertThat(unknown.getMessage().getHeader("SluiceStatus")).isEqualTo(404);
        assertThat(ask("kamelet:hubspot-objects-action?account=hubspot", null)
                        .getMessage()
                        .getBody())
                .asInstanceOf(LIST)
                .contains("contacts", "deals");
    }

    @Test
    void anInstalledAppLogsInOnceAfterItsTokenExpires() throws Exception {
        String upsert = UPSERT.replace("account=hubspot", "account=installed");
        assertThat(send(upsert, List.of(record("I-1", Map.of("lastname", "One"))))
                        .get(0)
                        .status())
                .isEqualTo(Outcome.Status.DONE);
        control("POST", "/sandbox/faults/installed", "{\"kind\":\"expireTokens\"}");
        Outcome refused =
                send(upsert, List.of(record("I-1", Map.of("lastname", "Two")))).get(0);
        assertThat(refused.status()).isEqualTo(Outcome.Status.RETRY);
        assertThat(refused.code()).isEqualTo("EXPIRED_AUTHENTICATION");
        assertThat(send(upsert, List.of(record("I-1", Map.of("lastname", "Two"))))
                        .get(0)
                        .status())
                .isEqualTo(Outcome.Status.DONE);

        control("POST", "/sandbox/faults/installed", "{\"kind\":\"expireTokens\"}");
        control(
                "POST",
                "/sandbox/faults/installed",
                "{\"kind\":\"unavailable\",\"operation\":\"token\",\"status\":400,"
                        + "\"errorCode\":\"BAD_REFRESH_TOKEN\",\"message\":\"missing or invalid refresh token\"}");
        send(upsert, List.of(record("I-1", Map.of("lastname", "Three"))));
        long ledger = number("select count(*) from sluice.api_call where account = 'installed'");
        Outcome locked = send(upsert, List.of(record("I-1", Map.of("lastname", "Three"))))
                .get(0);
        assertThat(locked.status()).isEqualTo(Outcome.Status.RETRY);
        assertThat(locked.message()).contains("account installed could not log in", "missing or invalid refresh token");
        assertThat(
                        number(
                                "select count(*) from sluice.api_call where account = 'installed' and completed_at is not null"))
                .as("a call that was not made is not counted")
                .isEqualTo(ledger);
    }

    @Test
    void onlySignedWebhooksReachACustomRoute() throws Exception {
        List<CrmEvent> events = Collections.synchronizedList(new ArrayList<>());
        main.getCamelContext().addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("kamelet:hubspot-webhook-source?account=hubspot&path=/mine")
                        .routeId("mine")
                        .process(exchange -> {
                            for (Object event : exchange.getMessage().getBody(List.class)) {
                                events.add((CrmEvent) event);
                            }
                        });
            }
        });
        String body = "[{\"subscriptionType\":\"contact.deletion\",\"objectId\":7,\"occurredAt\":1796000000000}]";
        assertThat(webhook("/mine", body, "another secret").statusCode()).isEqualTo(401);
        assertThat(events).isEmpty();
        assertThat(webhook("/mine", body, "a-secret").statusCode()).isEqualTo(204);
        assertThat(events).singleElement().satisfies(event -> assertThat(event.crmId())
                .isEqualTo("7"));
    }

    @Test
    void aRepeatedEventReachesACustomRouteOnceAndAFailedOneAgain() throws Exception {
        List<Object> events = Collections.synchronizedList(new ArrayList<>());
        AtomicBoolean failing = new AtomicBoolean(true);
        main.getCamelContext().addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("kamelet:hubspot-webhook-source?account=hubspot&path=/once")
                        .routeId("once")
                        .process(exchange -> {
                            for (Object event : exchange.getMessage().getBody(List.class)) {
                                events.add((CrmEvent) event);
                            }
                            if (failing.get()) {
                                throw new IllegalStateException("not this time");
                            }
                        });
            }
        });
        String one = "{\"subscriptionType\":\"contact.deletion\",\"objectId\":71,\"occurredAt\":1796000000000}";
        String two = one.replace("71", "72");
        assertThat(webhook("/once", "[" + one + "]", "a-secret").statusCode()).isEqualTo(500);
        failing.set(false);
        assertThat(webhook("/once", "[" + one + "]", "a-secret").statusCode()).isEqualTo(204);
        assertThat(events).as("failed, then processed").hasSize(2);
        assertThat(webhook("/once", "[" + one + "]", "a-secret").statusCode()).isEqualTo(204);
        assertThat(webhook("/once", "[" + one + "," + two + "]", "a-secret").statusCode())
                .isEqualTo(204);
        assertThat(events)
                .extracting(event -> ((CrmEvent) event).crmId())
                .as("the repeated one not again")
                .containsExactly("71", "71", "72");
    }

    @Test
    void eventsNameACustomObjectAsItsSyncDoes() throws Exception {
        control("PUT", "/sandbox/objects/hubspot/bookings", "{\"label\":\"Booking\",\"keyPrefix\":\"a00\"}");
        List<String> objects = Collections.synchronizedList(new ArrayList<>());
        main.getCamelContext().addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("kamelet:hubspot-webhook-source?account=hubspot&path=/bookings")
                        .routeId("bookings")
                        .process(exchange -> {
                            for (Object event : exchange.getMessage().getBody(List.class)) {
                                objects.add(((CrmEvent) event).object());
                            }
                        });
            }
        });
        String typeId = JSON.readTree(HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(URI.create(
                                                "http://127.0.0.1:" + sandbox.port() + "/crm/v3/schemas/bookings"))
                                        .header("Authorization", "Bearer pat-sandbox")
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .body())
                .path("objectTypeId")
                .asText();
        IntFunction<String> body =
                at -> "[{\"subscriptionType\":\"object.deletion\",\"objectTypeId\":\"" + typeId + "\",\"objectId\":7,"
                        + "\"occurredAt\":179600000000" + at
                        + "},{\"subscriptionType\":\"contact.deletion\",\"objectId\":8,"
                        + "\"occurredAt\":179600000000" + at + "}]";
        webhook("/bookings", body.apply(1), "a-secret");
        String describe = "kamelet:hubspot-describe-action?account=hubspot&object=";
        control("POST", "/sandbox/faults/hubspot", "{\"kind\":\"unavailable\",\"operation\":\"schema\"}");
        assertThat(ask(describe + "bookings", null).getMessage().getBody())
                .as("the object can be synced without its type id")
                .isInstanceOf(ObjectShape.class);
        webhook("/bookings", body.apply(2), "a-secret");
        control("DELETE", "/sandbox/faults/hubspot", "");
        Exchange described = ask(describe + "bookings", null);
        assertThat(described.getMessage().getBody()).isInstanceOf(ObjectShape.class);
        assertThat(status(described)).isEqualTo(200);
        webhook("/bookings", body.apply(3), "a-secret");
        assertThat(objects).containsExactly(typeId, "contacts", typeId, "contacts", "bookings", "contacts");

        long calls = counted();
        ask(describe + "bookings", null);
        ask(describe + typeId, null);
        assertThat(counted() - calls)
                .as("calls; a known type id is not requested again")
                .isEqualTo(2);
    }

    private static HttpResponse<String> webhook(String path, String body, String secret) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + PORT + path);
        String at = Long.toString(System.currentTimeMillis());
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
        String signature = Base64.getEncoder().encodeToString(mac.doFinal(("POST" + uri + body + at).getBytes(UTF_8)));
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(uri)
                                .header("Content-Type", "application/json")
                                .header("X-HubSpot-Signature-v3", signature)
                                .header("X-HubSpot-Request-Timestamp", at)
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    // --- the journal

    private static final String JOURNAL = "kamelet:hubspot-journal-action?account=installed";

    /** Subscribes an account with a name of its own, since a journal starts only once for an account. */
    private static void journal(String subscribe) throws Exception {
        control("DELETE", "/sandbox/faults/installed", "");
        control("DELETE", "/sandbox/journal/installed", "");
        control("PUT", "/sandbox/journal/installed", "{\"urlSeconds\":900" + subscribe + "}");
        // finds a token that another test invalidated
        ask(JOURNAL, null);
    }

    private static void edit(String number, String city) throws Exception {
        control(
                "POST",
                "/sandbox/records/installed/contacts",
                "{\"customer_no\":\"" + number + "\",\"city\":\"" + city + "\"}");
    }

    private static Integer status(Exchange answer) {
        return answer.getMessage().getHeader("SluiceStatus", Integer.class);
    }

    private static String next(Exchange answer) {
        return answer.getMessage().getHeader("SluiceNext", String.class);
    }

    /** Reads to the end of the journal and returns its offset. */
    private static String end() {
        String offset = null;
        for (Exchange answer = ask(JOURNAL, null); next(answer) != null; answer = ask(JOURNAL, offset)) {
            offset = next(answer);
        }
        return offset;
    }

    @Test
    @SuppressWarnings("unchecked")
    void theJournalIsReadFileByFileAndUsesNoQuota() throws Exception {
        journal(",\"subscribe\":[\"contacts\"]");
        edit("J-0", "Ulm");
        String begun = end();
        assertThat(begun).isNotNull();
        edit("J-1", "Bonn");
        edit("J-2", "Köln");
        long ledger = number("select count(*) from sluice.api_call");
        Exchange first = ask(JOURNAL, begun);
        List<CrmEvent> events = first.getMessage().getBody(List.class);
        assertThat(events).extracting(CrmEvent::kind).contains(CrmEvent.Kind.CREATED, CrmEvent.Kind.VALUE);
        assertThat(events)
                .filteredOn(event -> "city".equals(event.field()))
                .singleElement()
                .satisfies(event -> assertThat(event.value()).isEqualTo("Bonn"));
        assertThat(status(first)).isEqualTo(200);
        Exchange second = ask(JOURNAL, next(first));
        assertThat((List<CrmEvent>) second.getMessage().getBody(List.class))
                .anyMatch(event -> "Köln".equals(event.value()));
        Exchange none = ask(JOURNAL, next(second));
        assertThat(none.getMessage().getBody(List.class)).isEmpty();
        assertThat(next(none)).isNull();
        assertThat(status(none)).isEqualTo(204);
        assertThat(number("select count(*) from sluice.api_call")).isEqualTo(ledger);
        JsonNode counted = JSON.readTree(control("GET", "/sandbox/referee", ""))
                .path("accounts")
                .path("installed");
        assertThat(counted.at("/byOperation/journalFile").asInt()).isPositive();
        assertThat(first.getMessage().getHeaders()).as("the token is removed").doesNotContainKey("Authorization");
    }

    @Test
    void anExpiredOffsetAndAnErrorAreReturnedWithHubspotsMessage() throws Exception {
        journal(",\"subscribe\":[\"contacts\"]");
        Exchange forgotten = ask(JOURNAL, "00000000-0000-0000-0000-000000000000");
        assertThat(status(forgotten)).isEqualTo(404);
        assertThat(forgotten.getMessage().getBody(String.class)).contains("older than its history");
        assertThat(next(forgotten)).isNull();
        control(
                "POST",
                "/sandbox/faults/installed",
                "{\"kind\":\"refuse\",\"operation\":\"journal\",\"limit\":\"journal\"}");
        assertThat(status(ask(JOURNAL, null))).isEqualTo(429);
    }

    @Test
    void anUnreadableFileKeepsTheOffset() throws Exception {
        journal(",\"subscribe\":[\"contacts\"]");
        edit("J-3", "Ulm");
        String fault =
                "{\"kind\":\"answer\",\"operation\":\"%s\",\"status\":%d,\"contentType\":\"text/plain\",\"body\":\"%s\"}";
        control("POST", "/sandbox/faults/installed", fault.formatted("journalFile", 403, "expired"));
        Exchange expired = ask(JOURNAL, null);
        assertThat(status(expired)).isEqualTo(403);
        assertThat(expired.getMessage().getBody(String.class)).isEqualTo("expired");
        for (String[] broken : List.of(
                new String[] {"journalFile", "nonsense"},
                new String[] {"journal", "nonsense"},
                new String[] {"journal", "{}"},
                new String[] {"journal", "{\\\"url\\\":\\\"ftp://x/y\\\"}"},
                new String[] {"journal", "{\\\"url\\\":\\\"http://x/y\\\",\\\"currentOffset\\\":\\\"z\\\"}"},
                new String[] {"journal", "{\\\"url\\\":\\\"not an address\\\"}"})) {
            control("DELETE", "/sandbox/faults/installed", "");
            control("POST", "/sandbox/faults/installed", fault.formatted(broken[0], 200, broken[1]));
            Exchange answer = ask(JOURNAL, null);
            assertThat(status(answer)).as(broken[1]).isZero();
            assertThat(next(answer)).isNull();
            assertThat(answer.getMessage().getBody(String.class)).isNotBlank().doesNotContain("Signature");
        }
        control("DELETE", "/sandbox/faults/installed", "");
        control("POST", "/sandbox/faults/installed", "{\"kind\":\"reset\",\"operation\":\"journalFile\"}");
        Exchange cut = ask(JOURNAL, null);
        assertThat(status(cut)).isZero();
        assertThat(cut.getMessage().getBody(String.class)).doesNotContain("Signature");
        control("DELETE", "/sandbox/faults/installed", "");
        assertThat(status(ask(JOURNAL, null))).isEqualTo(200);
    }

    @Test
    void theJournalsExpiredTokenIsRenewed() throws Exception {
        journal("");
        assertThat(status(ask(JOURNAL, null))).isIn(200, 204);
        control("POST", "/sandbox/faults/installed", "{\"kind\":\"expireTokens\"}");
        assertThat(status(ask(JOURNAL, null))).isEqualTo(401);
        assertThat(status(ask(JOURNAL, null))).isIn(200, 204);
    }

    @Test
    void anAccountWithoutAnAppGetsAnErrorThatNamesTheSettings() {
        Exchange answer = ask("kamelet:hubspot-journal-action?account=hubspot", null);
        assertThat(status(answer)).isZero();
        assertThat(answer.getMessage().getBody(String.class)).contains("client-id and client-secret");
        assertThat(ask("kamelet:hubspot-journal-action?account=elsewhere", null)
                        .getMessage()
                        .getBody(String.class))
                .contains("portal-id");
        assertThat(ask("kamelet:hubspot-journal-action?account=nobody", null)
                        .getMessage()
                        .getBody(String.class))
                .contains("nobody");
    }

    // --- polling sources

    private static OwnRoute behind(String source, Integer... failing) throws Exception {
        return new OwnRoute(main.getCamelContext(), source, failing);
    }

    private static void soon(org.awaitility.core.ThrowingRunnable assertion) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(assertion);
    }

    @Test
    void aCallThatGetsNoPermitFailsWithTheReasonAndIsNoFaultOfTheAccount() throws Exception {
        run("alter table sluice.api_call rename to away");
        try {
            Exchange exchange =
                    camel.request("kamelet:hubspot-call-action?account=hubspot&operation=owners", message -> {
                        message.getMessage().setHeader("hubspotMethod", "GET");
                        message.getMessage().setHeader("hubspotPath", "/crm/v3/owners");
                    });
            assertThat(RootCause.of(exchange.getException())).contains("api_call");
        } finally {
            run("alter table sluice.away rename to api_call");
        }
        Accounts accounts = main.getCamelContext().getRegistry().lookupByNameAndType("accounts", Accounts.class);
        assertThat(accounts.problem("hubspot")).isNull();
    }

    private static void run(String sql) throws Exception {
        try (var connection = DriverManager.getConnection(database.url());
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void theJournalReachesACustomRouteAndAFailedFileIsRepeated() throws Exception {
        journal(",\"subscribe\":[\"contacts\"]");
        edit("JS-1", "Ulm");
        String source = "kamelet:hubspot-journal-source?account=installed&name=own-journal&period=";
        try (OwnRoute mine = behind(source + 50, 1)) {
            soon(() -> assertThat(mine.lists()).isOne());
            run("update sluice.stream_offset set due = now() where stream = 'source:own-journal'");
            soon(() -> assertThat(mine.received()).anyMatch(event -> "Ulm".equals(((CrmEvent) event).value())));
            edit("JS-2", "Bonn");
            soon(() -> assertThat(mine.received()).anyMatch(event -> "Bonn".equals(((CrmEvent) event).value())));
        }
        edit("JS-3", "Kiel");
        try (OwnRoute later = behind(source + 60)) {
            soon(() -> assertThat(later.received()).anyMatch(event -> "Kiel".equals(((CrmEvent) event).value())));
            assertThat(later.received())
                    .as("continues at the offset of the first")
                    .noneMatch(event -> "Bonn".equals(((CrmEvent) event).value()));
        }
    }

    @Test
    void newChangesReachACustomRoutePageByPage() throws Exception {
        edit("DS-0", "Old");
        control("PUT", "/sandbox/limits/installed", "{\"search\":{\"max\":1000,\"windowSeconds\":1}}");
        Instant before = Instant.now();
        try (OwnRoute mine = behind("kamelet:hubspot-delta-source?account=installed&object=contacts"
                + "&externalId=customer_no&fields=city&name=own-delta&period=300&overlap=0s")) {
            soon(() -> assertThat(number("select count(*) from sluice.stream_offset where stream = 'source:own-delta'"
                            + " and page is not null"))
                    .isOne());
            control(
                    "POST",
                    "/sandbox/faults/installed",
                    "{\"kind\":\"unavailable\",\"operation\":\"search\",\"count\":2}");
            for (int i = 1; i <= 250; i++) {
                edit("DS-" + i, "New");
            }
            soon(() -> assertThat(mine.received())
                    .extracting(record -> ((CrmRecord) record).key())
                    .contains("DS-1", "DS-250"));
            assertThat(mine.received()).allSatisfy(record -> assertThat(((CrmRecord) record).at())
                    .isAfterOrEqualTo(before.truncatedTo(java.time.temporal.ChronoUnit.MILLIS)));
        }
    }

    // --- shared

    private static Map<String, Object> record(String key, Map<String, Object> fields) {
        return Map.of("key", key, "fields", fields);
    }

    private static Exchange ask(String kamelet, Object body) {
        Exchange answer =
                camel.request(kamelet, exchange -> exchange.getMessage().setBody(body));
        assertThat(answer.getException()).isNull();
        return answer;
    }

    @SuppressWarnings("unchecked")
    private static List<Outcome> send(String kamelet, List<Map<String, Object>> records) {
        return ask(kamelet, records).getMessage().getBody(List.class);
    }

    /** Returns the contact with this number, or null. */
    private static JsonNode contact(String number) throws Exception {
        for (String line :
                control("GET", "/sandbox/records/hubspot/contacts", "").split("\n")) {
            if (!line.isBlank()) {
                JsonNode contact = JSON.readTree(line);
                JsonNode properties = contact.has("properties") ? contact.path("properties") : contact;
                if (properties.path("customer_no").asText().equals(number)) {
                    return contact.has("properties")
                            ? contact
                            : JSON.createObjectNode().set("properties", contact);
                }
            }
        }
        return null;
    }

    private static JsonNode referee() throws Exception {
        return JSON.readTree(control("GET", "/sandbox/referee", ""))
                .path("accounts")
                .path("hubspot");
    }

    private static long counted() throws Exception {
        return referee().path("accepted").asLong() + referee().path("refused").asLong();
    }

    private static String control(String method, String path, String json) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sandbox.port() + path))
                                .header("Content-Type", "application/json")
                                .method(method, HttpRequest.BodyPublishers.ofString(json))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static long number(String sql) throws Exception {
        try (var connection = DriverManager.getConnection(database.url());
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static String text(String sql) throws Exception {
        try (var connection = DriverManager.getConnection(database.url());
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
