// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class BackoffTest {

    private static final double ALMOST_ONE = Math.nextDown(1.0);

    @Property
    void aDelayIsNeitherNegativeNorAboveTheMaximum(
            @ForAll int attempts,
            @ForAll @LongRange(min = 0, max = 86_400_000) long initialDelayMs,
            @ForAll @LongRange(min = 0, max = 604_800_000) long maxDelayMs,
            @ForAll @DoubleRange(min = 0, max = 1, maxIncluded = false) double random) {
        Duration wait = new Backoff(Duration.ofMillis(initialDelayMs), Duration.ofMillis(maxDelayMs))
                .after(attempts, () -> random);

        assertThat(wait).isBetween(Duration.ZERO, Duration.ofMillis(maxDelayMs));
    }

    @Property
    void fullJitterReachesDownToZero(@ForAll int attempts) {
        assertThat(new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5)).after(attempts, () -> 0.0))
                .isZero();
    }

    @Property
    void fullJitterReachesUpToTheMaximum(@ForAll @IntRange(min = 1, max = 60) int attempts) {
        long max = Math.min(300_000, 1000L << Math.min(attempts - 1, 20));

        assertThat(new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5)).after(attempts, () -> ALMOST_ONE))
                .isBetween(Duration.ofMillis(max - 1), Duration.ofMillis(max));
    }

    @Property
    void theMaximumNeverShrinks(@ForAll @IntRange(max = 1_000_000) int attempts) {
        Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofHours(3));

        assertThat(backoff.after(attempts + 1, () -> ALMOST_ONE))
                .isGreaterThanOrEqualTo(backoff.after(attempts, () -> ALMOST_ONE));
    }

    @Test
    void delaysDoubleFromTheInitialToTheMaximum() {
        Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(5));

        assertThat(java.util.stream.IntStream.rangeClosed(1, 5).mapToObj(it -> backoff.after(it, () -> 0.5)))
                .containsExactly(
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(2),
                        Duration.ofMillis(2500),
                        Duration.ofMillis(2500));
    }
}
