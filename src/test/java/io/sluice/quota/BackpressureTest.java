// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackpressureTest {

    @ParameterizedTest
    @CsvSource({"0, 60", "0.5, 60", "0.75, 120", "0.9, 300", "1, 300", "1.2, 300"})
    void timesStretchFromHalfOfTheDayOnUpToFiveTimes(double used, long seconds) {
        assertThat(Backpressure.stretched(Duration.ofSeconds(60), used)).isEqualTo(Duration.ofSeconds(seconds));
    }
}
