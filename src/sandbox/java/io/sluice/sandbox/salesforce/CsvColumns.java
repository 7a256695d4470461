// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.bulk.JobFailedException;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Maps the columns of an upload to fields and reads its rows as records: an empty cell leaves the field alone, {@code
 * #N/A} clears it, and {@code Parent__r.Key__c} names a parent by its external id (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_prepare_csv.htm">Prepare
 * CSV Files</a>).
 */
final class CsvColumns {

    private static final String CLEARED = "#N/A";

    private final List<Column> columns;

    /** Represents one column: a field, or the key of the parent that the field refers to. */
    private record Column(Field field, Field parentKey) {

        boolean isOwn() {
            return parentKey == null;
        }

        boolean isId() {
            return isOwn() && field.type() == FieldType.ID;
        }

        boolean isText() {
            return !isOwn() || FieldValue.keepsText(field.type());
        }
    }

    private CsvColumns(List<Column> columns) {
        this.columns = columns;
    }

    /** @throws JobFailedException when a name in the header is none of the object's */
    static CsvColumns of(Store store, Table table, List<String> header) {
        return new CsvColumns(header.stream()
                .map(name -> column(store, table.type(), name.strip()).orElseThrow(() -> notFound(name)))
                .toList());
    }

    /** Whether the header names this field itself. */
    boolean has(String field) {
        return columns.stream().anyMatch(c -> c.isOwn() && c.field().name().equalsIgnoreCase(field));
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

    /** Answers the record's id in a row, or null. */
    String id(String[] row) {
        return last(row, Column::isId);
    }

    /** Answers the cell of one of the record's own fields, or null when the row leaves it alone or clears it. */
    String text(String[] row, Field field) {
        String cell = last(row, column -> column.isOwn() && column.field().equals(field));
        return cell == null ? null : jsonForm(field.type(), cell);
    }

    /** @throws RefusedException for this row, when a text is none of its field's type */
    SentRecord record(String[] row) {
        Object[] values = new Object[Math.min(row.length, columns.size())];
        for (int i = 0; i < values.length; i++) {
            if (!row[i].isEmpty()) {
                values[i] = CLEARED.equals(row[i]) || columns.get(i).isText() ? row[i] : typed(columns.get(i), row[i]);
            }
        }
        return new CsvRecord(this, row, values);
    }

    /**
     * Reads the values of a record by field.
     *
     * @param cells by column: null is left alone, and text not read yet
     * @throws RefusedException with the error for this record
     */
    Map<Field, Object> values(Object[] cells, RecordFields fields, boolean creating) {
        Map<Field, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < cells.length; i++) {
            Column column = columns.get(i);
            if (cells[i] != null && !column.isId()) {
                values.put(column.field(), value(column, cells[i], fields, creating));
            }
        }
        return values;
    }

    private static Object value(Column column, Object cell, RecordFields fields, boolean creating) {
        Field field = column.field();
        if (column.isOwn()) {
            fields.checkWritable(field, creating);
        }
        if (CLEARED.equals(cell)) {
            return null;
        }
        if (!column.isOwn()) {
            return fields.parent(field, column.parentKey(), (String) cell);
        }
        return column.isText() ? fields.kept(field, FieldValue.parse(field, (String) cell)) : cell;
    }

    private static Object typed(Column column, String cell) {
        Field field = column.field();
        String text = jsonForm(field.type(), cell);
        try {
            return FieldValue.parse(field, text);
        } catch (RefusedException e) {
            throw new RefusedException(SalesforceError.of(
                    "INVALID_TYPE_ON_FIELD_IN_RECORD",
                    field.label() + ": value not of required type: " + text,
                    field.name()));
        }
    }

    private interface Choice {
        boolean of(Column column);
    }

    /** Answers the cell in the last of these columns that is not empty; null when it clears the field. */
    private String last(String[] row, Choice choice) {
        for (int i = Math.min(row.length, columns.size()) - 1; i >= 0; i--) {
            if (!row[i].isEmpty() && choice.of(columns.get(i))) {
                return CLEARED.equals(row[i]) ? null : row[i];
            }
        }
        return null;
    }

    /** Converts the forms that CSV allows and JSON does not: 1 and 0, TRUE, and a date with its zone. */
    private static String jsonForm(FieldType fieldType, String text) {
        return switch (fieldType) {
            case BOOLEAN ->
                switch (text) {
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
            return type.field(name).map(field -> new Column(field, null));
        }
        return type.relationship(name.substring(0, dot))
                .filter(field -> field.referenceTo() != null)
                .flatMap(field -> store.table(field.referenceTo())
                        .flatMap(parents -> parents.type().field(name.substring(dot + 1)))
                        .filter(Field::indexed)
                        .map(key -> new Column(field, key)));
    }

    private static JobFailedException notFound(String name) {
        return new JobFailedException("InvalidBatch : Field name not found : " + name);
    }
}
