// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ThrottleStateTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final ThrottleSignal REFUSAL = new ThrottleSignal(ThrottleSignal.SHORT, Duration.ZERO);

    /** Two calls may be under way when the throttling begins. */
    @Property(tries = 300)
    void aThrottlingOfThirtySecondsCostsEightCallsAndEndsWithinTenSeconds(@ForAll long seed) {
        Random random = new Random(seed);
        Instant end = START.plusSeconds(30);
        ThrottleState throttleState = ThrottleState.throttled(null, REFUSAL, START, random::nextDouble);
        int probes = 0;
        while (throttleState.until().isBefore(end)) {
            probes++;
            throttleState = ThrottleState.throttled(
                    throttleState.probing(probes, throttleState.until().plusSeconds(15)),
                    REFUSAL,
                    throttleState.until(),
                    random::nextDouble);
        }
        assertThat(probes).isLessThanOrEqualTo(8);
        ThrottleState over = throttleState.ended(throttleState.until());
        Instant fullRate = over.recovered();
        while (over.rateAt(fullRate) < 100) {
            fullRate = fullRate.plusSeconds(1);
        }
        assertThat(Duration.between(end, fullRate)).isLessThanOrEqualTo(Duration.ofSeconds(10));
    }

    @Property(tries = 100)
    void aThrottlingOfHoursIsProbedEveryFewMinutes(@ForAll @IntRange(min = 1, max = 23) int hours, @ForAll long seed) {
        assertThat(ThrottleState.delay(40, Duration.ofHours(hours), new Random(seed)::nextDouble))
                .isBetween(Duration.ofMinutes(8), Duration.ofMinutes(15));
    }

    @Test
    void theCrmsRetryAfterIsRespected() {
        ThrottleState throttleState = ThrottleState.throttled(
                null, new ThrottleSignal(ThrottleSignal.SHORT, Duration.ofSeconds(90)), START, () -> 0);
        assertThat(throttleState.until()).isEqualTo(START.plusSeconds(90));
    }

    @Test
    void eachThrottlingHalvesTheRateAndItRecoversByAFifthASecond() {
        ThrottleState first = ThrottleState.throttled(null, REFUSAL, START, () -> 0);
        ThrottleState second = ThrottleState.throttled(first, REFUSAL, START.plusSeconds(1), () -> 0);
        assertThat(second.rate()).isEqualTo(50);
        ThrottleState over = second.ended(START.plusSeconds(10));
        assertThat(over.rateAt(START.plusSeconds(11))).isEqualTo(70);
        assertThat(over.rateAt(START.plusSeconds(60))).isEqualTo(100);
        assertThat(over.rateAt(START.minusSeconds(3600)))
                .as("after the clock was set back")
                .isEqualTo(50);
        assertThat(ThrottleState.throttled(over, REFUSAL, START.plusSeconds(11), () -> 0)
                        .rate())
                .isEqualTo(35);
    }

    @Test
    void aThrottledSearchStopsSearchesOnly() {
        ThrottleState throttleState =
                ThrottleState.throttled(null, new ThrottleSignal(ThrottleSignal.SEARCH, Duration.ZERO), START, () -> 0);
        assertThat(throttleState.concerns("search")).isTrue();
        assertThat(throttleState.concerns("query")).as("a delta poll").isTrue();
        assertThat(throttleState.concerns("write")).isFalse();
        assertThat(ThrottleState.throttled(null, REFUSAL, START, () -> 0).concerns("write"))
                .isTrue();
    }
}
