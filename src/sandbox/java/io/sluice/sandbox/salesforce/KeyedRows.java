// SPDX-License-Identifier: Apache-2.0
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
 * Writes up to 200 records that are named by id or by external id. A record without a name is rejected, and so are all
 * records that share one, in every API.
 */
final class KeyedRows {

    private KeyedRows() {}

    /** Finds the keys that occur more than once. */
    static <R> Set<String> repeated(List<R> records, Function<R, String> key) {
        Set<String> seen = new HashSet<>();
        Set<String> twice = new HashSet<>();
        for (R record : records) {
            String value = key.apply(record);
            if (value != null && !seen.add(value)) {
                twice.add(value);
            }
        }
        return twice;
    }

    static Outcome update(RecordWriter writer, Table table, SentRecord record, Set<String> twice) {
        String id = trimmed(record.id());
        if (id == null) {
            return Outcome.Rejected.because("MISSING_ARGUMENT", "Id not specified in an update call", "Id");
        }
        if (twice.contains(id)) {
            return Outcome.Rejected.because("DUPLICATE_VALUE", "Duplicate id specified: " + id, "Id");
        }
        return writer.update(table, id, record);
    }

    static Outcome upsert(RecordWriter writer, Table table, Field key, SentRecord record, Set<String> twice) {
        String value = trimmed(record.text(key));
        if (key.type() == FieldType.ID) {
            return value == null ? writer.create(table, record) : writer.update(table, value, record);
        }
        if (value == null) {
            return Outcome.Rejected.because("MISSING_ARGUMENT", key.name() + " not specified", key.name());
        }
        if (twice.contains(value.toLowerCase(Locale.ROOT))) {
            return Outcome.Rejected.because("DUPLICATE_VALUE", "Duplicate external id specified: " + value, key.name());
        }
        return writer.upsert(table, key, value, record);
    }

    static Outcome delete(RecordWriter writer, Table table, SentRecord record, boolean hard) {
        String id = trimmed(record.id());
        if (id == null) {
            return Outcome.Rejected.because("MISSING_ARGUMENT", "Id not specified in a delete call", "Id");
        }
        return hard ? writer.hardDelete(table, id) : writer.delete(table, id);
    }

    static String keyOf(JsonNode record, Field key) {
        return folded(new SentRecord.Json(record).text(key));
    }

    static String idOf(JsonNode record) {
        return trimmed(new SentRecord.Json(record).id());
    }

    /** Folds the case of a key for comparisons; null when there is none. */
    static String folded(String key) {
        String value = trimmed(key);
        return value == null ? null : value.toLowerCase(Locale.ROOT);
    }

    /** Trims a key or id; null when it is blank. */
    static String trimmed(String key) {
        return key == null || key.isBlank() ? null : key.strip();
    }
}
