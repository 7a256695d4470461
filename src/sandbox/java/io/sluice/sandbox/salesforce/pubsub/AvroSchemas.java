// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import io.sluice.sandbox.salesforce.streaming.EventType;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.JsonProperties;
import org.apache.avro.Schema;

/**
 * Makes the Avro schemas of events in the form of those that a real org shows: dates, moments and times of day are
 * numbers of milliseconds, and only the {@code doc} of a field tells which.
 */
final class AvroSchemas {

    static final String HEADER = "ChangeEventHeader";
    private static final String NAMESPACE = "com.sforce.eventbus";
    private static final List<String> CHANGES = List.of(
            "CREATE",
            "UPDATE",
            "DELETE",
            "UNDELETE",
            "GAP_CREATE",
            "GAP_UPDATE",
            "GAP_DELETE",
            "GAP_UNDELETE",
            "GAP_OVERFLOW",
            "SNAPSHOT");
    private static final List<String> ADDRESS = List.of(
            "Street",
            "City",
            "State",
            "PostalCode",
            "Country",
            "StateCode",
            "CountryCode",
            "Latitude",
            "Longitude",
            "GeocodeAccuracy");
    private static final List<String> PERSON = List.of("Salutation", "FirstName", "LastName");

    private final Map<String, Schema> made = new ConcurrentHashMap<>();

    /** Answers the schema of an event. */
    Schema of(EventType type) {
        return made.computeIfAbsent(type.schema(), id -> make(type));
    }

    private static Schema make(EventType type) {
        Map<String, Schema.Field> fields = new LinkedHashMap<>();
        if (type.isChange()) {
            fields.put(HEADER, new Schema.Field(HEADER, header(), "Data:ComplexValueType"));
        }
        Map<String, Schema> records = new LinkedHashMap<>();
        for (Field field : type.fields()) {
            String name = field.compound() == null ? field.name() : field.compound();
            if (!fields.containsKey(name)) {
                fields.put(name, type.isChange() ? changed(type, field, name, records) : published(field));
            }
        }
        return Schema.createRecord(type.name(), null, NAMESPACE, false, new ArrayList<>(fields.values()));
    }

    private static Schema header() {
        Schema text = Schema.create(Schema.Type.STRING);
        Schema texts = Schema.createArray(text);
        Schema number = Schema.create(Schema.Type.LONG);
        return Schema.createRecord(
                HEADER,
                null,
                NAMESPACE,
                false,
                List.of(
                        new Schema.Field("entityName", text),
                        new Schema.Field("recordIds", texts),
                        new Schema.Field("changeType", Schema.createEnum("ChangeType", null, NAMESPACE, CHANGES)),
                        new Schema.Field("changeOrigin", text),
                        new Schema.Field("transactionKey", text),
                        new Schema.Field("sequenceNumber", Schema.create(Schema.Type.INT)),
                        new Schema.Field("commitTimestamp", number),
                        new Schema.Field("commitNumber", number),
                        new Schema.Field("commitUser", text),
                        new Schema.Field("nulledFields", texts),
                        new Schema.Field("diffFields", texts),
                        new Schema.Field("changedFields", texts)));
    }

    /** Makes a field of a change event; the parts of a compound field share one. */
    private static Schema.Field changed(EventType type, Field field, String name, Map<String, Schema> records) {
        if (field.compound() != null) {
            boolean isName = "Name".equals(name);
            Schema parts = records.computeIfAbsent(
                    isName ? "PersonName" : "Address", record -> parts(record, isName ? PERSON : ADDRESS));
            return nullable(name, List.of(parts), isName ? "Data:PersonName" : "Data:Address");
        }
        Schema kind = Schema.create(kind(field.type()));
        // where an org has person accounts, an account's name is a person's
        return "Name".equals(name) && "AccountChangeEvent".equals(type.name())
                ? nullable(name, List.of(kind, parts("Switchable_PersonName", PERSON)), "Data:Switchable_PersonName")
                : nullable(name, List.of(kind), doc(field));
    }

    /** Makes a field of a platform event; a required one is never null. */
    private static Schema.Field published(Field field) {
        Schema kind = Schema.create(kind(field.type()));
        return field.source() != null || field.required()
                ? new Schema.Field(field.name(), kind, doc(field))
                : nullable(field.name(), List.of(kind), doc(field));
    }

    private static Schema parts(String record, List<String> names) {
        return Schema.createRecord(
                record,
                null,
                NAMESPACE,
                false,
                names.stream()
                        .map(name -> nullable(
                                name,
                                List.of(Schema.create(
                                        name.endsWith("itude") ? Schema.Type.DOUBLE : Schema.Type.STRING)),
                                null))
                        .toList());
    }

    private static Schema.Field nullable(String name, List<Schema> kinds, String doc) {
        List<Schema> all = new ArrayList<>();
        all.add(Schema.create(Schema.Type.NULL));
        all.addAll(kinds);
        return new Schema.Field(name, Schema.createUnion(all), doc, JsonProperties.NULL_VALUE);
    }

    private static Schema.Type kind(FieldType type) {
        return switch (type) {
            case BOOLEAN -> Schema.Type.BOOLEAN;
            case INT -> Schema.Type.INT;
            case DOUBLE, CURRENCY, PERCENT -> Schema.Type.DOUBLE;
            case DATE, DATETIME, TIME -> Schema.Type.LONG;
            default -> Schema.Type.STRING;
        };
    }

    /** Answers role and type of a field, such as {@code Data:Phone}. */
    private static String doc(Field field) {
        return switch (field.name()) {
            case "CreatedDate" -> "CreatedDate:DateTime";
            case "CreatedById" -> "CreatedBy:EntityId";
            default -> field.type() == FieldType.REFERENCE ? "ForeignKey:EntityId" : "Data:" + dataType(field);
        };
    }

    private static String dataType(Field field) {
        return switch (field.type()) {
            case BOOLEAN -> "Boolean";
            case INT -> "Integer";
            case DOUBLE -> "Double";
            case CURRENCY -> "Currency";
            case PERCENT -> "Percent";
            case DATE -> "DateOnly";
            case DATETIME -> "DateTime";
            case TIME -> "TimeOnly";
            case EMAIL -> "Email";
            case PHONE -> "Phone";
            case URL -> "Url";
            case PICKLIST, COMBOBOX -> "DynamicEnum";
            case MULTIPICKLIST -> "MultiEnum";
            case TEXTAREA -> field.length() > 255 ? "StringPlusClob" : "MultiLineText";
            default -> "Text";
        };
    }
}
