// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.crm.Crm;
import io.sluice.crm.ObjectShape;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Fields of a CRM, each with its description, the form it gives to values, and values that users may enter. */
record NormalisingCrm(Crm crm, Map<String, Field> fields) {

    /** Says that the CRM rejects a value. */
    static final class Refused extends RuntimeException {
        Refused(Object value) {
            super(String.valueOf(value));
        }
    }

    /**
     * Field of a CRM.
     *
     * @param shape description of the field
     * @param keeps function from a written value to the value that a read returns
     * @param edits values that users may enter, as a read returns them
     */
    record Field(ObjectShape.Field shape, UnaryOperator<Object> keeps, List<Object> edits) {

        Object keep(Object value) {
            try {
                return keeps.apply(value);
            } catch (DateTimeException | ArithmeticException | NumberFormatException unfit) {
                throw new Refused(value);
            }
        }
    }

    private static final class Fields {
        private final Map<String, Field> all = new LinkedHashMap<>();

        Fields add(
                String name, String type, String format, Integer limit, UnaryOperator<Object> keeps, Object... edits) {
            all.put(
                    name,
                    new Field(
                            new ObjectShape.Field(name, type, true, false, List.of(), format, limit),
                            keeps,
                            Arrays.asList(edits)));
            return this;
        }
    }

    // --- a CRM with numbers as numbers, times in whole seconds, and no empty checkbox

    static NormalisingCrm typed(Crm crm) {
        return new NormalisingCrm(
                crm,
                new Fields()
                        .add(
                                "Text",
                                "string",
                                "",
                                40,
                                text(value -> value),
                                "Eve",
                                null,
                                "12.5",
                                "true",
                                "O'\"\\,;\ud83d",
                                "\ud83d\ude00 e\u0301")
                        .add(
                                "Area",
                                "textarea",
                                "plaintextarea",
                                32000,
                                text(value -> value.replace("\r\n", "\n")),
                                "a\nb",
                                "a\r\nb",
                                null)
                        .add(
                                "Rich",
                                "textarea",
                                "richtextarea",
                                32000,
                                text(value -> value.replace("&", "&amp;").replace("<", "&lt;")),
                                "<p>new</p>",
                                null)
                        .add(
                                "Email",
                                "email",
                                "",
                                80,
                                text(value -> address(value).toLowerCase(Locale.ROOT)),
                                "eve@example.org",
                                null)
                        .add("Phone", "phone", "", 40, text(NormalisingCrm::phone), "+1 555 0100", null)
                        .add("Url", "url", "", 255, text(value -> value), "http://example.org/", null)
                        .add(
                                "Choice",
                                "picklist",
                                "",
                                255,
                                text(value -> value.equalsIgnoreCase("gold") ? "Gold" : value),
                                "Silver",
                                null)
                        .add("Choices", "multipicklist", "", 4099, text(NormalisingCrm::sorted), "x;y", null)
                        .add("Other", "reference", "", 18, text(NormalisingCrm::longId), "001xx000003DGb3AAG", null)
                        .add("Check", "boolean", "", 0, NormalisingCrm::checkbox, true, false)
                        .add(
                                "Whole",
                                "int",
                                "",
                                0,
                                value -> value == null ? null : number(value).intValueExact(),
                                7,
                                0,
                                -2147483648,
                                null)
                        .add(
                                "Rounding",
                                "currency",
                                "",
                                2,
                                value -> value == null
                                        ? null
                                        : number(bounded(value).setScale(2, RoundingMode.HALF_UP)),
                                number("12.345"),
                                number("12.35"),
                                number("-0.5"),
                                0,
                                null)
                        .add(
                                "Exact",
                                "double",
                                "",
                                2,
                                value -> value == null
                                        ? null
                                        : number(Double.toString(bounded(value).doubleValue())),
                                number("12.345"),
                                number("0.1"),
                                null)
                        .add(
                                "Day",
                                "date",
                                "",
                                0,
                                text(value -> day(value).toString()),
                                "2026-03-29",
                                "9999-12-31".replace("9999", "3999"),
                                null)
                        .add(
                                "Moment",
                                "datetime",
                                "",
                                0,
                                text(value -> second(value)),
                                "2026-03-29T01:30:00.000+0000",
                                "2026-10-25T00:30:00.000+0000",
                                null)
                        .add("Time", "time", "", 0, text(NormalisingCrm::time), "23:59:59.999Z", "00:00:00.000Z", null)
                        .all);
    }

    // --- a CRM that returns all values as texts, keeps milliseconds, lower-case addresses, and empty values

    static NormalisingCrm textual(Crm crm) {
        return new NormalisingCrm(
                crm,
                new Fields()
                        .add(
                                "text",
                                "string",
                                "text",
                                null,
                                text(value -> value),
                                "Eve",
                                null,
                                "12.5",
                                "true",
                                "\ud83d\ude00 e\u0301",
                                "\ude00x")
                        .add("area", "string", "textarea", null, text(value -> value), "a\nb", "a\r\nb", null)
                        .add(
                                "html",
                                "string",
                                "html",
                                null,
                                text(value -> value.replace("&", "&amp;")),
                                "<p>new</p>",
                                null)
                        .add(
                                "email",
                                "string",
                                "text",
                                null,
                                text(value -> address(value).toLowerCase(Locale.ROOT)),
                                "eve@example.org",
                                null)
                        .add("phone", "string", "phonenumber", null, text(NormalisingCrm::phone), "+1 555 0100", null)
                        .add("website", "string", "text", null, text(value -> value), "example.org", null)
                        .add("tier", "enumeration", "select", null, text(value -> value), "silver", null)
                        .add("choices", "enumeration", "checkbox", null, text(NormalisingCrm::sorted), "x;y", null)
                        .add(
                                "check",
                                "bool",
                                "booleancheckbox",
                                null,
                                text(value -> checkbox(value).toString()),
                                "true",
                                "false",
                                null)
                        .add(
                                "number",
                                "number",
                                "number",
                                null,
                                text(value -> number(value).toPlainString()),
                                "12.345",
                                "12.35",
                                "0",
                                "-0.005",
                                null)
                        .add(
                                "rounding",
                                "number",
                                "number",
                                null,
                                text(value -> number(value)
                                        .setScale(2, RoundingMode.HALF_UP)
                                        .stripTrailingZeros()
                                        .toPlainString()),
                                "0.1",
                                "7",
                                null)
                        .add(
                                "day",
                                "date",
                                "date",
                                null,
                                text(value -> midnight(value).toString()),
                                "2026-03-29",
                                null)
                        .add(
                                "moment",
                                "datetime",
                                "date",
                                null,
                                text(value -> OffsetDateTime.parse(moment(value))
                                        .toInstant()
                                        .truncatedTo(ChronoUnit.MILLIS)
                                        .toString()),
                                "2026-03-29T01:30:00.123Z",
                                "2026-10-25T00:30:00Z",
                                null)
                        .all);
    }

    // --- how they change values

    private static UnaryOperator<Object> text(UnaryOperator<String> keeps) {
        return value -> {
            String text =
                    value == null ? "" : value instanceof BigDecimal number ? number.toPlainString() : value.toString();
            String trimmed = text.strip();
            if (trimmed.length() > 255) {
                throw new Refused(value);
            }
            return trimmed.isEmpty() ? null : keeps.apply(trimmed);
        };
    }

    private static String address(String text) {
        if (!text.matches("[^@\\s]+@[^@\\s]+")) {
            throw new Refused(text);
        }
        return text;
    }

    private static String phone(String text) {
        return text.matches("[+0-9 ()/-]{7,}") ? text.replaceAll("[ ()/-]", "") : text;
    }

    private static String sorted(String text) {
        return Arrays.stream(text.split(";"))
                .map(String::strip)
                .filter(it -> !it.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new))
                .stream()
                .collect(Collectors.joining(";"));
    }

    private static String longId(String text) {
        if (!text.matches("\\w{15}|\\w{18}")) {
            throw new Refused(text);
        }
        return text.length() == 18 ? text : text + "AA2";
    }

    private static Object checkbox(Object value) {
        if (value == null) {
            return false;
        }
        if (!value.toString().matches("true|false")) {
            throw new Refused(value);
        }
        return Boolean.valueOf(value.toString());
    }

    private static BigDecimal number(Object value) {
        return new BigDecimal(value.toString());
    }

    private static BigDecimal bounded(Object value) {
        BigDecimal number = number(value);
        if (number.precision() - number.scale() > 16) {
            throw new Refused(value);
        }
        return number;
    }

    private static LocalDate day(String text) {
        LocalDate day = LocalDate.parse(text.length() > 10 && text.charAt(10) == 'T' ? text.substring(0, 10) : text);
        if (day.getYear() < 1700 || day.getYear() > 4000) {
            throw new Refused(text);
        }
        return day;
    }

    private static LocalDate midnight(String text) {
        LocalDate day = day(text);
        if (text.length() > 10
                && !Instant.parse(moment(text))
                        .equals(day.atStartOfDay(ZoneOffset.UTC).toInstant())) {
            throw new Refused(text);
        }
        return day;
    }

    private static String moment(String text) {
        day(text);
        return text.length() == 10 ? text + "T00:00:00Z" : text;
    }

    private static String second(String text) {
        return DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'+0000'")
                .format(OffsetDateTime.parse(moment(text))
                        .withOffsetSameInstant(ZoneOffset.UTC)
                        .truncatedTo(ChronoUnit.SECONDS));
    }

    private static String time(String text) {
        return DateTimeFormatter.ofPattern("HH:mm:ss.SSS'Z'")
                .format(LocalTime.parse(text.replaceFirst("(Z|[+-]\\d\\d)$", "")));
    }
}
