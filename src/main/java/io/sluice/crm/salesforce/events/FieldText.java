// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce.events;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericEnumSymbol;

/**
 * Writes the value of an event's field as the REST API does, so that a poll brings the same text. Salesforce sends dates,
 * times and datetimes as milliseconds; the schema's documentation of a field names its type, as {@code Data:DateOnly:00N...}.
 */
final class FieldText {

    private static final DateTimeFormatter DATE_TIME = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'+0000'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS'Z'", Locale.ROOT);
    private static final long NANOS_PER_MILLI = 1_000_000;

    private FieldText() {}

    /**
     * Returns the text of a value.
     *
     * @param value value that is not null
     * @return empty if the value is of a type that fields of records do not have
     */
    static Optional<String> of(Schema.Field field, Object value) {
        if (value instanceof CharSequence || value instanceof Boolean || value instanceof GenericEnumSymbol) {
            return Optional.of(value.toString());
        }
        if (value instanceof Integer || value instanceof Long) {
            return integral(field, ((Number) value).longValue(), value instanceof Long);
        }
        if (value instanceof Double || value instanceof Float) {
            double number = ((Number) value).doubleValue();
            return Double.isFinite(number)
                    ? Optional.of(
                            BigDecimal.valueOf(number).stripTrailingZeros().toPlainString())
                    : Optional.empty();
        }
        return Optional.empty();
    }

    private static Optional<String> integral(Schema.Field field, long value, boolean isLong) {
        try {
            return switch (type(field)) {
                case "DateOnly" ->
                    Optional.of((isLong
                                    ? Instant.ofEpochMilli(value)
                                            .atOffset(ZoneOffset.UTC)
                                            .toLocalDate()
                                    : LocalDate.ofEpochDay(value))
                            .toString());
                case "TimeOnly" -> Optional.of(TIME.format(LocalTime.ofNanoOfDay(value * NANOS_PER_MILLI)));
                case "DateTime" -> Optional.of(DATE_TIME.format(Instant.ofEpochMilli(value)));
                // numbers of records are int or double, so that a long without a type is a datetime
                case "" -> Optional.of(isLong ? DATE_TIME.format(Instant.ofEpochMilli(value)) : Long.toString(value));
                default -> Optional.of(Long.toString(value));
            };
        } catch (DateTimeException | ArithmeticException none) {
            return Optional.empty();
        }
    }

    /** Returns the type in the schema's documentation of a field, such as DateOnly; empty where there is none. */
    private static String type(Schema.Field field) {
        String[] parts = field.doc() == null ? new String[0] : field.doc().split(":", -1);
        return parts.length > 1 && parts[0].equals("Data") ? parts[1].strip() : "";
    }
}
