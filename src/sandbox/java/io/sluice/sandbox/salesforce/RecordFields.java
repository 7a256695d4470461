// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads a record's JSON into values by field and looks up the records it refers to. */
final class RecordFields {

    private final Store store;
    private final Transaction transaction;

    RecordFields(Store store, Transaction transaction) {
        this.store = store;
        this.transaction = transaction;
    }

    /** @throws RefusedException with the error for this record */
    Map<Field, Object> read(Table table, JsonNode record, boolean creating) {
        Map<Field, Object> fields = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> member : record.properties()) {
            String name = member.getKey();
            if ("attributes".equals(name) || "Id".equalsIgnoreCase(name)) {
                continue;
            }
            Optional<Field> known = table.type().field(name);
            if (known.isEmpty()) {
                parent(table, name, member.getValue(), fields);
                continue;
            }
            Field field = known.get();
            checkWritable(field, creating);
            fields.put(field, kept(field, FieldValue.parse(field, member.getValue())));
        }
        return fields;
    }

    /** @throws RefusedException when the field is the CRM's alone */
    void checkWritable(Field field, boolean creating) {
        if (creating ? !field.createable() : !field.updateable()) {
            throw new RefusedException(SalesforceError.of(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    "Unable to create/update fields: " + field.name() + ". Please check the security settings of "
                            + "this field and verify that it is read/write for your profile or permission set.",
                    field.name()));
        }
    }

    /** Answers the value; looks up the record of a reference. */
    Object kept(Field field, Object value) {
        return field.type() == FieldType.REFERENCE && value != null ? reference(field, (String) value) : value;
    }

    /** Finds the id of the parent that this field refers to, by an external id of the parent. */
    String parent(Field field, Field key, String keyText) {
        return parent(table(field), key, FieldValue.parse(key, keyText), keyText);
    }

    /** Reads a parent named by its external id: {@code "Customer__r":{"Customer_No__c":"C-1"}}. */
    private void parent(Table table, String name, JsonNode keys, Map<Field, Object> fields) {
        Field field = table.type()
                .relationship(name)
                .filter(reference -> reference.referenceTo() != null)
                .orElseThrow(() -> new RefusedException(
                        SalesforceError.noSuchColumn(name, table.type().name())));
        if (keys.isNull()) {
            fields.put(field, null);
            return;
        }
        Table parents = table(field);
        for (Map.Entry<String, JsonNode> member : keys.properties()) {
            if ("attributes".equals(member.getKey())) {
                continue;
            }
            Field key = parents.type()
                    .field(member.getKey())
                    .filter(Field::indexed)
                    .orElseThrow(() -> new RefusedException(SalesforceError.noSuchColumn(
                            member.getKey(), parents.type().name())));
            fields.put(
                    field,
                    parent(
                            parents,
                            key,
                            FieldValue.parse(key, member.getValue()),
                            member.getValue().asText()));
        }
    }

    private Table table(Field reference) {
        return store.table(reference.referenceTo()).orElseThrow();
    }

    private String parent(Table parents, Field key, Object value, String keyText) {
        List<Row> found = transaction.find(parents, key, value);
        if (found.size() != 1) {
            throw new RefusedException(
                    "INVALID_FIELD",
                    "Foreign key external ID: " + keyText.toLowerCase(Locale.ROOT) + " not found for field "
                            + key.name() + " in entity " + parents.type().name());
        }
        return found.get(0).id();
    }

    private String reference(Field field, String id) {
        if (!RecordIds.isWellFormed(id)) {
            throw new RefusedException(SalesforceError.of(
                    "MALFORMED_ID", field.label() + ": id value of incorrect type: " + id, field.name()));
        }
        Optional<Table> target = field.reference().objects().stream()
                .flatMap(name -> store.table(name).stream())
                .filter(table -> field.referenceTo() != null
                        || id.startsWith(table.type().keyPrefix()))
                .findFirst();
        if (target.isEmpty() && field.referenceTo() == null) {
            throw new RefusedException(SalesforceError.of(
                    "FIELD_INTEGRITY_EXCEPTION", field.label() + ": id value of incorrect type: " + id, field.name()));
        }
        Row row = target.map(t -> transaction.row(t, id)).orElse(null);
        if (target.isPresent() && (row == null || row.isDeleted())) {
            throw new RefusedException(
                    SalesforceError.of("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name()));
        }
        return row == null ? id : row.id();
    }
}
