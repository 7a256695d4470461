package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.sluice.sandbox.salesforce.bulk.JobFailedException;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the columns of an upload stand for, and its rows as the records that every other API writes: an empty cell is
 * left alone, {@code #N/A} clears the field, and {@code Parent__r.Key__c} names a parent by its own external id
 * ("Prepare CSV Files" in the Bulk API 2.0 Developer Guide).
 */
final class CsvColumns {

    private static final String CLEARED = "#N/A";

    private final List<Column> columns;

    /** One column: a field, or the relationship it follows to the key of a parent. */
    private record Column(Field field, String relationship, Field parentKey) { }

    private CsvColumns(List<Column> columns) {
        this.columns = columns;
    }

    /** @throws JobFailedException when a name in the header is none of the object's */
    static CsvColumns of(Store store, Table table, List<String> header) {
        return new CsvColumns(header.stream().map(name -> column(store, table.type(), name.strip())
                .orElseThrow(() -> notFound(name))).toList());
    }

    /** Whether the header names this field itself. */
    boolean has(String field) {
        return columns.stream().anyMatch(c -> c.relationship() == null && c.field().name().equalsIgnoreCase(field));
    }

    /** @throws JobFailedException when the header lacks this field */
    void require(String field) {
        if (!has(field)) {
            throw notFound(field);
        }
    }

    int size() {
        return columns.size();
    }

    ObjectNode record(String[] row) {
        ObjectNode record = Answers.JSON.createObjectNode();
        for (int i = 0; i < Math.min(row.length, columns.size()); i++) {
            Column column = columns.get(i);
            String name = column.relationship() == null ? column.field().name() : column.relationship();
            if (CLEARED.equals(row[i])) {
                record.putNull(name);
            } else if (!row[i].isEmpty() && column.relationship() != null) {
                record.putObject(name).put(column.parentKey().name(), row[i]);
            } else if (!row[i].isEmpty()) {
                record.put(name, jsonForm(column.field().type(), row[i]));
            }
        }
        return record;
    }

    /** @throws RefusedException for this row, when a text is none of its field's type */
    void check(ObjectNode record) {
        for (Column column : columns) {
            Field field = column.field();
            JsonNode value = column.relationship() == null ? record.get(field.name()) : null;
            if (value != null && value.isTextual() && !isOf(field.type(), value.textValue())) {
                throw new RefusedException(SalesforceError.of("INVALID_TYPE_ON_FIELD_IN_RECORD", field.label()
                        + ": value not of required type: " + value.textValue(), field.name()));
            }
        }
    }

    private static boolean isOf(FieldType fieldType, String text) {
        if (fieldType.isText() || fieldType == FieldType.ID || fieldType == FieldType.REFERENCE) {
            return true;
        }
        try {
            fieldType.parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** CSV takes forms that JSON does not: 1 and 0, TRUE, and a date with its zone. */
    private static String jsonForm(FieldType fieldType, String text) {
        return switch (fieldType) {
            case BOOLEAN -> switch (text) {
                case "1" -> "true";
                case "0" -> "false";
                default -> text.toLowerCase(Locale.ROOT);
            };
            case DATE -> text.length() == 11 && text.endsWith("Z") ? text.substring(0, 10) : text;
            default -> text;
        };
    }

    private static Optional<Column> column(Store store, ObjectType type, String name) {
        int dot = name.indexOf('.');
        if (dot < 0) {
            return type.field(name).map(field -> new Column(field, null, null));
        }
        return type.relationship(name.substring(0, dot)).flatMap(field -> store.table(field.referenceTo())
                .flatMap(parents -> parents.type().field(name.substring(dot + 1))).filter(Field::indexed)
                .map(key -> new Column(field, field.relationship(), key)));
    }

    private static JobFailedException notFound(String name) {
        return new JobFailedException("InvalidBatch : Field name not found : " + name);
    }
}
