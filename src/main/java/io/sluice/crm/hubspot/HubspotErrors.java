// SPDX-License-Identifier: Apache-2.0
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

/** Classifies HubSpot's errors: a limit is used up, a retry may help, or a retry can't help. */
final class HubspotErrors {

    /** "Migration in progress": the account moves to another data centre; Retry-After gives the seconds. */
    private static final int MIGRATION = 477;

    /** Operations that are counted by the search limit. */
    private static final Set<String> SEARCHES = Set.of("search", "query");

    /** Categories that concern the state of the API; every other category concerns the record and is permanent. */
    private static final Set<String> TRANSIENT = Set.of(
            "RATE_LIMITS",
            "RATE_LIMIT",
            "EXPIRED_AUTHENTICATION",
            "INVALID_AUTHENTICATION",
            "MISSING_SCOPES",
            "BANNED",
            "INTERNAL_ERROR",
            "API_ERROR",
            "GATEWAY_TIMEOUT",
            "CONTENT_LOCKED",
            "LOCKED",
            "NO_ANSWER");

    /**
     * Texts of an error about a unique value that another record has: 409 CONFLICT for a contact's e-mail, 400 for any
     * other unique property (https://github.com/HubSpot/hubspot-api-python/issues/51,
     * https://developers.hubspot.com/docs/guides/api/crm/properties).
     */
    private static final Pattern TAKEN = Pattern.compile(
            "already exists\\. Existing ID|already has that value|CONFLICTING_UNIQUE_VALUE|DUPLICATE_UNIQUE_VALUE");

    private static final Pattern FIELD = Pattern.compile("Cannot set (\\w+) to |propertyName=(\\w+)");

    /** Category of an error about ids without a record ("Error handling"). */
    static final String NOT_FOUND = "OBJECT_NOT_FOUND";

    private HubspotErrors() {}

    /** Tells whether HubSpot rejected a whole call because a record in it does not exist. */
    static boolean isNotFound(HubspotAnswer answer) {
        return answer.status() == 404 && answer.code().equals(NOT_FOUND);
    }

    /** Returns the ids, or values of the identifying property, of records that do not exist according to the answer. */
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
     * Returns the limit that is used up, or null for none ("API usage guidelines": a 429 names the policy). The policy
     * SECONDLY is named for writes as well as for the search, so the operation decides which limit it is.
     *
     * @param operation  the operation of the throttled call, as the ledger names it
     * @param retryAfter the header of that name, or null; HubSpot sends it only with a migration
     */
    static ThrottleSignal throttleSignal(HubspotAnswer answer, String operation, String retryAfter, Instant now) {
        if (answer.status() == MIGRATION) {
            return new ThrottleSignal(ThrottleSignal.SHORT, RetryAfter.of(retryAfter, now));
        }
        if (answer.status() != 429) {
            return null;
        }
        String kind =
                switch (answer.code()) {
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
                return Outcome.taken(
                        key,
                        code,
                        message,
                        message.startsWith("Contact already exists") ? List.of("email") : List.of());
            }
            String field = Objects.requireNonNullElse(named.group(1), named.group(2));
            // HubSpot's own message repeats the value
            return Outcome.taken(key, code, field + ": another record has that value", List.of(field));
        }
        return TRANSIENT.contains(code) ? Outcome.retry(key, code, message) : Outcome.rejected(key, code, message);
    }

    /** Names the error code of one property. */
    private record Problem(String property, String code) {}

    /**
     * Returns the outcome of a record with invalid properties: its code is that of the first error, and its message
     * lists each property with its code. HubSpot's own messages repeat the values, so they are left out; the dead
     * letter holds the values.
     *
     * @param error   the error as HubSpot writes it ("Error handling": category, errors with code and context), or null
     * @param code    the code of the whole error
     * @param message the message for an error that names no property
     */
    static Outcome outcome(String key, JsonNode error, String code, String message) {
        List<Problem> problems = error == null
                        || TRANSIENT.contains(code)
                        || TAKEN.matcher(message).find()
                ? List.of()
                : problems(error);
        if (problems.isEmpty()) {
            return outcome(key, code, message);
        }
        String details = problems.stream()
                .map(it -> it.property() + ": " + it.code())
                .distinct()
                .collect(Collectors.joining(", "));
        return outcome(
                        key,
                        problems.get(0).code(),
                        "invalid property values (" + HubspotAnswer.shortened(details) + ")")
                .withFields(problems.stream().map(Problem::property).distinct().toList());
    }

    private static List<Problem> problems(JsonNode error) {
        List<Problem> problems = new ArrayList<>();
        error.path("errors").forEach(detail -> {
            JsonNode context = detail.path("context");
            for (String names : List.of("propertyName", "propertyNames", "name")) {
                context.path(names)
                        .forEach(name -> problems.add(new Problem(
                                name.asText(),
                                detail.path("code")
                                        .asText(detail.path("subCategory")
                                                .asText(error.path("category").asText("ERROR"))))));
            }
        });
        if (problems.isEmpty()) {
            listed(error.path("message").asText())
                    .forEach(detail -> problems.add(new Problem(
                            detail.path("name").asText(), detail.path("error").asText("INVALID"))));
            problems.removeIf(it -> it.property().isEmpty());
        }
        return problems;
    }

    /** Returns the JSON list within a message that starts with "Property values were not valid: ". */
    private static JsonNode listed(String message) {
        int list = message.indexOf("[{");
        return list < 0
                ? MissingNode.getInstance()
                : new HubspotAnswer(400, "{\"list\":" + message.substring(list) + "}")
                        .json()
                        .map(it -> it.path("list"))
                        .orElse(MissingNode.getInstance());
    }

    /**
     * Returns the outcome of each record for an answer without results. One of several records may be the cause, so
     * only a record that was sent alone is rejected, and only by HubSpot's own error: the page of an intermediary
     * concerns no record.
     *
     * @param records the number of records in the call
     */
    static Outcome ofCall(String key, HubspotAnswer answer, int records) {
        boolean wrong =
                switch (answer.status()) {
                    case 400, 404, 405, 409, 415 -> records == 1 && answer.isError();
                    case 413, 414, 431 -> records == 1;
                    default -> false;
                };
        return wrong
                ? outcome(key, answer.json().orElse(null), answer.code(), answer.message())
                : Outcome.uncertain(
                        key, UnprovenAnswer.of(answer.status(), answer.isError()), answer.code(), answer.message());
    }
}
