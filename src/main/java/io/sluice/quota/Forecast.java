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
    static Optional<Instant> spent(Limit limit, Count count, History history) {
        Duration step = History.step(limit);
        Optional<Double> pace = pace(history, count.now(), step);
        if (pace.isEmpty()) {
            return Optional.empty();
        }
        double othersPace = othersPace(history, count, step);
        double own = count.own();
        double others = count.total() - count.own();
        double before = free(limit, own, others);
        for (int ahead = 1; before > 0 && ahead <= History.STEPS; ahead++) {
            own += pace.get() - history.ours().get(History.STEPS - ahead);
            others = Math.max(0, others + othersPace);
            double after = free(limit, own, others);
            if (after <= 0) {
                double part = ahead - 1 + before / (before - after);
                return Optional.of(count.now().plusMillis((long) (part * step.toMillis())));
            }
            before = after;
        }
        return before > 0 ? Optional.empty() : Optional.of(count.now());
    }

    private static double free(Limit limit, double own, double others) {
        return Math.min(limit.max() * limit.share() / 100.0 - own, limit.max() - limit.reserve() - own - others);
    }

    /** Our calls in a step, from the last ones. */
    private static Optional<Double> pace(History history, Instant now, Duration step) {
        double steps = history.since() == null ? 0
                : Math.min(History.RECENT, Duration.between(history.since(), now).toMillis() / (double) step.toMillis());
        return steps * LEAST < 1 ? Optional.empty()
                : Optional.of(sum(history, 0, History.RECENT) / steps);
    }

    /** By how much others' calls grow in a step: by what the CRM's count grew, without what ours did. */
    private static double othersPace(History history, Count count, Duration step) {
        if (history.reported() == null || count.reported() == null) {
            return 0;
        }
        double steps = Duration.between(history.reportedAt(), count.reportedAt()).toMillis() / (double) step.toMillis();
        if (steps * LEAST < 1) {
            return 0;
        }
        int whole = (int) Math.min(History.RECENT, Math.ceil(steps));
        double ours = (sum(history, 0, whole) - sum(history, History.STEPS, History.STEPS + whole)) * steps / whole;
        return (count.reported() - history.reported() - ours) / steps;
    }

    private static double sum(History history, int from, int to) {
        return history.ours().subList(from, to).stream().mapToLong(Long::longValue).sum();
    }
}
