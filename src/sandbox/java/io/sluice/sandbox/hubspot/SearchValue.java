// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.util.Locale;

/** Holds a property's value in the form that a search compares: a number, or a text without regard to case. */
record SearchValue(BigDecimal number, String text) implements Comparable<SearchValue> {

    /** Reads the value of a row's property; null when it is not set. */
    static SearchValue of(Field field, Row row) {
        // what most searches compare is not written out and read again
        if (field.source() != null && field.name().endsWith("lastmodifieddate")) {
            return new SearchValue(BigDecimal.valueOf(row.modified()), null);
        }
        String value = RecordJson.value(field, row);
        return value == null ? null : of(PropertyType.of(field.type()), value);
    }

    /** Parses a text; throws when it is no value of the type. */
    static SearchValue of(PropertyType type, String text) {
        try {
            return switch (type) {
                case NUMBER -> new SearchValue(new BigDecimal(text), null);
                case DATE, DATETIME -> new SearchValue(BigDecimal.valueOf(PropertyType.moment(text)), null);
                default -> new SearchValue(null, text.toLowerCase(Locale.ROOT));
            };
        } catch (IllegalArgumentException | DateTimeException e) {
            throw HubspotError.invalid("'" + text + "' is not a valid " + type.wireName() + ".")
                    .thrown();
        }
    }

    @Override
    public int compareTo(SearchValue other) {
        return number != null && other.number != null
                ? number.compareTo(other.number)
                : String.valueOf(text).compareTo(String.valueOf(other.text));
    }
}
