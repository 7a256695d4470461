// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads an answer of the SOAP API: results, a fault, and the calls used today. */
record SoapAnswer(XmlElement body, XmlElement envelope) {

    /** Faults that are no answer to the request; all others are answers, for which REST has the status 400. */
    private static final Set<String> DOWN =
            Set.of("SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "INTERNAL_SERVER_ERROR", "");

    /** Holds a fault, with Salesforce's code. */
    record Fault(String code, String message) {}

    /**
     * Holds the result of one record.
     *
     * @param errors the errors in REST form: {@code statusCode}, {@code message}, {@code fields}
     */
    record Result(String id, boolean success, JsonNode errors) {}

    /** Parses an answer; empty where the text is none, or is truncated. */
    static Optional<SoapAnswer> parse(String text) {
        return XmlElement.parse(text)
                .filter(root -> root.name().equals("Envelope"))
                .flatMap(root -> root.at("Body").map(body -> new SoapAnswer(body, root)));
    }

    Optional<Fault> fault() {
        return body.at("Fault").map(fault -> {
            String code = fault.text("faultcode");
            String own = code.substring(code.indexOf(':') + 1);
            String message = fault.text("faultstring");
            return new Fault(own, message.startsWith(own + ": ") ? message.substring(own.length() + 2) : message);
        });
    }

    /** Returns the status that REST gives for the fault's code, because SOAP answers every failure with 500. */
    int status(int http) {
        return http != 500
                ? http
                : fault().map(fault -> switch (fault.code()) {
                            case "INVALID_SESSION_ID" -> 401;
                            case "REQUEST_LIMIT_EXCEEDED" -> 403;
                            default -> DOWN.contains(fault.code()) ? 500 : 400;
                        })
                        .orElse(http);
    }

    /** Returns the results in the order of the request. */
    List<Result> results() {
        return body.children().stream()
                .flatMap(response -> response.all("result").stream())
                .map(SoapAnswer::result)
                .toList();
    }

    private static Result result(XmlElement result) {
        ArrayNode errors = JsonNodeFactory.instance.arrayNode();
        result.all("errors").forEach(error -> {
            ObjectNode node = errors.addObject()
                    .put("statusCode", error.text("statusCode"))
                    .put("message", error.text("message"));
            ArrayNode fields = node.putArray("fields");
            error.all("fields").forEach(field -> fields.add(field.text().strip()));
        });
        return new Result(result.text("id"), result.text("success").equals("true"), errors);
    }

    /** Returns the used and the allowed calls of the day, where the header states them. */
    Optional<long[]> apiUsage() {
        return envelope.at("Header", "LimitInfoHeader").stream()
                .flatMap(header -> header.all("limitInfo").stream())
                .filter(info -> info.text("type").equals("API REQUESTS")
                        && info.text("current").matches("\\d{1,18}")
                        && info.text("limit").matches("\\d{1,18}"))
                .findFirst()
                .map(info -> new long[] {Long.parseLong(info.text("current")), Long.parseLong(info.text("limit"))});
    }
}
