// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds a response of Salesforce, whatever its status.
 *
 * @param status HTTP status; 0 when no answer came
 * @param body   the text of the answer, or the cause where no answer came
 */
record SalesforceAnswer(int status, String body) {

    /**
     * Status of an answer that is not what the call asked for (RFC 9110, Bad Gateway,
     * https://www.rfc-editor.org/rfc/rfc9110#status.502).
     */
    static final int NOT_UNDERSTOOD = 502;

    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final Pattern MARKUP = Pattern.compile("(?is)<(script|style)\\b.*?</\\1>|<[^>]*>");
    private static final int MAX_MESSAGE_LENGTH = 200;
    private static final Pattern API_USAGE = Pattern.compile("(?<![\\w-])api-usage=(\\d{1,15})/(\\d{1,15})(?!\\d)");

    boolean ok() {
        return status >= 200 && status < 300;
    }

    /**
     * Tells whether the answer comes from an intermediary, not from Salesforce, although its status reports success or
     * a wrong request: the body is neither JSON nor SOAP. A firewall or a limit may reject a call (403, 429) in its own
     * words.
     */
    boolean isFromIntermediary() {
        return (ok() || Set.of(400, 404, 405, 410, 415).contains(status))
                && body != null
                && !body.isBlank()
                && json().isEmpty()
                && SoapAnswer.parse(body).isEmpty();
    }

    /** Returns this answer as one that was not understood. */
    SalesforceAnswer notUnderstood() {
        return new SalesforceAnswer(
                NOT_UNDERSTOOD,
                "HTTP " + status + " with an unexpected body: "
                        + (body == null || body.isBlank() ? "nothing" : shortened(visibleText(body.strip()))));
    }

    boolean sessionExpired() {
        return status == 401;
    }

    /** Returns the body as JSON; empty when it is something else, such as a maintenance page. */
    Optional<JsonNode> json() {
        try {
            return Optional.ofNullable(body == null ? null : MAPPER.readTree(body))
                    .filter(node -> !node.isMissingNode());
        } catch (JsonProcessingException noJson) {
            return Optional.empty();
        }
    }

    /** Returns the first error; errors come as an array of one, and from some resources as a single object. */
    private Optional<JsonNode> error() {
        return json().map(node -> node.isArray() ? node.path(0) : node).filter(node -> node.has("errorCode"));
    }

    /** Returns the errors, always as an array. */
    Optional<JsonNode> errors() {
        return error().flatMap(first -> json().map(
                        node -> node.isArray() ? node : MAPPER.createArrayNode().add(node)));
    }

    private Optional<SoapAnswer.Fault> fault() {
        return ok() ? Optional.empty() : SoapAnswer.parse(body).flatMap(SoapAnswer::fault);
    }

    /** Tells whether the answer is an error in Salesforce's own format, not a page of an intermediary. */
    boolean isError() {
        return !ok() && (error().isPresent() || fault().isPresent());
    }

    String code() {
        return error().map(node -> node.path("errorCode").asText())
                .or(() -> fault().map(SoapAnswer.Fault::code))
                .orElse(status == 0 ? "NO_ANSWER" : "HTTP_" + status);
    }

    String message() {
        return error().map(node -> node.path("message").asText())
                .or(() -> fault().map(SoapAnswer.Fault::message))
                .orElseGet(
                        () -> body == null || body.isBlank() ? "empty answer" : shortened(visibleText(body.strip())));
    }

    /** Returns the visible text of a page, and the first line of any other text. */
    private static String visibleText(String text) {
        String read = !text.startsWith("<")
                ? text.lines().findFirst().orElse("")
                : MARKUP.matcher(text).replaceAll(" ").replaceAll("\\s+", " ").strip();
        return read.isEmpty() ? "a page without text" : read;
    }

    private static String shortened(String text) {
        return text.length() > MAX_MESSAGE_LENGTH ? text.substring(0, MAX_MESSAGE_LENGTH) + "..." : text;
    }

    /** Returns the used and the allowed calls of the rolling day, as {@code Sforce-Limit-Info} states them. */
    static Optional<long[]> apiUsage(String header) {
        if (header == null) {
            return Optional.empty();
        }
        Matcher matcher = API_USAGE.matcher(header);
        return matcher.find()
                ? Optional.of(new long[] {Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))})
                : Optional.empty();
    }
}
