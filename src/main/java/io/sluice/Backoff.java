// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Computes the delay before a retry: exponential, with jitter, so that calls that failed together do not come back together.
 * All records of one call share one delay; otherwise the next time they would be many calls. With 1 s and 5 min the delay is
 * at most 1 s after the first failure, 2 s after the second, 4 s after the third, and 5 min from the tenth on.
 */
public final class Backoff {

    /** Retries at once. */
    public static final Backoff NONE = new Backoff(Duration.ZERO, Duration.ZERO);

    /** Number of failures after which any delay has reached its maximum: a millisecond doubles to 17 years. */
    private static final int MAX_ATTEMPTS = 40;

    private final IntervalFunction delays;

    /**
     * @param initialDelay maximum delay after the first failure
     * @param maxDelay     maximum delay after any failure
     */
    public Backoff(Duration initialDelay, Duration maxDelay) {
        delays = initialDelay.toMillis() == 0 || maxDelay.toMillis() == 0
                ? attempt -> 0L
                : IntervalFunction.ofExponentialBackoff(initialDelay, 2, maxDelay);
    }

    /**
     * Returns the delay without jitter.
     *
     * @param attempts number of failures in a row
     */
    public Duration after(int attempts) {
        return Duration.ofMillis(delays.apply(Math.min(Math.max(attempts, 1), MAX_ATTEMPTS)));
    }

    /**
     * Returns the delay with full jitter: between zero and the whole.
     *
     * @param random source of numbers in [0, 1)
     */
    public Duration after(int attempts, DoubleSupplier random) {
        return jitter(after(attempts), 1, random);
    }

    /**
     * Shortens a delay by jitter over its last part. For example, 6 s with jitter over the last third become 4 to 6 s: where
     * few callers retry, a delay near zero would waste a call.
     *
     * @param part   size of the last part: 1 the whole, 2 the half, 3 a third
     * @param random source of numbers in [0, 1)
     */
    public static Duration jitter(Duration delay, int part, DoubleSupplier random) {
        return Duration.ofMillis((long) (delay.toMillis() * (part - 1 + random.getAsDouble()) / part));
    }
}
