// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.quota.Backpressure;
import io.sluice.quota.Limit;
import io.sluice.quota.VirtualQuota;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Decides when recorded polls are made, because polls are rarer the more of a long limit is used. With 75 % used, the interval
 * between two polls is twice as long; if it was 75 % when they were recorded, it stays. The recorded intervals are kept in their
 * order, so that a poll that is later than recorded delays those after it.
 */
final class PollPace {

    /** The interval whose stretching is the factor of an interval. */
    private static final Duration UNIT = Duration.ofSeconds(1000);

    /** The longest interval between recorded polls; a longer time between them was an interruption. */
    private static final Duration MAX_INTERVAL = Duration.ofHours(1);

    /** The polls of an operation and object. */
    private static final class Polls {

        private final Deque<TrafficCall> waiting = new ArrayDeque<>();
        /** The recorded time of the last poll that was scheduled. */
        private Instant recorded;
        /** The time at which it was made; null while it is to be made. */
        private Instant made;

        private double factor = 1;
    }

    private final VirtualQuota quota;
    private final VirtualQuota recorded;
    private final boolean intervalIsAssumed;
    private final Map<String, Polls> all = new HashMap<>();

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
     * Adds a recorded poll; those of an operation and object are added in their order.
     *
     * @return the poll with the time at which it is to be made; empty while an earlier one is to be made
     */
    Optional<TrafficCall> schedule(TrafficCall poll) {
        Polls polls = of(poll);
        if (polls.recorded != null && polls.made == null) {
            polls.waiting.add(poll);
            return Optional.empty();
        }
        return Optional.of(next(polls, poll));
    }

    /** Notes that a scheduled poll is made. @return the one after it with its time; empty if there is none so far */
    Optional<TrafficCall> made(TrafficCall poll) {
        Polls polls = of(poll);
        double usual = intervalIsAssumed ? 1 : stretch(recorded.usedPart(poll.at()));
        polls.made = poll.at();
        polls.factor = Math.max(1, stretch(quota.usedPart(poll.at())) / usual);
        return polls.waiting.isEmpty() ? Optional.empty() : Optional.of(next(polls, polls.waiting.remove()));
    }

    /** Returns the number of polls that wait for earlier ones. */
    long waiting() {
        return all.values().stream().mapToLong(polls -> polls.waiting.size()).sum();
    }

    private Polls of(TrafficCall poll) {
        return all.computeIfAbsent(poll.operation() + " " + poll.object(), name -> new Polls());
    }

    private TrafficCall next(Polls polls, TrafficCall poll) {
        Instant time = poll.at();
        if (polls.made != null) {
            Duration interval = Duration.between(polls.recorded, poll.at());
            boolean isInterruption = !intervalIsAssumed && interval.compareTo(MAX_INTERVAL) > 0;
            Instant due = polls.made.plusMillis(isInterruption ? 0 : Math.round(interval.toMillis() * polls.factor));
            time = due.isAfter(time) ? due : time;
        }
        polls.recorded = poll.at();
        polls.made = null;
        return poll.withTime(time);
    }

    private static double stretch(double used) {
        return (double) Backpressure.stretched(UNIT, used).toMillis() / UNIT.toMillis();
    }
}
