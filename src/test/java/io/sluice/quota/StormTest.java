package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class StormTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Refusal REFUSAL = new Refusal(Refusal.SHORT, Duration.ZERO);

    /** Two calls may be under way when it begins. */
    @Property(tries = 300)
    void aStormOfThirtySecondsCostsEightCallsAndIsOverWithinTenSecondsOfItsEnd(@ForAll long seed) {
        Random random = new Random(seed);
        Instant end = START.plusSeconds(30);
        Storm storm = Storm.refused(null, REFUSAL, START, random::nextDouble);
        int probes = 0;
        while (storm.until().isBefore(end)) {
            probes++;
            storm = Storm.refused(storm.probing(probes, storm.until().plusSeconds(15)), REFUSAL, storm.until(),
                    random::nextDouble);
        }
        assertThat(probes).isLessThanOrEqualTo(8);
        Storm over = storm.over(storm.until());
        Instant fullRate = over.recovered();
        while (over.rateAt(fullRate) < 100) {
            fullRate = fullRate.plusSeconds(1);
        }
        assertThat(Duration.between(end, fullRate)).isLessThanOrEqualTo(Duration.ofSeconds(10));
    }

    @Property(tries = 100)
    void aStormOfHoursIsAskedEveryFewMinutes(@ForAll @IntRange(min = 1, max = 23) int hours, @ForAll long seed) {
        assertThat(Storm.pause(40, Duration.ofHours(hours), new Random(seed)::nextDouble))
                .isBetween(Duration.ofMinutes(8), Duration.ofMinutes(15));
    }

    @Test
    void whatTheCrmAsksForIsWaitedFor() {
        Storm storm = Storm.refused(null, new Refusal(Refusal.SHORT, Duration.ofSeconds(90)), START, () -> 0);
        assertThat(storm.until()).isEqualTo(START.plusSeconds(90));
    }

    @Test
    void eachStormHalvesTheRateOnceAndItComesBackByAFifthASecond() {
        Storm first = Storm.refused(null, REFUSAL, START, () -> 0);
        Storm second = Storm.refused(first, REFUSAL, START.plusSeconds(1), () -> 0);
        assertThat(second.rate()).isEqualTo(50);
        Storm over = second.over(START.plusSeconds(10));
        assertThat(over.rateAt(START.plusSeconds(11))).isEqualTo(70);
        assertThat(over.rateAt(START.plusSeconds(60))).isEqualTo(100);
        assertThat(Storm.refused(over, REFUSAL, START.plusSeconds(11), () -> 0).rate()).isEqualTo(35);
    }

    @Test
    void aRefusedSearchStopsSearchesOnly() {
        Storm storm = Storm.refused(null, new Refusal(Refusal.SEARCH, Duration.ZERO), START, () -> 0);
        assertThat(storm.concerns("search")).isTrue();
        assertThat(storm.concerns("query")).as("a look for what changed").isTrue();
        assertThat(storm.concerns("write")).isFalse();
        assertThat(Storm.refused(null, REFUSAL, START, () -> 0).concerns("write")).isTrue();
    }
}
