package io.sluice.crm.salesforce;

import io.sluice.Outcome;
import io.sluice.quota.Refusal;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Which of Salesforce's error codes sending again can heal. */
final class Errors {

    /** Codes of the API's own state; every other code is about the record and stays (SOAP API, StatusCode). */
    private static final Set<String> PASSING = Set.of("UNABLE_TO_LOCK_ROW", "REQUEST_LIMIT_EXCEEDED",
            "SERVER_UNAVAILABLE", "INVALID_SESSION_ID", "UNKNOWN_EXCEPTION", "INTERNAL_SERVER_ERROR",
            "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG", "ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED",
            "LIMIT_EXCEEDED", "TXN_SECURITY_METERING_ERROR", "API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG");

    /** How a refusal for a spent limit reads; the first that fits says of which (REST API Developer Guide, 403). */
    private static final List<Spent> SPENT = List.of(
            new Spent(403, "REQUEST_LIMIT_EXCEEDED", "Concurrent", Refusal.CONCURRENT),
            new Spent(403, "REQUEST_LIMIT_EXCEEDED", "", Refusal.DAILY),
            new Spent(400, "LIMIT_EXCEEDED", "", Refusal.BULK),
            new Spent(429, "", "", Refusal.SHORT));

    /** Codes of a delete whose record is deleted already. */
    private static final Set<String> GONE = Set.of("ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY");

    private record Spent(int status, String code, String words, String kind) {

        boolean fits(SalesforceAnswer answer) {
            return answer.status() == status && answer.code().startsWith(code) && answer.message().contains(words);
        }
    }

    private Errors() {
    }

    /** That a limit is spent, or null. Salesforce never says for how long. */
    static Refusal refusal(SalesforceAnswer answer) {
        return SPENT.stream().filter(spent -> spent.fits(answer)).findFirst()
                .map(spent -> new Refusal(spent.kind(), Duration.ZERO)).orElse(null);
    }

    /** Whether a delete was not done because there is nothing left to delete. */
    static boolean isGone(String code) {
        return code != null && GONE.contains(code);
    }

    static Outcome outcome(String key, String code, String message) {
        return PASSING.contains(code) ? Outcome.retry(key, code, message) : Outcome.rejected(key, code, message);
    }

    /**
     * What an answer without per-record results means for each record: a request that Salesforce found wrong (400,
     * 404, 405, 413, 414, 415) stays wrong; everything else passes. Where several records went together, one may
     * have spoilt it for all (JSON_PARSER_ERROR), so only a record that went alone is rejected.
     *
     * @param records how many went together
     */
    static Outcome ofCall(String key, SalesforceAnswer answer, int records) {
        boolean wrong = switch (answer.status()) {
            case 400, 404, 405, 413, 414, 415, 431 -> records == 1;
            default -> false;
        };
        return wrong ? outcome(key, answer.code(), answer.message())
                : Outcome.retry(key, answer.code(), answer.message());
    }
}
