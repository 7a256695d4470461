// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;

/** Formats the values of events. */
final class WireValue {

    private static final ObjectMapper JSON = new ObjectMapper();

    private WireValue() {}

    /** Formats a stored value as the REST API does, except that the zone of a time is Z. */
    static JsonNode of(Field field, Object value) {
        Object wire = field.type().toWire(value);
        return JSON.valueToTree(
                field.type() == FieldType.DATETIME && wire != null
                        ? wire.toString().replace("+0000", "Z")
                        : wire);
    }
}
