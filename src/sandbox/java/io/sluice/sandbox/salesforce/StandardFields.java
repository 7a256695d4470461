// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.store.FieldType.ADDRESS;
import static io.sluice.sandbox.store.FieldType.BOOLEAN;
import static io.sluice.sandbox.store.FieldType.DATETIME;
import static io.sluice.sandbox.store.FieldType.DOUBLE;
import static io.sluice.sandbox.store.FieldType.ID;
import static io.sluice.sandbox.store.FieldType.PICKLIST;
import static io.sluice.sandbox.store.FieldType.REFERENCE;
import static io.sluice.sandbox.store.FieldType.STRING;
import static io.sluice.sandbox.store.FieldType.TEXTAREA;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Declares the kinds of fields that standard objects have, and the fields that all of them have. */
final class StandardFields {

    private static final List<String> ACCURACIES = List.of(
            "Address",
            "NearAddress",
            "Block",
            "Street",
            "ExtendedZip",
            "Zip",
            "Neighborhood",
            "City",
            "County",
            "State",
            "Unknown");

    private StandardFields() {}

    /** Declares an object with these fields and those that every object has. */
    static ObjectType type(String name, String label, String plural, String keyPrefix, List<Field> own) {
        List<Field> fields = new ArrayList<>();
        fields.add(Field.of("Id", label + " ID", ID).asIdLookup().computed(Row::id));
        fields.add(Field.of("IsDeleted", "Deleted", BOOLEAN).computed(Row::isDeleted));
        fields.addAll(own);
        ObjectType type = new ObjectType(name, label, plural, keyPrefix, fields);
        computed(type, own);
        type.add(Field.of("CreatedDate", "Created Date", DATETIME).computed(Row::created));
        type.add(reference("CreatedById", "Created By ID", "User", "CreatedBy").computed(Row::createdBy));
        type.add(Field.of("LastModifiedDate", "Last Modified Date", DATETIME).computed(Row::modified));
        type.add(reference("LastModifiedById", "Last Modified By ID", "User", "LastModifiedBy")
                .computed(Row::modifiedBy));
        type.add(Field.of("SystemModstamp", "System Modstamp", DATETIME).computed(Row::stamp));
        return type;
    }

    /** Computes the compound fields, once their parts have columns. */
    private static void computed(ObjectType type, List<Field> own) {
        for (Field field : own) {
            boolean personName =
                    "Name".equals(field.name()) && type.field("LastName").isPresent();
            if (personName) {
                type.add(field.computed(row -> Stream.of("FirstName", "LastName")
                        .map(part -> read(type, part, row))
                        .filter(Objects::nonNull)
                        .map(String::valueOf)
                        .collect(Collectors.joining(" "))));
            } else if (field.type() == ADDRESS) {
                String prefix = field.name().substring(0, field.name().length() - "Address".length());
                type.add(field.computed(row -> address(type, prefix, row)));
            }
        }
    }

    private static Map<String, Object> address(ObjectType type, String prefix, Row row) {
        Map<String, Object> parts = new LinkedHashMap<>();
        for (String part : List.of(
                "City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")) {
            parts.put(Character.toLowerCase(part.charAt(0)) + part.substring(1), read(type, prefix + part, row));
        }
        return parts.values().stream().allMatch(Objects::isNull) ? null : parts;
    }

    /** Declares the parts of a person's name and the compound field. */
    static List<Field> personName() {
        return List.of(
                text("LastName", "Last Name", 80).asRequired().within("Name"),
                text("FirstName", "First Name", 40).within("Name"),
                picklist("Salutation", "Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")
                        .within("Name"),
                unwritable("Name", "Full Name", STRING).withLength(121).asNameField());
    }

    /** Declares the parts of an address and the compound field. */
    static List<Field> address(String prefix, String label) {
        String compound = prefix + "Address";
        return List.of(
                Field.of(prefix + "Street", label + "Street", TEXTAREA).within(compound),
                text(prefix + "City", label + "City", 40).within(compound),
                text(prefix + "State", label + "State/Province", 80).within(compound),
                text(prefix + "PostalCode", label + "Zip/Postal Code", 20).within(compound),
                text(prefix + "Country", label + "Country", 80).within(compound),
                Field.of(prefix + "Latitude", label + "Latitude", DOUBLE)
                        .withScale(15)
                        .within(compound),
                Field.of(prefix + "Longitude", label + "Longitude", DOUBLE)
                        .withScale(15)
                        .within(compound),
                Field.of(prefix + "GeocodeAccuracy", label + "Geocode Accuracy", PICKLIST)
                        .offering(true, ACCURACIES)
                        .within(compound),
                unwritable(compound, label + "Address", ADDRESS));
    }

    /** Declares a compound field that {@link #computed} replaces later. */
    private static Field unwritable(String name, String label, FieldType type) {
        return Field.of(name, label, type).computed(row -> null);
    }

    /** Declares a field that the CRM alone fills, and that stays empty here. */
    static Field unset(String name, String label, FieldType type) {
        return Field.of(name, label, type).computed(row -> null);
    }

    /** Declares when users last looked at a record; nobody does here. */
    static List<Field> views() {
        return List.of(
                unset("LastViewedDate", "Last Viewed Date", DATETIME),
                unset("LastReferencedDate", "Last Referenced Date", DATETIME));
    }

    /** Declares what the org remembers of bounced e-mails. */
    static List<Field> bounces() {
        return List.of(
                text("EmailBouncedReason", "Email Bounced Reason", 255),
                Field.of("EmailBouncedDate", "Email Bounced Date", DATETIME));
    }

    /**
     * Declares the fields of Data.com, which are still there.
     *
     * @param idName name of its own id, null where there is none
     */
    static List<Field> dataCom(String idName) {
        List<Field> fields = new ArrayList<>(List.of(
                text("Jigsaw", "Data.com Key", 20),
                picklist(
                                "CleanStatus",
                                "Clean Status",
                                "Matched",
                                "Different",
                                "Acknowledged",
                                "NotFound",
                                "Inactive",
                                "Pending",
                                "SelectMatch",
                                "Skipped")
                        .withLength(40)));
        if (idName != null) {
            fields.add(unset(idName, idName.replace("Jigsaw", "Jigsaw ").replace("Id", " ID"), STRING)
                    .withLength(20));
        }
        return fields;
    }

    /** Declares a text of at most so many characters. */
    static Field text(String name, String label, int length) {
        return Field.of(name, label, STRING).withLength(length);
    }

    /** Declares the field that holds the survivor's id on a merged record. */
    static Field master(String object) {
        return reference(StandardObjects.MASTER, "Master Record ID", object, "MasterRecord")
                .readOnly();
    }

    /** Declares a reference to a record of an object. */
    static Field reference(String name, String label, String object, String relationship) {
        return Field.of(name, label, REFERENCE).referringTo(object, relationship);
    }

    /** Declares a reference to a record of one of several objects, with the name by which its children are found. */
    static Field oneOf(String name, String label, String relationship, String children, String... objects) {
        return Field.of(name, label, REFERENCE)
                .referringToOneOf(List.of(objects), relationship)
                .asChildOf(children);
    }

    /** Declares a picklist that takes other values too, as the standard ones do through the API. */
    static Field picklist(String name, String label, String... values) {
        return Field.of(name, label, PICKLIST).withLength(255).offering(false, List.of(values));
    }

    /** Declares a long text, which can't be filtered or sorted. */
    static Field longText(String name, String label) {
        return Field.of(name, label, TEXTAREA).withLength(32_000);
    }

    /** Declares a value that is computed from others and that nobody writes. */
    static Field computed(String name, String label, FieldType type, Function<Row, Object> reader) {
        return Field.of(name, label, type).computed(reader);
    }

    /** Reads a field of the same object, for computed fields. */
    static Object read(ObjectType type, String field, Row row) {
        return type.field(field).map(f -> f.read(row)).orElse(null);
    }
}
