// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HubspotJournalTest extends HubspotTestBase {

    private static final String USER = "/sandbox/records/hubspot/contacts";
    private static final String CONTROL = "/sandbox/webhooks-journal/hubspot";
    private static final String JOURNAL = "/webhooks-journal/journal/2026-03/";
    private static final String SUBSCRIPTIONS = "/webhooks-journal/subscriptions/2026-03";
    private static final String SNAPSHOTS = "/webhooks-journal/snapshots/2026-03/";

    private HubspotClient app;

    @BeforeEach
    void signIn() {
        app = new HubspotClient(sandbox.port()).with(token(crm));
    }

    private static String token(HubspotClient client) {
        return client.post("/oauth/v1/token", "grant_type=client_credentials&client_id=sluice&client_secret=sluice")
                .json()
                .path("access_token")
                .asText();
    }

    private void subscribe(String properties) {
        HubspotClient.Reply reply = app.post(
                SUBSCRIPTIONS,
                "{\"subscriptionType\":\"OBJECT\",\"portalId\":1000001,"
                        + "\"objectTypeId\":\"0-1\",\"actions\":[\"CREATE\",\"UPDATE\",\"DELETE\",\"MERGE\",\"RESTORE\"],"
                        + "\"properties\":[" + properties + "],\"objectIds\":[]}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(201);
    }

    private String made(String number, String properties) {
        return crm.post(USER, "{\"customer_no\":\"" + number + "\"" + properties + "}")
                .json()
                .path("id")
                .asText();
    }

    private JsonNode file(JsonNode reply) {
        return new HubspotClient(sandbox.port()).get(path(reply)).json();
    }

    /** Answers the address of a file, without the sandbox's own host and port. */
    private String path(JsonNode reply) {
        String url = reply.path("url").asText();
        assertThat(url).startsWith("http://127.0.0.1:" + sandbox.port() + "/");
        return url.substring(url.indexOf('/', "http://".length()));
    }

    /** Answers all events in the journal, file after file. */
    private List<JsonNode> events() {
        List<JsonNode> events = new ArrayList<>();
        HubspotClient.Reply reply = app.get(JOURNAL + "earliest");
        while (reply.status() == 200) {
            JsonNode file = file(reply.json());
            assertThat(file.path("offset").asText())
                    .isEqualTo(reply.json().path("currentOffset").asText());
            file.path("journalEvents").forEach(events::add);
            reply = app.get(
                    JOURNAL + "offset/" + reply.json().path("currentOffset").asText() + "/next");
        }
        assertThat(reply.status()).isEqualTo(204);
        assertThat(reply.text()).isEmpty();
        return events;
    }

    private static List<String> actions(List<JsonNode> events) {
        return events.stream().map(event -> event.path("action").asText()).toList();
    }

    @Test
    void anEditIsInTheJournalWithWhatItChanged() {
        subscribe("");
        String id = made("C-1", ",\"city\":\"Bonn\"");
        crm.post(USER + "/" + id, "{\"city\":\"Köln\",\"phone\":\"\",\"birthdate\":\"1990-01-02\"}");
        List<JsonNode> events = events();
        assertThat(actions(events)).containsExactly("CREATE", "UPDATE");
        JsonNode edit = events.get(1);
        assertThat(edit.path("portalId").asInt()).isEqualTo(1_000_001);
        assertThat(edit.path("objectTypeId").asText()).isEqualTo("0-1");
        assertThat(edit.path("objectId").asText()).isEqualTo(id);
        assertThat(Instant.parse(edit.path("occurredAt").asText()))
                .isBetween(Instant.now().minusSeconds(20), Instant.now());
        assertThat(edit.path("propertyChanges").path("city").asText()).isEqualTo("Köln");
        assertThat(edit.path("propertyChanges").path("birthdate").asText())
                .as("as webhooks tell a day")
                .isEqualTo("631238400000");
        assertThat(edit.path("propertyChanges").has("phone"))
                .as("it was empty before")
                .isFalse();
        assertThat(events.get(0).path("propertyChanges").path("city").asText()).isEqualTo("Bonn");
    }

    @Test
    void everythingThatHappensToARecordIsInTheJournal() {
        subscribe("");
        String kept = made("C-1", "");
        String gone = made("C-2", ",\"phone\":\"2\"");
        crm.delete(USER + "/" + kept);
        crm.post(USER + "/" + kept, "{\"archived\":false}");
        crm.post(USER + "/" + kept, "{\"objectIdToMerge\":\"" + gone + "\"}");
        crm.post(CONTACTS + "/gdpr-delete", "{\"objectId\":\"" + kept + "\"}");
        List<JsonNode> events = events();
        assertThat(actions(events)).containsExactly("CREATE", "CREATE", "DELETE", "RESTORE", "MERGE", "DELETE");
        JsonNode merge = events.get(4);
        assertThat(merge.path("primaryObjectId").asText()).isEqualTo(kept);
        assertThat(merge.path("mergedObjectIds").get(0).asText()).isEqualTo(gone);
        assertThat(merge.path("propertyChanges").path("phone").asText()).isEqualTo("2");
    }

    @Test
    void whatBelongsToWhatIsInTheJournalFromTheEndThatWasSubscribedTo() {
        String contact = made("C-1", "");
        String company = crm.post("/sandbox/records/hubspot/companies", "{\"company_no\":\"N-1\"}")
                .json()
                .path("id")
                .asText();
        String deal = crm.post("/sandbox/records/hubspot/deals", "{\"deal_no\":\"D-1\"}")
                .json()
                .path("id")
                .asText();
        HubspotClient.Reply made = app.post(
                SUBSCRIPTIONS,
                "{\"subscriptionType\":\"ASSOCIATION\",\"portalId\":1000001,"
                        + "\"objectTypeId\":\"0-1\",\"actions\":[\"ASSOCIATION_ADDED\",\"ASSOCIATION_REMOVED\"],"
                        + "\"associatedObjectTypeIds\":[\"0-2\"]}");
        assertThat(made.json().path("associatedObjectTypeIds").get(0).asText()).isEqualTo("0-2");
        String link = "/crm/v4/objects/contacts/" + contact + "/associations/";
        crm.put("/crm/v4/objects/contacts/" + contact + "/associations/default/companies/" + company, "");
        crm.put("/crm/v4/objects/contacts/" + contact + "/associations/default/deals/" + deal, "");
        crm.delete(link + "companies/" + company);
        List<JsonNode> events = events();
        assertThat(actions(events))
                .contains("ASSOCIATION_ADDED", "ASSOCIATION_REMOVED")
                .allMatch(action -> action.startsWith("ASSOCIATION_"));
        assertThat(events).allSatisfy(event -> {
            assertThat(event.path("type").asText()).isEqualTo("ASSOCIATION");
            assertThat(event.path("objectId").asText()).isEqualTo(contact);
            assertThat(event.path("associatedObjectId").asText()).isEqualTo(company);
            assertThat(event.path("associatedObjectTypeId").asText()).isEqualTo("0-2");
            assertThat(event.path("associationType").asText()).isEqualTo("CONTACT_TO_COMPANY");
        });
    }

    @Test
    void onlyWhatWasSubscribedToIsInTheJournal() {
        String one = made("C-1", "");
        String two = made("C-2", "");
        app.post(
                SUBSCRIPTIONS,
                "{\"subscriptionType\":\"OBJECT\",\"portalId\":1000001,\"objectTypeId\":\"0-1\","
                        + "\"actions\":[\"UPDATE\"],\"properties\":[\"city\"],\"objectIds\":[" + one + "]}");
        crm.post(USER + "/" + one, "{\"phone\":\"1\"}");
        crm.post(USER + "/" + two, "{\"city\":\"Bonn\"}");
        crm.post(USER + "/" + one, "{\"city\":\"Köln\",\"phone\":\"2\"}");
        crm.delete(USER + "/" + one);
        crm.post("/sandbox/records/hubspot/deals", "{\"deal_no\":\"D-1\"}");
        assertThat(events()).singleElement().satisfies(event -> {
            assertThat(event.path("objectId").asText()).isEqualTo(one);
            assertThat(event.path("propertyChanges").toString()).isEqualTo("{\"city\":\"Köln\"}");
        });
    }

    @Test
    void subscriptionsAreMadeListedAndDeleted() {
        subscribe("\"email\",\"city\"");
        JsonNode made = app.get(SUBSCRIPTIONS).json().path("results").get(0);
        assertThat(made.path("subscriptionType").asText()).isEqualTo("OBJECT");
        assertThat(made.path("actions")).hasSize(5);
        assertThat(made.path("appId").asInt()).isEqualTo(600_001);
        assertThat(made.path("properties")).extracting(JsonNode::asText).containsExactly("city", "email");
        String one = SUBSCRIPTIONS + "/" + made.path("id").asText();
        assertThat(app.get(one).json()).isEqualTo(made);
        assertThat(app.delete(one).status()).isEqualTo(204);
        assertThat(app.delete(one).status()).isEqualTo(404);
        assertThat(app.get(SUBSCRIPTIONS).json().path("results")).isEmpty();
        made("C-1", "");
        assertThat(events()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'subscriptionType':'OBJECT','portalId':5,'objectTypeId':'0-1','actions':['CREATE']}          | portal 5",
                "{'subscriptionType':'OBJECT','portalId':1000001,'objectTypeId':'0-99','actions':['CREATE']}   | 0-99",
                "{'subscriptionType':'OBJECT','portalId':1000001,'objectTypeId':'0-1','actions':['ANYTHING']}  | ANYTHING",
                "{'subscriptionType':'OBJECT','portalId':1000001,'objectTypeId':'0-1','actions':[]}            | actions",
                "{'subscriptionType':'OBJECT','portalId':1000001,'objectTypeId':'0-1','actions':['CREATE'],'objectIds':['x']} | objectIds",
                "{'subscriptionType':'ASSOCIATION','portalId':1000001,'objectTypeId':'0-1','actions':['CREATE']} | ASSOCIATION_ADDED",
                "{'subscriptionType':'HORSE','portalId':1000001,'objectTypeId':'0-1','actions':['CREATE']}     | HORSE"
            })
    void aWrongSubscriptionIsRefusedWithItsReason(String body, String why) {
        HubspotClient.Reply reply = app.post(SUBSCRIPTIONS, body.replace('\'', '"'));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("message").asText()).contains(why);
    }

    @Test
    void theJournalIsReadFromItsBeginningItsEndOrAnOffset() {
        subscribe("");
        for (int i = 0; i < 5; i++) {
            made("C-" + i, "");
        }
        String first =
                app.get(JOURNAL + "earliest").json().path("currentOffset").asText();
        String last = app.get(JOURNAL + "latest").json().path("currentOffset").asText();
        JsonNode all = app.get(JOURNAL + "batch/earliest/100").json();
        List<String> offsets = all.path("results").findValuesAsText("currentOffset");
        assertThat(offsets).hasSize(5).startsWith(first).endsWith(last).doesNotHaveDuplicates();
        assertThat(all.path("results").get(2).path("url").asText()).isNotEmpty();
        assertThat(app.get(JOURNAL + "batch/latest/2").json().path("results").findValuesAsText("currentOffset"))
                .isEqualTo(offsets.subList(3, 5));
        assertThat(app.get(JOURNAL + "batch/" + first + "/next/3")
                        .json()
                        .path("results")
                        .findValuesAsText("currentOffset"))
                .isEqualTo(offsets.subList(1, 4));
        assertThat(app.get(JOURNAL + "batch/" + last + "/next/3").status()).isEqualTo(204);
        assertThat(app.get(JOURNAL + "offset/" + last + "/next").status()).isEqualTo(204);
        assertThat(app.get("/webhooks-journal/journal-local/2026-03/offset/" + first + "/next?installPortalId=1000001")
                        .json()
                        .path("currentOffset")
                        .asText())
                .isEqualTo(offsets.get(1));
        assertThat(app.get("/webhooks-journal/journal-local/2026-03/earliest?installPortalId=5")
                        .status())
                .as("of another")
                .isEqualTo(204);
        assertThat(app.post(JOURNAL + "batch/read", "{\"inputs\":[\"" + offsets.get(3) + "\"]}")
                        .json()
                        .path("results")
                        .findValuesAsText("currentOffset"))
                .containsExactly(offsets.get(3));
        assertThat(app.post(JOURNAL + "batch/read", "{\"inputs\":[\"none\"]}").status())
                .isEqualTo(204);
        assertThat(app.get(JOURNAL + "batch/earliest/101").status()).isEqualTo(400);
        assertThat(app.get(JOURNAL + "batch/earliest/0").status()).isEqualTo(400);
        assertThat(app.get(JOURNAL + "batch/earliest/9999").status()).isEqualTo(400);
        assertThat(app.get(JOURNAL + "offset/" + UUID.randomUUID() + "/next").status())
                .isEqualTo(404);
        assertThat(app.get(JOURNAL + "offset/nonsense/next").status()).isEqualTo(404);
        assertThat(app.get(JOURNAL + "nonsense").status()).isEqualTo(404);
        assertThat(app.get("/webhooks-journal/nonsense/2026-03").status()).isEqualTo(404);
        assertThat(app.put(SUBSCRIPTIONS, "{}").status()).isEqualTo(404);
    }

    @Test
    void aFilesAddressNeedsNoTokenAndEnds() {
        subscribe("");
        made("C-1", "");
        HubspotClient anybody = new HubspotClient(sandbox.port()).with("none");
        JsonNode reply = app.get(JOURNAL + "earliest").json();
        String path = path(reply);
        assertThat(Instant.parse(reply.path("expiresAt").asText()))
                .isAfter(Instant.now().plusSeconds(800));
        assertThat(anybody.get(path).status()).isEqualTo(200);
        assertThat(anybody.get(path.replace("Expires=1", "Expires=2")).status()).isEqualTo(403);
        assertThat(anybody.get(path.replace("Signature=", "Signature=0")).text())
                .contains("signature");
        assertThat(anybody.get(path.replaceFirst("/hubspot/", "/salesforce/")).status())
                .isEqualTo(403);
        assertThat(anybody.get("/webhooks-journal/files/hubspot").status()).isEqualTo(403);
        crm.put(CONTROL, "{\"urlSeconds\":1}");
        String short1 = path(app.get(JOURNAL + "earliest").json());
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> assertThat(anybody.get(short1).text()).contains("expired"));
    }

    @Test
    void whatIsOlderThanTheHistoryIsGoneAndSoIsItsOffset() {
        subscribe("");
        made("C-1", "");
        String offset =
                app.get(JOURNAL + "earliest").json().path("currentOffset").asText();
        String path = path(app.get(JOURNAL + "earliest").json());
        crm.put(CONTROL, "{\"historySeconds\":1}");
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(
                        () -> assertThat(app.get(JOURNAL + "earliest").status()).isEqualTo(204));
        HubspotClient.Reply reply = app.get(JOURNAL + "offset/" + offset + "/next");
        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.json().path("message").asText()).contains(offset);
        assertThat(crm.get(path).status()).isEqualTo(403);
    }

    @Test
    void theJournalSpendsNoneOfTheAccountsLimitsButItsOwn() {
        subscribe("");
        made("C-1", "");
        events();
        JsonNode counted = crm.referee();
        assertThat(counted.path("exempt").asInt())
                .as("a subscription, two readings and a file")
                .isEqualTo(4);
        assertThat(counted.path("accepted").asInt()).isZero();
        assertThat(counted.at("/limits/daily/used").asInt()).isZero();
        assertThat(counted.at("/limits/tenSecondly/used").asInt()).isZero();
        assertThat(counted.at("/byOperation/journal").asInt()).isEqualTo(2);
        assertThat(counted.at("/byOperation/journalFile").asInt()).isOne();
        assertThat(counted.at("/journal/files").asInt()).isOne();
        assertThat(counted.at("/journal/events").asInt()).isOne();
        assertThat(app.get(JOURNAL + "earliest").header("X-HubSpot-RateLimit-Max"))
                .isEmpty();

        crm.put(
                "/sandbox/limits/hubspot",
                "{\"daily\":{\"max\":1,\"windowSeconds\":86400,\"used\":1},"
                        + "\"journal\":{\"max\":1,\"windowSeconds\":3600,\"used\":0}}");
        assertThat(crm.get(CONTACTS).status()).isEqualTo(429);
        assertThat(app.get(JOURNAL + "earliest").status()).isEqualTo(200);
        HubspotClient.Reply refused = app.get(JOURNAL + "earliest");
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.json().path("policyName").asText()).isEqualTo("SECONDLY");
        assertThat(app.get(SUBSCRIPTIONS).status()).isEqualTo(200);
        crm.post("/sandbox/referee/reset", "");
        assertThat(crm.referee().path("exempt").asInt()).isZero();
        assertThat(crm.referee().at("/journal/files").asInt()).isZero();
    }

    @Test
    void onlyTheAppsOwnTokenOpensTheJournalAndItOpensNothingElse() {
        HubspotClient.Reply refused = crm.get(JOURNAL + "earliest");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.json().path("category").asText()).isEqualTo("MISSING_SCOPES");
        assertThat(app.get(CONTACTS).status()).isEqualTo(403);
        assertThat(new HubspotClient(sandbox.port())
                        .with("none")
                        .get(JOURNAL + "earliest")
                        .status())
                .isEqualTo(401);
        crm.post("/sandbox/faults/hubspot", "{\"kind\":\"expireTokens\"}");
        assertThat(app.get(JOURNAL + "earliest").status()).isEqualTo(401);
        assertThat(crm.referee().path("accepted").asInt())
                .as("that to the contacts")
                .isOne();
    }

    @Test
    void aSnapshotShowsARecordAsItIs() {
        String id = made("C-1", ",\"city\":\"Bonn\",\"phone\":\"1\"");
        HubspotClient.Reply asked = app.post(
                SNAPSHOTS + "crm",
                "{\"snapshotRequests\":[{\"portalId\":1000001,\"objectId\":"
                        + id
                        + ",\"objectTypeId\":\"0-1\",\"properties\":[\"city\",\"email\"]},{\"portalId\":1000001,\"objectId\":5,"
                        + "\"objectTypeId\":\"0-1\",\"properties\":[]}]}");
        assertThat(asked.status()).isEqualTo(200);
        List<String> ids = asked.json().path("snapshotResponses").findValuesAsText("snapshotStatusId");
        assertThat(app.get(SNAPSHOTS + "crm/status/" + ids.get(0))
                        .json()
                        .path("status")
                        .asText())
                .isIn("PENDING", "IN_PROGRESS", "COMPLETED");
        // of snapshots ten calls a second are taken
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(300))
                .untilAsserted(() -> assertThat(app.get(SNAPSHOTS + "status/" + ids.get(0))
                                .json()
                                .path("status")
                                .asText())
                        .isEqualTo("COMPLETED"));
        assertThat(app.get(SNAPSHOTS + "status/" + ids.get(1))
                        .json()
                        .path("status")
                        .asText())
                .isEqualTo("FAILED");
        JsonNode ended = app.get(SNAPSHOTS + "status/" + ids.get(0)).json();
        assertThat(ended.path("completedAt").asLong())
                .isGreaterThan(ended.path("initiatedAt").asLong());
        List<JsonNode> events = events();
        assertThat(actions(events)).containsExactly("SNAPSHOT");
        assertThat(events.get(0).path("objectId").asText()).isEqualTo(id);
        assertThat(events.get(0).path("propertyChanges").path("city").asText()).isEqualTo("Bonn");
        assertThat(StreamSupport.stream(events.get(0).path("propertyChanges").spliterator(), false))
                .hasSize(2);
        assertThat(app.get(SNAPSHOTS + "status/none").status()).isEqualTo(404);
        assertThat(app.get(SNAPSHOTS + "crm").status()).isEqualTo(404);
        assertThat(app.post(SNAPSHOTS + "other", "{}").status()).isEqualTo(404);
        assertThat(app.post(SNAPSHOTS + "crm", "{\"snapshotRequests\":[]}").status())
                .isEqualTo(400);
        assertThat(app.post(SNAPSHOTS + "crm", "{\"snapshotRequests\":[{\"portalId\":5}]}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void aSnapshotEndsWithTheHistory() {
        String id = made("C-1", "");
        crm.put(CONTROL, "{\"historySeconds\":1,\"snapshotMs\":100000}");
        String status = SNAPSHOTS + "status/"
                + app.post(
                                SNAPSHOTS + "crm",
                                "{\"snapshotRequests\":[{\"portalId\":1000001," + "\"objectId\":" + id
                                        + ",\"objectTypeId\":\"0-1\"}]}")
                        .json()
                        .at("/snapshotResponses/0/snapshotStatusId")
                        .asText();
        assertThat(app.get(status).json().path("status").asText()).isEqualTo("PENDING");
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(
                        () -> assertThat(app.get(status).json().path("status").asText())
                                .isEqualTo("EXPIRED"));
    }

    @Test
    void theControlSetsItUpInOneStepAndRefusesWhatIsWrong() {
        JsonNode shown = crm.put(CONTROL, "{\"subscribe\":[\"contacts\",\"deals\"],\"urlSeconds\":60}")
                .json();
        assertThat(shown.path("urlSeconds").asInt()).isEqualTo(60);
        assertThat(shown.path("subscriptions"))
                .as("of what happens and of associations")
                .hasSize(4);
        made("C-1", "");
        assertThat(events()).hasSize(1);
        assertThat(crm.get(CONTROL).json().path("lastOffset"))
                .isEqualTo(app.get(JOURNAL + "latest").json().path("currentOffset"));
        assertThat(crm.put(CONTROL, "{\"subscribe\":[\"horses\"]}").text()).contains("horses");
        assertThat(crm.put(CONTROL, "{\"snapshotMs\":0}").status()).isEqualTo(400);
        assertThat(crm.put("/sandbox/journal/salesforce", "{}").text()).contains("no journal");
        assertThat(crm.delete(CONTROL).json().path("subscriptions")).isEmpty();
    }

    @Test
    void subscriptionsAndCountsOutliveTheSandboxInItsFile(@TempDir Path folder) {
        Path file = folder.resolve("data");
        try (Sandbox first = Sandbox.start("127.0.0.1", 0, Optional.of(file))) {
            HubspotClient client = new HubspotClient(first.port());
            client.put(CONTROL, "{\"subscribe\":[\"contacts\"]}");
            client.with(token(client)).get(JOURNAL + "earliest");
        }
        try (Sandbox second = Sandbox.start("127.0.0.1", 0, Optional.of(file))) {
            HubspotClient client = new HubspotClient(second.port());
            assertThat(client.referee().path("exempt").asInt()).isOne();
            assertThat(client.referee().path("accepted").asInt()).isZero();
            assertThat(client.referee().at("/limits/daily/used").asInt()).isZero();
            client.post(USER, "{\"customer_no\":\"C-1\"}");
            assertThat(client.with(token(client)).get(JOURNAL + "earliest").status())
                    .isEqualTo(200);
        }
    }
}
