package io.sluice.crm;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The spellings of an external id that a CRM takes for one. CRMs take external ids for the same without regard to case and to
 * blanks around them, and return a number as {@code 7.0} or {@code 1.2E7}, since their number fields are JSON doubles.
 */
public final class ExternalId {

    /** A number as a number field returns it: no zeros before it and no plus, which only a text keeps. */
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([Ee][+-]?\\d+)?");
    /** Digits of other scripts are none to PostgreSQL. */
    private static final Pattern DECIMAL = Pattern.compile("[+-]?\\d+(\\.\\d*)?([Ee][+-]?\\d{1,4})?");
    private static final int MAX_EXPONENT = 400;

    private ExternalId() {
    }

    /** The same text for all spellings that are one external id to a CRM. */
    public static String folded(String spelled) {
        String bare = spelled.strip().toLowerCase(Locale.ROOT);
        BigDecimal number = NUMBER.matcher(bare).matches() ? number(bare) : null;
        return number == null ? bare : plain(number);
    }

    /** A number in figures, without zeros behind it. */
    public static String plain(BigDecimal number) {
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }

    /** @return null when it is no number, or one too large for any key */
    public static BigDecimal number(String text) {
        if (text.length() > MAX_EXPONENT || !DECIMAL.matcher(text).matches()) {
            return null;
        }
        BigDecimal number = new BigDecimal(text);
        return Math.abs((long) number.scale()) > MAX_EXPONENT ? null : number;
    }

    /** Values by external ids as a CRM answered them, found by the keys that were asked for. */
    public static final class Answered<T> {

        private final Map<String, T> exact = new HashMap<>();
        private final Map<String, T> folded = new HashMap<>();

        public void put(String externalId, T value) {
            exact.put(externalId, value);
            folded.put(folded(externalId), value);
        }

        /** The value of the very key, or else of one that is the same to a CRM; null where there is none. */
        public T get(String key) {
            T value = exact.get(key);
            return value != null ? value : folded.get(folded(key));
        }
    }
}
