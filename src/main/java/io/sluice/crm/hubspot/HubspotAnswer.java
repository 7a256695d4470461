// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;
import java.util.Set;

/**
 * Holds a response of HubSpot. Any part of an error may be missing ("Error handling").
 *
 * @param status HTTP status; 0 when no answer came
 * @param body   the text of the answer, or the cause where no answer came
 */
record HubspotAnswer(int status, String body) {

    /**
     * Status of an answer that is not what the call asked for (RFC 9110, Bad Gateway,
     * https://www.rfc-editor.org/rfc/rfc9110#status.502).
     */
    static final int NOT_UNDERSTOOD = 502;

    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final int MAX_MESSAGE_LENGTH = 300;

    boolean ok() {
        return status >= 200 && status < 300;
    }

    /** Returns the body as JSON; empty when it is something else, such as a maintenance page. */
    Optional<JsonNode> json() {
        try {
            return Optional.ofNullable(body == null ? null : MAPPER.readTree(body))
                    .filter(JsonNode::isObject);
        } catch (JsonProcessingException noJson) {
            return Optional.empty();
        }
    }

    /**
     * Tells whether the answer comes from an intermediary, not from HubSpot, although its status reports success or a
     * wrong request. A firewall or a limit may reject a call (403, 429) in its own words.
     */
    boolean isFromIntermediary() {
        return json().isEmpty()
                && (ok() || Set.of(400, 404, 405, 409, 410, 415).contains(status) && body != null && !body.isBlank());
    }

    /** Returns this answer as one that was not understood, without its JSON, which may hold values. */
    HubspotAnswer notUnderstood() {
        return new HubspotAnswer(
                NOT_UNDERSTOOD,
                "HTTP " + status + " with an unexpected body: "
                        + (body == null || body.isBlank()
                                ? "nothing"
                                : json().isPresent()
                                        ? "JSON of another shape"
                                        : shortened(
                                                body.strip().lines().findFirst().orElse(""))));
    }

    /** Tells whether the answer is an error in HubSpot's own format, not a page of an intermediary. */
    boolean isError() {
        return !ok()
                && json().filter(it -> it.has("category")
                                || it.has("errorType")
                                || it.has("policyName")
                                || "error".equals(it.path("status").asText()))
                        .isPresent();
    }

    /** Returns the category of an error, or the policy whose limit is used up. */
    String code() {
        return json().map(HubspotAnswer::code).orElse(status == 0 ? "NO_ANSWER" : "HTTP_" + status);
    }

    private static String code(JsonNode error) {
        for (String name : new String[] {"policyName", "category", "errorType", "status"}) {
            if (error.hasNonNull(name)) {
                return error.path(name).asText();
            }
        }
        return "ERROR";
    }

    String message() {
        return json().filter(node -> node.has("message"))
                .map(node -> node.path("message").asText())
                .map(HubspotAnswer::shortened)
                .orElseGet(() -> body == null || body.isBlank()
                        ? "empty answer"
                        : shortened(body.strip().lines().findFirst().orElse("")));
    }

    static String shortened(String text) {
        return text.length() > MAX_MESSAGE_LENGTH ? text.substring(0, MAX_MESSAGE_LENGTH) + "..." : text;
    }
}
