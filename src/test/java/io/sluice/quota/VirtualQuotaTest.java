// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class VirtualQuotaTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void aCallCountsFromItsGrantUntilAWindowAfterItsAnswer() {
        VirtualQuota quota = new VirtualQuota(List.of(new Limit("burst", 2, Duration.ofSeconds(10))), Map.of());
        quota.grant(START, "upsert", START.plusSeconds(1));
        quota.grant(START, "upsert", START.plusSeconds(1));

        assertThat(quota.check(START, "upsert", Priority.CRITICAL))
                .hasValueSatisfying(it -> assertThat(it.until()).isEqualTo(START.plusSeconds(11)));
        assertThat(quota.check(START.plusSeconds(11), "upsert", Priority.CRITICAL))
                .isEmpty();
    }

    @Test
    void aReserveIsKeptWithoutAReportOfTheCrm() {
        VirtualQuota quota = new VirtualQuota(List.of(Limit.parse("daily", "100 per 24h, reserve 50")), Map.of());
        for (int i = 0; i < 35; i++) {
            assertThat(quota.check(START, "upsert", Priority.LOW)).isEmpty();
            quota.grant(START, "upsert", START.plusSeconds(1));
        }

        assertThat(quota.check(START, "upsert", Priority.LOW)).as("70 % of 50").isPresent();
    }

    @Test
    void theUsedPartIsThatOfTheFullestLongLimit() {
        VirtualQuota quota = new VirtualQuota(
                List.of(
                        Limit.parse("burst", "1 per 10s"),
                        Limit.parse("hourly", "20 per 1h"),
                        Limit.parse("daily", "100 per 24h")),
                Map.of());
        for (int i = 0; i < 5; i++) {
            quota.grant(START, "upsert", START);
        }

        assertThat(quota.usedPart(START.plusSeconds(1))).isEqualTo(0.25);
        assertThat(quota.usedPart(START.plus(Duration.ofHours(1)))).isEqualTo(0.05);
    }

    @Property(tries = 200)
    void noWindowHoldsMoreThanTheLimit(
            @ForAll @IntRange(min = 1, max = 20) int max,
            @ForAll @Size(max = 200) List<@IntRange(min = 0, max = 3000) Integer> gaps,
            @ForAll @IntRange(min = 1, max = 2000) int answerMillis,
            @ForAll Priority priority) {
        Limit limit = new Limit("burst", max, Duration.ofSeconds(10));
        VirtualQuota quota = new VirtualQuota(List.of(limit), Map.of());
        List<Instant> answers = new ArrayList<>();
        Instant now = START;
        for (int gap : gaps) {
            now = now.plusMillis(gap);
            if (quota.check(now, "upsert", priority).isEmpty()) {
                Instant answered = now.plusMillis(answerMillis);
                quota.grant(now, "upsert", answered);
                answers.add(answered);
            }
        }
        for (Instant answer : answers) {
            assertThat(answers)
                    .filteredOn(it -> !it.isBefore(answer) && it.isBefore(answer.plus(limit.window())))
                    .hasSizeLessThanOrEqualTo(max);
        }
    }
}
