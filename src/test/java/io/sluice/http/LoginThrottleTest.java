// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {

    /** The clock in nanoseconds; it begins shortly before its numbers overflow. */
    private long now = Long.MAX_VALUE - 1;

    private final LoginThrottle throttle = new LoginThrottle(() -> now);

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void theWaitDoublesAfterFiveFailures() {
        for (int i = 0; i < 5; i++) {
            assertThat(throttle.begin("anna", "10.0.0.1")).isEmpty();
        }
        assertThat(throttle.begin("anna", "10.0.0.1")).contains(Duration.ofSeconds(1));
        pass(Duration.ofSeconds(1));
        assertThat(throttle.begin("anna", "10.0.0.1")).isEmpty();
        assertThat(throttle.begin("anna", "10.0.0.1")).contains(Duration.ofSeconds(2));
        pass(Duration.ofSeconds(2));
        assertThat(throttle.begin("anna", "10.0.0.1")).isEmpty();
    }

    @Test
    void aThousandGuessesTakeMoreThanTenDays() {
        Duration all = Duration.ZERO;
        for (int i = 0; i < 1000; i++) {
            Optional<Duration> wait = throttle.begin("anna", "10.0.0." + i);
            if (wait.isPresent()) {
                pass(wait.get());
                all = all.plus(wait.get());
                assertThat(throttle.begin("anna", "10.0.0." + i)).isEmpty();
            }
        }
        assertThat(all).isGreaterThan(Duration.ofDays(10));
    }

    @Test
    void oneAddressThatTriesManyNamesWaitsToo() {
        for (int i = 0; i < 5; i++) {
            assertThat(throttle.begin("user-" + i, "10.0.0.1")).isEmpty();
        }
        assertThat(throttle.begin("another", "10.0.0.1")).isPresent();
        assertThat(throttle.begin("another", "10.0.0.2")).isEmpty();
    }

    @Test
    void aSuccessEndsTheWait() {
        for (int i = 0; i < 9; i++) {
            pass(Duration.ofHours(1));
            throttle.begin("anna", "10.0.0.1");
        }
        assertThat(throttle.begin("anna", "10.0.0.1")).isPresent();
        throttle.succeeded("anna", "10.0.0.1");
        assertThat(throttle.begin("anna", "10.0.0.1")).isEmpty();
    }
}
