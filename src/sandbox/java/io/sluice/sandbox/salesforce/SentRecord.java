// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Table;
import java.util.Map;

/** Represents a record to write, in the form in which it was sent. */
interface SentRecord {

    /** Answers the sent id, or null. */
    String id();

    /** Answers the sent text of one of the record's own fields, or null when the field is absent or cleared. */
    String text(Field field);

    /**
     * Answers the values by field, null for fields to clear.
     *
     * @param fields looks up the records that it refers to
     * @throws RefusedException with the error for this record
     */
    Map<Field, Object> values(Table table, RecordFields fields, boolean creating);

    /** Represents a record in JSON, the form of every API but the bulk one. */
    record Json(JsonNode json) implements SentRecord {

        @Override
        public String id() {
            return text(json.hasNonNull("Id") ? "Id" : "id");
        }

        @Override
        public String text(Field field) {
            return text(field.name());
        }

        @Override
        public Map<Field, Object> values(Table table, RecordFields fields, boolean creating) {
            return fields.read(table, json, creating);
        }

        private String text(String name) {
            return json.hasNonNull(name) ? json.get(name).asText() : null;
        }
    }
}
