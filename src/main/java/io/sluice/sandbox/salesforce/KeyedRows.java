package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Table;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/**
 * Rows of one set, of at most 200, that name their record by id or by external id. A row without it is rejected, and so
 * are all those that share one, whichever API they came by.
 */
final class KeyedRows {

    private KeyedRows() { }

    /** Keys that stand more than once. */
    static Set<String> repeated(List<JsonNode> records, Function<JsonNode, String> key) {
        Set<String> seen = new HashSet<>();
        Set<String> twice = new HashSet<>();
        records.stream().map(key).filter(k -> k != null && !seen.add(k)).forEach(twice::add);
        return twice;
    }

    static Outcome update(RecordWriter writer, Table table, JsonNode record, Set<String> twice) {
        String id = idOf(record);
        if (id == null) {
            return Outcome.Rejected.because("MISSING_ARGUMENT", "Id not specified in an update call", "Id");
        }
        if (twice.contains(id)) {
            return Outcome.Rejected.because("DUPLICATE_VALUE", "Duplicate id specified: " + id, "Id");
        }
        return writer.update(table, id, record);
    }

    static Outcome upsert(RecordWriter writer, Table table, Field key, JsonNode record, Set<String> twice) {
        String value = text(record, key.name());
        if (key.type() == FieldType.ID) {
            return value == null ? writer.create(table, record) : writer.update(table, value, record);
        }
        if (value == null) {
            return Outcome.Rejected.because("MISSING_ARGUMENT", key.name() + " not specified", key.name());
        }
        if (twice.contains(keyOf(record, key))) {
            return Outcome.Rejected.because("DUPLICATE_VALUE", "Duplicate external id specified: " + value, key.name());
        }
        return writer.upsert(table, key, value, record);
    }

    static Outcome delete(RecordWriter writer, Table table, JsonNode record) {
        String id = idOf(record);
        return id == null ? Outcome.Rejected.because("MISSING_ARGUMENT", "Id not specified in a delete call", "Id")
                : writer.delete(table, id);
    }

    static String keyOf(JsonNode record, Field key) {
        String value = text(record, key.name());
        return value == null ? null : value.toLowerCase(Locale.ROOT);
    }

    static String idOf(JsonNode record) {
        return text(record, record.has("Id") ? "Id" : "id");
    }

    private static String text(JsonNode record, String name) {
        JsonNode value = record.path(name);
        return value.isNull() || value.isMissingNode() || value.asText().isBlank() ? null : value.asText().strip();
    }
}
