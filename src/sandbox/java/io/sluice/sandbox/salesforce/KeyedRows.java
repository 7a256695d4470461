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
 * Rows of one set, of at most 200, that name their record by id or by external id. A row without it is rejected, and so
 * are all those that share one, whichever API they came by.
 */
final class KeyedRows {

    private KeyedRows() {}

    /** Keys that stand more than once. */
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
        String id = told(record.id());
        if (id == null) {
            return Outcome.Rejected.because("MISSING_ARGUMENT", "Id not specified in an update call", "Id");
        }
        if (twice.contains(id)) {
            return Outcome.Rejected.because("DUPLICATE_VALUE", "Duplicate id specified: " + id, "Id");
        }
        return writer.update(table, id, record);
    }

    static Outcome upsert(RecordWriter writer, Table table, Field key, SentRecord record, Set<String> twice) {
        String value = told(record.text(key));
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
        String id = told(record.id());
        if (id == null) {
            return Outcome.Rejected.because("MISSING_ARGUMENT", "Id not specified in a delete call", "Id");
        }
        return hard ? writer.hardDelete(table, id) : writer.delete(table, id);
    }

    static String keyOf(JsonNode record, Field key) {
        return folded(new SentRecord.Json(record).text(key));
    }

    static String idOf(JsonNode record) {
        return told(new SentRecord.Json(record).id());
    }

    /** A key without regard to case, as it stands for its record; null when there is none. */
    static String folded(String key) {
        String value = told(key);
        return value == null ? null : value.toLowerCase(Locale.ROOT);
    }

    /** A key or id as it was meant; null when there is none. */
    static String told(String key) {
        return key == null || key.isBlank() ? null : key.strip();
    }
}
