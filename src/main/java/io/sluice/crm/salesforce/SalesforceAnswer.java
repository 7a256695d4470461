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
 * A response of Salesforce, whatever its status.
 *
 * @param status HTTP status; 0 when no answer came
 * @param body   its text, or what went wrong where there is no answer
 */
record SalesforceAnswer(int status, String body) {

    /** What stands for the status of an answer that is not what was asked for (RFC 9110, Bad Gateway). */
    static final int NOT_UNDERSTOOD = 502;

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final Pattern MARKUP = Pattern.compile("(?is)<(script|style)\\b.*?</\\1>|<[^>]*>");
    private static final int LONGEST = 200;
    private static final Pattern API_USAGE = Pattern.compile("(?<![\\w-])api-usage=(\\d{1,15})/(\\d{1,15})(?!\\d)");

    boolean ok() {
        return status >= 200 && status < 300;
    }

    /**
     * Whether it is no answer of Salesforce's, although its status says that something was done, or that the request is
     * wrong: neither JSON nor SOAP, but a page of something in between. Which a firewall or a limit refuses (403, 429), it
     * refuses in whatever words.
     */
    boolean isNoApi() {
        return (ok() || Set.of(400, 404, 405, 410, 415).contains(status))
                && body != null && !body.isBlank() && json().isEmpty() && SoapAnswer.parse(body).isEmpty();
    }

    /** The same as an answer that was not understood. */
    SalesforceAnswer misfit() {
        return new SalesforceAnswer(NOT_UNDERSTOOD, "HTTP " + status + " with something else than was asked for: "
                + (body == null || body.isBlank() ? "nothing" : shortened(words(body.strip()))));
    }

    boolean sessionExpired() {
        return status == 401;
    }

    /** The body as JSON, or nothing when it is something else, such as a maintenance page. */
    Optional<JsonNode> json() {
        try {
            return Optional.ofNullable(body == null ? null : MAPPER.readTree(body)).filter(node -> !node.isMissingNode());
        } catch (JsonProcessingException noJson) {
            return Optional.empty();
        }
    }

    /** Errors come as an array of one, and from some resources as a single object. */
    private Optional<JsonNode> error() {
        return json().map(node -> node.isArray() ? node.path(0) : node).filter(node -> node.has("errorCode"));
    }

    /** The errors, always as an array. */
    Optional<JsonNode> errors() {
        return error().flatMap(first -> json().map(node -> node.isArray() ? node : MAPPER.createArrayNode().add(node)));
    }

    private Optional<SoapAnswer.Fault> fault() {
        return ok() ? Optional.empty() : SoapAnswer.parse(body).flatMap(SoapAnswer::fault);
    }

    /** Whether it is an error as Salesforce itself writes it, and no page of something in between. */
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
                .orElseGet(() -> body == null || body.isBlank() ? "empty answer" : shortened(words(body.strip())));
    }

    /** What a person reads of a page; of any other text its first line. */
    private static String words(String text) {
        String read = !text.startsWith("<") ? text.lines().findFirst().orElse("")
                : MARKUP.matcher(text).replaceAll(" ").replaceAll("\\s+", " ").strip();
        return read.isEmpty() ? "a page without words" : read;
    }

    private static String shortened(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    }

    /** What {@code Sforce-Limit-Info} says: used and allowed calls of the rolling day. */
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
