package io.sluice.quota;

import java.time.Duration;

/**
 * A vendor's limit: at most {@code max} calls in any window of length {@code window}, as its server sees them.
 *
 * @param name as in settings, metrics and status, for example {@code daily}
 */
public record Limit(String name, long max, Duration window) {

    public Limit {
        if (max < 1 || window.isNegative() || window.isZero()) {
            throw new IllegalArgumentException("limit '" + name + "' needs a max and a window above zero, but has "
                    + max + " per " + window);
        }
    }

    /**
     * Reads {@code 15000 per 24h}, the form of the settings. Units: ms, s, m, h, d.
     *
     * @throws IllegalArgumentException showing the form
     */
    public static Limit parse(String name, String text) {
        var form = java.util.regex.Pattern
                .compile("\\s*(\\d[\\d_]{0,17})\\s+per\\s+(\\d{1,9})\\s*(ms|s|m|h|d)\\s*").matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("limit '" + name + "' is '" + text
                    + "', but reads like '15000 per 24h' or '190 per 10s'");
        }
        long amount = Long.parseLong(form.group(2));
        Duration window = switch (form.group(3)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
        return new Limit(name, Long.parseLong(form.group(1).replace("_", "")), window);
    }
}
