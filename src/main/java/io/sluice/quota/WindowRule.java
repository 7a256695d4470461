package io.sluice.quota;

import io.sluice.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Whether a limit lets a call through, as a pure function.
 *
 * <p>A call needs a place: fewer than {@code max} calls in flight or completed within the window. Of a long window each
 * priority has only the part below its mark, so that what is urgent finds quota when the rest has used its own. In a
 * short window the places that are left are spread over the time until the next ones come free, so that an urgent call,
 * which needs no turn, finds a place at any moment.
 */
final class WindowRule {

    /** Calls that need no turn after a quiet time: a part of the window. */
    private static final int BURST = 10;

    /**
     * Percent of the even distance that turns keep at least: places that come free close together, because urgent calls
     * took them out of turn, are spread again. Less than all of it, to catch up on what was missed.
     */
    private static final int EVEN = 70;

    /** How often the CRM is asked again, where it is its own report that stops us: a part of the window. */
    private static final int REFRESH = 100;

    /** The same where the CRM reports a lower limit than the settings have: that may be a slip of a moment. */
    private static final Duration LOWERED = Duration.ofMinutes(1);

    /** When it is worth asking again where a place comes free with any answer. */
    private static final Duration SOON = Duration.ofMillis(20);

    private WindowRule() {
    }

    /** The part of a long window, in percent, at which calls of this priority stop. */
    static int mark(Priority priority) {
        return switch (priority) {
            case CRITICAL -> 100;
            case HIGH -> 95;
            case NORMAL -> 85;
            case LOW -> 70;
        };
    }

    /** Nothing when the call may go now, else why not. */
    static Optional<Deferral> check(Limit limit, WindowUsage windowUsage, Priority priority, int cost) {
        return check(limit, limit, windowUsage, priority, cost);
    }

    /** As above. @param configured the limit as the settings have it, before the CRM's report corrected it */
    static Optional<Deferral> check(Limit configured, Limit limit, WindowUsage windowUsage, Priority priority, int cost) {
        Optional<Deferral> hold = place(configured, limit, windowUsage, priority, cost);
        return hold.isPresent() || priority == Priority.CRITICAL ? hold : turn(limit, windowUsage);
    }

    /**
     * Nothing when there is a place for the call. Where it is only the CRM's report that leaves no place, a call now and
     * then asks for a newer one, since the newest wins: a limit that is reported as 10 for some seconds, of 15,000 a day of
     * which 500 are used, holds all calls for a minute and not until the day ends.
     */
    static Optional<Deferral> place(Limit configured, Limit limit, WindowUsage windowUsage, Priority priority, int cost) {
        long need = limit.kind() == Limit.Kind.UNITS ? cost : 1;
        int mark = limit.isLong() ? mark(priority) : 100;
        boolean lowered = limit.isLong() && limit.max() < configured.max() && windowUsage.reportedAt() != null;
        if (isSpent(lowered ? configured : limit, windowUsage.own() + need, mark)) {
            return Optional.of(new Deferral(limit.name(), frees(limit, windowUsage)));
        }
        if (lowered && isSpent(limit, windowUsage.own() + need, mark)
                || windowUsage.total() + need > part(limit.max() - limit.reserve(), mark)) {
            Duration pause = limit.window().dividedBy(REFRESH);
            Instant again = later(windowUsage.reportedAt(), windowUsage.lastGrant())
                    .plus(lowered && pause.compareTo(LOWERED) > 0 ? LOWERED : pause);
            if (again.isAfter(windowUsage.now())) {
                return Optional.of(new Deferral(limit.name(), again));
            }
        }
        return Optional.empty();
    }

    private static boolean isSpent(Limit limit, long calls, int mark) {
        return calls > part(part(limit.max(), limit.share()), mark) || calls > limit.max() - limit.reserve();
    }

    /** How many calls of this priority a long limit still has a place for. */
    static long spare(Limit limit, WindowUsage windowUsage, Priority priority) {
        long ours = part(part(limit.max(), limit.share()), mark(priority)) - windowUsage.own();
        long everybodys = part(limit.max() - limit.reserve(), mark(priority)) - windowUsage.total();
        return Math.max(0, Math.min(ours, everybodys));
    }

    /** The part of what we may take of a limit that nobody has taken, from 0 to 1. */
    static double left(Limit limit, WindowUsage windowUsage) {
        long ours = part(limit.max(), limit.share()) - windowUsage.own();
        long everybodys = limit.max() - limit.reserve() - windowUsage.total();
        return Math.max(0, Math.min(ours, everybodys)) / (double) limit.max();
    }

    /** How much is used of what we may use, in percent, rounded down. */
    static int percent(Limit limit, WindowUsage windowUsage) {
        return (int) Math.max(100 * windowUsage.own() / part(limit.max(), limit.share()),
                100 * windowUsage.total() / (limit.max() - limit.reserve()));
    }

    private static Optional<Deferral> turn(Limit limit, WindowUsage windowUsage) {
        if (limit.kind() == Limit.Kind.AT_ONCE || limit.isLong() || windowUsage.lastGrant() == null
                || windowUsage.own() < Math.max(1, limit.max() / BURST)) {
            return Optional.empty();
        }
        long places = Math.max(1, part(limit.max(), limit.share()) - limit.reserve() - windowUsage.own());
        Duration spread = Duration.between(windowUsage.now(), frees(limit, windowUsage)).dividedBy(places);
        Duration even = limit.window().multipliedBy(EVEN).dividedBy(100 * limit.max());
        Instant turn = windowUsage.lastGrant().plus(spread.compareTo(even) > 0 ? spread : even);
        return turn.isAfter(windowUsage.now()) ? Optional.of(new Deferral(limit.name(), turn)) : Optional.empty();
    }

    private static Instant frees(Limit limit, WindowUsage windowUsage) {
        if (limit.kind() == Limit.Kind.AT_ONCE) {
            return windowUsage.now().plus(SOON);
        }
        return windowUsage.frees() == null ? windowUsage.now().plus(limit.window()) : windowUsage.frees();
    }

    private static Instant later(Instant one, Instant other) {
        return other == null || one.isAfter(other) ? one : other;
    }

    /** Rounded up, so that a small limit has a place for everybody. */
    private static long part(long whole, int percent) {
        return percent == 100 ? whole : Math.floorDiv(whole * percent + 99, 100);
    }
}
