// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/**
 * Type of a field. Each type knows its wire name, its wire form and its stored form: text as String, a boolean as
 * Boolean, an int as Integer, a decimal as Double, a date as the Integer of days since 1970, a time as the Long of
 * milliseconds since 1970, a time of day as the Integer of milliseconds since midnight.
 */
public enum FieldType {
    ID("id", "tns:ID"),
    STRING("string", "xsd:string"),
    TEXTAREA("textarea", "xsd:string"),
    EMAIL("email", "xsd:string"),
    PHONE("phone", "xsd:string"),
    URL("url", "xsd:string"),
    PICKLIST("picklist", "xsd:string"),
    COMBOBOX("combobox", "xsd:string"),
    MULTIPICKLIST("multipicklist", "xsd:string"),
    REFERENCE("reference", "tns:ID"),
    BOOLEAN("boolean", "xsd:boolean"),
    INT("int", "xsd:int"),
    DOUBLE("double", "xsd:double"),
    CURRENCY("currency", "xsd:double"),
    PERCENT("percent", "xsd:double"),
    DATE("date", "xsd:date"),
    DATETIME("datetime", "xsd:dateTime"),
    TIME("time", "xsd:time"),
    ADDRESS("address", "urn:address");

    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'+0000'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter TIME_OF_DAY = DateTimeFormatter.ofPattern("HH:mm:ss.SSS'Z'");
    private static final DateTimeFormatter MOMENT_WITH_OFFSET = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .optionalStart()
            .appendOffset("+HH:MM", "Z")
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HHMM", "Z")
            .optionalEnd()
            .toFormatter();

    private final String wireName;
    private final String soapType;

    FieldType(String wireName, String soapType) {
        this.wireName = wireName;
        this.soapType = soapType;
    }

    public String wireName() {
        return wireName;
    }

    public String soapType() {
        return soapType;
    }

    public boolean isText() {
        return switch (this) {
            case STRING, TEXTAREA, EMAIL, PHONE, URL, PICKLIST, COMBOBOX, MULTIPICKLIST -> true;
            default -> false;
        };
    }

    public boolean isDecimal() {
        return this == DOUBLE || this == CURRENCY || this == PERCENT;
    }

    /** Finds the type of this wire name; throws IllegalArgumentException when there is none. */
    public static FieldType ofWireName(String name) {
        for (FieldType type : values()) {
            if (type.wireName.equalsIgnoreCase(name)) {
                return type;
            }
        }
        throw new IllegalArgumentException("There is no field type " + name + ".");
    }

    /** Answers the stored value as the vendor writes it in JSON: String, Boolean, Integer or Double. */
    public Object toWire(Object value) {
        if (value == null) {
            return null;
        }
        return switch (this) {
            case DATE -> LocalDate.ofEpochDay((Integer) value).toString();
            case DATETIME -> MOMENT.format(Instant.ofEpochMilli((Long) value));
            case TIME -> TIME_OF_DAY.format(LocalTime.ofNanoOfDay((Integer) value * 1_000_000L));
            default -> value;
        };
    }

    /** Parses the wire form into a stored value. Throws IllegalArgumentException when it is not of this type. */
    public Object parse(String text) {
        try {
            return switch (this) {
                case BOOLEAN ->
                    switch (text) {
                        case "true" -> true;
                        case "false" -> false;
                        default -> throw new IllegalArgumentException(text);
                    };
                case INT -> Integer.valueOf(text);
                case DOUBLE, CURRENCY, PERCENT -> finite(Double.parseDouble(text));
                case DATE -> date(text);
                case DATETIME -> moment(text);
                case TIME ->
                    (int) (LocalTime.parse(text.endsWith("Z") ? text.substring(0, text.length() - 1) : text)
                                    .toNanoOfDay()
                            / 1_000_000);
                default -> text;
            };
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    private static double finite(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("not a number");
        }
        return value;
    }

    /** Parses a date; a time keeps its date, without shifting it by a zone. */
    private static Integer date(String text) {
        String day = text.length() > 10 && text.charAt(10) == 'T' ? text.substring(0, 10) : text;
        return Math.toIntExact((day.length() == 10 ? plainDate(day) : LocalDate.parse(day)).toEpochDay());
    }

    /** Parses {@code yyyy-MM-dd} without the formatter, which would take longer than all other work on a row. */
    private static LocalDate plainDate(String day) {
        if (day.charAt(4) != '-' || day.charAt(7) != '-') {
            throw new IllegalArgumentException(day);
        }
        return LocalDate.of(digits(day, 0, 4), digits(day, 5, 7), digits(day, 8, 10));
    }

    private static int digits(String text, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw new IllegalArgumentException(text);
            }
            number = number * 10 + digit;
        }
        return number;
    }

    private static Long moment(String text) {
        if (text.length() == 10) {
            return LocalDate.parse(text)
                    .atStartOfDay(ZoneOffset.UTC)
                    .toInstant()
                    .toEpochMilli();
        }
        return OffsetDateTime.parse(text, MOMENT_WITH_OFFSET).toInstant().toEpochMilli();
    }
}
