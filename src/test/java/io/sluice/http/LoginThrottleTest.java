// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {

    private static final Instant START = Instant.parse("2026-01-05T08:00:00Z");

    private final LoginThrottle throttle = new LoginThrottle();

    @Test
    void theWaitDoublesAfterFiveFailures() {
        for (int i = 0; i < 5; i++) {
            assertThat(throttle.begin("anna", "10.0.0.1", START)).isEmpty();
        }
        assertThat(throttle.begin("anna", "10.0.0.1", START)).contains(Duration.ofSeconds(1));
        Instant next = START.plusSeconds(1);
        assertThat(throttle.begin("anna", "10.0.0.1", next)).isEmpty();
        assertThat(throttle.begin("anna", "10.0.0.1", next)).contains(Duration.ofSeconds(2));
        assertThat(throttle.begin("anna", "10.0.0.1", next.plusSeconds(2))).isEmpty();
    }

    @Test
    void aThousandGuessesTakeMoreThanTenDays() {
        Instant now = START;
        for (int i = 0; i < 1000; i++) {
            Optional<Duration> wait = throttle.begin("anna", "10.0.0." + i, now);
            if (wait.isPresent()) {
                now = now.plus(wait.get());
                assertThat(throttle.begin("anna", "10.0.0." + i, now)).isEmpty();
            }
        }
        assertThat(Duration.between(START, now)).isGreaterThan(Duration.ofDays(10));
    }

    @Test
    void oneAddressThatTriesManyNamesWaitsToo() {
        for (int i = 0; i < 5; i++) {
            assertThat(throttle.begin("user-" + i, "10.0.0.1", START)).isEmpty();
        }
        assertThat(throttle.begin("another", "10.0.0.1", START)).isPresent();
        assertThat(throttle.begin("another", "10.0.0.2", START)).isEmpty();
    }

    @Test
    void aSuccessEndsTheWait() {
        for (int i = 0; i < 9; i++) {
            throttle.begin("anna", "10.0.0.1", START.plus(Duration.ofHours(i)));
        }
        assertThat(throttle.begin("anna", "10.0.0.1", START.plus(Duration.ofHours(8))))
                .isPresent();
        throttle.succeeded("anna", "10.0.0.1");
        assertThat(throttle.begin("anna", "10.0.0.1", START.plus(Duration.ofHours(8))))
                .isEmpty();
    }
}
