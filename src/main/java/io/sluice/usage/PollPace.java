// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.quota.Backpressure;
import io.sluice.quota.Limit;
import io.sluice.quota.VirtualQuota;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Decides when recorded polls are made, because polls are rarer the more of a long limit is used. With 75 % used, the interval
 * between two polls is twice as long; if it was 75 % when they were recorded, it stays. A poll that is recorded while an earlier
 * one is postponed is not made.
 */
final class PollPace {

    /** The interval whose stretching is the factor of an interval. */
    private static final Duration UNIT = Duration.ofSeconds(1000);

    /** The longest interval between polls; a longer time between recorded ones was an interruption. */
    private static final Duration MAX_INTERVAL = Duration.ofMinutes(15);

    /** The polls of an operation and object: when the last one was recorded, and when it is made. */
    private record Last(Instant recorded, Instant made) {}

    private final VirtualQuota quota;
    private final VirtualQuota recorded;
    private final boolean intervalIsAssumed;
    private final Map<String, Last> lasts = new HashMap<>();

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

    /**
     * Returns the time at which a recorded poll is made, its own or a later one; empty where it is not made.
     *
     * @param poll poll; those of an operation and object are passed in their order
     */
    Optional<Instant> time(TrafficCall poll) {
        String polls = poll.operation() + " " + poll.object();
        Last last = lasts.get(polls);
        Instant time = poll.at();
        boolean isMade = true;
        if (last != null) {
            isMade = !last.made().isAfter(poll.at());
            Instant due = last.made().plusMillis(stretched(Duration.between(last.recorded(), poll.at()), poll.at()));
            time = due.isAfter(time) ? due : time;
        }
        lasts.put(polls, new Last(poll.at(), isMade ? time : last.made()));
        return isMade ? Optional.of(time) : Optional.empty();
    }

    /** Returns an interval under the usage of a time, in milliseconds. */
    private long stretched(Duration interval, Instant at) {
        double usual = intervalIsAssumed ? 1 : stretch(recorded.usedPart(at));
        long millis = Math.min(interval.toMillis(), MAX_INTERVAL.toMillis());
        return Math.round(millis * Math.max(1, stretch(quota.usedPart(at)) / usual));
    }

    private static double stretch(double used) {
        return (double) Backpressure.stretched(UNIT, used).toMillis() / UNIT.toMillis();
    }
}
