package io.sluice.outbox;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * When to try again: exponential with full jitter, so that calls that failed together do not come back together. The
 * records of one call do, or the next time they would be many calls.
 *
 * @param first the longest wait after the first failure
 * @param cap   the longest wait ever
 */
public record Backoff(Duration first, Duration cap) {

    /** Again at once. */
    public static final Backoff NONE = new Backoff(Duration.ZERO, Duration.ZERO);

    /** @param random in [0, 1) */
    public Duration after(int attempts, DoubleSupplier random) {
        int doublings = Math.min(Math.max(attempts - 1, 0), 30);
        long ceiling = Math.min(cap.toMillis(), first.toMillis() << Math.min(doublings, 20));
        return Duration.ofMillis((long) (ceiling * random.getAsDouble()));
    }
}
