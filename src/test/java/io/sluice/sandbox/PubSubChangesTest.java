// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.PubSubClient.CONTACTS;
import static io.sluice.sandbox.PubSubClient.header;
import static io.sluice.sandbox.PubSubClient.names;
import static io.sluice.sandbox.SalesforceClient.records;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ConsumerEvent;
import com.salesforce.eventbus.protobuf.ProducerEvent;
import com.salesforce.eventbus.protobuf.PublishRequest;
import com.salesforce.eventbus.protobuf.PublishResponse;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import com.salesforce.eventbus.protobuf.TopicRequest;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;

/** The events of Salesforce's Pub/Sub API: their schemas, headers and values. */
class PubSubChangesTest extends PubSubTestBase {

    @Test
    void aNewRecordComesWithItsValues() {
        PubSubClient.Subscription subscription = contacts();
        String id = create("\"LastName\":\"One\",\"MailingCity\":\"Bonn\",\"MailingLatitude\":50.7,"
                + "\"Birthdate\":\"1970-01-02\",\"HasOptedOutOfEmail\":true");
        GenericRecord event = subscription.event();
        assertThat(part(event, "Name", "LastName")).hasToString("One");
        assertThat(part(event, "Name", "FirstName")).isNull();
        assertThat(part(event, "MailingAddress", "City")).hasToString("Bonn");
        assertThat(part(event, "MailingAddress", "Latitude")).isEqualTo(50.7);
        assertThat(event.get("Birthdate")).isEqualTo(86_400_000L);
        assertThat(event.get("HasOptedOutOfEmail")).isEqualTo(true);
        assertThat(event.get("Phone")).isNull();
        assertThat(Instant.ofEpochMilli((long) event.get("CreatedDate")).getNano())
                .isZero();
        GenericRecord header = header(event);
        assertThat(header.get("entityName")).hasToString("Contact");
        assertThat((List<?>) header.get("recordIds")).hasToString("[" + id + "]");
        assertThat(header.get("changeType")).hasToString("CREATE");
        assertThat(header.get("changeOrigin")).hasToString("com/salesforce/api/rest/62.0");
        assertThat(header.get("commitUser").toString()).startsWith("005");
        assertThat(header.get("transactionKey").toString()).hasSize(36);
        assertThat(header.get("sequenceNumber")).isEqualTo(1);
        assertThat((long) header.get("commitNumber")).isPositive();
        assertThat((List<?>) header.get("changedFields")).isEmpty();
    }

    @Test
    void anUpdateNamesItsFieldsByBitmaps() {
        String id = create("\"LastName\":\"One\",\"FirstName\":\"Ann\",\"Title\":\"Dr\",\"MailingCity\":\"Bonn\"");
        PubSubClient.Subscription subscription = contacts();
        crm.patch(
                API + "/sobjects/Contact/" + id,
                "{\"LastName\":\"Two\",\"FirstName\":null,\"Title\":null,\"MailingCity\":\"Ulm\"}");
        GenericRecord event = subscription.event();
        assertThat(names(event, "changedFields"))
                .containsExactlyInAnyOrder(
                        "Name.LastName", "Name.FirstName", "Title", "MailingAddress.City", "LastModifiedDate");
        assertThat(names(event, "nulledFields")).containsExactlyInAnyOrder("Name.FirstName", "Title");
        assertThat(part(event, "Name", "LastName")).hasToString("Two");
        assertThat(part(event, "MailingAddress", "City")).hasToString("Ulm");
        assertThat(event.get("Title")).isNull();
    }

    @Test
    void deletesRestoresAndMergesAreEvents() {
        String one = create("\"LastName\":\"One\"");
        String two = create("\"LastName\":\"Two\"");
        PubSubClient.Subscription subscription = contacts();
        crm.delete(API + "/sobjects/Contact/" + one);
        crm.post("/sandbox/records/salesforce/Contact/" + one, "{\"IsDeleted\":false}");
        crm.post("/sandbox/records/salesforce/Contact/" + one, "{\"IdToMerge\":\"" + two + "\"}");
        List<GenericRecord> events = subscription.decodedEvents(4);
        assertThat(events)
                .extracting(event ->
                        header(event).get("changeType") + " " + header(event).get("recordIds"))
                .containsExactly(
                        "DELETE [" + one + "]",
                        "UNDELETE [" + one + "]",
                        "DELETE [" + two + "]",
                        "UPDATE [" + one + "]");
        assertThat(events.get(0).get("Name")).isNull();
        assertThat(part(events.get(1), "Name", "LastName")).hasToString("One");
    }

    @Test
    void theSameChangeOfManyRecordsIsOneEvent() {
        String one = create("\"LastName\":\"One\"");
        String two = create("\"LastName\":\"Two\"");
        PubSubClient.Subscription subscription = contacts();
        crm.patch(
                API + "/composite/sobjects",
                records(
                        "Contact",
                        false,
                        "\"Id\":\"" + one + "\",\"Title\":\"Dr\"",
                        "\"Id\":\"" + two + "\",\"Title\":\"Dr\""));
        assertThat((List<?>) header(subscription.event()).get("recordIds")).hasToString("[" + one + ", " + two + "]");
    }

    @Test
    void eachApiNamesItselfAsTheOrigin() {
        PubSubClient.Subscription subscription = contacts();
        crm.postWith("Sforce-Call-Options", "client=crmsync", API + "/sobjects/Contact", "{\"LastName\":\"One\"}");
        crm.post("/sandbox/records/salesforce/Contact", "{\"LastName\":\"Two\"}");
        assertThat(subscription.decodedEvents(2))
                .extracting(event -> header(event).get("changeOrigin").toString())
                .containsExactly(
                        "com/salesforce/api/rest/62.0;client=crmsync",
                        "com/salesforce/api/soap/67.0;client=SfdcInternalAPI/");
    }

    @Test
    void allSelectedObjectsShareATopic() {
        crm.put("/sandbox/objects/salesforce/Booking__c", "{\"label\":\"Booking\"}");
        settings("\"changeEvents\":[\"Contact\",\"Account\",\"Booking__c\"]");
        PubSubClient.Subscription all = latest("/data/ChangeEvents");
        PubSubClient.Subscription bookings = latest("/data/Booking__ChangeEvent");
        create("\"LastName\":\"One\"");
        crm.post(API + "/sobjects/Account", "{\"Name\":\"Acme\"}");
        crm.post(API + "/sobjects/Booking__c", "{\"Name\":\"B-1\"}");
        List<GenericRecord> events = all.decodedEvents(3);
        assertThat(events)
                .extracting(event -> event.getSchema().getName())
                .containsExactly("ContactChangeEvent", "AccountChangeEvent", "Booking__ChangeEvent");
        assertThat(events.get(1).get("Name")).hasToString("Acme");
        assertThat(bookings.event().get("Name")).hasToString("B-1");
    }

    @Test
    void theSchemaSaysWhatItsNumbersAre() {
        crm.put("/sandbox/fields/salesforce/Contact/Start__c", "{\"type\":\"time\"}");
        Schema schema = bus.schema(bus.calls()
                .getTopic(TopicRequest.newBuilder().setTopicName(CONTACTS).build())
                .getSchemaId());
        assertThat(schema.getField("ChangeEventHeader").pos()).isZero();
        assertThat(doc(schema, "Birthdate")).isEqualTo("LONG Data:DateOnly");
        assertThat(doc(schema, "CreatedDate")).isEqualTo("LONG CreatedDate:DateTime");
        assertThat(doc(schema, "LastModifiedDate")).isEqualTo("LONG Data:DateTime");
        assertThat(doc(schema, "Start__c")).isEqualTo("LONG Data:TimeOnly");
        assertThat(doc(schema, "AccountId")).isEqualTo("STRING ForeignKey:EntityId");
        assertThat(doc(schema, "Name")).isEqualTo("RECORD Data:PersonName");
        assertThat(doc(schema, "MailingAddress")).isEqualTo("RECORD Data:Address");
        assertThat(schema.getField("MailingAddress").schema().getTypes().get(1))
                .isEqualTo(schema.getField("OtherAddress").schema().getTypes().get(1));
        assertThat(schema.getField("SystemModstamp")).isNull();
    }

    @Test
    void aNewFieldMakesANewSchema() {
        create("\"LastName\":\"One\"");
        crm.put("/sandbox/fields/salesforce/Contact/Late__c", "{\"type\":\"string\"}");
        create("\"LastName\":\"Two\",\"Late__c\":\"x\"");
        List<ConsumerEvent> events =
                bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 100).events(2);
        assertThat(events.get(0).getEvent().getSchemaId())
                .isNotEqualTo(events.get(1).getEvent().getSchemaId());
        assertThat(bus.decoded(events.get(0)).hasField("Late__c")).isFalse();
        assertThat(bus.decoded(events.get(1)).get("Late__c")).hasToString("x");
    }

    @Test
    void aBulkJobsRowsAreEvents() {
        PubSubClient.Subscription subscription = contacts();
        new BulkClient(crm).run(BulkClient.job("Contact", "insert"), "LastName\nOne\nTwo\n");
        assertThat(subscription.decodedEvents(2))
                .extracting(event -> header(event).get("changeOrigin").toString())
                .containsOnly("com/salesforce/api/bulkapi/62.0");
    }

    @Test
    void aClientPublishesPlatformEvents() throws Exception {
        crm.put("/sandbox/objects/salesforce/Alarm__e", "{\"label\":\"Alarm\"}");
        crm.put("/sandbox/fields/salesforce/Alarm__e/Text__c", "{\"type\":\"string\"}");
        crm.put("/sandbox/fields/salesforce/Alarm__e/Level__c", "{\"type\":\"double\"}");
        PubSubClient.Subscription subscription = latest("/event/Alarm__e");
        String schemaId = bus.calls()
                .getTopic(TopicRequest.newBuilder()
                        .setTopicName("/event/Alarm__e")
                        .build())
                .getSchemaId();
        GenericRecord alarm = new GenericData.Record(bus.schema(schemaId));
        alarm.put("CreatedDate", 0L);
        alarm.put("CreatedById", "005000000000001");
        alarm.put("Text__c", "Fire");
        alarm.put("Level__c", 2.5);
        PublishResponse response = bus.calls()
                .publish(PublishRequest.newBuilder()
                        .setTopicName("/event/Alarm__e")
                        .addEvents(ProducerEvent.newBuilder()
                                .setId("a-1")
                                .setSchemaId(schemaId)
                                .setPayload(ByteString.copyFrom(bytes(alarm))))
                        .addEvents(ProducerEvent.newBuilder().setId("a-2").setSchemaId("none"))
                        .build());
        GenericRecord event = subscription.event();
        assertThat(event.get("Text__c")).hasToString("Fire");
        assertThat(event.get("Level__c")).isEqualTo(2.5);
        assertThat(response.getResults(0).getCorrelationKey()).isEqualTo("a-1");
        assertThat(response.getResults(0).getReplayId().isEmpty()).isFalse();
        assertThat(response.getResults(1).getError().getMsg()).isNotEmpty();
    }

    private static byte[] bytes(GenericRecord record) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private static Object part(GenericRecord event, String compound, String part) {
        return ((GenericRecord) event.get(compound)).get(part);
    }

    private static String doc(Schema schema, String field) {
        return schema.getField(field).schema().getTypes().get(1).getType() + " "
                + schema.getField(field).doc();
    }
}
