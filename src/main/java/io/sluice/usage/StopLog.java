// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import static java.util.Comparator.comparing;

import io.sluice.Priority;
import io.sluice.quota.Limit;
import io.sluice.usage.Replay.Stop;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/** Records which limit stops which priority from when until when. */
final class StopLog {

    /** The maximum number of stops that are kept, the longest ones; the others are counted only. */
    private static final int MAX_STOPS = 100;

    /** The minimum length of a stop; the spacing of calls in short windows makes countless shorter ones. */
    private static final Duration MIN_STOP = Duration.ofSeconds(10);

    /**
     * The stops of at least 10 s.
     *
     * @param longest the longest ones, in the order of their beginnings
     * @param others  number of the others
     */
    record Stops(List<Stop> longest, long others) {}

    private final Map<String, Limit> limits = new HashMap<>();
    private final Map<Priority, Map<String, Stop>> open = new EnumMap<>(Priority.class);
    private final Instant end;
    private final PriorityQueue<Stop> longest;
    private long others;

    /** @param end time until which a stop lasts that does not end */
    StopLog(List<Limit> limits, Instant end) {
        limits.forEach(limit -> this.limits.put(limit.name(), limit));
        for (Priority priority : Priority.values()) {
            open.put(priority, new HashMap<>());
        }
        this.end = end;
        this.longest = new PriorityQueue<>(comparing((Stop stop) -> stop.length(end)));
    }

    boolean isStopped(Priority priority) {
        return !open.get(priority).isEmpty();
    }

    /** Begins a stop, unless the limit stops the priority already. */
    void begin(String limit, Priority priority, Instant now) {
        open.get(priority).computeIfAbsent(limit, name -> new Stop(name, priority, now, null));
    }

    /** Ends the stops of a priority by the limits that have let a call through. */
    void granted(Priority priority, String operation, Instant now) {
        Iterator<Stop> stops = open.get(priority).values().iterator();
        while (stops.hasNext()) {
            Stop stop = stops.next();
            List<String> operations = limits.get(stop.limit()).operations();
            if (operations.isEmpty() || operations.contains(operation)) {
                keep(stop.until(now));
                stops.remove();
            }
        }
    }

    /** Ends all stops of a priority. */
    void end(Priority priority, Instant now) {
        open.get(priority).values().forEach(stop -> keep(stop.until(now)));
        open.get(priority).clear();
    }

    /** Returns the stops, those that have not ended among them, which are closed by this. */
    Stops stops() {
        open.values().forEach(ofPriority -> {
            ofPriority.values().forEach(this::keep);
            ofPriority.clear();
        });
        return new Stops(
                longest.stream()
                        .sorted(comparing(Stop::from).thenComparing(Stop::priority))
                        .toList(),
                others);
    }

    private void keep(Stop stop) {
        if (stop.length(end).compareTo(MIN_STOP) < 0) {
            return;
        }
        longest.add(stop);
        if (longest.size() > MAX_STOPS) {
            longest.remove();
            others++;
        }
    }
}
