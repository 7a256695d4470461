// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.TemporalAmount;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Lists the rules by which an admin restricts the values of a property, with the types and arguments of each (<a
 * href="https://developers.hubspot.com/docs/api-reference/latest/crm/property-validations/guide">Property
 * validations</a>). HubSpot documents the error of {@code ALPHA_ONLY} alone; the words of the others, and that a
 * duration is counted from now, are from memory.
 */
enum PropertyRule {
    AFTER_DATETIME_DURATION(
            PropertyType.DATETIME,
            1,
            Texts.PERIOD,
            "Enter a time at least %s from now",
            (arguments, value, now) -> !time(value).isBefore(now.plus(amount(arguments.get(0))))),
    AFTER_DURATION(
            PropertyType.DATE,
            1,
            Texts.PERIOD,
            "Enter a date at least %s from today",
            (arguments, value, now) -> !time(value).isBefore(today(now).plus(amount(arguments.get(0))))),
    ALPHANUMERIC(
            PropertyType.STRING,
            1,
            "ALPHANUMERIC|ALPHA_ONLY|NUMERIC_ONLY",
            "Enter only letters and numbers",
            (arguments, value, now) -> value.matches(
                    switch (arguments.get(0)) {
                        case Texts.LETTERS -> "\\p{L}+";
                        case Texts.DIGITS -> "\\d+";
                        default -> "[\\p{L}\\d]+";
                    })),
    BEFORE_DATETIME_DURATION(
            PropertyType.DATETIME,
            1,
            Texts.PERIOD,
            "Enter a time at least %s ago",
            (arguments, value, now) -> !time(value).isAfter(now.minus(amount(arguments.get(0))))),
    BEFORE_DURATION(
            PropertyType.DATE, 1, Texts.PERIOD, "Enter a date at least %s ago", (arguments, value, now) -> !time(value)
                    .isAfter(today(now).minus(amount(arguments.get(0))))),
    DAYS_OF_WEEK(
            null,
            7,
            "MONDAY|TUESDAY|WEDNESDAY|THURSDAY|FRIDAY|SATURDAY|SUNDAY",
            "Enter one of the days %s",
            (arguments, value, now) ->
                    arguments.contains(time(value).getDayOfWeek().name())),
    DECIMAL(
            PropertyType.NUMBER,
            1,
            "1?\\d|20",
            "Enter a number with at most %s decimal places",
            (arguments, value, now) ->
                    new BigDecimal(value).stripTrailingZeros().scale() <= Integer.parseInt(arguments.get(0))),
    DOMAIN(PropertyType.STRING, 0, "", "Enter a valid domain", (arguments, value, now) -> value.matches(Texts.HOST)),
    EMAIL(
            PropertyType.STRING,
            0,
            "",
            "Enter a valid email address",
            (arguments, value, now) -> value.matches("[^@\\s]+@" + Texts.HOST)),
    EMAIL_ALLOWED_DOMAINS(
            PropertyType.STRING,
            20,
            Texts.HOST,
            "Enter an email address of the domains %s",
            (arguments, value, now) -> isOf(arguments, domain(value))),
    EMAIL_BLOCKED_DOMAINS(
            PropertyType.STRING,
            20,
            Texts.HOST,
            "Enter an email address that is not of the domains %s",
            (arguments, value, now) -> !isOf(arguments, domain(value))),
    END_DATE(
            PropertyType.DATE,
            1,
            Texts.MILLIS,
            "Enter an earlier date",
            (arguments, value, now) -> PropertyType.moment(value) <= Long.parseLong(arguments.get(0))),
    END_DATETIME(
            PropertyType.DATETIME,
            1,
            Texts.MILLIS,
            "Enter an earlier time",
            (arguments, value, now) -> PropertyType.moment(value) <= Long.parseLong(arguments.get(0))),
    FORMAT(
            PropertyType.STRING,
            1,
            "CAPITALIZATION|UPPER|LOWER",
            "Enter a value in the format %s",
            (arguments, value, now) -> switch (arguments.get(0)) {
                case "UPPER" -> value.equals(value.toUpperCase(Locale.ROOT));
                case "LOWER" -> value.equals(value.toLowerCase(Locale.ROOT));
                default -> !value.matches("(.*\\s)?\\p{Ll}.*");
            }),
    MAX_LENGTH(
            PropertyType.STRING,
            1,
            "[1-9]\\d{0,3}|10000",
            "Enter at most %s characters",
            (arguments, value, now) -> value.length() <= Integer.parseInt(arguments.get(0))),
    MAX_NUMBER(
            PropertyType.NUMBER,
            1,
            Texts.NUMBER,
            "Enter a number of at most %s",
            (arguments, value, now) -> new BigDecimal(value).compareTo(new BigDecimal(arguments.get(0))) <= 0),
    MIN_LENGTH(
            PropertyType.STRING,
            1,
            "[1-9]\\d{0,3}|10000",
            "Enter at least %s characters",
            (arguments, value, now) -> value.length() >= Integer.parseInt(arguments.get(0))),
    MIN_NUMBER(
            PropertyType.NUMBER,
            1,
            Texts.NUMBER,
            "Enter a number of at least %s",
            (arguments, value, now) -> new BigDecimal(value).compareTo(new BigDecimal(arguments.get(0))) >= 0),
    PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE(
            PropertyType.STRING,
            1,
            "[a-z]{2}",
            "Enter a valid phone number with its country code",
            (arguments, value, now) -> value.matches("\\+[1-9][\\d .()/-]{5,20}")),
    REGEX(
            PropertyType.STRING,
            2,
            "(?s).*",
            "Enter a value of the required form",
            (arguments, value, now) ->
                    Pattern.compile(arguments.get(0)).matcher(value).find()),
    SPECIAL_CHARACTERS(
            PropertyType.STRING,
            1,
            "NOT_ALLOWED",
            "Enter no special characters",
            (arguments, value, now) -> value.matches("[\\p{L}\\p{M}\\d\\s]*")),
    START_DATE(
            PropertyType.DATE,
            1,
            Texts.MILLIS,
            "Enter a later date",
            (arguments, value, now) -> PropertyType.moment(value) >= Long.parseLong(arguments.get(0))),
    START_DATETIME(
            PropertyType.DATETIME,
            1,
            Texts.MILLIS,
            "Enter a later time",
            (arguments, value, now) -> PropertyType.moment(value) >= Long.parseLong(arguments.get(0))),
    URL(
            PropertyType.STRING,
            0,
            "",
            "Enter a valid URL",
            (arguments, value, now) -> value.matches("(https?://)?" + Texts.HOST + "([:/?#]\\S*)?")),
    URL_ALLOWED_DOMAINS(
            PropertyType.STRING,
            20,
            Texts.HOST,
            "Enter a URL of the domains %s",
            (arguments, value, now) -> isOf(arguments, host(value))),
    URL_BLOCKED_DOMAINS(
            PropertyType.STRING,
            20,
            Texts.HOST,
            "Enter a URL that is not of the domains %s",
            (arguments, value, now) -> !isOf(arguments, host(value))),
    WHITESPACE(
            PropertyType.STRING,
            1,
            "ALL|TRIM",
            "Enter a value without whitespace",
            (arguments, value, now) ->
                    arguments.contains("TRIM") ? value.equals(value.strip()) : value.matches("\\S*"));

    /** Holds the constants that rules share. */
    private static final class Texts {
        static final String LETTERS = "ALPHA_ONLY";
        static final String DIGITS = "NUMERIC_ONLY";
        static final String PERIOD = "P\\S+";
        static final String MILLIS = "-?\\d{1,15}";
        static final String NUMBER = "-?\\d+(\\.\\d+)?";
        static final String HOST = "[\\p{L}\\d-]+(\\.[\\p{L}\\d-]+)+";
    }

    /** Checks a stored value. */
    private interface Check {
        boolean passes(List<String> arguments, String value, ZonedDateTime now);
    }

    /** Rules that may do without arguments. */
    private static final Set<String> WITHOUT =
            Set.of("DOMAIN", "EMAIL", "URL", "WHITESPACE", "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE");

    private final PropertyType type;
    private final int most;
    private final String argument;
    private final String message;
    private final Check check;

    /**
     * @param type     STRING for all texts, null for dates and times
     * @param most     maximum number of arguments
     * @param argument what each of them looks like
     */
    PropertyRule(PropertyType type, int most, String argument, String message, Check check) {
        this.type = type;
        this.most = most;
        this.argument = argument;
        this.message = message;
        this.check = check;
    }

    /** Whether properties of this type have this rule. */
    boolean appliesTo(PropertyType property) {
        if (type == null) {
            return property == PropertyType.DATE || property == PropertyType.DATETIME;
        }
        return type == PropertyType.STRING ? property.isText() : property == type;
    }

    /** Whether the rule can have these arguments. */
    boolean takes(List<String> arguments) {
        if (arguments.size() > most
                || arguments.isEmpty() && !WITHOUT.contains(name())
                || !arguments.stream().allMatch(one -> one.matches(argument))) {
            return false;
        }
        try {
            if (this == REGEX) {
                Pattern.compile(arguments.get(0));
            } else if (Texts.PERIOD.equals(argument)) {
                amount(arguments.get(0));
            }
            return true;
        } catch (PatternSyntaxException | DateTimeException e) {
            return false;
        }
    }

    /** @param now milliseconds since 1970 */
    boolean passes(List<String> arguments, String value, long now) {
        return check.passes(arguments, value, Instant.ofEpochMilli(now).atZone(ZoneOffset.UTC));
    }

    /** Builds the error for a value that breaks the rule. */
    HubspotError.Detail broken(List<String> arguments, String property) {
        if (this == ALPHANUMERIC && arguments.contains(Texts.LETTERS)) {
            return new HubspotError.Detail("INVALID_ALPHA", "Enter only letters", property);
        }
        if (this == ALPHANUMERIC && arguments.contains(Texts.DIGITS)) {
            return new HubspotError.Detail("INVALID_NUMERIC", "Enter only numbers", property);
        }
        return new HubspotError.Detail(
                "INVALID_" + name(),
                this == REGEX && arguments.size() > 1
                        ? arguments.get(1)
                        : message.formatted(String.join(", ", arguments)),
                property);
    }

    private static ZonedDateTime time(String value) {
        return Instant.ofEpochMilli(PropertyType.moment(value)).atZone(ZoneOffset.UTC);
    }

    private static ZonedDateTime today(ZonedDateTime now) {
        return now.toLocalDate().atStartOfDay(ZoneOffset.UTC);
    }

    private static TemporalAmount amount(String period) {
        return period.contains("T") ? Duration.parse(period) : Period.parse(period);
    }

    private static String domain(String address) {
        return address.substring(address.indexOf('@') + 1);
    }

    private static String host(String url) {
        return Arrays.stream(url.replaceFirst("^\\w+://", "").split("[:/?#]", 2))
                .findFirst()
                .orElse("");
    }

    /** Whether a host is one of these domains, or below one. */
    private static boolean isOf(List<String> domains, String host) {
        return domains.stream()
                .map(domain -> domain.toLowerCase(Locale.ROOT))
                .anyMatch(domain -> host.equalsIgnoreCase(domain)
                        || host.toLowerCase(Locale.ROOT).endsWith("." + domain));
    }
}
