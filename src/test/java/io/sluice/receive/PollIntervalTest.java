// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PollIntervalTest {

    private final PollInterval pollInterval = new PollInterval(Duration.ofSeconds(5), Duration.ofSeconds(60));

    @Test
    void theIntervalIsTheMinimumAfterAResultAndDoublesWithoutOne() {
        assertThat(pollInterval.next(Duration.ofSeconds(40), true, 1)).hasSeconds(5);
        assertThat(pollInterval.next(Duration.ofSeconds(5), false, 1)).hasSeconds(10);
        assertThat(pollInterval.next(Duration.ofSeconds(40), false, 1)).hasSeconds(60);
        assertThat(pollInterval.next(Duration.ofSeconds(60), false, 1)).hasSeconds(60);
        assertThat(pollInterval.next(Duration.ZERO, false, 0)).hasSeconds(5);
    }

    @Test
    void aPollOfManyCallsIsNotRepeatedSoon() {
        assertThat(pollInterval.next(Duration.ofSeconds(5), true, 2))
                .as("deletes, and one page")
                .hasSeconds(5);
        assertThat(pollInterval.next(Duration.ofSeconds(5), true, 5)).hasSeconds(20);
        assertThat(pollInterval.next(Duration.ofSeconds(5), true, 100)).hasSeconds(60);
        assertThat(pollInterval.next(Duration.ofSeconds(5), false, 5)).hasSeconds(20);
        assertThat(pollInterval.next(Duration.ofSeconds(20), false, 5)).hasSeconds(40);
    }

    @Test
    void theIntervalGrowsAsTheQuotaShrinks() {
        assertThat(pollInterval.stretched(Duration.ofSeconds(10), 0.5)).hasSeconds(10);
        assertThat(pollInterval.stretched(Duration.ofSeconds(10), 0.75)).hasSeconds(20);
        assertThat(pollInterval.stretched(Duration.ofSeconds(10), 0.9)).hasSeconds(50);
        assertThat(pollInterval.stretched(Duration.ofSeconds(10), 1.2)).hasSeconds(50);
    }

    @Test
    void aMinimumAboveTheMaximumIsRejectedAndTheErrorNamesBothSettings() {
        assertThatThrownBy(() -> new PollInterval(Duration.ofSeconds(9), Duration.ofSeconds(5)))
                .hasMessageContaining("sluice.poll.min-interval")
                .hasMessageContaining("sluice.poll.max-interval");
    }
}
