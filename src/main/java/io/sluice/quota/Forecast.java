package io.sluice.quota;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When a long limit will be spent, if we and the others go on as in the last steps: what we spend is added step by
 * step, what leaves the window is taken off. A pure function.
 */
final class Forecast {

    /** A pace that was seen for less than this part of a step says nothing. */
    private static final int LEAST = 4;

    private Forecast() {
    }

    /** Nothing where it will not be spent within one window from now, or where it is too early to say. */
    static Optional<Instant> spent(Limit limit, WindowUsage windowUsage, UsageHistory usageHistory) {
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

    /** Our calls in a step, from the last ones. */
    private static Optional<Double> pace(UsageHistory usageHistory, Instant now, Duration step) {
        double steps = usageHistory.since() == null ? 0
                : Math.min(UsageHistory.RECENT, Duration.between(usageHistory.since(), now).toMillis() / (double) step.toMillis());
        return steps * LEAST < 1 ? Optional.empty()
                : Optional.of(sum(usageHistory, 0, UsageHistory.RECENT) / steps);
    }

    /** By how much others' calls grow in a step: by what the CRM's count grew, without what ours did. */
    private static double othersPace(UsageHistory usageHistory, WindowUsage windowUsage, Duration step) {
        if (usageHistory.reported() == null || windowUsage.reported() == null) {
            return 0;
        }
        double steps = Duration.between(usageHistory.reportedAt(), windowUsage.reportedAt()).toMillis() / (double) step.toMillis();
        if (steps * LEAST < 1) {
            return 0;
        }
        int whole = (int) Math.min(UsageHistory.RECENT, Math.ceil(steps));
        double ours = (sum(usageHistory, 0, whole) - sum(usageHistory, UsageHistory.STEPS, UsageHistory.STEPS + whole)) * steps / whole;
        return (windowUsage.reported() - usageHistory.reported() - ours) / steps;
    }

    private static double sum(UsageHistory usageHistory, int from, int to) {
        return usageHistory.ours().subList(from, to).stream().mapToLong(Long::longValue).sum();
    }
}
