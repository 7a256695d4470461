package io.sluice.capture;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The sequence number from which a drain searches the change log. What was drained stays in its index as long as any
 * snapshot could see it, a dump's for example, and a search from the beginning walks over all of that each time.
 *
 * <p>Sequence numbers are drawn before their transactions commit, so lower ones may appear later. Of a transaction that is
 * seen under way for the first time, all numbers are higher than the sequence's last value at the turn before: it had no
 * transaction id then, and it has one before it draws a number. So once it has ended, the search begins there, once.
 *
 * <p>A snapshot lists only transactions below its {@code xmax}, the one behind the last that has completed (<a
 * href="https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT-PARTS">Snapshot components</a>).
 * Those from there up to a turn's own, which is drawn after the sequence was read, are under way too. Worked example: 101
 * updates a row and draws number 11, nothing completes meanwhile, and a turn with the id 105 sees {@code 101:101:}; without
 * this rule it would search from 13 on, and 11 would be found a minute later.
 */
final class LogWatermark {

    /** So long the numbers of a transaction under way are searched for at each turn; then only when it has ended. */
    private static final long YOUNG_NANOS = Duration.ofSeconds(5).toNanos();
    /** Least time between two searches from the beginning, whatever was reckoned. */
    private static final long WHOLE_NANOS = Duration.ofMinutes(1).toNanos();
    /** And as many times what the last one took. */
    private static final long WHOLE_TIMES = 200;

    /** So many transactions under way are told apart; with more, the next search begins where this one began. */
    private static final int MANY = 10_000;

    /** A transaction under way: the lowest number that it can have drawn, and when it was first seen. */
    private record Open(long from, long sinceNanos) {
    }

    private final Map<Long, Open> open = new HashMap<>();
    private long from;
    private long last;
    private long wholeAt = System.nanoTime() + WHOLE_NANOS;

    /** Where the next search begins. */
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

    /** @param snapshot of a look at the log, as {@code pg_current_snapshot()} writes it */
    synchronized void seen(String snapshot) {
        seen(snapshot, 0);
    }

    /** @param own id of the transaction that looked; 0: it has none */
    private void seen(String snapshot, long own) {
        long unlisted = xmax(snapshot);
        String listed = snapshot.substring(snapshot.lastIndexOf(':') + 1);
        Set<Long> running = listed.isEmpty() ? new HashSet<>()
                : Arrays.stream(listed.split(",")).map(Long::valueOf).collect(Collectors.toCollection(HashSet::new));
        for (long xid = unlisted; xid < own; xid++) {
            running.add(xid);
        }
        running.remove(own);
        long now = System.nanoTime();
        running.forEach(xid -> open.putIfAbsent(xid, new Open(last + 1, now)));
        for (Iterator<Map.Entry<Long, Open>> all = open.entrySet().iterator(); all.hasNext();) {
            Map.Entry<Long, Open> each = all.next();
            if (each.getKey() < unlisted && !running.contains(each.getKey())) {
                from = Math.min(from, each.getValue().from());
                all.remove();
            }
        }
    }

    /** Behind the last transaction that had completed: from there on none is listed. */
    private static long xmax(String snapshot) {
        return Long.parseLong(snapshot.split(":", -1)[1]);
    }

    /**
     * A search that was committed.
     *
     * @param began     where it began
     * @param taken     the highest number that it took, or null
     * @param complete  whether it took all that it saw
     * @param sequence  the last value of the sequence, read before the search's snapshot was taken
     * @param own       transaction id of the search, drawn after the sequence was read
     * @param snapshot  of the search
     * @param tookNanos how long it took
     */
    synchronized void searched(long began, Long taken, boolean complete, long sequence, long own, String snapshot,
            long tookNanos) {
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
