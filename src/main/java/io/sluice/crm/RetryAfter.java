// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** Reads the header Retry-After: seconds or a date (RFC 9110, https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). */
public final class RetryAfter {

    private static final Duration MAX_WAIT = Duration.ofDays(365);

    private RetryAfter() {}

    /**
     * Returns the requested wait; zero where the header can't be read. The quota decides how much of the wait it
     * accepts.
     *
     * @param header the value of the header, or null
     */
    public static Duration of(String header, Instant now) {
        String text = header == null ? "" : header.strip();
        if (text.matches("\\d+")) {
            return text.length() > 9 ? MAX_WAIT : atMost(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            Duration until = Duration.between(
                    now,
                    ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant());
            return until.isNegative() ? Duration.ZERO : atMost(until);
        } catch (DateTimeException | ArithmeticException unreadable) {
            return Duration.ZERO;
        }
    }

    private static Duration atMost(Duration asked) {
        return asked.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : asked;
    }
}
