// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ForecastTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Limit DAILY = new Limit("daily", 1000, Duration.ofDays(1));

    private static UsageHistory history(List<Long> ours, int hoursOld) {
        return new UsageHistory(ours, NOW.minus(Duration.ofHours(hoursOld)), null, null);
    }

    /** Our calls in each hour back from now; the hours that are not named are empty. */
    private static List<Long> hours(long... calls) {
        List<Long> hours = new ArrayList<>(Collections.nCopies(27, 0L));
        for (int i = 0; i < calls.length; i++) {
            hours.set(i, calls[i]);
        }
        return hours;
    }

    private static WindowUsage used(long own, Long reported) {
        return new WindowUsage(NOW, own, null, null, null, reported, NOW, 0);
    }

    @Test
    void theRestLastsAsLongAsThePaceSays() {
        assertThat(Forecast.exhaustedAt(DAILY, used(600, null), history(hours(200, 200, 200), 3)))
                .hasValue(NOW.plus(Duration.ofHours(2)));
    }

    @Test
    void aShortTimeIsEnoughForAPaceAndAMomentIsNot() {
        assertThat(Forecast.exhaustedAt(DAILY, used(100, null), history(hours(100), 1)))
                .hasValue(NOW.plus(Duration.ofHours(9)));
        UsageHistory moment = new UsageHistory(hours(100), NOW.minusSeconds(60), null, null);
        assertThat(Forecast.exhaustedAt(DAILY, used(100, null), moment)).isEmpty();
        assertThat(Forecast.exhaustedAt(DAILY, used(0, null), new UsageHistory(hours(), null, null, null)))
                .isEmpty();
    }

    @Test
    void callsOfOthersArePartOfThePace() {
        UsageHistory others = new UsageHistory(
                hours(10, 10, 10), NOW.minus(Duration.ofHours(3)), 100L, NOW.minus(Duration.ofHours(3)));
        assertThat(Forecast.exhaustedAt(DAILY, used(30, 430L), others))
                .as("100 an hour of theirs, 10 of ours, 570 left")
                .hasValueSatisfying(at -> assertThat(Duration.between(NOW, at))
                        .isBetween(Duration.ofMinutes(310), Duration.ofMinutes(312)));
    }

    @Test
    void onlyOurShareIsForecast() {
        assertThat(Forecast.exhaustedAt(
                        Limit.parse("daily", "1000 per 24h, share 50%"),
                        used(300, null),
                        history(hours(100, 100, 100), 3)))
                .hasValue(NOW.plus(Duration.ofHours(2)));
    }

    @Test
    void anExhaustedLimitIsExhaustedNow() {
        assertThat(Forecast.exhaustedAt(DAILY, used(1000, null), history(hours(500, 500), 2)))
                .hasValue(NOW);
    }

    /**
     * Tests a steady rate: spent calls leave the window after a day: a steady rate exhausts it only when a day of that
     * rate is too much.
     */
    @Property
    void anEvenPaceIsForecastExactly(
            @ForAll @IntRange(min = 1, max = 100) int pace, @ForAll @IntRange(min = 1, max = 24) int hours) {
        List<Long> ours = hours();
        for (int i = 0; i < hours; i++) {
            ours.set(i, (long) pace);
        }
        double hoursLeft = (1000.0 - (long) pace * hours) / pace;
        var spent = Forecast.exhaustedAt(DAILY, used((long) pace * hours, null), history(ours, hours));
        if (24L * pace < 1000) {
            assertThat(spent).isEmpty();
        } else if (hoursLeft > 0 && hoursLeft + hours < 24) {
            assertThat(spent).hasValueSatisfying(at -> assertThat(
                            Duration.between(NOW, at).toMillis() / 3600e3)
                    .isCloseTo(Math.max(0, hoursLeft), org.assertj.core.data.Offset.offset(0.01)));
        }
    }
}
