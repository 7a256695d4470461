package io.sluice.crm;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** Reads the header Retry-After: seconds or a date (RFC 9110, https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). */
public final class RetryAfter {

    private static final Duration VERY_LONG = Duration.ofDays(365);

    private RetryAfter() {
    }

    /**
     * How long it asks to wait; zero where it says nothing that can be read. How much of that is believed is the quota's
     * decision.
     *
     * @param header or null
     */
    public static Duration of(String header, Instant now) {
        String text = header == null ? "" : header.strip();
        if (text.matches("\\d+")) {
            return text.length() > 9 ? VERY_LONG : atMost(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            Duration until = Duration.between(now, ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
            return until.isNegative() ? Duration.ZERO : atMost(until);
        } catch (DateTimeException | ArithmeticException unreadable) {
            return Duration.ZERO;
        }
    }

    private static Duration atMost(Duration asked) {
        return asked.compareTo(VERY_LONG) > 0 ? VERY_LONG : asked;
    }
}
