// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.sandbox.salesforce.soql.Aggregation;
import io.sluice.sandbox.salesforce.soql.Path;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes records in Salesforce's form, with attributes first and parents nested. */
final class RecordJson {

    private final Store store;
    private final String version;

    RecordJson(Store store, String version) {
        this.store = store;
        this.version = version;
    }

    /** Reads the children that a sub-query selects. */
    interface ChildPages {

        /** Answers the first page of this record's children, or null when it has none. */
        Cursors.Page of(Row parent);

        /** Answers the fields that are selected of each child. */
        Selection selection();
    }

    /**
     * Selects fields of an object, and of its parents.
     *
     * @param entries by the name under which each is written
     */
    record Selection(Map<String, Entry> entries) {

        /** Selects a field, a parent, or children. */
        record Entry(Field field, Selection parent, ChildPages children) {

            static Entry of(Field field) {
                return new Entry(field, null, null);
            }

            static Entry of(Field reference, Selection parent) {
                return new Entry(reference, parent, null);
            }

            static Entry of(ChildPages children) {
                return new Entry(null, null, children);
            }
        }

        static Selection of(List<Field> fields) {
            Map<String, Entry> entries = new LinkedHashMap<>();
            fields.forEach(f -> entries.put(f.name(), Entry.of(f)));
            return new Selection(entries);
        }
    }

    /** Writes the members of a query's answer: the number of rows, whether there are more, and the rows. */
    void page(JsonGenerator json, Cursors.Page page) throws IOException {
        json.writeNumberField("totalSize", page.total());
        json.writeBooleanField("done", page.next() == null);
        if (page.next() != null) {
            json.writeStringField("nextRecordsUrl", "/services/data/" + version + "/query/" + page.next());
        }
        json.writeArrayFieldStart("records");
        for (Row row : page.rows()) {
            write(json, page.table(), row, page.selection());
        }
        if (page.groups() != null) {
            groups(json, page.groups());
        }
        json.writeEndArray();
    }

    /** Writes groups as AggregateResults, which have no address. */
    private static void groups(JsonGenerator json, Cursors.Groups groups) throws IOException {
        for (List<Object> values : groups.values()) {
            json.writeStartObject();
            json.writeObjectFieldStart("attributes");
            json.writeStringField("type", "AggregateResult");
            json.writeEndObject();
            int i = 0;
            for (Aggregation.Result column : groups.columns()) {
                json.writeObjectField(column.name(), column.field().type().toWire(values.get(i++)));
            }
            json.writeEndObject();
        }
    }

    void write(JsonGenerator json, Table table, Row row, Selection selection) throws IOException {
        write(json, table.type().name(), table, row, selection);
    }

    private void write(JsonGenerator json, String type, Table table, Row row, Selection selection) throws IOException {
        String name = table.type().name();
        json.writeStartObject();
        json.writeObjectFieldStart("attributes");
        json.writeStringField("type", type);
        json.writeStringField("url", "/services/data/" + version + "/sobjects/" + name + "/" + row.id());
        json.writeEndObject();
        for (Map.Entry<String, Selection.Entry> entry : selection.entries().entrySet()) {
            Selection.Entry selected = entry.getValue();
            json.writeFieldName(entry.getKey());
            if (selected.children() != null) {
                children(json, selected.children().of(row));
                continue;
            }
            if (selected.parent() == null) {
                json.writeObject(selected.field().type().toWire(selected.field().read(row)));
                continue;
            }
            Optional<Parent> parent = parent(store, selected.field(), row);
            if (parent.isPresent()) {
                write(
                        json,
                        parent.get().type(),
                        parent.get().table(),
                        parent.get().row(),
                        selected.parent());
            } else {
                json.writeNull();
            }
        }
        json.writeEndObject();
    }

    private void children(JsonGenerator json, Cursors.Page page) throws IOException {
        if (page == null) {
            json.writeNull();
            return;
        }
        json.writeStartObject();
        page(json, page);
        json.writeEndObject();
    }

    /**
     * Represents the record that a reference points to, with the type it is shown as: Name where a reference may point
     * to several types.
     */
    record Parent(String type, Table table, Row row) {}

    static Optional<Parent> parent(Store store, Field reference, Row row) {
        Object id = reference.read(row);
        return id == null
                ? Optional.empty()
                : Path.tableOf(store, reference, (String) id)
                        .flatMap(table -> Optional.ofNullable(table.row((String) id))
                                .map(parent -> new Parent(
                                        reference.referenceTo() == null
                                                ? "Name"
                                                : table.type().name(),
                                        table,
                                        parent)));
    }
}
