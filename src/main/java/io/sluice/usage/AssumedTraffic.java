// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Changes recorded traffic as assumed. A pure function. */
final class AssumedTraffic {

    /** The maximum number of calls: each takes about 130 bytes, and most of the memory is left to the syncs. */
    static final int MAX_CALLS = (int) Math.min(2_000_000, Runtime.getRuntime().maxMemory() / 400);

    private static final Duration DAY = Duration.ofDays(1);
    /** The start of the operations of bulk jobs, whose records are not those of one batch. */
    private static final String BULK = "bulk-";
    /** The operation that reads records back, whose priority is not that of their sync. */
    private static final String READ = "read";

    private final Assumptions assumptions;
    private final Instant from;
    private final Instant to;
    private final List<TrafficCall> calls = new ArrayList<>();

    private AssumedTraffic(Assumptions assumptions, Instant from, Instant to) {
        this.assumptions = assumptions;
        this.from = from;
        this.to = to;
    }

    /**
     * Returns the calls, the oldest first.
     *
     * @param traffic recorded calls, the oldest first
     * @param from    start of the recorded time
     * @param to      end of the recorded time
     * @throws IllegalArgumentException where there would be too many calls
     */
    static List<TrafficCall> of(Collection<TrafficCall> traffic, Assumptions assumptions, Instant from, Instant to) {
        return new AssumedTraffic(assumptions, from, to).calls(traffic);
    }

    private List<TrafficCall> calls(Collection<TrafficCall> traffic) {
        Map<String, TrafficCall> polls = new LinkedHashMap<>();
        for (TrafficCall call : traffic) {
            if (assumptions.pollInterval() != null && assumptions.polls().contains(call.operation())) {
                polls.putIfAbsent(call.operation() + " " + call.object(), call);
            } else {
                addParts(call);
            }
        }
        polls.values().forEach(this::addPolls);
        if (assumptions.addedSync() != null && assumptions.addedSync().changesPerDay() > 0) {
            addSync(assumptions.addedSync());
        }
        calls.sort(Comparator.comparing(TrafficCall::at));
        return calls;
    }

    private void add(TrafficCall call) {
        checkNumber(calls.size() + 1L);
        calls.add(call);
    }

    /** @throws IllegalArgumentException where the number is too large */
    static void checkNumber(long calls) {
        if (calls > MAX_CALLS) {
            throw new IllegalArgumentException(
                    "There are more than " + MAX_CALLS + " calls; choose a shorter time from 'from' to 'to'");
        }
    }

    /** Adds a call, or several where the batches are smaller. */
    private void addParts(TrafficCall call) {
        TrafficCall own = call.withPriority(priority(call));
        int max = maxRecords(call, own.priority());
        int left = own.records();
        while (left > max) {
            add(own.withRecords(max));
            left -= max;
        }
        add(own.withRecords(left));
    }

    /** Critical and high records do not wait for the answer to a call of several collections. */
    private int maxRecords(TrafficCall call, Priority priority) {
        if (call.operation().startsWith(BULK)) {
            return Integer.MAX_VALUE;
        }
        int max = assumptions.batchSize() == null ? Integer.MAX_VALUE : assumptions.batchSize();
        return assumptions.callSize() == null || priority == call.priority()
                ? max
                : Math.min(max, assumptions.callSize().records(priority));
    }

    /** The priority of the most urgent object of a call; objects without an assumption keep that of the call. */
    private Priority priority(TrafficCall call) {
        if (call.records() == 0
                || call.operation().equals(READ)
                || assumptions.priorities().isEmpty()) {
            return call.priority();
        }
        Priority mostUrgent = null;
        for (String object : call.object().split(",")) {
            Priority own = assumptions.priorities().getOrDefault(object, call.priority());
            mostUrgent = mostUrgent == null || own.compareTo(mostUrgent) < 0 ? own : mostUrgent;
        }
        return mostUrgent;
    }

    private void addPolls(TrafficCall first) {
        for (Instant at = first.at(); at.isBefore(to); at = at.plus(assumptions.pollInterval())) {
            add(first.withTime(at));
        }
    }

    private void addSync(Assumptions.AddedSync added) {
        long changes = added.changesPerDay() * Duration.between(from, to).toMillis() / DAY.toMillis();
        checkNumber(calls.size() + changes);
        for (long change = 0; change < changes; change++) {
            add(new TrafficCall(
                    from.plusMillis(change * DAY.toMillis() / added.changesPerDay()),
                    added.operation(),
                    "",
                    added.priority(),
                    1,
                    added.answerMillis()));
        }
    }
}
