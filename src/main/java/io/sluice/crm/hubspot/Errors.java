package io.sluice.crm.hubspot;

import io.sluice.Outcome;
import io.sluice.crm.Unproven;
import io.sluice.quota.Refusal;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What HubSpot's errors mean: that a limit is spent, that sending again may help, or that it can't. */
final class Errors {

    /** "Migration in progress": the account moves to another data centre and says for how many seconds. */
    private static final int MIGRATION = 477;

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

    private Errors() {
    }

    /**
     * That a limit is spent, or null ("API usage guidelines": 429 names the policy; that of the search only its words).
     *
     * @param retryAfter the header of that name, or null; HubSpot sends it with a migration only
     */
    static Refusal refusal(HubspotAnswer answer, String retryAfter) {
        if (answer.status() == MIGRATION) {
            return new Refusal(Refusal.SHORT, seconds(retryAfter));
        }
        if (answer.status() != 429) {
            return null;
        }
        String kind = switch (answer.code()) {
            case "DAILY" -> Refusal.DAILY;
            case "TEN_SECONDLY_ROLLING" -> Refusal.SHORT;
            default -> answer.message().contains(" secondly limit") ? Refusal.SEARCH : Refusal.SHORT;
        };
        return new Refusal(kind, seconds(retryAfter));
    }

    private static Duration seconds(String retryAfter) {
        return retryAfter != null && retryAfter.matches("\\d{1,6}")
                ? Duration.ofSeconds(Long.parseLong(retryAfter)) : Duration.ZERO;
    }

    static Outcome outcome(String key, String code, String message) {
        if (TAKEN.matcher(message).find()) {
            Matcher field = FIELD.matcher(message);
            return Outcome.taken(key, code, message, message.startsWith("Contact already exists") ? List.of("email")
                    : field.find() ? List.of(Objects.requireNonNullElse(field.group(1), field.group(2))) : List.of());
        }
        return PASSING.contains(code) ? Outcome.retry(key, code, message) : Outcome.rejected(key, code, message);
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
        return wrong ? outcome(key, answer.code(), answer.message())
                : Outcome.doubtful(key, Unproven.of(answer.status(), answer.isError()), answer.code(), answer.message());
    }
}
