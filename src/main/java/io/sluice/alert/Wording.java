// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.Priority;
import io.sluice.QuotedWords;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Formats numbers, times and lists for the sentences of alerts. */
final class Wording {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm 'UTC'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter DAY_AND_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'").withZone(ZoneOffset.UTC);
    private static final int MAX_NAMES = 3;
    private static final int MAX_MESSAGE = 300;
    private static final long MINUTES_PER_HOUR = 60;
    private static final long MINUTES_SHOWN_BELOW = 120;
    private static final long HOURS_SHOWN_BELOW = 48;

    private Wording() {}

    /** Formats a count with its noun: {@code 1 change}, {@code 1,200 changes}. */
    static String count(long number, String noun) {
        return String.format(Locale.ROOT, "%,d %s%s", number, noun, number == 1 ? "" : "s");
    }

    /** Formats a duration in its largest unit: {@code 45 seconds}, {@code 7 minutes}, {@code 3 hours}, {@code 2 days}. */
    static String duration(Duration duration) {
        long minutes = duration.toMinutes();
        if (minutes < 2) {
            return count(Math.max(0, duration.toSeconds()), "second");
        }
        if (minutes < MINUTES_SHOWN_BELOW) {
            return count(minutes, "minute");
        }
        long hours = minutes / MINUTES_PER_HOUR;
        return hours < HOURS_SHOWN_BELOW ? count(hours, "hour") : count(duration.toDays(), "day");
    }

    /** Formats a time; with its day where that is not today. */
    static String time(Instant time, Instant now) {
        return time.atZone(ZoneOffset.UTC)
                        .toLocalDate()
                        .equals(now.atZone(ZoneOffset.UTC).toLocalDate())
                ? TIME.format(time)
                : DAY_AND_TIME.format(time);
    }

    /** Joins words as {@code low, normal and high}. */
    static String and(List<String> words) {
        return words.size() < 2
                ? String.join("", words)
                : String.join(", ", words.subList(0, words.size() - 1)) + " and " + words.get(words.size() - 1);
    }

    static String priorities(Collection<Priority> priorities) {
        return and(priorities.stream().map(Priority::toString).toList());
    }

    /** Joins names, at most three of them: {@code a, b, c and 4 more}. */
    static String names(List<String> names) {
        return names.size() <= MAX_NAMES
                ? and(names)
                : String.join(", ", names.subList(0, MAX_NAMES)) + " and " + (names.size() - MAX_NAMES) + " more";
    }

    /** Formats a message of a CRM or of the database as {@link #message}, and marks it as a quotation. */
    static String quoted(String text) {
        return QuotedWords.mark(message(text));
    }

    /** Puts a message on one line of limited length, without a full stop at its end. */
    static String message(String text) {
        String line = text == null ? "" : text.strip().replaceAll("\\s*\\R\\s*", " ");
        String cut = line.length() > MAX_MESSAGE ? line.substring(0, MAX_MESSAGE) + "..." : line;
        return cut.endsWith(".") && !cut.endsWith("...") ? cut.substring(0, cut.length() - 1) : cut;
    }
}
