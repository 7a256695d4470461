// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.store.FieldType;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Represents the type of a property. Every value is a text on the wire and in the store; the type knows which texts are
 * valid ("Property type and fieldType values", <a
 * href="https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide">Properties</a>). The store's field
 * type is a mere name for it.
 */
enum PropertyType {
    STRING("string", "text", FieldType.STRING),
    EMAIL("string", "text", FieldType.EMAIL),
    NUMBER("number", "number", FieldType.DOUBLE),
    DATE("date", "date", FieldType.DATE),
    DATETIME("datetime", "date", FieldType.DATETIME),
    PHONE("phone_number", "phonenumber", FieldType.PHONE),
    BOOL("bool", "booleancheckbox", FieldType.BOOLEAN),
    ENUMERATION("enumeration", "select", FieldType.PICKLIST);

    private static final Pattern ADDRESS = Pattern.compile("[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+");
    private static final long DAY_MILLIS = 86_400_000;

    private final String wireName;
    private final String control;
    private final FieldType field;

    PropertyType(String wireName, String control, FieldType field) {
        this.wireName = wireName;
        this.control = control;
        this.field = field;
    }

    String wireName() {
        return wireName;
    }

    /** Answers HubSpot's {@code fieldType}: the control that shows the property in a form. */
    String control() {
        return control;
    }

    FieldType field() {
        return field;
    }

    /** Whether any text is a value, with blanks around it too. */
    boolean isText() {
        return this == STRING || this == EMAIL || this == PHONE;
    }

    /** Finds the type of a field; fields of types that HubSpot does not have are texts. */
    static PropertyType of(FieldType field) {
        return switch (field) {
            case INT, DOUBLE, CURRENCY, PERCENT -> NUMBER;
            case MULTIPICKLIST -> ENUMERATION;
            default ->
                Arrays.stream(values())
                        .filter(t -> t.field == field)
                        .findFirst()
                        .orElse(STRING);
        };
    }

    /** Finds the type of this wire name; throws IllegalArgumentException when there is none. */
    static PropertyType ofWireName(String name) {
        return Arrays.stream(values())
                .filter(t -> t.wireName.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name));
    }

    /** Normalises a value for the store; throws IllegalArgumentException when it is not of this type. */
    String normalize(String text) {
        try {
            return switch (this) {
                case STRING, PHONE, ENUMERATION -> text;
                case EMAIL -> address(text);
                case NUMBER -> {
                    new BigDecimal(text.strip());
                    yield text.strip();
                }
                case DATE -> date(text);
                case DATETIME -> Answers.moment(moment(text));
                case BOOL -> bool(text);
            };
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    /** Builds HubSpot's error for a text that is no value of this type; for e-mail addresses and times as recorded. */
    HubspotError.Detail wrong(String property, String text) {
        return switch (this) {
            case EMAIL -> new HubspotError.Detail("INVALID_EMAIL", "Email address " + text + " is invalid", property);
            case DATETIME -> new HubspotError.Detail("INVALID_LONG", text + " was not a valid long.", property);
            case DATE ->
                new HubspotError.Detail(
                        isMoment(text) ? "INVALID_DATE" : "INVALID_LONG",
                        isMoment(text) ? text + " is not midnight UTC!" : text + " was not a valid long.",
                        property);
            case BOOL ->
                new HubspotError.Detail(
                        "INVALID_OPTION", text + " was not one of the allowed options: [true, false]", property);
            default ->
                new HubspotError.Detail("INVALID_" + name(), text + " was not a valid " + wireName + ".", property);
        };
    }

    private static boolean isMoment(String text) {
        try {
            moment(text);
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static String address(String text) {
        if (!ADDRESS.matcher(text.strip()).matches()) {
            throw new IllegalArgumentException(text);
        }
        return text.strip().toLowerCase(Locale.ROOT);
    }

    private static String bool(String text) {
        if (!"true".equals(text) && !"false".equals(text)) {
            throw new IllegalArgumentException(text);
        }
        return text;
    }

    /** Normalises a date, or midnight UTC as milliseconds. */
    private static String date(String text) {
        if (text.length() == 10 && text.charAt(4) == '-') {
            return LocalDate.parse(text).toString();
        }
        long millis = moment(text);
        if (millis % DAY_MILLIS != 0) {
            throw new IllegalArgumentException(text);
        }
        return LocalDate.ofEpochDay(millis / DAY_MILLIS).toString();
    }

    /** Parses a time: ISO 8601, a date, or milliseconds since 1970. */
    static long moment(String text) {
        try {
            if (text.matches("-?\\d+")) {
                return Long.parseLong(text);
            }
            return text.length() == 10
                    ? LocalDate.parse(text)
                            .atStartOfDay()
                            .toInstant(ZoneOffset.UTC)
                            .toEpochMilli()
                    : OffsetDateTime.parse(text).toInstant().toEpochMilli();
        } catch (DateTimeException e) {
            return Instant.parse(text).toEpochMilli();
        }
    }
}
