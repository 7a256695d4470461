package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {

    private final Pace pace = new Pace(Duration.ofSeconds(5), Duration.ofSeconds(60));

    @Test
    void whoFindsSomethingLooksAgainSoonAndWhoFindsNothingLessAndLess() {
        assertThat(pace.next(Duration.ofSeconds(40), true)).hasSeconds(5);
        assertThat(pace.next(Duration.ofSeconds(5), false)).hasSeconds(10);
        assertThat(pace.next(Duration.ofSeconds(40), false)).hasSeconds(60);
        assertThat(pace.next(Duration.ofSeconds(60), false)).hasSeconds(60);
        assertThat(pace.next(Duration.ZERO, false)).hasSeconds(5);
    }

    @Test
    void theLessOfTheQuotaIsLeftTheLongerThePauses() {
        assertThat(pace.stretched(Duration.ofSeconds(10), 0.5)).hasSeconds(10);
        assertThat(pace.stretched(Duration.ofSeconds(10), 0.75)).hasSeconds(20);
        assertThat(pace.stretched(Duration.ofSeconds(10), 0.9)).hasSeconds(50);
        assertThat(pace.stretched(Duration.ofSeconds(10), 1.2)).hasSeconds(50);
    }

    @Test
    void aShortestAboveTheLongestNamesBothSettings() {
        assertThatThrownBy(() -> new Pace(Duration.ofSeconds(9), Duration.ofSeconds(5)))
                .hasMessageContaining("sluice.receive.shortest").hasMessageContaining("sluice.receive.longest");
    }
}
