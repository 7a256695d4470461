// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.Priority;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Counts an account's calls of the last hours for a plot: by operation and by priority, in equal steps of time. */
public final class CallHistory {

    /** Number of points of a plot. */
    private static final int STEPS = 120;

    private static final Duration MIN_STEP = Duration.ofSeconds(10);

    private static final String CALLS =
            """
            select floor(extract(epoch from granted_at - ?::timestamptz) * 1000 / ?)::integer as step, operation, priority,
                   count(*) as calls
            from sluice.api_call
            where account = ? and granted_at >= ?::timestamptz and granted_at < ?::timestamptz
            group by 1, 2, 3""";

    private final Database database;

    public CallHistory(Database database) {
        this.database = database;
    }

    /**
     * Calls by time.
     *
     * @param from       start of the first step
     * @param stepMs     length of a step in milliseconds
     * @param operations calls in each step, by operation
     * @param priorities calls in each step, by priority; all priorities are there
     */
    public record Calls(
            String account,
            Instant from,
            long stepMs,
            Map<String, long[]> operations,
            Map<Priority, long[]> priorities) {}

    /** Counts the calls of the time before an instant. */
    public Calls calls(String account, Duration time, Instant until) throws SQLException {
        long step = Math.max(MIN_STEP.toMillis(), time.toMillis() / STEPS);
        // whole steps, so that a bar does not change its height when the window moves
        Instant end = Instant.ofEpochMilli((until.toEpochMilli() / step + 1) * step);
        int steps = (int) (time.toMillis() / step);
        Instant from = end.minusMillis(steps * step);
        Map<String, long[]> operations = new TreeMap<>();
        Map<Priority, long[]> priorities = new TreeMap<>();
        Arrays.stream(Priority.values()).forEach(priority -> priorities.put(priority, new long[steps]));
        database.query(
                CALLS,
                row -> {
                    int at = row.getInt("step");
                    long calls = row.getLong("calls");
                    operations.computeIfAbsent(row.getString("operation"), name -> new long[steps])[at] += calls;
                    priorities.get(Priority.values()[row.getInt("priority")])[at] += calls;
                    return at;
                },
                from,
                step,
                account,
                from,
                end);
        return new Calls(account, from, step, operations, priorities);
    }
}
