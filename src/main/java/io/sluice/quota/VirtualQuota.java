// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Priority;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Grants calls by the rule of {@link Quota} in virtual time, with the usage in memory. Times are passed in and never go back.
 *
 * <p>Example: with a limit of 2 per 10 s, two calls that complete at second 1 defer the next call to second 11.
 */
public final class VirtualQuota {

    private final List<Counter> counters = new ArrayList<>();
    private final Map<String, Integer> costs;
    private Instant lastGrant;

    /** @param costs cost of operations, in the CRM's units; 1 for others */
    public VirtualQuota(Collection<Limit> limits, Map<String, Integer> costs) {
        limits.forEach(limit -> counters.add(new Counter(limit)));
        this.costs = Map.copyOf(costs);
    }

    /** A granted call that a limit counts. */
    private record Counted(Instant completed, int amount) {}

    /** Counts the calls of one limit, those that complete first at the head. */
    private static final class Counter {

        private final Limit limit;
        private final PriorityQueue<Counted> calls =
                new PriorityQueue<>((one, other) -> one.completed().compareTo(other.completed()));
        private long own;

        Counter(Limit limit) {
            this.limit = limit;
        }

        private void forget(Instant now) {
            while (!calls.isEmpty()
                    && !calls.peek().completed().plus(limit.window()).isAfter(now)) {
                own -= calls.remove().amount();
            }
        }

        /** A limit of calls in flight asks again every few milliseconds; here the time of the next answer is known. */
        private Deferral untilAPlaceIsFree(Deferral deferral) {
            return limit.kind() == Limit.Kind.AT_ONCE
                            && !calls.isEmpty()
                            && calls.peek().completed().isAfter(deferral.until())
                    ? new Deferral(deferral.limit(), calls.peek().completed())
                    : deferral;
        }

        private void add(Instant now, Counted counted) {
            forget(now);
            calls.add(counted);
            own += counted.amount();
        }

        private WindowUsage usage(Instant now, Instant lastGrant) {
            forget(now);
            Instant frees = calls.isEmpty() ? null : calls.peek().completed().plus(limit.window());
            return new WindowUsage(now, own, frees, lastGrant, null, null, null, 0);
        }
    }

    /** Empty where the call may be made now, else the reason of its deferral; grants nothing. */
    public Optional<Deferral> check(Instant now, String operation, Priority priority) {
        Deferral latest = null;
        int cost = costs.getOrDefault(operation, 1);
        for (Counter counter : counters) {
            if (counter.limit.appliesTo(operation)) {
                Deferral deferral = WindowRule.check(counter.limit, counter.usage(now, lastGrant), priority, cost)
                        .map(counter::untilAPlaceIsFree)
                        .orElse(null);
                if (deferral != null && (latest == null || deferral.until().isAfter(latest.until()))) {
                    latest = deferral;
                }
            }
        }
        return Optional.ofNullable(latest);
    }

    /** Counts a call that is made now. @param completes the time of its answer */
    public void grant(Instant now, String operation, Instant completes) {
        int cost = costs.getOrDefault(operation, 1);
        for (Counter counter : counters) {
            if (counter.limit.appliesTo(operation)) {
                counter.add(now, new Counted(completes, counter.limit.kind() == Limit.Kind.UNITS ? cost : 1));
            }
        }
        lastGrant = now;
    }

    /** The used part of a limit, in percent. @param limit its place among the limits, from 0 */
    public int percent(int limit, Instant now) {
        Counter counter = counters.get(limit);
        return WindowRule.percent(counter.limit, counter.usage(now, lastGrant));
    }

    /** The used part of the long limits, 0 to 1 and beyond: that of the fullest, as {@link Quota#usedPart}. */
    public double usedPart(Instant now) {
        int percent = 0;
        for (Counter counter : counters) {
            if (counter.limit.isLong()) {
                percent = Math.max(percent, WindowRule.percent(counter.limit, counter.usage(now, lastGrant)));
            }
        }
        return percent / 100.0;
    }
}
