// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.quota.Backpressure;
import io.sluice.quota.Limit;
import io.sluice.quota.VirtualQuota;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Decides which of the recorded polls are made, because polls are rarer the more of a long limit is used. With 75 % used, the
 * interval between two polls is twice as long, and every second one is made; if it was 75 % when they were recorded, each.
 */
final class PollPace {

    /** The interval whose stretching is the factor of an interval. */
    private static final Duration UNIT = Duration.ofSeconds(1000);

    private static final double ROUNDING = 1e-9;

    private final VirtualQuota quota;
    private final VirtualQuota recorded;
    private final boolean intervalIsAssumed;
    /** By operation and object, the part of a poll that is due. */
    private final Map<String, Double> due = new HashMap<>();

    /** @param quota the usage in the replay */
    PollPace(VirtualQuota quota, Assumptions assumptions) {
        this.quota = quota;
        this.recorded = new VirtualQuota(
                assumptions.recorded().stream().filter(Limit::isLong).toList(), assumptions.costs());
        this.intervalIsAssumed = assumptions.pollInterval() != null;
    }

    /** Counts a recorded call. */
    void recorded(TrafficCall call) {
        recorded.grant(call.at(), call.operation(), call.at().plusMillis(call.answerMillis()));
    }

    /** Whether a recorded poll is made; counts it. */
    boolean isDue(TrafficCall poll) {
        double usual = intervalIsAssumed ? 1 : stretch(recorded.usedPart(poll.at()));
        double part = Math.min(1, usual / stretch(quota.usedPart(poll.at())));
        String polls = poll.operation() + " " + poll.object();
        double sum = due.getOrDefault(polls, 1 - part) + part;
        boolean isDue = sum >= 1 - ROUNDING;
        due.put(polls, isDue ? sum - 1 : sum);
        return isDue;
    }

    private static double stretch(double used) {
        return (double) Backpressure.stretched(UNIT, used).toMillis() / UNIT.toMillis();
    }
}
