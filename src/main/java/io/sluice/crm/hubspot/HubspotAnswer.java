package io.sluice.crm.hubspot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;
import java.util.Set;

/**
 * A response of HubSpot, whatever its status. Of an error every part may be missing ("Error handling").
 *
 * @param status HTTP status; 0 when no answer came
 * @param body   its text, or what went wrong where there is no answer
 */
record HubspotAnswer(int status, String body) {

    /** What stands for the status of an answer that is not what was asked for (RFC 9110, Bad Gateway). */
    static final int NOT_UNDERSTOOD = 502;

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final int LONGEST_WORDS = 300;

    boolean ok() {
        return status >= 200 && status < 300;
    }

    /** The body as JSON, or nothing when it is something else, such as a maintenance page. */
    Optional<JsonNode> json() {
        try {
            return Optional.ofNullable(body == null ? null : MAPPER.readTree(body)).filter(JsonNode::isObject);
        } catch (JsonProcessingException noJson) {
            return Optional.empty();
        }
    }

    /**
     * Whether it is no answer of HubSpot's, although its status says that something was done, or that the request is wrong:
     * a page of something in between. Which a firewall or a limit refuses (403, 429), it refuses in whatever words.
     */
    boolean isNoApi() {
        return json().isEmpty() && (ok() || Set.of(400, 404, 405, 409, 410, 415).contains(status)
                && body != null && !body.isBlank());
    }

    /** The same as an answer that was not understood; of JSON nothing is repeated, for it may hold values. */
    HubspotAnswer misfit() {
        return new HubspotAnswer(NOT_UNDERSTOOD, "HTTP " + status + " with something else than was asked for: "
                + (body == null || body.isBlank() ? "nothing" : json().isPresent() ? "JSON of another shape"
                        : shortened(body.strip().lines().findFirst().orElse(""))));
    }

    /** Whether it is an error as HubSpot itself writes it, and no page of something in between. */
    boolean isError() {
        return !ok() && json().filter(it -> it.has("category") || it.has("errorType") || it.has("policyName")
                || "error".equals(it.path("status").asText())).isPresent();
    }

    /** The category of an error, or the policy whose limit is spent. */
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
        return json().filter(node -> node.has("message")).map(node -> node.path("message").asText())
                .map(HubspotAnswer::shortened).orElseGet(() -> body == null || body.isBlank() ? "empty answer"
                        : shortened(body.strip().lines().findFirst().orElse("")));
    }

    static String shortened(String words) {
        return words.length() > LONGEST_WORDS ? words.substring(0, LONGEST_WORDS) + "..." : words;
    }
}
