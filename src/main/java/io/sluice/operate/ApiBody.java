// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.Suggestion;
import io.sluice.operate.ApiResponses.RejectedRequest;
import io.sluice.store.Json;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;

/** A JSON object in the body of an API request. An unknown field is rejected: a misspelt one would have no effect. */
final class ApiBody {

    private final String prefix;
    private final Map<String, Object> fields = new LinkedHashMap<>();

    private ApiBody(String prefix, Map<?, ?> fields, Collection<String> right) throws RejectedRequest {
        this.prefix = prefix;
        for (Map.Entry<?, ?> field : fields.entrySet()) {
            String name = field.getKey().toString();
            if (!right.contains(name)) {
                throw new RejectedRequest(
                        400, "There is no field '" + prefix + name + "'" + Suggestion.hint(name, right));
            }
            this.fields.put(name, field.getValue());
        }
    }

    /**
     * Parses the body.
     *
     * @param right   names of the fields that it may have
     * @param example a right body, for the message
     */
    static ApiBody of(Exchange exchange, Set<String> right, String example) throws RejectedRequest {
        Map<String, Object> fields;
        try {
            fields = Json.fields(exchange.getMessage().getBody(String.class));
        } catch (IllegalArgumentException broken) {
            fields = null;
        }
        if (fields == null) {
            throw new RejectedRequest(
                    400,
                    "The body is no JSON object that can be read. Write " + example
                            + ", with the header Content-Type: application/json");
        }
        return new ApiBody("", fields, right);
    }

    Set<String> names() {
        return fields.keySet();
    }

    /** Returns a field that is a text, or null where it is missing. */
    String text(String name) throws RejectedRequest {
        Object value = fields.get(name);
        if (value != null && (!(value instanceof String text) || text.isBlank())) {
            throw wrong(name, "a text");
        }
        return (String) value;
    }

    /** Returns a field that is a text and that the body must have. */
    String required(String name) throws RejectedRequest {
        String value = text(name);
        if (value == null) {
            throw new RejectedRequest(400, "Field '" + prefix + name + "' is missing");
        }
        return value;
    }

    /** Returns a field that is a whole number, or null where it is missing. */
    Long number(String name, long min, long max) throws RejectedRequest {
        Object value = fields.get(name);
        if (value == null) {
            return null;
        }
        long number = value instanceof Integer || value instanceof Long ? ((Number) value).longValue() : min - 1;
        if (number < min || number > max) {
            throw wrong(name, "a whole number from " + min + " to " + max);
        }
        return number;
    }

    /**
     * Returns a field that is an object; one without fields where it is missing.
     *
     * @param right names of the fields that it may have
     */
    ApiBody object(String name, Collection<String> right) throws RejectedRequest {
        Object value = fields.get(name);
        if (value != null && !(value instanceof Map)) {
            throw wrong(name, "an object");
        }
        return new ApiBody(prefix + name + ".", value == null ? Map.of() : (Map<?, ?>) value, right);
    }

    private RejectedRequest wrong(String name, String expected) {
        return new RejectedRequest(
                400, "Field '" + prefix + name + "' must be " + expected + ", not " + Json.text(fields.get(name)));
    }
}
