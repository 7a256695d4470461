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
 * What a property holds. Every value is a text on the wire and here; the type says which texts are taken ("Property
 * type and fieldType values"). The store knows the types by a field type that is nothing but a name for them.
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

    /** HubSpot's {@code fieldType}: how a form shows it. */
    String control() {
        return control;
    }

    FieldType field() {
        return field;
    }

    /** The type that stands behind a field; a field of a kind that HubSpot hasn't is a text. */
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

    /** The type of this wire name; throws IllegalArgumentException when there is none. */
    static PropertyType ofWireName(String name) {
        return Arrays.stream(values())
                .filter(t -> t.wireName.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name));
    }

    /** The value as it is kept; throws IllegalArgumentException when it is not of this type. */
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

    /** What HubSpot says of a text that is no value of this type; of e-mail addresses and moments as recorded. */
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

    /** A day, or midnight UTC as milliseconds. */
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

    /** A moment as ISO 8601, a day, or milliseconds since 1970. */
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
