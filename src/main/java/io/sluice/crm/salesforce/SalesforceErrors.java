// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Outcome;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.UnprovenAnswer;
import io.sluice.quota.ThrottleSignal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Classifies Salesforce's errors: a retry may help, or it can't help. */
final class SalesforceErrors {

    /**
     * Codes that concern the state of the API; every other code concerns the record and is permanent (SOAP API,
     * StatusCode).
     */
    private static final Set<String> TRANSIENT = Set.of(
            "UNABLE_TO_LOCK_ROW",
            "REQUEST_LIMIT_EXCEEDED",
            "SERVER_UNAVAILABLE",
            "INVALID_SESSION_ID",
            "UNKNOWN_EXCEPTION",
            "INTERNAL_SERVER_ERROR",
            "QUERY_TIMEOUT",
            "REQUEST_RUNNING_TOO_LONG",
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "PROCESSING_HALTED",
            "LIMIT_EXCEEDED",
            "TXN_SECURITY_METERING_ERROR",
            "API_CURRENTLY_DISABLED",
            "API_DISABLED_FOR_ORG");

    /** Codes for a value that another record has; that record may be about to release it (SOAP API, StatusCode). */
    private static final Set<String> UNIQUE = Set.of("DUPLICATE_VALUE", "DUPLICATES_DETECTED");

    private static final Pattern DUPLICATED_FIELD = Pattern.compile("duplicate value found: (\\w+) duplicates value");

    /** Patterns of an answer about a used-up limit; the first match names the limit (REST API Developer Guide, 403). */
    private static final List<Spent> SPENT = List.of(
            new Spent(403, "REQUEST_LIMIT_EXCEEDED", "Concurrent", ThrottleSignal.CONCURRENT),
            new Spent(403, "REQUEST_LIMIT_EXCEEDED", "", ThrottleSignal.DAILY),
            new Spent(400, "LIMIT_EXCEEDED", "", ThrottleSignal.BULK),
            new Spent(429, "", "", ThrottleSignal.SHORT));

    /** Codes with which Salesforce rejects every call until the organisation is reconfigured. */
    private static final Set<String> CLOSED = Set.of("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED");

    /** Codes for an object or a field that does not exist, or that this user can't access. */
    private static final Set<String> NO_SUCH =
            Set.of("INVALID_TYPE", "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE");

    /** Code for an address without an object, an external id, or a record. */
    private static final String NOT_FOUND = "NOT_FOUND";

    /** Prefix of the codes for a missing right. */
    private static final String NO_RIGHT = "INSUFFICIENT_";

    /**
     * Messages of a 401 that another login would get again (Salesforce's own clients do not log in again for them): the
     * session is valid, but not for this call.
     */
    private static final List<String> INDEPENDENT_OF_LOGIN =
            List.of("This session is not valid for use with the REST API", "Connected app is not attached to Agent");

    /** Code for an external id that identifies more than one record (SOAP API, StatusCode). */
    private static final String SEVERAL = "DUPLICATE_EXTERNAL_ID";

    /**
     * Codes for a write by id whose record is deleted or does not exist. The last one can concern the value of a lookup
     * field too, which is then named (SOAP API, StatusCode).
     */
    private static final Set<String> GONE = Set.of("ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY");

    private record Spent(int status, String code, String text, String kind) {

        boolean fits(SalesforceAnswer answer) {
            return answer.status() == status
                    && answer.code().startsWith(code)
                    && answer.message().contains(text);
        }
    }

    private SalesforceErrors() {}

    /** Returns the limit that is used up, or that access is closed; null for neither. Salesforce never gives a wait. */
    static ThrottleSignal throttleSignal(SalesforceAnswer answer) {
        if (!answer.ok() && CLOSED.contains(answer.code())) {
            return new ThrottleSignal(ThrottleSignal.ACCESS, Duration.ZERO);
        }
        return SPENT.stream()
                .filter(spent -> spent.fits(answer))
                .findFirst()
                .map(spent -> new ThrottleSignal(spent.kind(), Duration.ZERO))
                .orElse(null);
    }

    /** Tells whether the organisation does not support the API version, so that every call fails. */
    static boolean isUnsupportedVersion(SalesforceAnswer answer) {
        return answer.status() == 410 || answer.code().equals("UNSUPPORTED_API_VERSION");
    }

    /** Tells whether a 401 would come back with any other session too. */
    static boolean isIndependentOfLogin(SalesforceAnswer answer) {
        return INDEPENDENT_OF_LOGIN.stream().anyMatch(answer.message()::contains);
    }

    /** Returns the error scope of an answer without per-record results. */
    static ErrorScope scope(SalesforceAnswer answer) {
        if (answer.ok()) {
            return ErrorScope.NONE; // the results are read elsewhere
        }
        String code = answer.code();
        return switch (answer.status()) {
            case 400 ->
                !answer.isError() || TRANSIENT.contains(code)
                        ? ErrorScope.TRANSIENT
                        : NO_SUCH.contains(code) || code.equals(NOT_FOUND) ? ErrorScope.OBJECT : ErrorScope.RECORD;
            // others concern the account: an address that is not allowed, a firewall's page
            case 403 -> code.startsWith(NO_RIGHT) ? ErrorScope.OBJECT : ErrorScope.TRANSIENT;
            case 404 ->
                !answer.isError()
                        ? ErrorScope.TRANSIENT
                        : code.equals("ENTITY_IS_DELETED") ? ErrorScope.RECORD : ErrorScope.OBJECT;
            case 405, 415 -> answer.isError() ? ErrorScope.OBJECT : ErrorScope.TRANSIENT;
            default -> ErrorScope.of(answer.status());
        };
    }

    /** Tells whether an error of a record shows that its object has changed since it was described. */
    static boolean isOfShape(String code) {
        return code != null && NO_SUCH.contains(code);
    }

    /** Tells whether an error of a bulk delete shows that no record has that id. */
    static boolean isGone(String code) {
        return code != null && GONE.contains(code);
    }

    /** Tells whether the errors of a record identified by id show that it does not exist. */
    static boolean isGone(JsonNode errors) {
        return errors.size() > 0
                && isGone(code(errors))
                && errors.path(0).path("fields").isEmpty();
    }

    static Outcome gone(String key, JsonNode errors) {
        return Outcome.gone(key, code(errors), errors.path(0).path("message").asText());
    }

    private static String code(JsonNode errors) {
        JsonNode first = errors.path(0);
        return first.path("statusCode").asText(first.path("errorCode").asText("UNKNOWN_EXCEPTION"));
    }

    static Outcome outcome(String key, String code, String message) {
        if (UNIQUE.contains(code)) {
            Matcher field = DUPLICATED_FIELD.matcher(message);
            return Outcome.taken(key, code, message, field.find() ? List.of(field.group(1)) : List.of());
        }
        return TRANSIENT.contains(code) ? Outcome.retry(key, code, message) : Outcome.rejected(key, code, message);
    }

    /**
     * Returns the outcome of a record with errors. The first error decides; the others add their messages and fields.
     *
     * @param errors an array of {@code statusCode} (for a record of a larger call) or {@code errorCode}, with {@code
     *     message} and {@code fields}
     */
    static Outcome outcome(String key, JsonNode errors) {
        Set<String> fields = new LinkedHashSet<>();
        Set<String> messages = new LinkedHashSet<>();
        for (JsonNode error : errors) {
            error.path("fields").forEach(field -> fields.add(field.asText()));
            messages.add(error.path("message").asText() + duplicates(error.path("duplicateResult"), fields));
        }
        Outcome outcome = outcome(key, code(errors), String.join("; ", messages));
        return fields.isEmpty() ? outcome : outcome.withFields(List.copyOf(fields));
    }

    /**
     * Returns the records that a duplicate rule matched, and adds the matching fields (SOAP API, DuplicateResult and
     * FieldDiff); a user needs them to resolve DUPLICATES_DETECTED.
     */
    private static String duplicates(JsonNode result, Set<String> fields) {
        Set<String> ids = new LinkedHashSet<>();
        result.path("matchResults").forEach(match -> match.path("matchRecords").forEach(found -> {
            ids.add(found.path("record").path("Id").asText());
            found.path("fieldDiffs").forEach(field -> {
                if (field.path("difference").asText().equalsIgnoreCase("same")) {
                    fields.add(field.path("name").asText());
                }
            });
        }));
        return ids.isEmpty()
                ? ""
                : " (" + result.path("duplicateRule").asText("duplicate rule") + " found " + String.join(", ", ids)
                        + ")";
    }

    /**
     * Returns the outcome of each record for an answer without per-record results. A request that Salesforce finds
     * wrong (400, 404, 405, 413, 414, 415, 431), or whose external id identifies several records (300), is permanently
     * wrong; everything else is transient, including the answers of intermediaries. One of several records may be the
     * cause (JSON_PARSER_ERROR), so only a record that was sent alone is rejected.
     *
     * @param records the number of records in the call
     */
    static Outcome ofCall(String key, SalesforceAnswer answer, int records) {
        boolean wrong =
                switch (answer.status()) {
                    case 400, 404, 405, 415 -> records == 1 && answer.isError();
                    case 300, 413, 414, 431 -> records == 1;
                    default -> false;
                };
        if (wrong && answer.status() == 300) {
            return outcome(key, SEVERAL, several(answer));
        }
        return wrong
                ? answer.errors()
                        .map(errors -> outcome(key, errors))
                        .orElseGet(() -> outcome(key, answer.code(), answer.message()))
                : Outcome.uncertain(
                        key, UnprovenAnswer.of(answer.status(), answer.isError()), answer.code(), answer.message());
    }

    /** Returns the message for a 300, whose body holds the addresses of the records. */
    private static String several(SalesforceAnswer answer) {
        List<String> ids = new ArrayList<>();
        answer.json()
                .ifPresent(urls -> urls.forEach(
                        url -> ids.add(url.asText().substring(url.asText().lastIndexOf('/') + 1))));
        return "the external id identifies several records: "
                + (ids.isEmpty() ? answer.message() : String.join(", ", ids));
    }
}
