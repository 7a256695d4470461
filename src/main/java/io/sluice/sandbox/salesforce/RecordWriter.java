package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;

import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Writes single records into a transaction, by the rules of the CRM: what is absent stays, what is null is cleared. A
 * record that breaks a rule is rejected whole and leaves no trace.
 */
final class RecordWriter {

    private final Store store;
    private final Transaction transaction;
    private final Request.Attempt attempt;
    private final String user;

    RecordWriter(Store store, Transaction transaction, Request.Attempt attempt, String user) {
        this.store = store;
        this.transaction = transaction;
        this.attempt = attempt;
        this.user = user;
    }

    Transaction.Savepoint savepoint() {
        return transaction.savepoint();
    }

    void backTo(Transaction.Savepoint savepoint) {
        transaction.backTo(savepoint);
    }

    Outcome create(Table table, JsonNode record) {
        if (record.hasNonNull("Id") || record.hasNonNull("id")) {
            return Outcome.Rejected.because("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call",
                    "Id");
        }
        return guarded(table, null, null, () -> insert(table, fields(table, record, true)));
    }

    Outcome update(Table table, String id, JsonNode record) {
        return guarded(table, null, id, () -> change(table, existing(table, id), fields(table, record, false)));
    }

    /** Writes the record whose external id this is, or creates it; a deleted record does not count. */
    Outcome upsert(Table table, Field key, String keyText, JsonNode record) {
        return guarded(table, keyText, null, () -> {
            Object value = FieldValue.parse(key, Answers.JSON.getNodeFactory().textNode(keyText));
            if (transaction.isLocked(table, key, value)) {
                throw locked(table, null);
            }
            List<Row> rows = transaction.find(table, key, value);
            if (rows.size() > 1) {
                throw new RefusedException("DUPLICATE_EXTERNAL_ID", key.name()
                        + ": more than one record found for external id field: "
                        + rows.stream().map(Row::id).toList());
            }
            Map<Field, Object> fields = fields(table, record, rows.isEmpty());
            fields.put(key, value);
            return rows.isEmpty() ? insert(table, fields) : change(table, rows.get(0), fields);
        });
    }

    Outcome delete(Table table, String id) {
        return guarded(table, null, id, () -> {
            Row row = existing(table, id);
            if (transaction.isLocked(table, row)) {
                throw locked(table, row);
            }
            transaction.delete(table, row, user);
            return new Outcome.Saved(row.id(), false);
        });
    }

    /** Takes a record away for good, out of the recycle bin too. */
    Outcome hardDelete(Table table, String id) {
        return guarded(table, null, id, () -> {
            Row row = known(table, id);
            if (row.isPurged()) {
                throw new RefusedException("ENTITY_IS_DELETED", "entity is deleted");
            }
            if (transaction.isLocked(table, row)) {
                throw locked(table, row);
            }
            transaction.purge(table, row, user);
            return new Outcome.Saved(row.id(), false);
        });
    }

    private interface Write {
        Outcome make();
    }

    private Outcome guarded(Table table, String key, String id, Write write) {
        Optional<Fault> fault = attempt.rowFaults().strike(table.type().name(), key, id);
        if (fault.isPresent()) {
            return Outcome.Rejected.because(error(fault.get(), table, id));
        }
        try {
            return write.make();
        } catch (RefusedException e) {
            return Outcome.Rejected.because(e.error());
        }
    }

    private static SalesforceError error(Fault fault, Table table, String id) {
        return fault.kind() == Fault.Kind.ROW_LOCK
                ? lockError(id == null ? table.type().keyPrefix() + "XX0000000000AAA" : id)
                : SalesforceError.of(fault.settings().path("errorCode").asText("UNKNOWN_EXCEPTION"),
                        fault.settings().path("message").asText("The sandbox was told to fail this row."));
    }

    private Row existing(Table table, String id) {
        Row row = known(table, id);
        if (row.isDeleted()) {
            throw new RefusedException("ENTITY_IS_DELETED", "entity is deleted");
        }
        return row;
    }

    /** The record of this id, deleted or not. */
    private Row known(Table table, String id) {
        if (!RecordIds.isWellFormed(id)) {
            throw new RefusedException(SalesforceError.of("MALFORMED_ID",
                    table.type().label() + " ID: id value of incorrect type: " + id, "Id"));
        }
        Row row = transaction.row(table, id);
        if (row == null) {
            throw new RefusedException("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
        }
        return row;
    }

    private Outcome insert(Table table, Map<Field, Object> fields) {
        fields.values().removeIf(Objects::isNull);
        table.type().field("OwnerId").ifPresent(owner -> fields.putIfAbsent(owner, user));
        List<String> missing = table.type().fields().stream()
                .filter(f -> f.required() && f.type() != FieldType.BOOLEAN && fields.get(f) == null)
                .map(Field::name).toList();
        if (!missing.isEmpty()) {
            throw missing(missing);
        }
        unique(table, null, fields);
        Row row = transaction.insert(table, fields, user);
        return new Outcome.Saved(row.id(), true);
    }

    private Outcome change(Table table, Row row, Map<Field, Object> fields) {
        if (transaction.isLocked(table, row)) {
            throw locked(table, row);
        }
        List<String> missing = new ArrayList<>();
        fields.forEach((field, value) -> {
            if (field.required() && value == null) {
                missing.add(field.name());
            }
        });
        if (!missing.isEmpty()) {
            throw missing(missing);
        }
        unique(table, row, fields);
        transaction.update(table, row, fields, user);
        return new Outcome.Saved(row.id(), false);
    }

    private void unique(Table table, Row row, Map<Field, Object> fields) {
        fields.forEach((field, value) -> {
            if (!field.unique() || value == null) {
                return;
            }
            if (transaction.isLocked(table, field, value) && (row == null || !value.equals(field.read(row)))) {
                throw locked(table, row);
            }
            for (Row other : transaction.find(table, field, value)) {
                if (row == null || other.number() != row.number()) {
                    throw new RefusedException(SalesforceError.of("DUPLICATE_VALUE", "duplicate value found: "
                            + field.name() + " duplicates value on record with id: " + other.id(), field.name()));
                }
            }
        });
    }

    private Map<Field, Object> fields(Table table, JsonNode record, boolean creating) {
        Map<Field, Object> fields = new LinkedHashMap<>();
        Iterator<Map.Entry<String, JsonNode>> members = record.fields();
        while (members.hasNext()) {
            Map.Entry<String, JsonNode> member = members.next();
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
            if (creating ? !field.createable() : !field.updateable()) {
                throw new RefusedException(SalesforceError.of("INVALID_FIELD_FOR_INSERT_UPDATE",
                        "Unable to create/update fields: " + field.name() + ". Please check the security settings of "
                        + "this field and verify that it is read/write for your profile or permission set.",
                        field.name()));
            }
            Object value = FieldValue.parse(field, member.getValue());
            fields.put(field, field.type() == FieldType.REFERENCE && value != null
                    ? reference(field, (String) value) : value);
        }
        return fields;
    }

    /** A parent named by its own external id: {@code "Customer__r":{"Customer_No__c":"C-1"}}. */
    private void parent(Table table, String name, JsonNode keys, Map<Field, Object> fields) {
        Field field = table.type().relationship(name)
                .orElseThrow(() -> new RefusedException(SalesforceError.noSuchColumn(name, table.type().name())));
        if (keys.isNull()) {
            fields.put(field, null);
            return;
        }
        Table parents = store.table(field.referenceTo()).orElseThrow();
        Iterator<Map.Entry<String, JsonNode>> members = keys.fields();
        while (members.hasNext()) {
            Map.Entry<String, JsonNode> member = members.next();
            if ("attributes".equals(member.getKey())) {
                continue;
            }
            Field key = parents.type().field(member.getKey()).filter(Field::indexed)
                    .orElseThrow(() -> new RefusedException(
                            SalesforceError.noSuchColumn(member.getKey(), parents.type().name())));
            List<Row> found = transaction.find(parents, key, FieldValue.parse(key, member.getValue()));
            if (found.size() != 1) {
                throw new RefusedException("INVALID_FIELD", "Foreign key external ID: "
                        + member.getValue().asText().toLowerCase(Locale.ROOT) + " not found for field "
                        + key.name() + " in entity " + parents.type().name());
            }
            fields.put(field, found.get(0).id());
        }
    }

    private String reference(Field field, String id) {
        if (!RecordIds.isWellFormed(id)) {
            throw new RefusedException(SalesforceError.of("MALFORMED_ID",
                    field.label() + ": id value of incorrect type: " + id, field.name()));
        }
        Optional<Table> target = store.table(field.referenceTo());
        Row row = target.map(t -> transaction.row(t, id)).orElse(null);
        if (target.isPresent() && (row == null || row.isDeleted())) {
            throw new RefusedException(SalesforceError.of("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id",
                    field.name()));
        }
        return row == null ? id : row.id();
    }

    private static RefusedException missing(List<String> fields) {
        return new RefusedException(new SalesforceError("REQUIRED_FIELD_MISSING",
                "Required fields are missing: [" + String.join(", ", fields) + "]", fields));
    }

    private static RefusedException locked(Table table, Row row) {
        return new RefusedException(lockError(row == null ? table.type().keyPrefix() + "XX0000000000AAA" : row.id()));
    }

    private static SalesforceError lockError(String id) {
        return SalesforceError.of("UNABLE_TO_LOCK_ROW",
                "unable to obtain exclusive access to this record or 1 records: " + id);
    }
}
