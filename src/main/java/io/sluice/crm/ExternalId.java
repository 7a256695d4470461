// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Compares the spellings of an external id that a CRM treats as equal. CRMs ignore case and surrounding blanks, and
 * return a number as {@code 7.0} or {@code 1.2E7}, since their number fields are JSON doubles.
 */
public final class ExternalId {

    /** A number as a number field returns it: without leading zeros or a plus, which only a text keeps. */
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([Ee][+-]?\\d+)?");
    /** ASCII digits only, because PostgreSQL does not read the digits of other scripts. */
    private static final Pattern DECIMAL = Pattern.compile("[+-]?\\d+(\\.\\d*)?([Ee][+-]?\\d{1,4})?");

    private static final int MAX_EXPONENT = 400;

    private ExternalId() {}

    /** Returns the same text for all spellings of one external id. */
    public static String folded(String spelled) {
        String bare = bare(spelled);
        BigDecimal number = NUMBER.matcher(bare).matches() ? number(bare) : null;
        return number == null ? bare : plain(number);
    }

    /** Returns the text without its case and surrounding blanks. A number keeps its spelling. */
    public static String bare(String spelled) {
        return spelled.strip().toLowerCase(Locale.ROOT);
    }

    /** Returns a number as plain digits, without trailing zeros. */
    public static String plain(BigDecimal number) {
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }

    /** @return the number; null for a text that is none, or is too large for any key */
    public static BigDecimal number(String text) {
        if (text.length() > MAX_EXPONENT || !DECIMAL.matcher(text).matches()) {
            return null;
        }
        BigDecimal number = new BigDecimal(text);
        return Math.abs((long) number.scale()) > MAX_EXPONENT ? null : number;
    }

    /** Maps external ids in a CRM's answer to values, found by the requested keys. */
    public static final class Answered<T> {

        private final Map<String, T> exact = new HashMap<>();
        private final Map<String, T> folded = new HashMap<>();

        public void put(String externalId, T value) {
            exact.put(externalId, value);
            folded.put(folded(externalId), value);
        }

        /** Returns the value of the exact key, or else of one that is equal to a CRM; null for none. */
        public T get(String key) {
            T value = exact.get(key);
            return value != null ? value : folded.get(folded(key));
        }
    }
}
