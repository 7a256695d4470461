package io.sluice.quota;

import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

/**
 * A time in which a CRM refuses an account's calls. One call a step finds out whether it is over; afterwards the rate
 * comes back from a half, by a fifth of the whole each second.
 *
 * @param kind      as in {@link ThrottleSignal#kind}
 * @param step      how often it was refused, the calls that were under way then counted as one
 * @param rate      percent of the short limits that is used when it is over
 * @param since     when it began
 * @param until     when the next call may try
 * @param probe     the permit of the call that tries, or null
 * @param recovered when a call got through again, or null
 */
public record ThrottleState(String kind, int step, int rate, Instant since, Instant until, Long probe, Instant recovered) {

    private static final Duration FIRST = Duration.ofSeconds(1);

    /** Of a short storm; a long one is asked less often, see {@link #PART}. */
    private static final Duration LONGEST = Duration.ofSeconds(6);

    /** A storm that has lasted an hour is not over in a second: the pause grows to this part of its age. */
    private static final int PART = 5;
    private static final Duration LONGEST_EVER = Duration.ofMinutes(15);

    private static final String QUERY = "query";
    private static final int SLOWEST = 10;
    private static final int PERCENT_A_SECOND = 20;

    /** @param before the last storm of this kind, over or not, or null */
    static ThrottleState refused(ThrottleState before, ThrottleSignal throttleSignal, Instant now, DoubleSupplier random) {
        boolean fresh = before == null || before.recovered() != null;
        int step = fresh ? 1 : before.step() + 1;
        Instant since = fresh ? now : before.since();
        int rate = fresh ? Math.max(SLOWEST, (before == null ? 100 : before.rateAt(now)) / 2) : before.rate();
        Duration pause = pause(step, Duration.between(since, now), random);
        return new ThrottleState(throttleSignal.kind(), step, rate, since,
                now.plus(pause.compareTo(throttleSignal.retryAfter()) > 0 ? pause : throttleSignal.retryAfter()), null, null);
    }

    /**
     * Exponential, with jitter over its last third: the replicas try with one call between them, so there is no herd to
     * scatter, and a pause near zero would waste a call.
     */
    static Duration pause(int step, Duration age, DoubleSupplier random) {
        long steps = Math.min(LONGEST.toMillis(), FIRST.toMillis() << Math.min(step - 1, 10));
        long most = Math.min(LONGEST_EVER.toMillis(), Math.max(steps, age.toMillis() / PART));
        return Duration.ofMillis((long) (most * (2 + random.getAsDouble()) / 3));
    }

    ThrottleState probing(long permit, Instant until) {
        return new ThrottleState(kind, step, rate, since, until, permit, null);
    }

    ThrottleState over(Instant now) {
        return new ThrottleState(kind, 0, rate, since, now, null, now);
    }

    public boolean isOver() {
        return recovered != null;
    }

    /**
     * Search and bulk limits are of those operations alone. A look for what changed asks for leave as {@code query},
     * whatever the CRM's way to answer it is.
     */
    boolean concerns(String operation) {
        return switch (kind) {
            case ThrottleSignal.SEARCH -> operation.startsWith(kind) || operation.equals(QUERY);
            case ThrottleSignal.BULK -> operation.startsWith(kind);
            default -> true;
        };
    }

    /** Percent of the short limits that may be used. */
    int rateAt(Instant now) {
        return recovered == null ? rate
                : (int) Math.min(100, rate + Duration.between(recovered, now).toSeconds() * PERCENT_A_SECOND);
    }
}
