// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.PubSubClient.CONTACTS;
import static io.sluice.sandbox.PubSubClient.header;
import static io.sluice.sandbox.PubSubClient.names;
import static io.sluice.sandbox.SalesforceClient.records;
import static org.assertj.core.api.Assertions.assertThat;

import com.salesforce.eventbus.protobuf.ConsumerEvent;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import java.util.List;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Custom channels of change events, and events that are too large or too many. */
class PubSubChannelsTest extends PubSubTestBase {

    private static final String TOOLING = API + "/tooling/sobjects/";
    private static final String TOPIC = "/data/Sluice__chn";

    @BeforeEach
    void makeChannel() {
        settings("\"changeEvents\":[]");
        assertThat(crm.post(
                                TOOLING + "PlatformEventChannel",
                                "{\"FullName\":\"Sluice__chn\",\"Metadata\":{\"channelType\":\"data\",\"label\":\"Sluice\"}}")
                        .status())
                .isEqualTo(201);
    }

    @Test
    void aMemberSelectsAnObjectForItsChannel() {
        String member = member("");
        PubSubClient.Subscription subscription = latest(TOPIC);
        create("\"LastName\":\"One\"");
        assertThat(header(subscription.event()).get("entityName")).hasToString("Contact");
        bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 1).events(1);
        assertThat(crm.delete(TOOLING + "PlatformEventChannelMember/" + member).status())
                .isEqualTo(204);
        create("\"LastName\":\"Two\"");
        member("");
        create("\"LastName\":\"Three\"");
        assertThat(lastName(subscription.event())).isEqualTo("Three");
    }

    @Test
    void aFilterChoosesRecordsWhoseEventsAreDeliveredAndCounted() {
        member(",\"filterExpression\":\"Title = 'Dr' AND LastName != 'Two'\"");
        PubSubClient.Subscription subscription = latest(TOPIC);
        create("\"LastName\":\"One\"");
        create("\"LastName\":\"Two\",\"Title\":\"Dr\"");
        create("\"LastName\":\"Three\",\"Title\":\"Dr\"");
        assertThat(lastName(subscription.event())).isEqualTo("Three");
        assertThat(crm.referee().at("/limits/eventDeliveries/used").asInt()).isOne();
    }

    /** Changes two contacts alike in one transaction. */
    private void giveBothTheTitle() {
        crm.patch(
                API + "/composite/sobjects",
                records(
                        "Contact",
                        false,
                        "\"Id\":\"" + id("C-1") + "\",\"Title\":\"Dr\"",
                        "\"Id\":\"" + id("C-2") + "\",\"Title\":\"Dr\""));
    }

    @Test
    void enrichedEventsComeApartWithOneReplayId() {
        crm.upsertContacts(SalesforceClient.contact("C-1", "One"), SalesforceClient.contact("C-2", "Two"));
        member(",\"enrichedFields\":[{\"name\":\"Customer_No__c\"},{\"name\":\"LastName\"}]");
        PubSubClient.Subscription subscription = latest(TOPIC);
        giveBothTheTitle();
        List<ConsumerEvent> events = subscription.events(2);
        assertThat(events.get(0).getReplayId()).isEqualTo(events.get(1).getReplayId());
        GenericRecord first = bus.decoded(events.get(0));
        assertThat((List<?>) header(first).get("recordIds")).hasToString("[" + id("C-1") + "]");
        assertThat(first.get("Customer_No__c")).hasToString("C-1");
        assertThat(lastName(first)).isEqualTo("One");
        assertThat(names(first, "changedFields")).containsExactlyInAnyOrder("Title", "LastModifiedDate");
        assertThat(bus.decoded(events.get(1)).get("Customer_No__c")).hasToString("C-2");
    }

    @Test
    void partsOfAnEnrichedEventComeInSeveralResponses() {
        crm.upsertContacts(SalesforceClient.contact("C-1", "One"), SalesforceClient.contact("C-2", "Two"));
        member(",\"enrichedFields\":[{\"name\":\"Customer_No__c\"}]");
        giveBothTheTitle();
        PubSubClient.Subscription subscription = bus.subscribe(TOPIC, ReplayPreset.EARLIEST, 1);
        assertThat(subscription.event().get("Customer_No__c")).hasToString("C-1");
        subscription.request(5);
        assertThat(subscription.event().get("Customer_No__c")).hasToString("C-2");
        create("\"LastName\":\"Three\"");
        assertThat(lastName(subscription.event())).isEqualTo("Three");
    }

    @Test
    void aDeletedRecordIsEnrichedToo() {
        crm.upsertContacts(SalesforceClient.contact("C-1", "One"));
        member(",\"enrichedFields\":[{\"name\":\"Customer_No__c\"}]");
        PubSubClient.Subscription subscription = latest(TOPIC);
        crm.delete(API + "/sobjects/Contact/" + id("C-1"));
        assertThat(subscription.event().get("Customer_No__c")).hasToString("C-1");
    }

    @Test
    void aMemberThatCannotBeIsRejected() {
        assertThat(rejected("Nothing__chn", "ContactChangeEvent", "")).isEqualTo(400);
        assertThat(rejected("Sluice__chn", "NothingChangeEvent", "")).isEqualTo(400);
        assertThat(rejected("Sluice__chn", "ContactChangeEvent", ",\"filterExpression\":\"Nothing = 1\""))
                .isEqualTo(400);
        assertThat(rejected("ChangeEvents", "ContactChangeEvent", ",\"enrichedFields\":[{\"name\":\"Title\"}]"))
                .isEqualTo(400);
    }

    @Test
    void theToolingApiIsQueried() {
        member("");
        assertThat(crm.get(API + "/tooling/query?q="
                                + SalesforceClient.encoded("SELECT SelectedEntity FROM PlatformEventChannelMember"
                                        + " WHERE EventChannel = 'Sluice__chn'"))
                        .json()
                        .at("/records/0/SelectedEntity")
                        .asText())
                .isEqualTo("ContactChangeEvent");
    }

    @Test
    void aMemberOfTheChannelOfAllChangesSelectsItsObject() {
        crm.post(
                TOOLING + "PlatformEventChannelMember",
                "{\"FullName\":\"ChangeEvents_Contact\",\"Metadata\":{\"eventChannel\":\"ChangeEvents\","
                        + "\"selectedEntity\":\"ContactChangeEvent\"}}");
        PubSubClient.Subscription subscription = latest("/data/ChangeEvents");
        create("\"LastName\":\"One\"");
        subscription.events(1);
    }

    @Test
    void tooManyChangesInATransactionOverflow() {
        settings("\"changeEvents\":[\"Contact\"],\"maxChanges\":2");
        PubSubClient.Subscription subscription = contacts();
        crm.upsertContacts(
                SalesforceClient.contact("C-1", "One"),
                SalesforceClient.contact("C-2", "Two"),
                SalesforceClient.contact("C-3", "Three"),
                SalesforceClient.contact("C-4", "Four"));
        assertThat(subscription.decodedEvents(3))
                .extracting(event -> header(event).get("changeType").toString())
                .containsExactly("CREATE", "CREATE", "GAP_OVERFLOW");
    }

    @Test
    void anEventThatIsTooLargeIsAGap() {
        StringBuilder fields = new StringBuilder();
        String text = "x".repeat(32_000);
        for (int i = 0; i < 32; i++) {
            String name = "Long" + i + "__c";
            crm.put("/sandbox/fields/salesforce/Contact/" + name, "{\"type\":\"textarea\",\"length\":32000}");
            fields.append(",\"").append(name).append("\":\"").append(text).append('"');
        }
        settings("\"changeEvents\":[\"Contact\"]");
        PubSubClient.Subscription subscription = contacts();
        String id = create("\"LastName\":\"One\"" + fields);
        GenericRecord event = subscription.event();
        assertThat(header(event).get("changeType")).hasToString("GAP_CREATE");
        assertThat((List<?>) header(event).get("recordIds")).hasToString("[" + id + "]");
    }

    /** Makes contacts a member of the channel, with more metadata. */
    private String member(String more) {
        SalesforceClient.Reply reply = post("Sluice__chn", "ContactChangeEvent", more);
        assertThat(reply.status()).as(reply.text()).isEqualTo(201);
        return reply.json().path("id").asText();
    }

    private int rejected(String channel, String entity, String more) {
        return post(channel, entity, more).status();
    }

    private SalesforceClient.Reply post(String channel, String entity, String more) {
        return crm.post(
                TOOLING + "PlatformEventChannelMember",
                "{\"FullName\":\"Sluice_chn_" + entity + "\",\"Metadata\":{\"eventChannel\":\"" + channel
                        + "\",\"selectedEntity\":\"" + entity + "\"" + more + "}}");
    }

    private String id(String key) {
        return crm.get(API + "/sobjects/Contact/Customer_No__c/" + key)
                .json()
                .path("Id")
                .asText();
    }

    private static String lastName(GenericRecord event) {
        return ((GenericRecord) event.get("Name")).get("LastName").toString();
    }
}
