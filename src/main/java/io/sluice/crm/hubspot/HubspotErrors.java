package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.sluice.Outcome;
import io.sluice.crm.RetryAfter;
import io.sluice.crm.UnprovenAnswer;
import io.sluice.quota.ThrottleSignal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What HubSpot's errors mean: that a limit is spent, that sending again may help, or that it can't. */
final class HubspotErrors {

    /** "Migration in progress": the account moves to another data centre and says for how many seconds. */
    private static final int MIGRATION = 477;

    /** Operations whose calls ask the search. */
    private static final Set<String> SEARCHES = Set.of("search", "query");

    /** Categories of the API's own state; every other is about the record and stays. */
    private static final Set<String> PASSING = Set.of("RATE_LIMITS", "RATE_LIMIT", "EXPIRED_AUTHENTICATION",
            "INVALID_AUTHENTICATION", "MISSING_SCOPES", "BANNED", "INTERNAL_ERROR", "API_ERROR", "GATEWAY_TIMEOUT",
            "CONTENT_LOCKED", "LOCKED", "NO_ANSWER");

    /**
     * Words of a value that must be unique and that another record has: 409 CONFLICT of a contact's e-mail, 400 of any other
     * unique property (https://github.com/HubSpot/hubspot-api-python/issues/51,
     * https://developers.hubspot.com/docs/guides/api/crm/properties).
     */
    private static final Pattern TAKEN = Pattern.compile(
            "already exists\\. Existing ID|already has that value|CONFLICTING_UNIQUE_VALUE|DUPLICATE_UNIQUE_VALUE");

    private static final Pattern FIELD = Pattern.compile("Cannot set (\\w+) to |propertyName=(\\w+)");

    /** Category of an error about ids under which there is no record ("Error handling"). */
    static final String NOT_FOUND = "OBJECT_NOT_FOUND";

    private HubspotErrors() {
    }

    /** Whether a call was refused as a whole because a record that it names is not there. */
    static boolean isNotFound(HubspotAnswer answer) {
        return answer.status() == 404 && answer.code().equals(NOT_FOUND);
    }

    /** The ids, or values of the property by which records were named, of which an answer says that they are not there. */
    static Set<String> notFound(HubspotAnswer answer) {
        Set<String> ids = new HashSet<>();
        answer.json().ifPresent(json -> {
            if (isNotFound(answer)) {
                json.path("context").path("ids").forEach(id -> ids.add(id.asText()));
            }
            json.path("errors").forEach(error -> {
                if (error.path("category").asText().equals(NOT_FOUND)) {
                    error.path("context").path("ids").forEach(id -> ids.add(id.asText()));
                }
            });
        });
        return ids;
    }

    /**
     * That a limit is spent, or null ("API usage guidelines": 429 names the policy). The policy SECONDLY
     * is told of writes too, not of the search alone, so the call that was refused says whose limit it is.
     *
     * @param operation  of the call that was refused, as the ledger names it
     * @param retryAfter the header of that name, or null; HubSpot sends it with a migration only
     */
    static ThrottleSignal refusal(HubspotAnswer answer, String operation, String retryAfter, Instant now) {
        if (answer.status() == MIGRATION) {
            return new ThrottleSignal(ThrottleSignal.SHORT, RetryAfter.of(retryAfter, now));
        }
        if (answer.status() != 429) {
            return null;
        }
        String kind = switch (answer.code()) {
            case "DAILY" -> ThrottleSignal.DAILY;
            case "TEN_SECONDLY_ROLLING" -> ThrottleSignal.SHORT;
            default -> SEARCHES.contains(operation) ? ThrottleSignal.SEARCH : ThrottleSignal.SHORT;
        };
        return new ThrottleSignal(kind, RetryAfter.of(retryAfter, now));
    }

    static Outcome outcome(String key, String code, String message) {
        if (TAKEN.matcher(message).find()) {
            Matcher named = FIELD.matcher(message);
            if (!named.find()) {
                return Outcome.taken(key, code, message,
                        message.startsWith("Contact already exists") ? List.of("email") : List.of());
            }
            String field = Objects.requireNonNullElse(named.group(1), named.group(2));
            // HubSpot's own words repeat the value
            return Outcome.taken(key, code, field + ": another record has that value", List.of(field));
        }
        return PASSING.contains(code) ? Outcome.retry(key, code, message) : Outcome.rejected(key, code, message);
    }

    /** What is wrong with one property. */
    private record Problem(String property, String code) { }

    /**
     * The outcome of a record whose properties HubSpot finds wrong: its code is that of the first, and its words are each
     * property with its code. HubSpot's own words repeat the values, so they are left out; the values stand in the dead letter.
     *
     * @param error  as HubSpot writes it ("Error handling": category, errors with code and context), or null
     * @param code   of the error as a whole
     * @param message where it names no property
     */
    static Outcome outcome(String key, JsonNode error, String code, String message) {
        List<Problem> problems = error == null || PASSING.contains(code)
                || TAKEN.matcher(message).find() ? List.of() : problems(error);
        if (problems.isEmpty()) {
            return outcome(key, code, message);
        }
        String words = problems.stream().map(it -> it.property() + ": " + it.code()).distinct().collect(Collectors.joining(", "));
        return outcome(key, problems.get(0).code(), "property values were not taken (" + HubspotAnswer.shortened(words) + ")")
                .withFields(problems.stream().map(Problem::property).distinct().toList());
    }

    private static List<Problem> problems(JsonNode error) {
        List<Problem> problems = new ArrayList<>();
        error.path("errors").forEach(detail -> {
            JsonNode context = detail.path("context");
            for (String names : List.of("propertyName", "propertyNames", "name")) {
                context.path(names).forEach(name -> problems.add(new Problem(name.asText(), detail.path("code")
                        .asText(detail.path("subCategory").asText(error.path("category").asText("ERROR"))))));
            }
        });
        if (problems.isEmpty()) {
            listed(error.path("message").asText()).forEach(detail -> problems.add(new Problem(detail.path("name").asText(),
                    detail.path("error").asText("INVALID"))));
            problems.removeIf(it -> it.property().isEmpty());
        }
        return problems;
    }

    /** "Property values were not valid: " and a list as JSON within the words. */
    private static JsonNode listed(String message) {
        int list = message.indexOf("[{");
        return list < 0 ? MissingNode.getInstance()
                : new HubspotAnswer(400, "{\"list\":" + message.substring(list) + "}").json().map(it -> it.path("list"))
                        .orElse(MissingNode.getInstance());
    }

    /**
     * What an answer without results means for each record. One of several may have spoilt it for all, so only a record
     * that went alone is rejected, and only by HubSpot's own error: a page of something in between is about no record.
     *
     * @param records how many went together
     */
    static Outcome ofCall(String key, HubspotAnswer answer, int records) {
        boolean wrong = switch (answer.status()) {
            case 400, 404, 405, 409, 415 -> records == 1 && answer.isError();
            case 413, 414, 431 -> records == 1;
            default -> false;
        };
        return wrong ? outcome(key, answer.json().orElse(null), answer.code(), answer.message())
                : Outcome.uncertain(key, UnprovenAnswer.of(answer.status(), answer.isError()), answer.code(), answer.message());
    }
}
