// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Represents the days of a literal such as {@code LAST_N_WEEKS:2} (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm">Date
 * Formats and Date Literals in WHERE</a>). A week begins on Sunday, as in the locale en_US, and the fiscal year is the
 * calendar year. On Wednesday 2026-03-04 LAST_N_WEEKS:2 is 2026-02-15 to 2026-02-28: the weeks before the current one.
 */
record DateLiteral(LocalDate first, LocalDate last) {

    private static final Pattern COUNTED =
            Pattern.compile("(LAST|NEXT)_N_(FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S:(\\d{1,5})");
    private static final Pattern AGO = Pattern.compile("N_(FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(\\d{1,5})");
    private static final Pattern ONE = Pattern.compile("(LAST|THIS|NEXT)_(FISCAL_)?(WEEK|MONTH|QUARTER|YEAR)");

    /** Parses a literal, or answers empty when the text is none. */
    static Optional<DateLiteral> of(String text, LocalDate today) {
        String name = text.toUpperCase(Locale.ROOT);
        Matcher counted = COUNTED.matcher(name);
        if (counted.matches() && isPeriod(counted.group(2), counted.group(3))) {
            int n = Integer.parseInt(counted.group(4));
            return Optional.of(
                    "LAST".equals(counted.group(1))
                            ? last(counted.group(3), n, today)
                            : between(counted.group(3), 1, n, today));
        }
        Matcher ago = AGO.matcher(name);
        if (ago.matches() && isPeriod(ago.group(1), ago.group(2))) {
            int n = -Integer.parseInt(ago.group(3));
            return Optional.of(between(ago.group(2), n, n, today));
        }
        Matcher one = ONE.matcher(name);
        if (one.matches() && isPeriod(one.group(2), one.group(3))) {
            int n =
                    switch (one.group(1)) {
                        case "LAST" -> -1;
                        case "NEXT" -> 1;
                        default -> 0;
                    };
            return Optional.of(between(one.group(3), n, n, today));
        }
        return switch (name) {
            case "TODAY" -> Optional.of(between("DAY", 0, 0, today));
            case "YESTERDAY" -> Optional.of(between("DAY", -1, -1, today));
            case "TOMORROW" -> Optional.of(between("DAY", 1, 1, today));
            case "LAST_90_DAYS" -> Optional.of(last("DAY", 90, today));
            case "NEXT_90_DAYS" -> Optional.of(between("DAY", 1, 90, today));
            default -> Optional.empty();
        };
    }

    /** Whether the unit may be fiscal: only quarters and years are. */
    private static boolean isPeriod(String fiscal, String unit) {
        return fiscal == null || "QUARTER".equals(unit) || "YEAR".equals(unit);
    }

    /** Answers the last n days and today, or the last n of another period without the current one. */
    private static DateLiteral last(String unit, int n, LocalDate today) {
        return between(unit, -n, "DAY".equals(unit) ? 0 : -1, today);
    }

    /**
     * Answers the days from the beginning of one period to the end of another, counted from the current one, which is
     * 0.
     */
    private static DateLiteral between(String unit, int from, int to, LocalDate today) {
        return new DateLiteral(
                start(unit, from, today), start(unit, to + 1, today).minusDays(1));
    }

    private static LocalDate start(String unit, int n, LocalDate today) {
        return switch (unit) {
            case "DAY" -> today.plusDays(n);
            case "WEEK" ->
                today.with(TemporalAdjusters.previousOrSame(DayOfWeek.SUNDAY)).plusWeeks(n);
            case "MONTH" -> today.withDayOfMonth(1).plusMonths(n);
            case "QUARTER" ->
                today.withDayOfMonth(1)
                        .withMonth((today.getMonthValue() - 1) / 3 * 3 + 1)
                        .plusMonths(3L * n);
            default -> today.withDayOfYear(1).plusYears(n);
        };
    }
}
