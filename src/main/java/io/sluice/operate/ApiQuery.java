// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.Suggestion;
import io.sluice.operate.ApiResponses.RejectedRequest;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.camel.Exchange;
import org.apache.camel.util.URISupport;

/** The query parameters of an API request. An unknown one is rejected: a misspelt filter would select everything. */
final class ApiQuery {

    private final Map<String, String> parameters;

    private ApiQuery(Map<String, String> parameters) {
        this.parameters = parameters;
    }

    /** @param right names of the parameters that the request may have */
    static ApiQuery of(Exchange exchange, Set<String> right) throws RejectedRequest {
        String query = exchange.getMessage().getHeader(Exchange.HTTP_QUERY, "", String.class);
        Map<String, String> parameters = new TreeMap<>();
        try {
            for (Map.Entry<String, Object> parameter :
                    URISupport.parseQuery(query, false, true).entrySet()) {
                if (!right.contains(parameter.getKey())) {
                    throw new RejectedRequest(
                            400,
                            "There is no parameter '" + parameter.getKey() + "'"
                                    + Suggestion.hint(parameter.getKey(), right));
                }
                if (!(parameter.getValue() instanceof String value) || value.isBlank()) {
                    throw new RejectedRequest(400, "Parameter '" + parameter.getKey() + "' needs one value");
                }
                parameters.put(parameter.getKey(), decoded(parameter.getKey(), value));
            }
        } catch (URISyntaxException broken) {
            throw new RejectedRequest(400, "The parameters can't be read: " + broken.getMessage());
        }
        return new ApiQuery(parameters);
    }

    /** Decodes a value of which Camel has decoded the plus signs alone, since it keeps percent signs for its own URIs. */
    private static String decoded(String name, String value) throws RejectedRequest {
        try {
            return URLDecoder.decode(value, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            throw new RejectedRequest(
                    400, "Parameter '" + name + "' has a percent sign that two hexadecimal digits do not follow");
        }
    }

    boolean isEmpty() {
        return parameters.isEmpty();
    }

    /** Returns the value of a parameter, or null. */
    String text(String name) {
        return parameters.get(name);
    }

    /** Returns the value of a parameter that the request must have. */
    String required(String name) throws RejectedRequest {
        String value = parameters.get(name);
        if (value == null) {
            throw new RejectedRequest(400, "Parameter '" + name + "' is missing");
        }
        return value;
    }

    /** Returns the value of a parameter that names one of several things, or null. */
    String known(String name, Collection<String> right) throws RejectedRequest {
        return ApiResponses.known(name, parameters.get(name), right);
    }

    long number(String name, long defaultValue, long min, long max) throws RejectedRequest {
        String text = parameters.get(name);
        if (text == null) {
            return defaultValue;
        }
        long number = text.matches("\\d{1,18}") ? Long.parseLong(text) : -1;
        if (number < min || number > max) {
            throw new RejectedRequest(
                    400,
                    "Parameter '" + name + "' must be a whole number from " + min
                            + (max == Long.MAX_VALUE ? "" : " to " + max) + ", not '" + text + "'");
        }
        return number;
    }
}
