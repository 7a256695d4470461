// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Outcome;
import io.sluice.Priority;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Describes a record that was settled, for the metrics and the traces.
 *
 * @param lag time from the oldest change that the call carried, by PostgreSQL's clock, to now
 * @param traced what its trace needs, or null if the change is not traced
 */
public record SettledRecord(Outcome.Status status, Priority priority, Duration lag, TracedChange traced) {

    /**
     * Reads all records of a row: an array of priorities, one of lags in seconds, one of statuses or null for all done, and one
     * of traced changes.
     */
    static List<SettledRecord> all(ResultSet row) throws SQLException {
        Array priorities = row.getArray(1);
        if (priorities == null) {
            return List.of();
        }
        Integer[] ranks = (Integer[]) priorities.getArray();
        Double[] seconds = (Double[]) row.getArray(2).getArray();
        Array words = row.getArray(3);
        String[] statuses = words == null ? null : (String[]) words.getArray();
        String[] traced = (String[]) row.getArray(4).getArray();
        return IntStream.range(0, ranks.length)
                .mapToObj(i -> new SettledRecord(
                        statuses == null ? Outcome.Status.DONE : status(statuses[i]),
                        Priority.ofRank(ranks[i]),
                        Duration.ofNanos((long) (seconds[i] * 1e9)),
                        TracedChange.parse(traced[i])))
                .toList();
    }

    private static Outcome.Status status(String word) {
        return Outcome.Status.valueOf(word.toUpperCase(Locale.ROOT));
    }
}
