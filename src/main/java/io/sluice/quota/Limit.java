// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A vendor's limit: at most {@code max} calls in any window of length {@code window}, as its server counts them, or at
 * most {@code max} calls at the same time.
 *
 * @param name       name in settings, metrics and status, for example {@code daily}
 * @param kind       what is counted
 * @param max        maximum that the vendor allows
 * @param window     length of the window; zero for {@link Kind#AT_ONCE}
 * @param share      percent of the limit that Sluice may use; other integrations use the rest
 * @param reserve    number of calls that no client may use; they stay for people
 * @param operations operations to which the limit applies; empty: all
 * @param asReported whether {@code max} only holds until the CRM reports its own; otherwise the smaller of both holds
 */
public record Limit(
        String name,
        Kind kind,
        long max,
        Duration window,
        int share,
        long reserve,
        List<String> operations,
        boolean asReported) {

    /** The unit of a limit: calls, calls weighted by their cost, or calls in flight. */
    public enum Kind {
        CALLS,
        UNITS,
        AT_ONCE
    }

    /** The minimum length of a long window, whose calls are counted per minute and for which the CRM's reports count too. */
    static final Duration LONG = Duration.ofHours(1);

    private static final String FORM = "', but reads like '15000 per 24h' or '190 per 10s'";
    private static final Pattern TEXT = Pattern.compile(
            "\\s*(\\d[\\d_]{0,17})\\s+(?:(units\\s+)?per\\s+(\\d{1,9})\\s*(ms|s|m|h|d)|at\\s+once)\\s*(,.*)?");
    private static final Pattern OPTION = Pattern.compile(
            "\\s*(?:share\\s+(\\d{1,3})\\s*%|reserve\\s+(\\d[\\d_]{0,17})|for\\s+([a-z-]+(?:\\s+[a-z-]+)*)"
                    + "|(as\\s+reported))\\s*");

    public Limit {
        boolean atOnce = kind == Kind.AT_ONCE;
        if (max < 1 || window.isNegative() || window.isZero() != atOnce) {
            throw new IllegalArgumentException(
                    "limit '" + name + "' needs a max and a window above zero, but has " + max + " per " + window);
        }
        if (share < 1 || share > 100) {
            throw new IllegalArgumentException(
                    "limit '" + name + "' has a share of " + share + " %; it must be from 1 to 100");
        }
        if (reserve < 0 || reserve >= max) {
            throw new IllegalArgumentException(
                    "limit '" + name + "' has a reserve of " + reserve + ", which must be less than its " + max);
        }
        operations = List.copyOf(operations);
    }

    /** Makes a limit on all calls. */
    public Limit(String name, long max, Duration window) {
        this(name, Kind.CALLS, max, window, 100, 0, List.of(), false);
    }

    /** Whether the window is long, so that each priority has its mark. */
    public boolean isLong() {
        return window.compareTo(LONG) >= 0;
    }

    /** This limit at a reduced rate, after the account was throttled; a long limit follows the CRM's reports and stays. */
    Limit slowed(int percent) {
        long slow = Math.max(1, max * percent / 100);
        return isLong() || percent >= 100 ? this : withMax(slow);
    }

    /** This limit with the CRM's reported maximum: an organisation may buy or lose calls while Sluice runs. */
    Limit corrected(Long reportedMax) {
        return reportedMax == null || reportedMax < 1 || reportedMax == max || reportedMax > max && !asReported
                ? this
                : withMax(reportedMax);
    }

    private Limit withMax(long other) {
        return new Limit(name, kind, other, window, share, Math.min(reserve, other - 1), operations, asReported);
    }

    boolean appliesTo(String operation) {
        return operations.isEmpty() || operations.contains(operation);
    }

    /**
     * Parses {@code 15000 per 24h}, the form of the settings; {@code 400 units per 2s} counts costs, {@code 25 at once}
     * counts calls in flight. Options follow after commas: {@code share 80%}, {@code reserve 500}, {@code for search delete}
     * (the operations to which the limit applies), {@code as reported}. Units of time: ms, s, m, h, d.
     *
     * @throws IllegalArgumentException with the expected form
     */
    public static Limit parse(String name, String text) {
        Matcher form = TEXT.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("limit '" + name + "' is '" + text + FORM);
        }
        int share = 100;
        long reserve = 0;
        List<String> operations = new ArrayList<>();
        boolean asReported = false;
        if (form.group(5) != null) {
            for (String part : form.group(5).substring(1).split(",", -1)) {
                Matcher option = OPTION.matcher(part);
                if (!option.matches()) {
                    throw new IllegalArgumentException("limit '" + name + "' says '" + part.strip()
                            + "', but after the first comma come 'share 80%', 'reserve 500', 'for search' or"
                            + " 'as reported'");
                }
                share = option.group(1) == null ? share : Integer.parseInt(option.group(1));
                reserve = option.group(2) == null ? reserve : number(option.group(2));
                if (option.group(3) != null) {
                    operations.addAll(Arrays.asList(option.group(3).split("\\s+")));
                }
                asReported |= option.group(4) != null;
            }
        }
        boolean atOnce = form.group(3) == null;
        Kind kind = atOnce ? Kind.AT_ONCE : form.group(2) == null ? Kind.CALLS : Kind.UNITS;
        return new Limit(
                name,
                kind,
                number(form.group(1)),
                atOnce ? Duration.ZERO : window(form),
                share,
                reserve,
                operations,
                asReported);
    }

    /** The text that {@link #parse} takes for this limit. */
    public String text() {
        StringBuilder text = new StringBuilder().append(max);
        if (kind == Kind.AT_ONCE) {
            text.append(" at once");
        } else {
            text.append(kind == Kind.UNITS ? " units per " : " per ").append(windowText(window));
        }
        if (share < 100) {
            text.append(", share ").append(share).append("%");
        }
        if (reserve > 0) {
            text.append(", reserve ").append(reserve);
        }
        if (!operations.isEmpty()) {
            text.append(", for ").append(String.join(" ", operations));
        }
        return text.append(asReported ? ", as reported" : "").toString();
    }

    private static String windowText(Duration window) {
        long millis = window.toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    private static Duration window(Matcher form) {
        long amount = Long.parseLong(form.group(3));
        return switch (form.group(4)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
    }

    private static long number(String digits) {
        return Long.parseLong(digits.replace("_", ""));
    }
}
