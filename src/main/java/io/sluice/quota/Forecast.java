// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Forecasts when a long limit will be exhausted if we and other clients continue at the pace of the last steps: our calls
 * are added step by step, and those that leave the window are subtracted. A pure function.
 */
final class Forecast {

    /** The divisor of a step that is the minimum time of observation for a pace. */
    private static final int MIN_STEP_DIVISOR = 4;

    private Forecast() {}

    /** The time of exhaustion; empty where that is beyond one window from now, or where it is too early for a forecast. */
    static Optional<Instant> exhaustedAt(Limit limit, WindowUsage windowUsage, UsageHistory usageHistory) {
        Duration step = UsageHistory.step(limit);
        Optional<Double> pace = pace(usageHistory, windowUsage.now(), step);
        if (pace.isEmpty()) {
            return Optional.empty();
        }
        double othersPace = othersPace(usageHistory, windowUsage, step);
        double own = windowUsage.own();
        double others = windowUsage.total() - windowUsage.own();
        double before = free(limit, own, others);
        for (int ahead = 1; before > 0 && ahead <= UsageHistory.STEPS; ahead++) {
            own += pace.get() - usageHistory.ours().get(UsageHistory.STEPS - ahead);
            others = Math.max(0, others + othersPace);
            double after = free(limit, own, others);
            if (after <= 0) {
                double part = ahead - 1 + before / (before - after);
                return Optional.of(windowUsage.now().plusMillis((long) (part * step.toMillis())));
            }
            before = after;
        }
        return before > 0 ? Optional.empty() : Optional.of(windowUsage.now());
    }

    private static double free(Limit limit, double own, double others) {
        return Math.min(limit.max() * limit.share() / 100.0 - own, limit.max() - limit.reserve() - own - others);
    }

    /** Our calls per step, by the last steps. */
    private static Optional<Double> pace(UsageHistory usageHistory, Instant now, Duration step) {
        double steps = usageHistory.since() == null
                ? 0
                : Math.min(
                        UsageHistory.RECENT,
                        Duration.between(usageHistory.since(), now).toMillis() / (double) step.toMillis());
        return steps * MIN_STEP_DIVISOR < 1
                ? Optional.empty()
                : Optional.of(sum(usageHistory, 0, UsageHistory.RECENT) / steps);
    }

    /** The growth of other clients' calls per step: the growth of the CRM's count without that of ours. */
    private static double othersPace(UsageHistory usageHistory, WindowUsage windowUsage, Duration step) {
        if (usageHistory.reported() == null || windowUsage.reported() == null) {
            return 0;
        }
        double steps = Duration.between(usageHistory.reportedAt(), windowUsage.reportedAt())
                        .toMillis()
                / (double) step.toMillis();
        if (steps * MIN_STEP_DIVISOR < 1) {
            return 0;
        }
        int whole = (int) Math.min(UsageHistory.RECENT, Math.ceil(steps));
        double ours = (sum(usageHistory, 0, whole) - sum(usageHistory, UsageHistory.STEPS, UsageHistory.STEPS + whole))
                * steps
                / whole;
        return (windowUsage.reported() - usageHistory.reported() - ours) / steps;
    }

    private static double sum(UsageHistory usageHistory, int from, int to) {
        return usageHistory.ours().subList(from, to).stream()
                .mapToLong(Long::longValue)
                .sum();
    }
}
