// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Keeps the low watermark of a change log: the sequence number from which a drain searches it. Drained rows stay in the index
 * as long as any snapshot could see them, a dump's for example, and a search from the beginning would scan all of them.
 *
 * <p>Sequence numbers are drawn before their transactions commit, so lower ones may appear later. A transaction that is seen
 * under way for the first time has only numbers above the sequence's last value at the drain before: it had no transaction id
 * then, and it gets one before it draws a number. So once it has ended, one search begins there.
 *
 * <p>A snapshot lists only transactions below its {@code xmax}, the one behind the last that has completed (<a
 * href="https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT-PARTS">Snapshot components</a>).
 * Those from there up to a drain's own, which is drawn after the sequence was read, are under way too. Worked example: 101
 * updates a row and draws number 11, nothing completes meanwhile, and a drain with the id 105 sees {@code 101:101:}; without
 * this rule it would search from 13 on, and 11 would be found a minute later.
 */
final class LogWatermark {

    /** The time for which the numbers of a transaction under way are searched at each drain; then only after its end. */
    private static final long YOUNG_NANOS = Duration.ofSeconds(5).toNanos();
    /** The minimum time between two searches from the beginning. */
    private static final long WHOLE_NANOS = Duration.ofMinutes(1).toNanos();
    /** The minimum of that time as a multiple of the last such search. */
    private static final long WHOLE_TIMES = 200;

    /** The maximum number of transactions under way that are tracked; with more, the next search begins where this one began. */
    private static final int MANY = 10_000;

    /** A transaction under way: its lowest possible sequence number, and the time when it was first seen. */
    private record Open(long from, long sinceNanos) {}

    private final Map<Long, Open> open = new HashMap<>();
    private long from;
    private long last;
    private long wholeAt = System.nanoTime() + WHOLE_NANOS;

    /** The number at which the next search begins. */
    synchronized long from() {
        long now = System.nanoTime();
        if (now > wholeAt) {
            return 0;
        }
        long lowest = from;
        for (Open each : open.values()) {
            if (now - each.sinceNanos() < YOUNG_NANOS) {
                lowest = Math.min(lowest, each.from());
            }
        }
        return lowest;
    }

    /** The transactions under way whose changes may have numbers below {@link #from}; the end of one must be seen. */
    synchronized List<Long> transactions() {
        return List.copyOf(open.keySet());
    }

    /** @param snapshot snapshot of a search of the log, as {@code pg_current_snapshot()} returns it */
    synchronized void seen(String snapshot) {
        seen(snapshot, 0);
    }

    /** @param own id of the searching transaction; 0: it has none */
    private void seen(String snapshot, long own) {
        long unlisted = xmax(snapshot);
        String listed = snapshot.substring(snapshot.lastIndexOf(':') + 1);
        Set<Long> running = listed.isEmpty()
                ? new HashSet<>()
                : Arrays.stream(listed.split(",")).map(Long::valueOf).collect(Collectors.toCollection(HashSet::new));
        for (long xid = unlisted; xid < own; xid++) {
            running.add(xid);
        }
        running.remove(own);
        long now = System.nanoTime();
        running.forEach(xid -> open.putIfAbsent(xid, new Open(last + 1, now)));
        for (Iterator<Map.Entry<Long, Open>> all = open.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Long, Open> each = all.next();
            if (each.getKey() < unlisted && !running.contains(each.getKey())) {
                from = Math.min(from, each.getValue().from());
                all.remove();
            }
        }
    }

    /** The id behind the last completed transaction: from there on none is listed. */
    private static long xmax(String snapshot) {
        return Long.parseLong(snapshot.split(":", -1)[1]);
    }

    /**
     * Records a search that was committed.
     *
     * @param began     number at which it began
     * @param taken     highest number that it took, or null
     * @param complete  whether it took all that it saw
     * @param sequence  last value of the sequence, read before the search's snapshot was taken
     * @param own       transaction id of the search, drawn after the sequence was read
     * @param snapshot  snapshot of the search
     * @param tookNanos duration of the search, in nanoseconds
     */
    synchronized void searched(
            long began, Long taken, boolean complete, long sequence, long own, String snapshot, long tookNanos) {
        if (began == 0) {
            wholeAt = System.nanoTime() + Math.max(WHOLE_NANOS, WHOLE_TIMES * tookNanos);
        }
        if (own - xmax(snapshot) > MANY) {
            return;
        }
        if (sequence < last) {
            // the sequence was set back
            from = 0;
        } else if (complete) {
            from = sequence + 1;
        } else {
            from = taken == null ? began : Math.min(taken, sequence) + 1;
        }
        seen(snapshot, own);
        last = sequence;
    }
}
