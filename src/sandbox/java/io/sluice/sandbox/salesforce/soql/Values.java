// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Literal;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.RecordIds;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;

/** Compares values as SOQL does: texts without case, ids with it, times by the second. */
final class Values {

    private static final long DAY = 86_400_000;

    private Values() {}

    /** Represents a value, or the first and last of many for a literal such as TODAY. */
    record Span(Object first, Object last) {

        static Span of(Object value) {
            return new Span(value, value);
        }
    }

    /** Answers a stored value in comparable form. */
    static Object comparable(Field field, Object value) {
        if (value == null) {
            return null;
        }
        return switch (field.type()) {
            case ID, REFERENCE -> value;
            case DATETIME -> (Long) value / 1000;
            case BOOLEAN -> value;
            case DATE, INT, TIME -> ((Integer) value).doubleValue();
            case DOUBLE, CURRENCY, PERCENT -> value;
            default -> value.toString().toLowerCase(Locale.ROOT);
        };
    }

    /** Answers a literal in the comparable form of this field. */
    static Span literal(Field field, Literal literal, long nowMillis) {
        if (literal.kind() == Literal.Kind.NULL) {
            return Span.of(null);
        }
        String text = literal.text();
        boolean quoted = literal.kind() == Literal.Kind.TEXT;
        FieldType type = field.type();
        boolean wantsQuotes = type.isText() || type == FieldType.ID || type == FieldType.REFERENCE;
        if (quoted != wantsQuotes) {
            throw new MalformedQueryException(
                    "INVALID_FIELD",
                    "value of filter criterion for field '" + field.name()
                            + "' must be of type " + type.wireName() + " and should " + (wantsQuotes ? "" : "not ")
                            + "be enclosed in quotes");
        }
        if (type == FieldType.ID || type == FieldType.REFERENCE) {
            return Span.of(id(field, text));
        }
        if (type == FieldType.DATE || type == FieldType.DATETIME) {
            Span span = day(text, nowMillis);
            if (span != null) {
                return new Span(
                        comparable(field, type == FieldType.DATE ? span.first() : daysStart(span.first())),
                        comparable(field, type == FieldType.DATE ? span.last() : daysStart(span.last()) + DAY - 1000));
            }
        }
        boolean isMoment = text.indexOf('T') > 0;
        if (type == FieldType.DATETIME && !isMoment || type == FieldType.DATE && isMoment) {
            throw notOfType(field, text);
        }
        try {
            return Span.of(
                    comparable(field, type.parse(type == FieldType.BOOLEAN ? text.toLowerCase(Locale.ROOT) : text)));
        } catch (IllegalArgumentException e) {
            throw notOfType(field, text);
        }
    }

    private static Object id(Field field, String text) {
        if (!RecordIds.isWellFormed(text)) {
            // a query for an empty or foreign id is an error in Salesforce as well
            throw new MalformedQueryException(
                    "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: " + (text.isEmpty() ? field.name() : text));
        }
        return RecordIds.full(text);
    }

    private static MalformedQueryException notOfType(Field field, String text) {
        return new MalformedQueryException(
                "INVALID_FIELD",
                "value of filter criterion for field '" + field.name() + "' must be of type "
                        + field.type().wireName() + ": " + text);
    }

    private static long daysStart(Object day) {
        return (Integer) day * DAY;
    }

    /** Answers the first and last day of a literal such as LAST_N_DAYS:7 in UTC, or null when it is none. */
    private static Span day(String text, long nowMillis) {
        LocalDate today = Instant.ofEpochMilli(nowMillis).atZone(ZoneOffset.UTC).toLocalDate();
        return DateLiteral.of(text, today)
                .map(days -> new Span(
                        (int) days.first().toEpochDay(), (int) days.last().toEpochDay()))
                .orElse(null);
    }

    @SuppressWarnings("unchecked")
    static int compare(Object left, Object right) {
        return ((Comparable<Object>) left).compareTo(right);
    }
}
