// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.operate.ApiResponses.RejectedRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;

/** Parses the times of API requests. */
final class ApiTimes {

    /** Times that the database and sums with durations can hold. */
    private static final Instant MIN = Instant.EPOCH;

    private static final Instant MAX = Instant.parse("9999-01-01T00:00:00Z");
    private static final Duration MAX_TIME = Duration.ofDays(400);

    private ApiTimes() {}

    /**
     * Parses a time, or a day, which is its start.
     *
     * @param what        what the text is in, for the message: {@code Parameter} or {@code Field}
     * @param text        the text, or null
     * @param defaultTime time for null
     */
    static Instant parse(String what, String name, String text, ZoneId zone, Instant defaultTime)
            throws RejectedRequest {
        if (text == null) {
            return defaultTime;
        }
        try {
            Instant time = text.length() == "2026-01-31".length()
                    ? LocalDate.parse(text).atStartOfDay(zone).toInstant()
                    : Instant.parse(text);
            if (time.isAfter(MIN) && time.isBefore(MAX)) {
                return time;
            }
        } catch (DateTimeParseException malformed) {
            // answered below
        }
        throw new RejectedRequest(
                400,
                what + " '" + name + "' must be a time such as '2026-01-31T08:00:00Z' or a day such as"
                        + " '2026-01-31', not '" + text + "'");
    }

    /** Checks that a time ends after its start, and not too long after. */
    static void checkOrder(String what, Instant from, Instant to) throws RejectedRequest {
        if (!from.isBefore(to)) {
            throw new RejectedRequest(400, what + " 'from' must be before 'to', but is " + from + " and " + to);
        }
        if (Duration.between(from, to).compareTo(MAX_TIME) > 0) {
            throw new RejectedRequest(
                    400,
                    "From 'from' to 'to' may be " + MAX_TIME.toDays() + " days, but are more: " + from + " to " + to);
        }
    }
}
