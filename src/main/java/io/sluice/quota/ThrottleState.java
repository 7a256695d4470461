// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

/**
 * A time in which a CRM throttles an account. After each delay one call probes whether it is over; afterwards the rate
 * recovers from a half, by a fifth of the whole each second.
 *
 * @param kind      kind as in {@link ThrottleSignal#kind}
 * @param step      number of rejections, those of concurrent calls counted once
 * @param rate      percent of the short limits that is used after the recovery
 * @param since     time of the first rejection
 * @param until     time from which the next call may probe
 * @param probe     permit of the probing call, or null
 * @param recovered time at which a call succeeded again, or null
 */
public record ThrottleState(
        String kind, int step, int rate, Instant since, Instant until, Long probe, Instant recovered) {

    /** The backoff while the throttling is young; an old one is probed less often, see {@link #AGE_DIVISOR}. */
    private static final Backoff YOUNG = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(6));

    /** The divisor of a throttling's age that bounds the delay: one that has lasted an hour does not end within a second. */
    private static final int AGE_DIVISOR = 5;

    private static final Duration MAX_DELAY = Duration.ofMinutes(15);

    private static final String QUERY = "query";
    private static final int MIN_RATE = 10;
    private static final int RECOVERY_PERCENT_PER_SECOND = 20;

    /** @param before the last throttling of this kind, over or not, or null */
    static ThrottleState throttled(
            ThrottleState before, ThrottleSignal throttleSignal, Instant now, DoubleSupplier random) {
        boolean fresh = before == null || before.recovered() != null;
        int step = fresh ? 1 : before.step() + 1;
        Instant since = fresh ? now : before.since();
        int rate = fresh ? Math.max(MIN_RATE, (before == null ? 100 : before.rateAt(now)) / 2) : before.rate();
        Duration delay = delay(step, Duration.between(since, now), random);
        return new ThrottleState(
                throttleSignal.kind(),
                step,
                rate,
                since,
                now.plus(delay.compareTo(throttleSignal.retryAfter()) > 0 ? delay : throttleSignal.retryAfter()),
                null,
                null);
    }

    /**
     * An exponential delay, with jitter over its last third: replicas probe with one call between them, so there is no herd
     * to scatter, and a delay near zero would waste a call.
     */
    static Duration delay(int step, Duration age, DoubleSupplier random) {
        long delay = Math.max(YOUNG.after(step).toMillis(), age.toMillis() / AGE_DIVISOR);
        return Backoff.jitter(Duration.ofMillis(Math.min(MAX_DELAY.toMillis(), delay)), 3, random);
    }

    ThrottleState probing(long permit, Instant until) {
        return new ThrottleState(kind, step, rate, since, until, permit, null);
    }

    ThrottleState ended(Instant now) {
        return new ThrottleState(kind, 0, rate, since, now, null, now);
    }

    public boolean isOver() {
        return recovered != null;
    }

    /**
     * Whether the throttling concerns an operation. Search and bulk limits concern those operations alone. A delta poll
     * requests its permit as {@code query}, whichever API it then calls.
     */
    boolean concerns(String operation) {
        return switch (kind) {
            case ThrottleSignal.SEARCH -> operation.startsWith(kind) || operation.equals(QUERY);
            case ThrottleSignal.BULK -> operation.startsWith(kind);
            default -> true;
        };
    }

    /** The percent of the short limits that may be used. */
    int rateAt(Instant now) {
        // the recovery is in the future if the clock was set back since
        return recovered == null || now.isBefore(recovered)
                ? rate
                : (int) Math.min(
                        100, rate + Duration.between(recovered, now).toSeconds() * RECOVERY_PERCENT_PER_SECOND);
    }
}
