package io.sluice.merge;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * Compares an external id as a CRM writes it with a key as the table writes it. CRMs take external ids for the same without
 * regard to case and to blanks around them, and return a number as {@code 7.0} or {@code 1.2E7}, since their number fields
 * are JSON doubles.
 */
final class KeySpelling {

    /** A number as a number field returns it: no zeros before it and no plus, which only a text keeps. */
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([Ee][+-]?\\d+)?");
    /** Digits of other scripts are none to PostgreSQL. */
    private static final Pattern DECIMAL = Pattern.compile("[+-]?\\d+(\\.\\d*)?([Ee][+-]?\\d{1,4})?");
    private static final int MAX_EXPONENT = 400;

    private KeySpelling() {
    }

    /** Whether a CRM takes both for one external id. */
    static boolean same(String one, String other) {
        if (one == null || other == null) {
            return false;
        }
        String left = one.strip();
        String right = other.strip();
        return left.equalsIgnoreCase(right)
                || NUMBER.matcher(left).matches() && NUMBER.matcher(right).matches() && isEqual(left, right);
    }

    private static boolean isEqual(String left, String right) {
        BigDecimal one = number(left);
        BigDecimal other = number(right);
        return one != null && other != null && one.compareTo(other) == 0;
    }

    /**
     * The text that PostgreSQL reads into a key of this type: {@code 7.0} and {@code 1.2E7} are whole numbers, which
     * its integers do not read.
     */
    static String readable(String columnType, String spelled) {
        return switch (columnType) {
            case "int2", "int4", "int8", "numeric" -> {
                BigDecimal number = number(spelled.strip());
                yield number == null ? spelled
                        : number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
            }
            case "uuid", "date" -> spelled.strip();
            default -> spelled;
        };
    }

    /** @return null when it is no number, or one too large for any key */
    private static BigDecimal number(String text) {
        if (text.length() > MAX_EXPONENT || !DECIMAL.matcher(text).matches()) {
            return null;
        }
        BigDecimal number = new BigDecimal(text);
        return Math.abs((long) number.scale()) > MAX_EXPONENT ? null : number;
    }

    /** Whether every character is one that PostgreSQL's text holds: no NUL, and no half of a surrogate pair. */
    static boolean isText(String spelled) {
        for (int i = 0; i < spelled.length(); i++) {
            char next = spelled.charAt(i);
            if (next == 0 || Character.isLowSurrogate(next)) {
                return false;
            }
            if (Character.isHighSurrogate(next)) {
                i++;
                if (i == spelled.length() || !Character.isLowSurrogate(spelled.charAt(i))) {
                    return false;
                }
            }
        }
        return true;
    }
}
