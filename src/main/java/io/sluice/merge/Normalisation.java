// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.crm.FieldRule;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.text.Normalizer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Decides whether a CRM's value is the form that the CRM gave to a written value: rounded, cut, trimmed, or with other letter
 * case. Such a value is an echo and no edit. Pure functions.
 *
 * <p>{@link Match#CERTAIN}: the field can't hold the written value and holds the form that results from it, or the two differ
 * in nothing that a person sees. An edit of this kind would have ended in the same value. For example, 12.345 was written to a
 * field with two decimals, which holds 12.35.
 *
 * <p>{@link Match#POSSIBLE}: the value may also be an edit, such as the digits of a phone number in another form. It counts as
 * an echo only if the record was not changed later than our write, within the skew of the clocks.
 *
 * <p>Every other value is an edit, of a person or of an automation.
 */
final class Normalisation {

    /** Certainty of a match. */
    enum Match {
        NONE,
        POSSIBLE,
        CERTAIN
    }

    /** Decimal digits that a double always preserves. */
    private static final int DOUBLE_DIGITS = 15;

    private static final int FLOAT_DIGITS = 6;
    /** Minimum number of digits for which equal endings identify a phone number. */
    private static final int PHONE_DIGITS = 5;

    private static final int SHORT_ID = 15;
    private static final int LONG_ID = 18;
    private static final Pattern TIME_WITH_OFFSET = Pattern.compile("([\\d:.]+)([+-]\\d\\d(?::\\d\\d)?)");

    private Normalisation() {}

    static Match match(FieldRule rule, Object written, Object kept) {
        if (Values.same(written, kept)) {
            return Match.CERTAIN;
        }
        if (written == null || kept == null) {
            return ofNothing(rule, written, kept);
        }
        return switch (rule.kind()) {
            case NUMBER -> numbers(written, kept, rule.limit());
            case SECOND -> certainly(isCut(written, kept, ChronoUnit.SECONDS));
            case MILLISECOND -> certainly(isCut(written, kept, ChronoUnit.MILLIS));
            case TIME -> certainly(isCutTime(written, kept));
            case DAY -> certainly(isDayOf(written, kept));
            case CHECKBOX -> Match.NONE;
            case UNKNOWN ->
                best(
                        texts(rule, written, kept),
                        possibly(numbers(written, kept, null) != Match.NONE
                                || isCut(written, kept, ChronoUnit.SECONDS)
                                || isAddress(written, kept)));
            default -> texts(rule, written, kept);
        };
    }

    private static Match ofNothing(FieldRule rule, Object written, Object kept) {
        if (kept == null) {
            return certainly(visible(written.toString()).isEmpty());
        }
        boolean unchecked = kept.toString().equals("false");
        return switch (rule.kind()) {
            case CHECKBOX -> certainly(unchecked);
            case UNKNOWN -> possibly(unchecked);
            default -> certainly(visible(kept.toString()).isEmpty());
        };
    }

    // --- numbers

    /** @param decimals number of decimals of the field, or null when it is not known */
    private static Match numbers(Object written, Object kept, Integer decimals) {
        BigDecimal sent = Values.number(written);
        BigDecimal held = Values.number(kept);
        if (sent == null || held == null) {
            return Match.NONE;
        }
        if (sent.compareTo(held) == 0 || isRounded(sent, held, DOUBLE_DIGITS) || isDouble(sent, held)) {
            return Match.CERTAIN;
        }
        int places = decimals == null ? scale(held) : decimals;
        boolean rounded = scale(sent) > places
                && scale(held) <= places
                && sent.subtract(held).abs().compareTo(BigDecimal.ONE.movePointLeft(places)) < 0;
        if (decimals != null) {
            return certainly(rounded);
        }
        return possibly(rounded || isRounded(sent, held, FLOAT_DIGITS));
    }

    private static int scale(BigDecimal number) {
        return Math.max(0, number.stripTrailingZeros().scale());
    }

    /** Whether the written number has more digits than the given precision, and both are equal up to it. */
    private static boolean isRounded(BigDecimal sent, BigDecimal held, int digits) {
        return sent.precision() > digits
                && held.precision() <= sent.precision()
                && sent.round(new MathContext(digits, RoundingMode.HALF_UP))
                                .compareTo(held.round(new MathContext(digits, RoundingMode.HALF_UP)))
                        == 0
                && held.precision() <= digits + 2;
    }

    private static boolean isDouble(BigDecimal sent, BigDecimal held) {
        return sent.precision() > DOUBLE_DIGITS && sent.doubleValue() == held.doubleValue();
    }

    // --- moments

    private static boolean isCut(Object written, Object kept, ChronoUnit unit) {
        Instant sent = Values.momentOf(written);
        Instant held = Values.momentOf(kept);
        return sent != null
                && held != null
                && held.truncatedTo(unit).equals(held)
                && !sent.truncatedTo(unit).equals(sent)
                && Duration.between(sent, held).abs().compareTo(unit.getDuration()) < 0;
    }

    /** Whether the CRM dropped the offset of a time, either keeping the local time or converting it to UTC. */
    private static boolean isCutTime(Object written, Object kept) {
        Matcher offset = TIME_WITH_OFFSET.matcher(written.toString());
        if (!offset.matches()) {
            return isCutTime(Values.timeOf(written), Values.timeOf(kept));
        }
        LocalTime here = Values.timeOf(offset.group(1));
        LocalTime there = here == null
                ? null
                : here.minusSeconds(ZoneOffset.of(offset.group(2)).getTotalSeconds());
        LocalTime held = Values.timeOf(kept);
        return here != null
                && held != null
                && (held.equals(here.truncatedTo(ChronoUnit.MILLIS))
                        || held.equals(there.truncatedTo(ChronoUnit.MILLIS)));
    }

    private static boolean isCutTime(LocalTime sent, LocalTime held) {
        return sent != null
                && held != null
                && held.truncatedTo(ChronoUnit.MILLIS).equals(held)
                && !sent.truncatedTo(ChronoUnit.MILLIS).equals(sent)
                && Duration.between(sent, held).abs().compareTo(Duration.ofMillis(1)) < 0;
    }

    /** Whether a date field holds the UTC date of a written moment, whatever its zone was. */
    private static boolean isDayOf(Object written, Object kept) {
        Instant sent = Values.momentOf(written);
        return sent != null
                && kept.toString()
                        .equals(sent.atOffset(ZoneOffset.UTC).toLocalDate().toString());
    }

    // --- texts

    private static Match texts(FieldRule rule, Object written, Object kept) {
        String sent = visible(written.toString());
        String held = visible(kept.toString());
        if (sent.equals(held) || isCutText(rule, sent, held)) {
            return Match.CERTAIN;
        }
        return switch (rule.kind()) {
            case EMAIL ->
                sent.toLowerCase(Locale.ROOT).equals(held) ? Match.CERTAIN : possibly(sent.equalsIgnoreCase(held));
            case PHONE -> possibly(isPhone(sent, held));
            case URL -> possibly(address(sent).equals(address(held)));
            case RICH_TEXT ->
                possibly(unescaped(sent).equals(unescaped(held))
                        || plainText(sent).equals(plainText(held)));
            case CHOICE -> possibly(sent.equalsIgnoreCase(held));
            case CHOICES ->
                choices(sent).equals(choices(held))
                        ? Match.CERTAIN
                        : possibly(
                                choices(sent.toLowerCase(Locale.ROOT)).equals(choices(held.toLowerCase(Locale.ROOT))));
            case REFERENCE -> certainly(isSameId(sent, held) || isSameId(held, sent));
            default -> possibly(composed(sent).equals(composed(held)));
        };
    }

    /**
     * Returns the visible part of a text: trimmed, with one form of line ends, without characters that UTF-8 or XML can't carry.
     */
    private static String visible(String text) {
        StringBuilder seen = new StringBuilder(text.length());
        ((String) Values.storable(text))
                .replace("\r\n", "\n")
                .replace('\r', '\n')
                .codePoints()
                .filter(c -> !Character.isISOControl(c) || c == '\n' || c == '\t')
                .forEach(seen::appendCodePoint);
        int from = 0;
        int to = seen.length();
        while (from < to && isBlank(seen.charAt(from))) {
            from++;
        }
        while (to > from && isBlank(seen.charAt(to - 1))) {
            to--;
        }
        return seen.substring(from, to);
    }

    private static boolean isBlank(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.getType(c) == Character.FORMAT;
    }

    /** Whether the text was cut to the field's length. */
    private static boolean isCutText(FieldRule rule, String sent, String held) {
        return rule.limit() != null
                && rule.limit() > 0
                && sent.length() > rule.limit()
                && !held.isEmpty()
                && sent.startsWith(held)
                && visible(sent.substring(0, rule.limit())).equals(held);
    }

    private static boolean isAddress(Object written, Object kept) {
        return written.toString().contains("@") && written.toString().equalsIgnoreCase(kept.toString());
    }

    /** Whether two phone numbers have the same digits, apart from the country prefix. */
    private static boolean isPhone(String sent, String held) {
        String one = digits(sent);
        String other = digits(held);
        return Math.min(one.length(), other.length()) >= PHONE_DIGITS && (one.endsWith(other) || other.endsWith(one));
    }

    private static String digits(String text) {
        return text.replaceAll("\\D", "").replaceFirst("^0+", "");
    }

    private static String address(String url) {
        return url.toLowerCase(Locale.ROOT)
                .replaceFirst("^https?://", "")
                .replaceFirst("^www\\.", "")
                .replaceFirst("/+$", "");
    }

    private static String plainText(String html) {
        return unescaped(html.replaceAll("<[^>]*>", "")).replaceAll("\\s+", " ").strip();
    }

    private static String unescaped(String html) {
        return html.replace("&nbsp;", " ")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
    }

    private static Set<String> choices(String text) {
        return Arrays.stream(text.split(";"))
                .map(String::strip)
                .filter(choice -> !choice.isEmpty())
                .collect(Collectors.toCollection(HashSet::new));
    }

    private static boolean isSameId(String brief, String full) {
        return brief.length() == SHORT_ID && full.length() == LONG_ID && full.startsWith(brief);
    }

    private static String composed(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    private static Match certainly(boolean match) {
        return match ? Match.CERTAIN : Match.NONE;
    }

    private static Match possibly(boolean match) {
        return match ? Match.POSSIBLE : Match.NONE;
    }

    private static Match best(Match one, Match other) {
        return one.compareTo(other) >= 0 ? one : other;
    }
}
