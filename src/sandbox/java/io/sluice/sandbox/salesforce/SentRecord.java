// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Table;
import java.util.Map;

/** A record that is to be written, in the form in which it was sent. */
interface SentRecord {

    /** Its id as it was sent, or null when it names none. */
    String id();

    /** What was sent for a field of its own as text, or null when that is absent or to be cleared. */
    String text(Field field);

    /**
     * Its values by field, null for what is to be cleared.
     *
     * @param fields looks up the records that it refers to
     * @throws RefusedException with the error for this record
     */
    Map<Field, Object> values(Table table, RecordFields fields, boolean creating);

    /** A record in JSON, as every API but the bulk one has it. */
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
