// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Compares values by their meaning: each side has its own spelling of numbers, times and empty values. CRMs trim texts and
 * store no empty text.
 */
final class Values {

    private static final Pattern DAY = Pattern.compile("\\d{4}-\\d\\d-\\d\\d");
    private static final Pattern MOMENT =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d.*(Z|[+-]\\d\\d(:?\\d\\d)?)");
    private static final Pattern MILLIS = Pattern.compile("-?\\d{10,14}");
    private static final Pattern TIME = Pattern.compile("\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?Z?");
    private static final DateTimeFormatter WITH_OFFSET = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .optionalStart()
            .appendOffset("+HH:MM", "Z")
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HHMM", "Z")
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HH", "Z")
            .optionalEnd()
            .toFormatter();

    private Values() {}

    static boolean same(Object left, Object right) {
        Object one = plain(left);
        Object other = plain(right);
        if (one == null || other == null) {
            return one == other;
        }
        if (one instanceof BigDecimal || other instanceof BigDecimal) {
            BigDecimal number = number(one);
            return number != null && number.equals(number(other));
        }
        if (one instanceof String text && other instanceof String otherText) {
            return text.equals(otherText) || sameTime(text, otherText);
        }
        return one.toString().equals(other.toString());
    }

    /** Returns the text that PostgreSQL casts to any type: null, or a text that is neither blank nor in scientific notation. */
    static String text(Object value) {
        Object plain = plain(value);
        if (plain == null) {
            return null;
        }
        return plain instanceof BigDecimal number ? number.toPlainString() : plain.toString();
    }

    /** Converts milliseconds since 1970, in which some CRMs send dates and times, to a text for a column of dates or times. */
    static Object ofMillis(String columnType, Object value) {
        if (!(value instanceof String text) || !MILLIS.matcher(text).matches()) {
            return value;
        }
        Instant moment = Instant.ofEpochMilli(Long.parseLong(text));
        return switch (columnType) {
            case "date" ->
                moment.atOffset(java.time.ZoneOffset.UTC).toLocalDate().toString();
            case "timestamp", "timestamptz" -> moment.toString();
            default -> value;
        };
    }

    /** Converts the text of a file's cell to a number if the column holds numbers. */
    static Object ofText(String columnType, Object value) {
        if (!(value instanceof String text)) {
            return value;
        }
        return switch (columnType) {
            case "int2", "int4", "int8", "numeric", "float4", "float8" -> {
                BigDecimal number = number(text.strip());
                yield number == null ? value : number;
            }
            default -> value;
        };
    }

    private static Object plain(Object value) {
        if (value instanceof Number number) {
            return stripped(new BigDecimal(number.toString()));
        }
        if (value instanceof String text) {
            String stripped = text.strip();
            return stripped.isEmpty() ? null : stripped;
        }
        // a compound field is compared as it is written
        return value instanceof Map<?, ?> map && map.isEmpty() ? null : value;
    }

    private static BigDecimal stripped(BigDecimal number) {
        return number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
    }

    /**
     * Returns a value of a CRM that the database can hold: without NUL characters, and with a replacement character for each
     * lone surrogate, which UTF-8 can't encode.
     */
    static Object storable(Object value) {
        if (!(value instanceof String text)) {
            return value;
        }
        StringBuilder whole = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean pair = Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1));
            boolean lone = Character.isSurrogate(c) && !pair;
            if (whole == null && (lone || c == 0)) {
                whole = new StringBuilder(text.substring(0, i));
            }
            if (whole != null && c != 0) {
                whole.append(lone ? '\uFFFD' : c);
            }
            if (pair) {
                i++;
                if (whole != null) {
                    whole.append(text.charAt(i));
                }
            }
        }
        return whole == null ? text : whole.toString();
    }

    /** Returns the value as a number, or null if it is none. */
    static BigDecimal number(Object value) {
        if (value instanceof BigDecimal number) {
            return number;
        }
        try {
            return stripped(new BigDecimal(value.toString()));
        } catch (NumberFormatException words) {
            return null;
        }
    }

    private static boolean sameTime(String one, String other) {
        try {
            if (MOMENT.matcher(one).matches() && MOMENT.matcher(other).matches()) {
                return moment(one).equals(moment(other));
            }
            // a date and a time: the less precise one decides
            if (DAY.matcher(one).matches() && MOMENT.matcher(other).matches()) {
                return other.startsWith(one);
            }
            if (MOMENT.matcher(one).matches() && DAY.matcher(other).matches()) {
                return one.startsWith(other);
            }
            return TIME.matcher(one).matches()
                    && TIME.matcher(other).matches()
                    && time(one).equals(time(other));
        } catch (DateTimeException justText) {
            return false;
        }
    }

    /** Returns the value as a point in time, or null if it is none. */
    static Instant momentOf(Object value) {
        try {
            return value instanceof String text && MOMENT.matcher(text).matches() ? moment(text) : null;
        } catch (DateTimeException justText) {
            return null;
        }
    }

    /** Returns the value as a time of day, or null if it is none. */
    static LocalTime timeOf(Object value) {
        try {
            return value instanceof String text && TIME.matcher(text).matches() ? time(text) : null;
        } catch (DateTimeException justText) {
            return null;
        }
    }

    private static Instant moment(String text) {
        return OffsetDateTime.parse(text.replace(' ', 'T'), WITH_OFFSET).toInstant();
    }

    private static LocalTime time(String text) {
        return LocalTime.parse(text.endsWith("Z") ? text.substring(0, text.length() - 1) : text);
    }
}
