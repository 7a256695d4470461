// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ProducerEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Encodes events of Change Data Capture about contacts, with bitmaps that are written out by hand or computed here. */
public final class ContactEvents {

    static final String SCHEMA_ID = "contact-1";
    static final Instant COMMITTED = Instant.parse("2026-03-04T05:06:07.089Z");

    /** 0 header, 1 Name, 2 Email, 3 Phone, 4 MailingAddress, 5 Birthdate and so on. */
    static final Schema SCHEMA = schema();

    private final Map<String, Object> header = new LinkedHashMap<>();
    private final Map<String, Object> fields = new LinkedHashMap<>();

    private ContactEvents(String type, List<String> ids) {
        header.put("entityName", "Contact");
        header.put("recordIds", ids);
        header.put("changeType", type);
        header.put("changeOrigin", "");
        header.put("transactionKey", "00aa11bb-22cc-33dd-44ee-55ff66aa77bb");
        header.put("sequenceNumber", 1);
        header.put("commitTimestamp", COMMITTED.toEpochMilli());
        header.put("commitNumber", 1001L);
        header.put("commitUser", "005000000000001AAA");
        header.put("nulledFields", List.of());
        header.put("diffFields", List.of());
        header.put("changedFields", List.of());
    }

    private static Schema schema() {
        SchemaBuilder.FieldAssembler<Schema> header =
                SchemaBuilder.record("ChangeEventHeader").fields();
        header.requiredString("entityName");
        header.name("recordIds").type().array().items().stringType().noDefault();
        header.name("changeType")
                .type()
                .enumeration("ChangeType")
                .symbols(
                        "CREATE",
                        "UPDATE",
                        "DELETE",
                        "UNDELETE",
                        "GAP_CREATE",
                        "GAP_UPDATE",
                        "GAP_DELETE",
                        "GAP_UNDELETE",
                        "GAP_OVERFLOW",
                        "SNAPSHOT")
                .noDefault();
        header.requiredString("changeOrigin");
        header.requiredString("transactionKey");
        header.requiredInt("sequenceNumber");
        header.requiredLong("commitTimestamp");
        header.requiredLong("commitNumber");
        header.requiredString("commitUser");
        for (String list : List.of("nulledFields", "diffFields", "changedFields")) {
            header.name(list).type().array().items().stringType().noDefault();
        }
        Schema name = SchemaBuilder.record("Name")
                .fields()
                .optionalString("Salutation")
                .optionalString("FirstName")
                .optionalString("LastName")
                .endRecord();
        Schema address = SchemaBuilder.record("Address")
                .fields()
                .optionalString("Street")
                .optionalString("City")
                .optionalString("PostalCode")
                .optionalDouble("Latitude")
                .endRecord();
        Schema place = SchemaBuilder.record("Location")
                .fields()
                .optionalDouble("Latitude")
                .optionalDouble("Longitude")
                .endRecord();
        List<Schema.Field> fields = new ArrayList<>();
        fields.add(new Schema.Field("ChangeEventHeader", header.endRecord(), null, null));
        fields.add(optional("Name", name, null));
        fields.add(optional("Email", Schema.create(Schema.Type.STRING), "Data:Email:00N1"));
        fields.add(optional("Phone", Schema.create(Schema.Type.STRING), null));
        fields.add(optional("MailingAddress", address, null));
        fields.add(optional("Birthdate", Schema.create(Schema.Type.LONG), "Data:DateOnly"));
        fields.add(optional("LastModifiedDate", Schema.create(Schema.Type.LONG), null));
        fields.add(optional("AccountId", Schema.create(Schema.Type.STRING), "ForeignKey:EntityId"));
        fields.add(optional("Customer_No__c", Schema.create(Schema.Type.STRING), null));
        fields.add(optional("Amount__c", Schema.create(Schema.Type.DOUBLE), "Data:Currency:00N2"));
        fields.add(optional("Active__c", Schema.create(Schema.Type.BOOLEAN), "Data:Boolean:00N3"));
        fields.add(optional("Site__c", place, null));
        fields.add(optional("Visits__c", Schema.create(Schema.Type.INT), null));
        fields.add(optional("Opens_At__c", Schema.create(Schema.Type.LONG), "Data:TimeOnly:00N4"));
        fields.add(optional("Seen_At__c", Schema.create(Schema.Type.LONG), "Data:DateTime:00N5"));
        return Schema.createRecord("ContactChangeEvent", null, "com.sforce.eventbus", false, fields);
    }

    private static Schema.Field optional(String name, Schema type, String doc) {
        return new Schema.Field(name, Schema.createUnion(Schema.create(Schema.Type.NULL), type), doc, null);
    }

    public static ContactEvents of(String type, String... ids) {
        return new ContactEvents(type, List.of(ids));
    }

    /** Makes the update of a field of each record. */
    public static ContactEvents update(String field, Object value, String... ids) {
        int position = SCHEMA.getField(field).pos();
        return of("UPDATE", ids)
                .with(field, value)
                .changed("0x" + Integer.toHexString(1 << position))
                .header("transactionKey", field + " " + value);
    }

    ContactEvents with(String field, Object value) {
        fields.put(field, value);
        return this;
    }

    ContactEvents with(String compound, String part, Object value) {
        GenericRecord record = (GenericRecord) fields.computeIfAbsent(
                compound,
                first -> new GenericData.Record(
                        FieldBitmaps.recordOf(SCHEMA.getField(compound).schema())));
        record.put(part, value);
        return this;
    }

    ContactEvents header(String name, Object value) {
        header.put(name, value);
        return this;
    }

    ContactEvents changed(String... bitmaps) {
        return header("changedFields", List.of(bitmaps));
    }

    ContactEvents nulled(String... bitmaps) {
        return header("nulledFields", List.of(bitmaps));
    }

    /** Says that the writer named itself so. */
    ContactEvents by(String client) {
        return header("changeOrigin", "com/salesforce/api/rest/62.0;client=" + client);
    }

    byte[] payload() {
        GenericRecord event = new GenericData.Record(SCHEMA);
        Schema headerSchema = SCHEMA.getField("ChangeEventHeader").schema();
        GenericRecord record = new GenericData.Record(headerSchema);
        header.forEach(record::put);
        record.put(
                "changeType",
                new GenericData.EnumSymbol(
                        headerSchema.getField("changeType").schema(),
                        header.get("changeType").toString()));
        event.put("ChangeEventHeader", record);
        fields.forEach(event::put);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            new GenericDatumWriter<GenericRecord>(SCHEMA).write(event, encoder);
            encoder.flush();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    public ProducerEvent event() {
        return event(SCHEMA_ID, payload());
    }

    static ProducerEvent event(String schemaId, byte[] payload) {
        return ProducerEvent.newBuilder()
                .setId("event")
                .setSchemaId(schemaId)
                .setPayload(ByteString.copyFrom(payload))
                .build();
    }

    ChangeEvent decoded() throws UndecodableEvent {
        return ChangeEventDecoder.decode(SCHEMA, payload());
    }
}
