// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BudgetTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    private static WindowUsage used(long own, Long reported) {
        return new WindowUsage(NOW, own, null, null, null, reported, NOW, 0);
    }

    private static Budget budget(String limit, WindowUsage windowUsage, Priority priority) {
        Limit daily = Limit.parse("daily", limit);
        return Budget.of(
                Pool.of("crm", List.of(daily)),
                Map.of(new ScopedLimit(daily, "crm", List.of("crm")), windowUsage),
                priority);
    }

    @Test
    void eachPriorityHasTheRestBelowItsMark() {
        assertThat(budget("1000 per 24h", used(600, null), Priority.LOW)).isEqualTo(new Budget(100, false));
        assertThat(budget("1000 per 24h", used(600, null), Priority.NORMAL)).isEqualTo(new Budget(250, false));
        assertThat(budget("1000 per 24h", used(600, null), Priority.CRITICAL)).isEqualTo(new Budget(400, false));
        assertThat(budget("1000 per 24h", used(900, null), Priority.NORMAL)).isEqualTo(new Budget(0, true));
    }

    @Test
    void callsOfOthersOurShareAndTheReserveAreSubtracted() {
        assertThat(budget("1000 per 24h", used(100, 700L), Priority.NORMAL)).isEqualTo(new Budget(150, true));
        assertThat(budget("1000 per 24h, share 50%", used(100, null), Priority.NORMAL))
                .isEqualTo(new Budget(325, false));
        assertThat(budget("1000 per 24h, reserve 200", used(100, null), Priority.NORMAL))
                .isEqualTo(new Budget(580, false));
    }

    @Test
    void membersHaveTheirCommonRestWithinTheSharedLimit() {
        Limit own = Limit.parse("daily", "100 per 24h");
        Limit shared = Limit.parse("daily", "1000 per 24h");
        Pool pool = new Pool(
                "crm",
                List.of(shared),
                List.of(
                        new PoolMember("a", List.of(own), false),
                        new PoolMember("b", List.of(own), false),
                        new PoolMember("reports", List.of(own), true)),
                Map.of());
        Map<ScopedLimit, WindowUsage> counts = Map.of(
                new ScopedLimit(shared, "crm", List.of("a", "b")),
                used(500, null),
                new ScopedLimit(own, "a", List.of("a")),
                used(40, null),
                new ScopedLimit(own, "b", List.of("b")),
                used(0, null),
                new ScopedLimit(own, "reports", List.of("reports")),
                used(0, null));
        assertThat(Budget.of(pool, counts, Priority.NORMAL).calls()).isEqualTo(45 + 85);
        assertThat(Budget.of(Pool.of("crm", List.of()), Map.of(), Priority.LOW).calls())
                .isEqualTo(Long.MAX_VALUE);
    }
}
