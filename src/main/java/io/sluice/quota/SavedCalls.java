// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts the calls that were not needed, in memory, and adds the counts to the table {@code saved_calls} in one statement. The
 * counts since the last statement are lost if the process or the database fails: a call is never counted twice.
 */
public final class SavedCalls {

    private static final String ADD =
            """
            insert into sluice.saved_calls as s (hour, account, object, reason, calls)
            select date_trunc('hour', statement_timestamp(), 'UTC'), account, object, reason, calls
            from unnest(?::text[], ?::text[], ?::text[], ?::bigint[]) as counts(account, object, reason, calls)
            order by account, object, reason
            on conflict (hour, account, object, reason) do update set calls = s.calls + excluded.calls""";

    private static final String READ =
            """
            select account, object, reason, sum(calls)::bigint as calls from sluice.saved_calls
            where hour >= ? and hour < ? and account = any (?) group by account, object, reason""";

    /** Why a call was not needed. */
    public enum Reason {
        /** A change was merged into an earlier one of its record that still waited. */
        COALESCING,
        /** The answer came from the cache. */
        CACHING,
        /** An event brought the values of a record. */
        EVENTS;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private record Kind(String account, String object, Reason reason) {}

    /** A number of saved calls. */
    public record Saved(String account, String object, Reason reason, long calls) {}

    private final Database database;
    private final Map<Kind, Long> counts = new ConcurrentHashMap<>();

    public SavedCalls(Database database) {
        this.database = database;
    }

    public void add(Reason reason, String account, String object, long calls) {
        if (calls > 0) {
            counts.merge(new Kind(account, object, reason), calls, Long::sum);
        }
    }

    /** Writes what was counted since the last time; makes no statement where that is nothing. */
    public void write() throws SQLException {
        Map<Kind, Long> taken = new LinkedHashMap<>();
        for (Kind kind : counts.keySet()) {
            Long calls = counts.remove(kind);
            if (calls != null) {
                taken.put(kind, calls);
            }
        }
        if (taken.isEmpty()) {
            return;
        }
        Collection<Kind> kinds = taken.keySet();
        database.transaction(connection -> Database.update(
                connection,
                ADD,
                Database.texts(connection, kinds, Kind::account),
                Database.texts(connection, kinds, Kind::object),
                Database.texts(connection, kinds, kind -> kind.reason().text()),
                connection.createArrayOf("bigint", taken.values().toArray())));
    }

    /** The calls that were saved in the whole hours of a time and are written. */
    public List<Saved> read(Collection<String> accounts, Instant from, Instant to) throws SQLException {
        return database.transaction(connection -> Database.query(
                connection,
                READ,
                row -> new Saved(
                        row.getString("account"),
                        row.getString("object"),
                        Reason.valueOf(row.getString("reason").toUpperCase(Locale.ROOT)),
                        row.getLong("calls")),
                from,
                to,
                Database.texts(connection, accounts)));
    }
}
