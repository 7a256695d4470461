// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import static java.util.Comparator.comparing;

import io.sluice.Priority;
import io.sluice.quota.Deferral;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.Stream;

/** The waiting calls of one priority and operation, which the limits treat alike, by their objects. */
final class WaitingCalls {

    private final Priority own;
    private final Priority priority;
    private final String operation;
    private final boolean polls;
    private final Map<String, Deque<TrafficCall>> byObject = new HashMap<>();
    /** The objects' calls that are not empty, those with the oldest call at the head. */
    private final PriorityQueue<Deque<TrafficCall>> waiting = new PriorityQueue<>(
            comparing((Deque<TrafficCall> calls) -> calls.peek().at()));

    private Deferral deferral = new Deferral("", Instant.MIN);

    /** @param own the priority of the calls before ageing */
    WaitingCalls(Priority own, Priority priority, String operation, boolean polls) {
        this.own = own;
        this.priority = priority;
        this.operation = operation;
        this.polls = polls;
    }

    Priority own() {
        return own;
    }

    Priority priority() {
        return priority;
    }

    String operation() {
        return operation;
    }

    boolean arePolls() {
        return polls;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** The number of waiting calls. */
    long size() {
        return waiting.stream().mapToLong(Deque::size).sum();
    }

    /** The last deferral of these calls, which may be over. */
    Deferral deferral() {
        return deferral;
    }

    void defer(Deferral latest) {
        deferral = latest;
    }

    void add(TrafficCall call) {
        Deque<TrafficCall> calls = byObject.computeIfAbsent(call.object(), object -> new ArrayDeque<>());
        calls.add(call);
        if (calls.size() == 1) {
            waiting.add(calls);
        }
    }

    /** The oldest call. */
    TrafficCall peek() {
        return waiting.peek().peek();
    }

    TrafficCall removeOldest() {
        Deque<TrafficCall> calls = waiting.remove();
        TrafficCall oldest = calls.remove();
        if (!calls.isEmpty()) {
            waiting.add(calls);
        }
        return oldest;
    }

    /** Removes the oldest call, and those of its object that share it. @param max maximum number of records */
    List<TrafficCall> removeShared(int max) {
        Deque<TrafficCall> calls = waiting.remove();
        List<TrafficCall> removed = new ArrayList<>(1);
        removed.add(calls.remove());
        int records = removed.get(0).records();
        while (records > 0
                && !calls.isEmpty()
                && calls.peek().records() > 0
                && records + calls.peek().records() <= max) {
            records += calls.peek().records();
            removed.add(calls.remove());
        }
        if (!calls.isEmpty()) {
            waiting.add(calls);
        }
        return removed;
    }

    /**
     * Removes the writes of an object that fit. Of the first one that does not fit as a whole, the rest stays.
     *
     * @return number of records
     */
    int removeWrites(String object, int max, List<TrafficCall> removed) {
        Deque<TrafficCall> calls = byObject.get(object);
        if (calls == null || calls.isEmpty()) {
            return 0;
        }
        waiting.remove(calls);
        int left = max;
        while (left > 0 && !calls.isEmpty()) {
            TrafficCall call = calls.remove();
            int taken = Math.min(left, call.records());
            if (taken < call.records()) {
                calls.addFirst(call.withRecords(call.records() - taken));
            } else {
                removed.add(call);
            }
            left -= taken;
        }
        if (!calls.isEmpty()) {
            waiting.add(calls);
        }
        return max - left;
    }

    /** The oldest call of each object, except some objects. */
    Stream<TrafficCall> heads(Set<String> except) {
        return waiting.stream().map(Deque::peek).filter(call -> !except.contains(call.object()));
    }
}
