package io.sluice.crm.hubspot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;

/**
 * A response of HubSpot, whatever its status. Of an error every part may be missing ("Error handling").
 *
 * @param status HTTP status; 0 when no answer came
 * @param body   its text, or what went wrong where there is no answer
 */
record HubspotAnswer(int status, String body) {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int LONGEST_WORDS = 300;

    boolean ok() {
        return status >= 200 && status < 300;
    }

    /** The body as JSON, or nothing when it is something else, such as a maintenance page. */
    Optional<JsonNode> json() {
        try {
            return Optional.ofNullable(body == null ? null : MAPPER.readTree(body)).filter(node -> node.isObject());
        } catch (JsonProcessingException noJson) {
            return Optional.empty();
        }
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
