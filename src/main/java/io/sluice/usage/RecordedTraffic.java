// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.Priority;
import io.sluice.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the calls of a time from the ledger. Nothing is written. */
final class RecordedTraffic {

    private static final int FETCH_SIZE = 10_000;

    /**
     * Reads the calls of one login by the ledger's index. A throttled call is left out, because it was made again. A call without
     * an answer takes as long as it counts.
     */
    private static final String CALLS =
            """
            select granted_at, operation, coalesce(object, '') as object, priority, coalesce(records, 0) as records,
                   greatest(0, least(86400000,
                       extract(epoch from coalesce(completed_at, expires_at) - granted_at) * 1000))::int as answer_millis
            from sluice.api_call
            where account = ? and granted_at >= ? and granted_at < ? and throttled is not true
            order by granted_at""";

    private final Database database;

    RecordedTraffic(Database database) {
        this.database = database;
    }

    /**
     * Returns the calls that some logins made, the oldest first.
     *
     * @throws IllegalArgumentException where there are too many
     */
    List<TrafficCall> read(Collection<String> logins, Instant from, Instant to) throws SQLException {
        List<TrafficCall> calls = new ArrayList<>();
        Map<String, String> names = new HashMap<>();
        for (String login : logins) {
            database.stream(
                    CALLS,
                    FETCH_SIZE,
                    row -> call(row, names),
                    call -> {
                        AssumedTraffic.checkNumber(calls.size() + 1L);
                        calls.add(call);
                    },
                    login,
                    from,
                    to);
        }
        if (logins.size() > 1) {
            calls.sort(Comparator.comparing(TrafficCall::at));
        }
        return calls;
    }

    /** @param names texts that are kept once, and not with each call */
    private static TrafficCall call(ResultSet row, Map<String, String> names) throws SQLException {
        return new TrafficCall(
                Database.instant(row, "granted_at"),
                names.computeIfAbsent(row.getString("operation"), name -> name),
                names.computeIfAbsent(row.getString("object"), name -> name),
                Priority.ofRank(row.getInt("priority")),
                row.getInt("records"),
                row.getInt("answer_millis"));
    }
}
