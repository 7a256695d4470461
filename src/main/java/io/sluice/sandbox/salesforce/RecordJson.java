package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.core.JsonGenerator;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes records as Salesforce does, with attributes first and parents nested. */
final class RecordJson {

    private final Store store;
    private final String version;

    RecordJson(Store store, String version) {
        this.store = store;
        this.version = version;
    }

    /**
     * What is selected of an object: its own fields, and of its parents' in turn.
     *
     * @param entries by the name under which each is written; exactly one of a leaf's parts is set
     */
    record Selection(Map<String, Entry> entries) {

        record Entry(Field field, Selection parent) { }

        static Selection of(List<Field> fields) {
            Map<String, Entry> entries = new LinkedHashMap<>();
            fields.forEach(f -> entries.put(f.name(), new Entry(f, null)));
            return new Selection(entries);
        }
    }

    void write(JsonGenerator json, Table table, Row row, Selection selection) throws IOException {
        String name = table.type().name();
        json.writeStartObject();
        json.writeObjectFieldStart("attributes");
        json.writeStringField("type", name);
        json.writeStringField("url", "/services/data/" + version + "/sobjects/" + name + "/" + row.id());
        json.writeEndObject();
        for (Map.Entry<String, Selection.Entry> entry : selection.entries().entrySet()) {
            Selection.Entry selected = entry.getValue();
            json.writeFieldName(entry.getKey());
            if (selected.parent() == null) {
                json.writeObject(selected.field().type().toWire(selected.field().read(row)));
                continue;
            }
            Table parents = store.table(selected.field().referenceTo()).orElseThrow();
            Optional<Row> parent = parent(parents, selected.field(), row);
            if (parent.isPresent()) {
                write(json, parents, parent.get(), selected.parent());
            } else {
                json.writeNull();
            }
        }
        json.writeEndObject();
    }

    static Optional<Row> parent(Table parents, Field reference, Row row) {
        Object id = reference.read(row);
        return id == null ? Optional.empty() : Optional.ofNullable(parents.row((String) id));
    }
}
