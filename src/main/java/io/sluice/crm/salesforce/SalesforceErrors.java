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

/** Which of Salesforce's error codes sending again can heal. */
final class SalesforceErrors {

    /** Codes of the API's own state; every other code is about the record and stays (SOAP API, StatusCode). */
    private static final Set<String> PASSING = Set.of("UNABLE_TO_LOCK_ROW", "REQUEST_LIMIT_EXCEEDED",
            "SERVER_UNAVAILABLE", "INVALID_SESSION_ID", "UNKNOWN_EXCEPTION", "INTERNAL_SERVER_ERROR",
            "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG", "ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED",
            "LIMIT_EXCEEDED", "TXN_SECURITY_METERING_ERROR", "API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG");

    /** Codes of a value that another record has, which that one may be about to give up (SOAP API, StatusCode). */
    private static final Set<String> UNIQUE = Set.of("DUPLICATE_VALUE", "DUPLICATES_DETECTED");

    private static final Pattern DUPLICATED_FIELD = Pattern.compile("duplicate value found: (\\w+) duplicates value");

    /** How a refusal for a spent limit reads; the first that fits says of which (REST API Developer Guide, 403). */
    private static final List<Spent> SPENT = List.of(
            new Spent(403, "REQUEST_LIMIT_EXCEEDED", "Concurrent", ThrottleSignal.CONCURRENT),
            new Spent(403, "REQUEST_LIMIT_EXCEEDED", "", ThrottleSignal.DAILY),
            new Spent(400, "LIMIT_EXCEEDED", "", ThrottleSignal.BULK),
            new Spent(429, "", "", ThrottleSignal.SHORT));

    /** Codes with which Salesforce refuses whatever is asked, until somebody has changed the organisation. */
    private static final Set<String> CLOSED = Set.of("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED");

    /** Codes of an object or a field that is not there, or not for this user. */
    private static final Set<String> NO_SUCH = Set.of("INVALID_TYPE", "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE");

    /** That an address leads nowhere: to no object, no external id, or no record. */
    private static final String NOT_FOUND = "NOT_FOUND";

    /** How the code of a right that the user does not have begins. */
    private static final String NO_RIGHT = "INSUFFICIENT_";

    /**
     * Words of a 401 that another login would meet again (the vendor's own clients leave these alone): the session is good,
     * but not for this.
     */
    private static final List<String> NO_LOGIN_HELPS = List.of("This session is not valid for use with the REST API",
            "Connected app is not attached to Agent");

    /** A user-specified external id names more than one record (SOAP API, StatusCode). */
    private static final String SEVERAL = "DUPLICATE_EXTERNAL_ID";

    /**
     * Codes of a write by id whose record is not there: deleted, or for good, when its id leads nowhere. The last is said of
     * a look-up field's value too, which is then named (SOAP API, StatusCode).
     */
    private static final Set<String> GONE = Set.of("ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY");

    private record Spent(int status, String code, String words, String kind) {

        boolean fits(SalesforceAnswer answer) {
            return answer.status() == status && answer.code().startsWith(code) && answer.message().contains(words);
        }
    }

    private SalesforceErrors() {
    }

    /** That a limit is spent, or that nobody is let in; or null. Salesforce never says for how long. */
    static ThrottleSignal refusal(SalesforceAnswer answer) {
        if (!answer.ok() && CLOSED.contains(answer.code())) {
            return new ThrottleSignal(ThrottleSignal.ACCESS, Duration.ZERO);
        }
        return SPENT.stream().filter(spent -> spent.fits(answer)).findFirst()
                .map(spent -> new ThrottleSignal(spent.kind(), Duration.ZERO)).orElse(null);
    }

    /** Whether the organisation has no such version of the API: nothing that is sent so can arrive. */
    static boolean isOfVersion(SalesforceAnswer answer) {
        return answer.status() == 410 || answer.code().equals("UNSUPPORTED_API_VERSION");
    }

    /** Whether a 401 would come back with any other session too. */
    static boolean isPastLogin(SalesforceAnswer answer) {
        return NO_LOGIN_HELPS.stream().anyMatch(answer.message()::contains);
    }

    /** What an answer without per-record results is about. */
    static ErrorScope scope(SalesforceAnswer answer) {
        if (answer.ok()) {
            return ErrorScope.NONE;   // whose results are not read for that
        }
        String code = answer.code();
        return switch (answer.status()) {
            case 400 -> !answer.isError() || PASSING.contains(code) ? ErrorScope.TRANSIENT
                    : NO_SUCH.contains(code) || code.equals(NOT_FOUND) ? ErrorScope.OBJECT : ErrorScope.RECORD;
            // others are of the account: an address that is not allowed, a firewall's page
            case 403 -> code.startsWith(NO_RIGHT) ? ErrorScope.OBJECT : ErrorScope.TRANSIENT;
            case 404 -> !answer.isError() ? ErrorScope.TRANSIENT
                    : code.equals("ENTITY_IS_DELETED") ? ErrorScope.RECORD : ErrorScope.OBJECT;
            case 405, 415 -> answer.isError() ? ErrorScope.OBJECT : ErrorScope.TRANSIENT;
            default -> ErrorScope.of(answer.status());
        };
    }

    /** Whether an error of a record says that its object is not as it was described. */
    static boolean isOfShape(String code) {
        return code != null && NO_SUCH.contains(code);
    }

    /** Whether an error of a bulk delete says that there is nothing under that id. */
    static boolean isGone(String code) {
        return code != null && GONE.contains(code);
    }

    /** Whether the errors of a record that was named by its id say that it is not there. */
    static boolean isGone(JsonNode errors) {
        return errors.size() > 0 && isGone(code(errors)) && errors.path(0).path("fields").isEmpty();
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
        return PASSING.contains(code) ? Outcome.retry(key, code, message) : Outcome.rejected(key, code, message);
    }

    /**
     * What the errors of one record mean for it. The first decides; the others add their words and fields.
     *
     * @param errors as an array of {@code statusCode} (of a row of a larger call) or {@code errorCode}, with
     *               {@code message} and {@code fields}
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
     * Which records a duplicate rule took for the same, and the fields in which they are (SOAP API, DuplicateResult and
     * FieldDiff): without them nobody knows what to do about DUPLICATES_DETECTED.
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
        return ids.isEmpty() ? "" : " (" + result.path("duplicateRule").asText("duplicate rule") + " found "
                + String.join(", ", ids) + ")";
    }

    /**
     * What an answer without per-record results means for each record: a request that Salesforce found wrong (400,
     * 404, 405, 413, 414, 415, 431), or whose external id names several records (300), stays wrong; everything else
     * passes, as does what something in between answered. Where several records went together, one may have spoilt it for all (JSON_PARSER_ERROR), so only a record
     * that went alone is rejected.
     *
     * @param records how many went together
     */
    static Outcome ofCall(String key, SalesforceAnswer answer, int records) {
        boolean wrong = switch (answer.status()) {
            case 400, 404, 405, 415 -> records == 1 && answer.isError();
            case 300, 413, 414, 431 -> records == 1;
            default -> false;
        };
        if (wrong && answer.status() == 300) {
            return outcome(key, SEVERAL, several(answer));
        }
        return wrong ? answer.errors().map(errors -> outcome(key, errors))
                .orElseGet(() -> outcome(key, answer.code(), answer.message()))
                : Outcome.uncertain(key, UnprovenAnswer.of(answer.status(), answer.isError()), answer.code(), answer.message());
    }

    /** 300 has the addresses of the records as its body. */
    private static String several(SalesforceAnswer answer) {
        List<String> ids = new ArrayList<>();
        answer.json().ifPresent(urls -> urls.forEach(url -> ids.add(url.asText().substring(url.asText().lastIndexOf('/') + 1))));
        return "the external id names several records: " + (ids.isEmpty() ? answer.message() : String.join(", ", ids));
    }
}
