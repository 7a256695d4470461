// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Decides whether a limit lets a call through, as a pure function.
 *
 * <p>A call needs a free place: fewer than {@code max} calls in flight or completed within the window. In a long window each
 * priority may use only the part below its mark, so that urgent work finds quota when the rest has used its own. In a short
 * window the free places are spread evenly over the time until the next ones become free, so that an urgent call, which is
 * exempt from the spacing, finds a place at any moment.
 *
 * <p>Example: of 15,000 calls a day, low work stops at 10,500 (70 %), normal work at 12,750 (85 %), high work at 14,250
 * (95 %).
 */
final class WindowRule {

    /** The divisor of the window's maximum that is the burst after a quiet time: so many calls need no spacing. */
    private static final int BURST_DIVISOR = 10;

    /**
     * The minimum spacing, in percent of the even spacing. Places that become free close together, because urgent calls took
     * them without spacing, are spread again. Less than 100, to catch up on missed places.
     */
    private static final int MIN_SPACING_PERCENT = 70;

    /** The divisor of the window that is the interval of new reports where the CRM's own report stops us. */
    private static final int REFRESH_DIVISOR = 100;

    /** The maximum of that interval where the CRM reports a lower limit than the settings: that may be a momentary error. */
    private static final Duration MAX_REFRESH_INTERVAL = Duration.ofMinutes(1);

    /** The delay of a new request where any answer may free a place. */
    private static final Duration AT_ONCE_RETRY = Duration.ofMillis(20);

    private WindowRule() {}

    /** The part of a long window, in percent, at which calls of this priority stop. */
    static int mark(Priority priority) {
        return switch (priority) {
            case CRITICAL -> 100;
            case HIGH -> 95;
            case NORMAL -> 85;
            case LOW -> 70;
        };
    }

    /** Empty when the call may be made now, else the reason for its deferral. */
    static Optional<Deferral> check(Limit limit, WindowUsage windowUsage, Priority priority, int cost) {
        return check(limit, limit, windowUsage, priority, cost);
    }

    /** Checks a corrected limit. @param configured the limit of the settings, before the CRM's report corrected it */
    static Optional<Deferral> check(
            Limit configured, Limit limit, WindowUsage windowUsage, Priority priority, int cost) {
        Optional<Deferral> deferral = checkPlace(configured, limit, windowUsage, priority, cost);
        return deferral.isPresent() || priority == Priority.CRITICAL ? deferral : checkSpacing(limit, windowUsage);
    }

    /**
     * Empty when there is a place for the call. Where only the CRM's report leaves no place, a call now and then fetches a
     * newer report, because the newest wins: a limit that is reported as 10 for some seconds, of 15,000 a day of which 500
     * are used, defers all calls for a minute and not until the day ends.
     */
    static Optional<Deferral> checkPlace(
            Limit configured, Limit limit, WindowUsage windowUsage, Priority priority, int cost) {
        long need = limit.kind() == Limit.Kind.UNITS ? cost : 1;
        int mark = limit.isLong() ? mark(priority) : 100;
        boolean lowered = limit.isLong() && limit.max() < configured.max() && windowUsage.reportedAt() != null;
        if (isSpent(lowered ? configured : limit, windowUsage.own() + need, mark)) {
            return Optional.of(new Deferral(limit.name(), freesAt(limit, windowUsage)));
        }
        if (lowered && isSpent(limit, windowUsage.own() + need, mark)
                || windowUsage.total() + need > part(limit.max() - limit.reserve(), mark)) {
            if (windowUsage.reportedAt() == null) {
                return Optional.of(new Deferral(limit.name(), freesAt(limit, windowUsage)));
            }
            Duration delay = limit.window().dividedBy(REFRESH_DIVISOR);
            Instant next = later(windowUsage.reportedAt(), windowUsage.lastGrant())
                    .plus(lowered && delay.compareTo(MAX_REFRESH_INTERVAL) > 0 ? MAX_REFRESH_INTERVAL : delay);
            if (next.isAfter(windowUsage.now())) {
                return Optional.of(new Deferral(limit.name(), next));
            }
        }
        return Optional.empty();
    }

    private static boolean isSpent(Limit limit, long calls, int mark) {
        return calls > part(part(limit.max(), limit.share()), mark) || calls > limit.max() - limit.reserve();
    }

    /** The number of calls of this priority for which a long limit still has a place. */
    static long spare(Limit limit, WindowUsage windowUsage, Priority priority) {
        long ours = part(part(limit.max(), limit.share()), mark(priority)) - windowUsage.own();
        long everybodys = part(limit.max() - limit.reserve(), mark(priority)) - windowUsage.total();
        return Math.max(0, Math.min(ours, everybodys));
    }

    /** The unused part of the calls that we may make, from 0 to 1. */
    static double left(Limit limit, WindowUsage windowUsage) {
        long ours = part(limit.max(), limit.share()) - windowUsage.own();
        long everybodys = limit.max() - limit.reserve() - windowUsage.total();
        return Math.max(0, Math.min(ours, everybodys)) / (double) limit.max();
    }

    /** The used part of the calls that we may make, in percent, rounded down. */
    static int percent(Limit limit, WindowUsage windowUsage) {
        return (int) Math.max(
                100 * windowUsage.own() / part(limit.max(), limit.share()),
                100 * windowUsage.total() / (limit.max() - limit.reserve()));
    }

    private static Optional<Deferral> checkSpacing(Limit limit, WindowUsage windowUsage) {
        if (limit.kind() == Limit.Kind.AT_ONCE
                || limit.isLong()
                || windowUsage.lastGrant() == null
                || windowUsage.own() < Math.max(1, limit.max() / BURST_DIVISOR)) {
            return Optional.empty();
        }
        long places = Math.max(1, part(limit.max(), limit.share()) - limit.reserve() - windowUsage.own());
        Duration spread =
                Duration.between(windowUsage.now(), freesAt(limit, windowUsage)).dividedBy(places);
        Duration even = limit.window().multipliedBy(MIN_SPACING_PERCENT).dividedBy(100 * limit.max());
        Instant next = windowUsage.lastGrant().plus(spread.compareTo(even) > 0 ? spread : even);
        return next.isAfter(windowUsage.now()) ? Optional.of(new Deferral(limit.name(), next)) : Optional.empty();
    }

    private static Instant freesAt(Limit limit, WindowUsage windowUsage) {
        if (limit.kind() == Limit.Kind.AT_ONCE) {
            return windowUsage.now().plus(AT_ONCE_RETRY);
        }
        return windowUsage.frees() == null ? windowUsage.now().plus(limit.window()) : windowUsage.frees();
    }

    private static Instant later(Instant one, Instant other) {
        return other == null || one.isAfter(other) ? one : other;
    }

    /** A part of a number, rounded up, so that a small limit has a place for every priority. */
    private static long part(long whole, int percent) {
        return percent == 100 ? whole : Math.floorDiv(whole * percent + 99, 100);
    }
}
