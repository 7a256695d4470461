// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Writes single records into a transaction by the rules of the CRM: absent fields stay, null ones are cleared. A record
 * that breaks a rule is rejected whole.
 */
final class RecordWriter {

    private final Store store;
    private final Transaction transaction;
    private final Request.Attempt attempt;
    private final String user;
    private final CustomerRules rules;
    private final RecordFields fields;

    RecordWriter(Store store, Transaction transaction, Request.Attempt attempt, SaveOptions options) {
        this.store = store;
        this.transaction = transaction;
        this.attempt = attempt;
        this.user = options.user();
        transaction.origin(options.origin());
        this.rules = new CustomerRules(transaction, options);
        this.fields = new RecordFields(store, transaction);
    }

    /** Writes in a new transaction and commits it. */
    static <T> T write(Store store, Request.Attempt attempt, SaveOptions options, Function<RecordWriter, T> work) {
        try (Transaction transaction = store.begin()) {
            T result = work.apply(new RecordWriter(store, transaction, attempt, options));
            attempt.commit(transaction);
            return result;
        }
    }

    Transaction.Savepoint savepoint() {
        return transaction.savepoint();
    }

    void backTo(Transaction.Savepoint savepoint) {
        transaction.backTo(savepoint);
    }

    Outcome create(Table table, SentRecord record) {
        if (record.id() != null) {
            return Outcome.Rejected.because(
                    "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id");
        }
        return guarded(table, null, null, () -> insert(table, record.values(table, fields, true)));
    }

    Outcome update(Table table, String id, SentRecord record) {
        return guarded(table, null, id, () -> change(table, existing(table, id), record.values(table, fields, false)));
    }

    /** Writes the record with this external id, or creates it; deleted records do not count. */
    Outcome upsert(Table table, Field key, String keyText, SentRecord record) {
        Object value;
        try {
            value = FieldValue.parse(key, keyText);
        } catch (RefusedException e) {
            return Outcome.Rejected.because(e.error());
        }
        List<Row> rows = transaction.find(table, key, value);
        return guarded(table, keyText, rows.size() == 1 ? rows.get(0).id() : null, () -> {
            if (transaction.isLocked(table, key, value)) {
                throw locked(table, null);
            }
            if (rows.size() > 1) {
                throw new RefusedException(
                        "DUPLICATE_EXTERNAL_ID",
                        key.name()
                                + ": more than one record found for external id field: "
                                + rows.stream().map(Row::id).toList());
            }
            Map<Field, Object> values = record.values(table, fields, rows.isEmpty());
            values.put(key, value);
            return rows.isEmpty() ? insert(table, values) : change(table, rows.get(0), values);
        });
    }

    Outcome delete(Table table, String id) {
        return guarded(table, null, id, () -> delete(table, unlocked(table, existing(table, id)), Map.of()));
    }

    /** Deletes a record that was merged into another one, and stores the survivor's id. */
    Outcome deleteAsMerged(Table table, Field masterField, String id, String masterId) {
        return guarded(
                table,
                null,
                id,
                () -> delete(table, unlocked(table, existing(table, id)), Map.of(masterField, masterId)));
    }

    /** Takes a record out of the recycle bin and clears the id of its survivor. */
    Outcome undelete(Table table, String id) {
        return guarded(table, null, id, () -> {
            Row row = unlocked(table, known(table, id));
            if (!row.isDeleted() || row.isPurged()) {
                throw new RefusedException("UNDELETE_FAILED", "Entity is not in the recycle bin");
            }
            Map<Field, Object> values = new LinkedHashMap<>();
            table.type().fields().stream().filter(Field::unique).forEach(f -> values.put(f, f.read(row)));
            unique(table, row, values);
            table.type().field(StandardObjects.MASTER).ifPresent(field -> values.put(field, null));
            transaction.undelete(table, row, values, user);
            return new Outcome.Saved(row.id(), false);
        });
    }

    /** Deletes a record in the recycle bin for good. */
    Outcome empty(Table table, String id) {
        return guarded(table, null, id, () -> {
            if (!known(table, id).isDeleted()) {
                throw new RefusedException("INVALID_CROSS_REFERENCE_KEY", "Entity is not in the recycle bin");
            }
            return hardDelete(table, id);
        });
    }

    /** Deletes a record for good, from the recycle bin too. */
    Outcome hardDelete(Table table, String id) {
        return guarded(table, null, id, () -> {
            Row row = known(table, id);
            if (row.isPurged()) {
                throw new RefusedException("ENTITY_IS_DELETED", "entity is deleted");
            }
            transaction.purge(table, unlocked(table, row), user);
            return new Outcome.Saved(row.id(), false);
        });
    }

    /** Finds the records that refer to one of these. */
    List<Row> referring(Table table, Field reference, Set<String> ids) {
        return transaction.scan(table, reference, ids);
    }

    private Outcome delete(Table table, Row row, Map<Field, Object> values) {
        transaction.delete(table, row, values, user);
        return new Outcome.Saved(row.id(), false);
    }

    private Row unlocked(Table table, Row row) {
        if (transaction.isLocked(table, row)) {
            throw locked(table, row);
        }
        return row;
    }

    private interface Write {
        Outcome make();
    }

    private Outcome guarded(Table table, String key, String id, Write write) {
        Optional<Fault> fault = attempt.rowFaults()
                .strike(table, key == null ? id : key, RecordIds.isWellFormed(id) ? transaction.row(table, id) : null);
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
                : SalesforceProtocol.errorOf(fault, table.type());
    }

    private Row existing(Table table, String id) {
        Row row = known(table, id);
        if (row.isDeleted()) {
            throw new RefusedException("ENTITY_IS_DELETED", "entity is deleted");
        }
        return row;
    }

    /** Finds the record of this id, in the recycle bin or not. */
    private Row known(Table table, String id) {
        if (!RecordIds.isWellFormed(id)) {
            throw new RefusedException(SalesforceError.of(
                    "MALFORMED_ID", table.type().label() + " ID: id value of incorrect type: " + id, "Id"));
        }
        Row row = transaction.row(table, id);
        if (row == null) {
            throw new RefusedException("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
        }
        return row;
    }

    private Outcome insert(Table table, Map<Field, Object> values) {
        values.values().removeIf(Objects::isNull);
        table.type().field("OwnerId").ifPresent(owner -> values.putIfAbsent(owner, user));
        table.type()
                .defaulted()
                .forEach(field -> values.putIfAbsent(
                        field, field.type().parse(field.options().defaultValue())));
        List<Field> required = table.type().required();
        if (!values.keySet().containsAll(required)) {
            throw missing(required.stream()
                    .filter(field -> !values.containsKey(field))
                    .map(Field::name)
                    .toList());
        }
        ImpliedValues.add(table, null, values, transaction.moment());
        rules.assign(table, null, values);
        unique(table, null, values);
        StreamingObjects.check(store, table, null, values);
        Row row = rules.save(table, () -> transaction.insert(table, values, user));
        if (StreamingObjects.isPlatformEvent(table)) {
            // it is published and not kept
            transaction.purge(table, row, user);
        }
        return new Outcome.Saved(row.id(), true);
    }

    private Outcome change(Table table, Row row, Map<Field, Object> values) {
        unlocked(table, row);
        if ("Lead".equals(table.type().name())
                && table.type()
                        .field("IsConverted")
                        .filter(field -> Boolean.TRUE.equals(field.read(row)))
                        .isPresent()) {
            throw new RefusedException("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead");
        }
        List<String> missing = new ArrayList<>();
        values.forEach((field, value) -> {
            if (field.required() && value == null) {
                missing.add(field.name());
            }
        });
        if (!missing.isEmpty()) {
            throw missing(missing);
        }
        ImpliedValues.add(table, row, values, transaction.moment());
        rules.assign(table, row, values);
        unique(table, row, values);
        StreamingObjects.check(store, table, row, values);
        rules.save(table, () -> transaction.update(table, row, values, user));
        return new Outcome.Saved(row.id(), false);
    }

    /** Changes fields that only the CRM writes. */
    Outcome changeOwn(Table table, String id, Map<String, Object> values) {
        return guarded(table, null, id, () -> {
            Row row = unlocked(table, existing(table, id));
            Map<Field, Object> fields = new LinkedHashMap<>();
            values.forEach((name, value) -> fields.put(table.type().field(name).orElseThrow(), value));
            transaction.update(table, row, fields, user);
            return new Outcome.Saved(id, false);
        });
    }

    /** Finds the live record of this id, as the transaction sees it. */
    Row record(Table table, String id) {
        return existing(table, id);
    }

    private void unique(Table table, Row row, Map<Field, Object> values) {
        values.forEach((field, value) -> {
            if (!field.unique() || value == null) {
                return;
            }
            if (transaction.isLocked(table, field, value) && (row == null || !value.equals(field.read(row)))) {
                throw locked(table, row);
            }
            for (Row other : transaction.find(table, field, value)) {
                if (row == null || other.number() != row.number()) {
                    throw new RefusedException(SalesforceError.of(
                            "DUPLICATE_VALUE",
                            "duplicate value found: " + field.name() + " duplicates value on record with id: "
                                    + other.id(),
                            field.name()));
                }
            }
        });
    }

    private static RefusedException missing(List<String> fields) {
        return new RefusedException(new SalesforceError(
                "REQUIRED_FIELD_MISSING", "Required fields are missing: [" + String.join(", ", fields) + "]", fields));
    }

    private static RefusedException locked(Table table, Row row) {
        return new RefusedException(lockError(row == null ? table.type().keyPrefix() + "XX0000000000AAA" : row.id()));
    }

    private static SalesforceError lockError(String id) {
        return SalesforceError.of(
                "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: " + id);
    }
}
