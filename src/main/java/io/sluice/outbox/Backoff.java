// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Computes the delay before a retry: exponential with full jitter, so that calls that failed together do not come back
 * together. All records of one call share one delay; otherwise the next time they would be many calls. With 1 s and 5 min
 * the delay is at most 1 s after the first failure, 2 s after the second, 4 s after the third, and 5 min from the tenth on.
 *
 * @param initialDelay the maximum delay after the first failure
 * @param maxDelay   the maximum delay after any failure
 */
public record Backoff(Duration initialDelay, Duration maxDelay) {

    /** Retries at once. */
    public static final Backoff NONE = new Backoff(Duration.ZERO, Duration.ZERO);

    /** @param random a source of numbers in [0, 1) */
    public Duration after(int attempts, DoubleSupplier random) {
        int doublings = Math.min(Math.max(attempts - 1, 0), 30);
        long max = Math.min(maxDelay.toMillis(), initialDelay.toMillis() << Math.min(doublings, 20));
        return Duration.ofMillis((long) (max * random.getAsDouble()));
    }
}
