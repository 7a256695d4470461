// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Functions of SOQL that the sandbox knows: aggregates ("Aggregate Functions") and parts of dates in UTC (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_date_functions.htm">Date
 * Functions</a>). The fiscal year is the calendar year.
 */
public enum Function {
    COUNT,
    COUNT_DISTINCT,
    SUM,
    AVG,
    MIN,
    MAX,
    CALENDAR_YEAR,
    CALENDAR_QUARTER,
    CALENDAR_MONTH,
    FISCAL_YEAR,
    FISCAL_QUARTER,
    FISCAL_MONTH,
    DAY_IN_MONTH,
    DAY_IN_WEEK,
    DAY_IN_YEAR,
    DAY_ONLY,
    HOUR_IN_DAY,
    WEEK_IN_MONTH,
    WEEK_IN_YEAR;

    static Optional<Function> of(String name) {
        try {
            return Optional.of(valueOf(name.toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    boolean isAggregate() {
        return ordinal() <= MAX.ordinal();
    }

    /** Describes the function's value; MALFORMED_QUERY when the field does not allow the function. */
    Field result(Field field) {
        if (!takes(field.type())) {
            throw MalformedQueryException.malformed(
                    isAggregate()
                            ? "field " + field.name() + " does not support aggregate operator " + name()
                            : name() + " can't be had of field " + field.name() + " of type "
                                    + field.type().wireName());
        }
        return switch (this) {
            case MIN, MAX -> field;
            case AVG -> Field.of(field.name(), field.label(), FieldType.DOUBLE);
            case SUM ->
                Field.of(field.name(), field.label(), field.type() == FieldType.INT ? FieldType.INT : FieldType.DOUBLE);
            case DAY_ONLY -> Field.of(field.name(), field.label(), FieldType.DATE);
            default -> Field.of(field.name(), field.label(), FieldType.INT);
        };
    }

    /**
     * Whether the function takes fields of this type ("Support for Field Types in Aggregate Functions" in the SOQL and
     * SOSL Reference).
     */
    public boolean takes(FieldType type) {
        boolean isNumber = type.isDecimal() || type == FieldType.INT;
        return switch (this) {
            case SUM, AVG -> isNumber;
            case COUNT, COUNT_DISTINCT ->
                switch (type) {
                    case BOOLEAN, TIME, ADDRESS, MULTIPICKLIST -> false;
                    default -> true;
                };
            case MIN, MAX ->
                switch (type) {
                    case BOOLEAN, TIME, ADDRESS, MULTIPICKLIST -> false;
                    default -> true;
                };
            case DAY_ONLY, HOUR_IN_DAY -> type == FieldType.DATETIME;
            default -> type == FieldType.DATE || type == FieldType.DATETIME;
        };
    }

    /** Calculates the aggregate of these values; null ones do not count. */
    Object aggregate(Field field, Stream<Object> values) {
        Stream<Object> present = values.filter(Objects::nonNull);
        return switch (this) {
            case COUNT -> (int) present.count();
            case COUNT_DISTINCT ->
                (int) present.map(value -> Values.comparable(field, value))
                        .distinct()
                        .count();
            case SUM -> sum(field, present.toList());
            case AVG -> {
                Collection<Object> all = present.toList();
                yield all.isEmpty() ? null : numbers(all).average().orElseThrow();
            }
            case MIN -> present.min((a, b) -> compare(field, a, b)).orElse(null);
            case MAX -> present.max((a, b) -> compare(field, a, b)).orElse(null);
            default -> throw new IllegalStateException(name());
        };
    }

    private static Object sum(Field field, Collection<Object> values) {
        if (values.isEmpty()) {
            return null;
        }
        double sum = numbers(values).sum();
        return field.type() == FieldType.INT ? (Object) (int) sum : (Object) sum;
    }

    private static DoubleStream numbers(Collection<Object> values) {
        return values.stream().mapToDouble(value -> ((Number) value).doubleValue());
    }

    private static int compare(Field field, Object left, Object right) {
        return Values.compare(Values.comparable(field, left), Values.comparable(field, right));
    }

    /** Answers the part of a date or time, or null. */
    Object part(Field field, Object value) {
        if (value == null) {
            return null;
        }
        LocalDateTime moment = field.type() == FieldType.DATE
                ? LocalDate.ofEpochDay((Integer) value).atStartOfDay()
                : LocalDateTime.ofInstant(Instant.ofEpochMilli((Long) value), ZoneOffset.UTC);
        return switch (this) {
            case CALENDAR_YEAR, FISCAL_YEAR -> moment.getYear();
            case CALENDAR_QUARTER, FISCAL_QUARTER -> (moment.getMonthValue() + 2) / 3;
            case CALENDAR_MONTH, FISCAL_MONTH -> moment.getMonthValue();
            case DAY_IN_MONTH -> moment.getDayOfMonth();
            // 1 for Sunday
            case DAY_IN_WEEK -> moment.getDayOfWeek().getValue() % 7 + 1;
            case DAY_IN_YEAR -> moment.getDayOfYear();
            case DAY_ONLY -> (int) moment.toLocalDate().toEpochDay();
            case HOUR_IN_DAY -> moment.getHour();
            // the first week is the first seven days
            case WEEK_IN_MONTH -> (moment.getDayOfMonth() - 1) / 7 + 1;
            case WEEK_IN_YEAR -> (moment.getDayOfYear() - 1) / 7 + 1;
            default -> throw new IllegalStateException(name());
        };
    }
}
