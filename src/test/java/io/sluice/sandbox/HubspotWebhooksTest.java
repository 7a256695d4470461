// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubspotWebhooksTest extends HubspotTestBase {

    private static final String USER = "/sandbox/records/hubspot/contacts";
    private static final String ASSOCIATIONS = "/sandbox/records/hubspot/associations";

    private WebhookReceiver receiver;

    @BeforeEach
    void listen() throws IOException {
        receiver = new WebhookReceiver();
    }

    @AfterEach
    void deaf() {
        receiver.close();
    }

    private void subscribe(String more) {
        HubspotClient.Reply reply =
                crm.put("/sandbox/webhooks/hubspot", "{\"targetUrl\":\"" + receiver.url() + "\"" + more + "}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(assertion);
    }

    private JsonNode counts() {
        return crm.referee().path("webhooks");
    }

    private String made(String number, String properties) {
        return crm.post(USER, "{\"customer_no\":\"" + number + "\"" + properties + "}")
                .json()
                .path("id")
                .asText();
    }

    @Test
    void aUsersEditAndTheAppsOwnWriteNameWhoMadeThem() {
        String id = made("C-1", "");
        subscribe(",\"subscribe\":{\"contacts\":[\"city\"]}");
        crm.post(USER + "/" + id, "{\"city\":\"Köln\",\"phone\":\"1\"}");
        crm.upsertContacts(contact("C-1", "\"city\":\"\""));
        soon(() -> assertThat(receiver.events()).hasSize(2));
        JsonNode edit = receiver.events().get(0);
        JsonNode write = receiver.events().get(1);
        assertThat(edit.path("subscriptionType").asText()).isEqualTo("contact.propertyChange");
        assertThat(edit.path("objectId").asText()).isEqualTo(id);
        assertThat(edit.path("objectId").isIntegralNumber()).isTrue();
        assertThat(edit.path("propertyName").asText()).isEqualTo("city");
        assertThat(edit.path("propertyValue").asText()).isEqualTo("Köln");
        assertThat(edit.path("changeSource").asText()).isEqualTo("CRM_UI");
        assertThat(edit.path("sourceId").asText()).startsWith("userId:");
        assertThat(edit.path("attemptNumber").asInt()).isZero();
        assertThat(edit.path("occurredAt").asLong())
                .isCloseTo(System.currentTimeMillis(), org.assertj.core.data.Offset.offset(20_000L));
        assertThat(write.path("propertyValue").asText("none")).isEmpty();
        assertThat(write.path("changeSource").asText()).isEqualTo("INTEGRATION");
        assertThat(write.path("sourceId").asText()).isEqualTo("600001");
        assertThat(counts().path("delivered").asInt()).isEqualTo(2);
        assertThat(counts().path("waiting").asInt()).isZero();
    }

    @Test
    void daysAndMomentsAreReportedInMilliseconds() {
        subscribe(",\"subscribe\":{\"contacts\":[\"birthdate\"],\"deals\":[\"closedate\"]}");
        made("C-1", ",\"birthdate\":\"1990-01-02\"");
        crm.post("/sandbox/records/hubspot/deals", "{\"deal_no\":\"D-1\",\"closedate\":\"2026-12-01T10:00:00Z\"}");
        soon(() -> assertThat(receiver.events())
                .extracting(event -> event.path("propertyValue").asText(""))
                .contains("631238400000", "1796119200000"));
    }

    @Test
    void everythingThatHappensToARecordIsReported() {
        subscribe(",\"subscribe\":{\"contacts\":[\"phone\"]}");
        String kept = made("C-1", ",\"city\":\"Bonn\"");
        String gone = made("C-2", ",\"phone\":\"2\"");
        String last = made("C-3", "");
        crm.delete(USER + "/" + last);
        crm.post(USER + "/" + last, "{\"archived\":false}");
        crm.post(USER + "/" + kept, "{\"objectIdToMerge\":\"" + gone + "\"}");
        crm.post(CONTACTS + "/gdpr-delete", "{\"objectId\":\"" + last + "\"}");
        soon(() -> assertThat(receiver.events("contact.privacyDeletion")).hasSize(1));
        soon(() -> assertThat(receiver.events()).hasSize(3 + 1 + 1 + 1 + 1 + 2));
        assertThat(receiver.events("contact.creation"))
                .extracting(e -> e.path("changeFlag").asText())
                .containsExactly("CREATED", "CREATED", "CREATED");
        assertThat(receiver.events("contact.deletion"))
                .extracting(e -> e.path("objectId").asText())
                .containsExactly(last);
        assertThat(receiver.events("contact.restore"))
                .extracting(e -> e.path("objectId").asText())
                .containsExactly(last);
        assertThat(receiver.events("contact.propertyChange"))
                .as("the second's own, then what the merge moved")
                .extracting(e -> e.path("objectId").asText())
                .containsExactly(gone, kept);
        JsonNode merge = receiver.events("contact.merge").get(0);
        assertThat(merge.path("primaryObjectId").asText()).isEqualTo(kept);
        assertThat(merge.path("newObjectId").asText()).isEqualTo(kept);
        assertThat(merge.path("mergedObjectIds")).hasSize(1);
        assertThat(merge.path("mergedObjectIds").get(0).asText()).isEqualTo(gone);
        assertThat(merge.path("numberOfPropertiesMoved").asInt()).isOne();
        assertThat(crm.get(CONTACTS + "/" + last + "?archived=true").status()).isEqualTo(404);
        assertThat(crm.post(USER + "/" + last, "{\"archived\":false}").status()).isEqualTo(400);
    }

    private String company(String name) {
        return crm.post("/sandbox/records/hubspot/companies", "{\"name\":\"" + name + "\"}")
                .json()
                .path("id")
                .asText();
    }

    /** Associates two records as a user does. Answers the association's id. */
    private String associated(String from, String to, String types) {
        return crm.post(ASSOCIATIONS, "{\"from\":\"" + from + "\",\"to\":\"" + to + "\"" + types + "}")
                .json()
                .path("id")
                .asText();
    }

    /** Answers the association events, in order. */
    private List<String> associations() {
        return receiver.events().stream()
                .filter(event -> event.path("subscriptionType").asText().endsWith("associationChange"))
                .map(event -> event.path("associationType").asText() + " "
                        + event.path("fromObjectId").asText() + " "
                        + event.path("toObjectId").asText()
                        + (event.path("isPrimaryAssociation").asBoolean() ? " primary" : "")
                        + (event.path("associationRemoved").asBoolean() ? " removed" : ""))
                .toList();
    }

    private void saysNext(int after, String... expected) {
        soon(() -> assertThat(associations()).hasSizeGreaterThanOrEqualTo(after + expected.length));
        assertThat(associations().subList(after, associations().size())).containsExactlyInAnyOrder(expected);
    }

    @Test
    void anAssociationIsReportedWhenItIsMadeAndTakenAwayFromEachEnd() {
        String ann = made("C-1", "");
        String acme = company("Acme");
        subscribe(",\"subscribe\":{\"contacts\":[],\"companies\":[]}");
        String id = associated(ann, acme, "");
        saysNext(0, "CONTACT_TO_COMPANY " + ann + " " + acme, "COMPANY_TO_CONTACT " + acme + " " + ann);
        JsonNode made = receiver.events("contact.associationChange").get(0);
        assertThat(made.has("objectId")).as("two records are named instead").isFalse();
        assertThat(made.path("fromObjectId").isIntegralNumber()).isTrue();
        assertThat(made.path("associationRemoved").isBoolean()).isTrue();
        assertThat(made.path("isPrimaryAssociation").isBoolean()).isTrue();
        assertThat(made.path("changeSource").asText()).isEqualTo("CRM_UI");
        assertThat(made.path("sourceId").asText()).startsWith("userId:");

        crm.delete(ASSOCIATIONS + "/" + id);
        saysNext(
                2,
                "CONTACT_TO_COMPANY " + ann + " " + acme + " removed",
                "COMPANY_TO_CONTACT " + acme + " " + ann + " removed");
        String row = "/crm/v4/objects/contacts/" + ann + "/associations/";
        crm.delete(row + "companies/" + acme);
        crm.put(row + "default/companies/" + acme, "");
        crm.put(row + "default/companies/" + acme, "");
        crm.delete(row + "companies/" + acme);
        saysNext(
                4,
                "CONTACT_TO_COMPANY " + ann + " " + acme,
                "COMPANY_TO_CONTACT " + acme + " " + ann,
                "CONTACT_TO_COMPANY " + ann + " " + acme + " removed",
                "COMPANY_TO_CONTACT " + acme + " " + ann + " removed");
        assertThat(receiver.events("company.associationChange")
                        .get(2)
                        .path("changeSource")
                        .asText())
                .isEqualTo("INTEGRATION");
    }

    @Test
    void aPrimaryAssociationIsReportedTwiceAndTheFormerOneThatLosesItToo() {
        String ann = made("C-1", "");
        String acme = company("Acme");
        String bolt = company("Bolt");
        associated(ann, acme, ",\"types\":[1]");
        subscribe(",\"subscribe\":{\"contacts\":[],\"companies\":[]}");
        associated(ann, bolt, ",\"types\":[1]");
        saysNext(
                0,
                "CONTACT_TO_COMPANY " + ann + " " + acme + " primary removed",
                "COMPANY_TO_CONTACT " + acme + " " + ann + " removed",
                "CONTACT_TO_COMPANY " + ann + " " + bolt + " primary",
                "CONTACT_TO_COMPANY " + ann + " " + bolt,
                "COMPANY_TO_CONTACT " + bolt + " " + ann,
                "COMPANY_TO_CONTACT " + bolt + " " + ann);

        String ben = made("C-2", "");
        crm.post(USER + "/" + ben, "{\"objectIdToMerge\":\"" + ann + "\"}");
        soon(() -> assertThat(associations())
                .as("what belonged to the one belongs to the other")
                .contains(
                        "CONTACT_TO_COMPANY " + ann + " " + bolt + " primary removed",
                        "CONTACT_TO_COMPANY " + ben + " " + bolt + " primary",
                        "COMPANY_TO_CONTACT " + acme + " " + ben));
    }

    @Test
    void aLabelIsReportedAndAGenericEventNamesTheTypes() {
        String ann = made("C-1", "");
        String acme = company("Acme");
        JsonNode label = crm.post(
                        "/crm/v4/associations/contacts/companies/labels",
                        "{\"label\":\"Buyer\",\"name\":\"buyer\",\"inverseLabel\":\"Bought by\"}")
                .json()
                .at("/results/0");
        associated(ann, acme, "");
        subscribe("");
        crm.post(
                "/webhooks/v3/600001/subscriptions",
                "{\"eventType\":\"object.associationChange\",\"objectTypeId\":\"0-1\",\"active\":true}");
        associated(ann, acme, ",\"types\":[" + label.path("typeId").asInt() + "]");
        saysNext(0, "CONTACT_TO_COMPANY " + ann + " " + acme);
        JsonNode event = receiver.events().get(0);
        assertThat(event.path("fromObjectTypeId").asText()).isEqualTo("0-1");
        assertThat(event.path("toObjectTypeId").asText()).isEqualTo("0-2");
        assertThat(event.path("associationTypeId").asInt())
                .isEqualTo(label.path("typeId").asInt());
        assertThat(event.path("associationCategory").asText()).isEqualTo("USER_DEFINED");
        assertThat(event.has("objectTypeId")).isFalse();

        crm.post(
                "/crm/v4/associations/contacts/companies/batch/labels/archive",
                "{\"inputs\":[{\"from\":{\"id\":\"" + ann
                        + "\"},\"to\":{\"id\":\"" + acme + "\"},\"types\":[{\"associationCategory\":\"USER_DEFINED\","
                        + "\"associationTypeId\":" + label.path("typeId").asInt() + "}]}]}");
        saysNext(1, "CONTACT_TO_COMPANY " + ann + " " + acme + " removed");
    }

    @Test
    void theAppsOwnApiSetsUpWhatIsSent() {
        String app = "/webhooks/v3/600001";
        assertThat(crm.get(app + "/settings").status()).isEqualTo(404);
        assertThat(crm.put(
                                app + "/settings",
                                "{\"targetUrl\":\"" + receiver.url()
                                        + "\",\"throttling\":{\"maxConcurrentRequests\":8}}")
                        .json()
                        .at("/throttling/maxConcurrentRequests")
                        .asInt())
                .isEqualTo(8);
        assertThat(crm.put(
                                app + "/settings",
                                "{\"targetUrl\":\"" + receiver.url()
                                        + "\",\"throttling\":{\"maxConcurrentRequests\":5}}")
                        .status())
                .isEqualTo(400);
        HubspotClient.Reply made = crm.post(
                app + "/subscriptions",
                "{\"eventType\":\"object.propertyChange\",\"objectTypeId\":\"0-3\",\"propertyName\":\"amount\"}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.json().path("active").asBoolean()).isFalse();
        String one = app + "/subscriptions/" + made.json().path("id").asText();
        assertThat(crm.post(app + "/subscriptions", "{\"eventType\":\"contact.propertyChange\"}")
                        .status())
                .isEqualTo(400);
        assertThat(crm.post(app + "/subscriptions", "{\"eventType\":\"contact.anything\"}")
                        .status())
                .isEqualTo(400);
        assertThat(crm.get("/app-webhooks/2026-09/600001/subscriptions").json().path("results"))
                .hasSize(1);

        crm.post("/sandbox/records/hubspot/deals", "{\"deal_no\":\"D-1\",\"amount\":\"1\"}");
        assertThat(crm.patch(one, "{\"active\":true}").json().path("active").asBoolean())
                .isTrue();
        crm.post("/sandbox/records/hubspot/deals/D-1", "{\"amount\":\"2\",\"dealname\":\"Two\"}");
        soon(() -> assertThat(receiver.events()).hasSize(1));
        assertThat(receiver.events().get(0).path("subscriptionType").asText()).isEqualTo("object.propertyChange");
        assertThat(receiver.events().get(0).path("objectTypeId").asText()).isEqualTo("0-3");
        assertThat(receiver.events().get(0).path("propertyValue").asText()).isEqualTo("2");

        String batch = "{\"inputs\":[{\"id\":" + made.json().path("id").asText() + ",\"active\":false}]}";
        assertThat(crm.post(app + "/subscriptions/batch/update", batch)
                        .json()
                        .at("/results/0/active")
                        .asBoolean())
                .isFalse();
        assertThat(crm.delete(one).status()).isEqualTo(204);
        assertThat(crm.get(one).status()).isEqualTo(404);
        assertThat(crm.get("/webhooks/v3/5/subscriptions").status()).isEqualTo(404);
        assertThat(counts().path("events").asInt()).isOne();
    }

    @Test
    void requestsAreSignedInEachWay() throws Exception {
        String id = made("C-1", "");
        subscribe(",\"secret\":\"s3cret\",\"signatureVersion\":\"v2\",\"subscribe\":[\"contacts\"]");
        crm.post(USER + "/" + id, "{\"city\":\"Łódź\"}");
        soon(() -> assertThat(receiver.deliveries()).hasSize(1));
        WebhookReceiver.Delivery second = receiver.deliveries().get(0);
        assertThat(second.headers().get("X-HubSpot-Signature-Version")).isEqualTo("v2");
        assertThat(second.headers().get("X-HubSpot-Signature"))
                .isEqualTo(sha256("s3cretPOST" + receiver.url(), second.body()));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("s3cret".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        mac.update(("POST" + receiver.url().replace("%3A", ":")).getBytes(StandardCharsets.UTF_8));
        mac.update(second.body());
        mac.update(second.headers().get("X-HubSpot-Request-Timestamp").getBytes(StandardCharsets.UTF_8));
        assertThat(second.headers().get("X-HubSpot-Signature-v3"))
                .isEqualTo(Base64.getEncoder().encodeToString(mac.doFinal()));

        subscribe(",\"signatureVersion\":\"v1\"");
        crm.post(USER + "/" + id, "{\"city\":\"Ulm\"}");
        soon(() -> assertThat(receiver.deliveries()).hasSize(2));
        WebhookReceiver.Delivery first = receiver.deliveries().get(1);
        assertThat(first.headers().get("X-HubSpot-Signature")).isEqualTo(sha256("s3cret", first.body()));
        assertThat(crm.get("/sandbox/webhooks/hubspot").text()).doesNotContain("s3cret");
    }

    private static String sha256(String before, byte[] body) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(before.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest.digest(body));
    }

    @Test
    void aFailedRequestIsTriedAgainTenTimesAndThenGivenUp() {
        receiver.answering(delivery -> 503);
        subscribe(",\"timeScale\":1000000,\"subscribe\":{\"contacts\":[\"city\"]}");
        made("C-1", "");
        soon(() -> assertThat(counts().path("givenUp").asInt()).isOne());
        assertThat(receiver.events())
                .extracting(event -> event.path("attemptNumber").asInt())
                .containsExactlyElementsOf(IntStream.rangeClosed(0, 10).boxed().toList());
        assertThat(counts().path("requests").asInt()).isOne();
        assertThat(counts().path("retried").asInt()).isEqualTo(10);
        assertThat(counts().at("/byStatus/503").asInt()).isEqualTo(11);
        assertThat(counts().path("answered2xx").asInt()).isZero();
        assertThat(counts().path("delivered").asInt()).isZero();
    }

    @Test
    void nobodyThereIsAFailureToo() {
        subscribe(",\"timeScale\":100000,\"subscribe\":{\"contacts\":[\"city\"]}");
        receiver.close();
        made("C-1", "");
        soon(() -> assertThat(counts().path("retried").asInt()).isPositive());
        assertThat(counts().at("/byStatus/unreachable").asInt()).isPositive();
    }

    @Test
    void eventsComeInBatchesAndNotInMoreRequestsAtOnceThanAllowed() throws Exception {
        CountDownLatch many = new CountDownLatch(6);
        receiver.answering(delivery -> {
            many.countDown();
            try {
                many.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return 200;
        });
        subscribe(",\"maxConcurrentRequests\":6,\"batchMs\":200,\"subscribe\":[\"contacts\"]");
        for (int from = 0; from < 1_000; from += 100) {
            crm.upsertContacts(from, 100);
        }
        // each is reported as new, with two properties
        soon(() -> assertThat(counts().path("delivered").asInt()).isEqualTo(3_000));
        assertThat(receiver.mostAtOnce()).isEqualTo(6);
        assertThat(counts().path("mostAtOnce").asInt()).isEqualTo(6);
        assertThat(receiver.deliveries())
                .allMatch(delivery -> delivery.events().size() <= 100)
                .anyMatch(delivery -> delivery.events().size() == 100);
    }

    @Test
    void faultsLoseRepeatDelayAndForgeEvents() {
        subscribe(",\"subscribe\":{\"contacts\":[\"city\"]}");
        String id = made("C-1", "");
        fault("{\"kind\":\"dropEvents\",\"operation\":\"webhook\",\"count\":1}");
        crm.post(USER + "/" + id, "{\"city\":\"lost\"}");
        soon(() -> assertThat(counts().path("dropped").asInt()).isOne());
        fault("{\"kind\":\"duplicateEvents\",\"count\":1,\"delayMs\":20}");
        crm.post(USER + "/" + id, "{\"city\":\"twice\"}");
        fault("{\"kind\":\"lateEvents\",\"count\":1,\"delayMs\":2500}");
        crm.post(USER + "/" + id, "{\"city\":\"late\"}");
        receiver.answering(delivery ->
                delivery.headers().get("X-HubSpot-Signature").equals(plain("sandbox-secret", delivery.body()))
                        ? 204
                        : 401);
        fault("{\"kind\":\"forgeEvents\",\"count\":1}");
        crm.post(USER + "/" + id, "{\"city\":\"true\"}");
        soon(() -> assertThat(values()).contains("twice", "late", "true", "forged"));
        assertThat(values().stream().filter("twice"::equals)).hasSize(2);
        assertThat(values()).doesNotContain("lost");
        assertThat(values().indexOf("late")).isGreaterThan(values().indexOf("true"));
        soon(() -> assertThat(counts().at("/byStatus/401").asInt()).isOne());
        assertThat(counts().path("forged").asInt()).isOne();
        assertThat(counts().path("forgedAnswered2xx").asInt()).isZero();
        assertThat(counts().path("duplicated").asInt()).isOne();
        assertThat(counts().path("late").asInt()).isOne();
    }

    private static String plain(String secret, byte[] body) {
        try {
            return sha256(secret, body);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void fault(String json) {
        assertThat(crm.post("/sandbox/faults/hubspot", json).status()).isEqualTo(200);
    }

    private List<String> values() {
        return receiver.events("contact.propertyChange").stream()
                .map(e -> e.path("propertyValue").asText())
                .collect(Collectors.toList());
    }

    @Test
    void shuffledEventsComeInAnotherOrder() {
        String id = made("C-1", "");
        subscribe(",\"subscribe\":{\"contacts\":[\"city\"]}");
        fault("{\"kind\":\"shuffleEvents\",\"delayMs\":200}");
        List<String> sent = IntStream.range(0, 30).mapToObj(n -> "city " + n).toList();
        sent.forEach(city -> crm.post(USER + "/" + id, "{\"city\":\"" + city + "\"}"));
        soon(() -> assertThat(values()).hasSize(30));
        assertThat(values()).containsExactlyInAnyOrderElementsOf(sent).isNotEqualTo(sent);
        Map<String, Long> moments = new HashMap<>();
        receiver.events()
                .forEach(event -> moments.put(
                        event.path("propertyValue").asText(),
                        event.path("occurredAt").asLong()));
        assertThat(sent.stream().map(moments::get).toList())
                .as("when they happened tells the order")
                .isSorted();
    }

    @Test
    void subscriptionsOutliveTheSandboxInItsFile(@TempDir Path folder) {
        Path file = folder.resolve("data");
        try (Sandbox first = Sandbox.start("127.0.0.1", 0, Optional.of(file))) {
            new HubspotClient(first.port())
                    .put(
                            "/sandbox/webhooks/hubspot",
                            "{\"targetUrl\":\"" + receiver.url() + "\",\"subscribe\":{\"contacts\":[\"city\"]}}");
        }
        try (Sandbox second = Sandbox.start("127.0.0.1", 0, Optional.of(file))) {
            HubspotClient client = new HubspotClient(second.port());
            client.post(USER, "{\"customer_no\":\"C-1\",\"city\":\"Bonn\"}");
            soon(() -> assertThat(values()).containsExactly("Bonn"));
            JsonNode muted = client.delete("/sandbox/webhooks/hubspot").json();
            assertThat(muted.path("targetUrl").isNull()).isTrue();
            assertThat(muted.path("subscriptions")).isEmpty();
        }
    }

    @Test
    void aWrongSettingIsRefusedWithItsReason() {
        assertThat(crm.put("/sandbox/webhooks/hubspot", "{\"targetUrl\":\"elsewhere\"}")
                        .text())
                .contains("no address");
        assertThat(crm.put("/sandbox/webhooks/hubspot", "{\"timeScale\":0}").status())
                .isEqualTo(400);
        assertThat(crm.put("/sandbox/webhooks/hubspot", "{\"subscribe\":[\"horses\"]}")
                        .text())
                .contains("horses");
        assertThat(crm.put("/sandbox/webhooks/salesforce", "{}").text()).contains("no webhooks");
        assertThat(crm.get("/sandbox/nothing").status()).isEqualTo(404);
    }
}
