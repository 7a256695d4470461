// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static io.sluice.sandbox.SalesforceClient.records;
import static io.sluice.sandbox.StreamingClient.connected;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Change events and platform events of the Streaming API. */
class ChangeEventsTest extends SandboxTestBase {

    private static final String CONTACTS = "/data/ContactChangeEvent";

    private StreamingClient client;

    @BeforeEach
    void subscribe() {
        crm.put("/sandbox/streaming/salesforce", "{\"changeEvents\":[\"Contact\"]}");
        client = connected(crm);
        client.subscribe(CONTACTS);
    }

    @Test
    void aNewRecordComesWithAllFieldsThatAreNotEmpty() {
        String id = create("\"LastName\":\"One\",\"FirstName\":\"Ann\",\"MailingCity\":\"Bonn\"");
        JsonNode event = event();
        assertThat(event.path("schema").asText()).hasSize(22);
        assertThat(event.at("/event/replayId").asLong()).isPositive();
        JsonNode payload = event.path("payload");
        assertThat(payload.path("Name").toString()).isEqualTo("{\"LastName\":\"One\",\"FirstName\":\"Ann\"}");
        assertThat(payload.path("MailingAddress").toString()).isEqualTo("{\"City\":\"Bonn\"}");
        assertThat(payload.path("CreatedDate").asText()).matches(".*\\.000Z");
        assertThat(payload.has("OwnerId")).isTrue();
        assertThat(payload.has("Phone") || payload.has("SystemModstamp") || payload.has("Id"))
                .isFalse();
        JsonNode header = payload.path("ChangeEventHeader");
        assertThat(header.path("entityName").asText()).isEqualTo("Contact");
        assertThat(header.path("recordIds").toString()).isEqualTo("[\"" + id + "\"]");
        assertThat(header.path("changeType").asText()).isEqualTo("CREATE");
        assertThat(header.path("changedFields")).isEmpty();
        assertThat(header.path("commitUser").asText()).startsWith("005");
        assertThat(header.path("sequenceNumber").asInt()).isOne();
        assertThat(header.path("transactionKey").asText()).hasSize(36);
        assertThat(header.path("commitNumber").asLong()).isPositive();
        assertThat(header.path("commitTimestamp").asLong() % 1000).isZero();
    }

    @Test
    void anUpdateHasTheChangedFieldsAlone() {
        String id = create("\"LastName\":\"One\",\"Title\":\"Dr\",\"Phone\":\"1\"");
        event();
        crm.patch(API + "/sobjects/Contact/" + id, "{\"LastName\":\"Two\",\"Title\":null,\"Phone\":\"1\"}");
        JsonNode payload = event().path("payload");
        assertThat(names(payload)).containsExactlyInAnyOrder("ChangeEventHeader", "Name", "Title", "LastModifiedDate");
        assertThat(payload.path("Title").isNull()).isTrue();
        assertThat(payload.at("/Name/LastName").asText()).isEqualTo("Two");
        assertThat(texts(payload.at("/ChangeEventHeader/changedFields")))
                .containsExactlyInAnyOrder("Name.LastName", "Title", "LastModifiedDate");
    }

    @Test
    void aDeletedRecordHasNoFieldsAndARestoredOneHasAll() {
        String id = create("\"LastName\":\"One\"");
        crm.delete(API + "/sobjects/Contact/" + id);
        crm.post("/sandbox/records/salesforce/Contact/" + id, "{\"IsDeleted\":false}");
        List<JsonNode> events = client.events();
        assertThat(events)
                .extracting(event ->
                        event.at("/payload/ChangeEventHeader/changeType").asText())
                .containsExactly("CREATE", "DELETE", "UNDELETE");
        assertThat(names(events.get(1).path("payload"))).containsExactly("ChangeEventHeader");
        assertThat(events.get(2).at("/payload/Name/LastName").asText()).isEqualTo("One");
    }

    @Test
    void theSameChangeOfManyRecordsInATransactionIsOneEvent() {
        String one = create("\"LastName\":\"One\"");
        String two = create("\"LastName\":\"Two\"");
        client.events();
        crm.patch(
                API + "/composite/sobjects",
                records(
                        "Contact",
                        false,
                        "\"Id\":\"" + one + "\",\"Title\":\"Dr\"",
                        "\"Id\":\"" + two + "\",\"Title\":\"Dr\""));
        assertThat(texts(event().at("/payload/ChangeEventHeader/recordIds"))).containsExactly(one, two);
    }

    @Test
    void eventsOfATransactionAreNumbered() {
        crm.upsertContacts(contact("C-1", "One"), contact("C-2", "Two"));
        List<JsonNode> events = client.events();
        assertThat(events)
                .extracting(event ->
                        event.at("/payload/ChangeEventHeader/sequenceNumber").asInt())
                .containsExactly(1, 2);
        assertThat(events)
                .extracting(event ->
                        event.at("/payload/ChangeEventHeader/transactionKey").asText())
                .containsOnly(events.get(0)
                        .at("/payload/ChangeEventHeader/transactionKey")
                        .asText());
    }

    @Test
    void theOriginNamesTheApiAndTheClient() {
        crm.postWith(
                "Sforce-Call-Options",
                "client=crmsync, defaultNamespace=x",
                API + "/sobjects/Contact",
                "{\"LastName\":\"One\"}");
        assertThat(origin()).isEqualTo("com/salesforce/api/rest/62.0;client=crmsync");
        create("\"LastName\":\"Two\"");
        assertThat(origin()).isEqualTo("com/salesforce/api/rest/62.0");
        crm.post("/sandbox/records/salesforce/Contact", "{\"LastName\":\"Three\"}");
        assertThat(origin()).isEqualTo("com/salesforce/api/soap/67.0;client=SfdcInternalAPI/");
    }

    @Test
    void aFlowWithinAWriteIsAChangeWithoutOrigin() {
        crm.put(
                "/sandbox/automations/salesforce",
                "{\"object\":\"Contact\",\"when\":\"created\",\"set\":{\"Title\":\"Dr\"},\"within\":true}");
        create("\"LastName\":\"One\"");
        List<JsonNode> events = client.events();
        assertThat(events)
                .extracting(event ->
                        event.at("/payload/ChangeEventHeader/changeType").asText())
                .containsExactly("CREATE", "UPDATE");
        assertThat(events.get(1).at("/payload/ChangeEventHeader/changeOrigin").asText())
                .isEmpty();
    }

    @Test
    void aRecordCanBeReadWhenItsEventComes() {
        var poll = client.laterEvents();
        crm.post(
                "/sandbox/faults/salesforce",
                "{\"kind\":\"lateCommit\",\"forSeconds\":1,\"seconds\":1,\"operation\":\"create\",\"count\":1}");
        create("\"LastName\":\"Late\"");
        String id =
                poll.join().get(0).at("/payload/ChangeEventHeader/recordIds/0").asText();
        assertThat(crm.get(API + "/sobjects/Contact/" + id).status()).isEqualTo(200);
    }

    @Test
    void allSelectedObjectsShareAChannel() {
        crm.put("/sandbox/streaming/salesforce", "{\"changeEvents\":[\"Contact\",\"Account\"]}");
        client.subscribe("/data/ChangeEvents");
        create("\"LastName\":\"One\"");
        crm.post(API + "/sobjects/Account", "{\"Name\":\"Acme\"}");
        crm.post(API + "/sobjects/Lead", "{\"LastName\":\"Lost\",\"Company\":\"x\"}");
        assertThat(client.events())
                .extracting(event ->
                        event.at("/payload/ChangeEventHeader/entityName").asText())
                .containsExactly("Contact", "Contact", "Account");
    }

    @Test
    void anObjectThatIsNotSelectedHasNoEvents() {
        crm.delete("/sandbox/streaming/salesforce");
        StreamingClient other = connected(crm);
        other.subscribe(CONTACTS, "-2");
        create("\"LastName\":\"One\"");
        assertThat(other.events()).isEmpty();
        assertThat(crm.referee().at("/streaming/retained").asInt()).isZero();
        assertThat(crm.put(
                                "/sandbox/streaming/salesforce",
                                "{\"changeEvents\":[\"Account\",\"Contact\",\"Lead\",\"Case\",\"Task\",\"Event\"]}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void theSelectionAndThePushTopicsSurviveARestart(@TempDir Path folder) {
        Optional<Path> data = Optional.of(folder.resolve("sandbox.ndjson"));
        try (Sandbox first = Sandbox.start("127.0.0.1", 0, data)) {
            SalesforceClient before = new SalesforceClient(first.port()).login();
            before.put("/sandbox/streaming/salesforce", "{\"changeEvents\":[\"Account\"]}");
            before.post(
                    API + "/sobjects/PushTopic",
                    "{\"Name\":\"Accounts\",\"ApiVersion\":62.0,\"Query\":\"SELECT Id FROM Account\"}");
        }
        try (Sandbox second = Sandbox.start("127.0.0.1", 0, data)) {
            SalesforceClient after = new SalesforceClient(second.port()).login();
            StreamingClient later = connected(after);
            later.subscribe("/data/ChangeEvents");
            later.subscribe("/topic/Accounts");
            after.post(API + "/sobjects/Account", "{\"Name\":\"Acme\"}");
            assertThat(later.events()).hasSize(2);
        }
    }

    @Test
    void aCustomObjectHasAChannelOfItsName() {
        crm.put("/sandbox/objects/salesforce/Booking__c", "{\"label\":\"Booking\"}");
        crm.put("/sandbox/streaming/salesforce", "{\"changeEvents\":[\"Booking__c\"]}");
        client.subscribe("/data/Booking__ChangeEvent");
        crm.post(API + "/sobjects/Booking__c", "{\"Name\":\"B-1\"}");
        assertThat(event().at("/payload/Name").asText()).isEqualTo("B-1");
    }

    @Test
    void aPlatformEventIsPublishedAndNotKept() {
        crm.put("/sandbox/objects/salesforce/Alarm__e", "{\"label\":\"Alarm\"}");
        crm.put("/sandbox/fields/salesforce/Alarm__e/Text__c", "{\"type\":\"string\"}");
        client.subscribe("/event/Alarm__e");
        assertThat(crm.post(API + "/sobjects/Alarm__e", "{\"Text__c\":\"Fire\"}")
                        .status())
                .isEqualTo(201);
        JsonNode payload = event().path("payload");
        assertThat(names(payload)).containsExactlyInAnyOrder("Text__c", "CreatedDate", "CreatedById");
        assertThat(payload.path("Text__c").asText()).isEqualTo("Fire");
        assertThat(crm.referee().at("/recordsByObject/Alarm__e").asInt()).isZero();
    }

    private String create(String fields) {
        return crm.post(API + "/sobjects/Contact", "{" + fields + "}")
                .json()
                .path("id")
                .asText();
    }

    private JsonNode event() {
        List<JsonNode> events = client.events();
        assertThat(events).hasSize(1);
        return events.get(0);
    }

    private String origin() {
        return event().at("/payload/ChangeEventHeader/changeOrigin").asText();
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
