// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.sluice.Priority;
import io.sluice.QuotedWords;
import java.time.Instant;
import java.util.List;

/**
 * A condition that an operator should know.
 *
 * @param id       kind and subject, the same each time the condition begins, for example {@code dead-letters:deals-hubspot}
 * @param account  account that is concerned, or null
 * @param sync     sync that is concerned, or null
 * @param limit    limit of the account that is concerned, or null
 * @param priority priority that is concerned, or null
 * @param mark     70, 85, 95 or 100 of a limit's mark, else null
 * @param delays   priorities that wait because of it
 * @param until    time until which they wait, or null where that is not known
 * @param since    start of the condition, as far as known
 * @param seenAt   time at which the condition was last observed
 * @param endedAt  end, or null for an active alert
 * @param what     what is wrong, as one sentence with names and counts; it may have {@link QuotedWords}, between their marks
 * @param action   what to do, as one sentence
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({
    "id",
    "kind",
    "severity",
    "account",
    "sync",
    "limit",
    "priority",
    "mark",
    "delays",
    "until",
    "since",
    "endedAt",
    "what",
    "action"
})
public record Alert(
        String id,
        AlertKind kind,
        Severity severity,
        String account,
        String sync,
        String limit,
        Priority priority,
        Integer mark,
        List<Priority> delays,
        Instant until,
        Instant since,
        @JsonIgnore Instant seenAt,
        Instant endedAt,
        String what,
        String action) {

    public Alert {
        delays = List.copyOf(delays);
    }

    /** Makes an active alert that concerns a whole account. */
    static Alert ofAccount(
            AlertKind kind, Severity severity, String account, Instant since, Instant now, String what, String action) {
        return of(account, kind, severity, account, null, since, now, what, action);
    }

    /** Makes an active alert that concerns a sync. */
    static Alert ofSync(
            AlertKind kind,
            Severity severity,
            String account,
            String sync,
            Instant since,
            Instant now,
            String what,
            String action) {
        return of(sync, kind, severity, account, sync, since, now, what, action);
    }

    /** Makes an active alert that concerns a channel of alerts. */
    static Alert ofChannel(
            AlertKind kind, Severity severity, String channel, Instant since, Instant now, String what, String action) {
        return of(channel, kind, severity, null, null, since, now, what, action);
    }

    private static Alert of(
            String subject,
            AlertKind kind,
            Severity severity,
            String account,
            String sync,
            Instant since,
            Instant now,
            String what,
            String action) {
        return new Alert(
                kind + ":" + subject,
                kind,
                severity,
                account,
                sync,
                null,
                null,
                null,
                List.of(),
                null,
                since,
                now,
                null,
                what,
                action);
    }

    /** Makes an active alert of a limit. */
    static Alert ofLimit(
            AlertKind kind,
            Severity severity,
            String account,
            String limit,
            Integer mark,
            List<Priority> delays,
            Instant until,
            Instant now,
            String what,
            String action) {
        return new Alert(
                kind + ":" + account + "/" + limit + (mark == null ? "" : ":" + mark),
                kind,
                severity,
                account,
                null,
                limit,
                null,
                mark,
                delays,
                until,
                now,
                now,
                null,
                what,
                action);
    }

    /** Makes an active alert of a sync's priority. */
    Alert of(Priority priority, Instant until) {
        return new Alert(
                id + ":" + priority,
                kind,
                severity,
                account,
                sync,
                limit,
                priority,
                mark,
                List.of(priority),
                until,
                since,
                seenAt,
                endedAt,
                what,
                action);
    }

    Alert startedAt(Instant start) {
        return new Alert(
                id, kind, severity, account, sync, limit, priority, mark, delays, until, start, seenAt, endedAt, what,
                action);
    }

    /** Returns the alert for readers who may see values: with the words of the CRM and of the database, without their marks. */
    Alert shown() {
        return new Alert(
                id,
                kind,
                severity,
                account,
                sync,
                limit,
                priority,
                mark,
                delays,
                until,
                since,
                seenAt,
                endedAt,
                QuotedWords.shown(what),
                action);
    }

    Alert ended(Instant end) {
        return new Alert(
                id, kind, severity, account, sync, limit, priority, mark, delays, until, since, seenAt, end, what,
                action);
    }
}
