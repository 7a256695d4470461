// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.Priority;
import io.sluice.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rolls the ledger up by hour, in the table {@code usage_hour}, and reads the usage of a time from both: the hours that are
 * rolled up, and the calls after them.
 *
 * <p>Example: at 12:20 the hours up to 12:00 are rolled up; a report at 12:30 sums them and the calls of the last 30 minutes.
 */
public final class UsageHours {

    /** The time after the end of an hour in which its last calls are still answered. */
    private static final Duration SETTLING = Duration.ofMinutes(10);

    /** The maximum time that one statement rolls up: the first one after an upgrade may find a month of calls. */
    private static final Duration STEP = Duration.ofDays(1);

    /** Sums calls by hour and kind; the ledger's index has the account first, so each account is searched. */
    private static final String SUM =
            """
            select date_trunc('hour', c.granted_at, 'UTC') as hour, c.account, c.operation,
                   coalesce(c.object, '') as object, c.priority, count(*) as calls,
                   count(*) filter (where c.records > 0) as record_calls, coalesce(sum(c.records), 0) as records,
                   coalesce(sum(c.bytes), 0) as bytes, coalesce(sum(c.answer_bytes), 0) as answer_bytes,
                   count(*) filter (where c.status >= 400) as errors, count(*) filter (where c.throttled) as throttled,
                   count(*) filter (where c.status = 0 or c.status is null and c.expires_at < clock_timestamp())
                       as unanswered,
                   coalesce(sum(extract(epoch from c.completed_at - c.granted_at) * 1000), 0)::bigint as answer_millis,
                   max(array[coalesce(c.bytes, 0) + coalesce(c.answer_bytes, 0), c.id]) as largest
            from sluice.api_call c
            where c.account = any(%s) and c.granted_at >= ? and c.granted_at < ?
            group by 1, 2, 3, 4, 5""";

    private static final String COLUMNS =
            """
            hour, account, operation, object, priority, calls, record_calls, records, bytes, answer_bytes, errors,
            throttled, unanswered, answer_millis""";

    private static final String ACCOUNTS =
            """
            array(with recursive a(name) as (
                      select min(account) from sluice.api_call
                      union all
                      select (select min(account) from sluice.api_call where account > a.name) from a where a.name is not null)
                  select name from a where name is not null)""";

    /** Two replicas may roll up the same hours at the same time, with the same result. */
    private static final String ROLL_UP =
            "insert into sluice.usage_hour (" + COLUMNS + ", largest, largest_call) select " + COLUMNS
                    + ", largest[1], largest[2] from (" + SUM.formatted(ACCOUNTS) + ") as sums on conflict do nothing";

    private static final String READ = "select " + COLUMNS + ", largest, largest_call from sluice.usage_hour"
            + " where hour >= ? and hour < ? and account = any(?) union all select " + COLUMNS
            + ", largest[1], largest[2] from (" + SUM.formatted("?") + ") as sums";

    /** Finds the end of the hours that are rolled up, and the first call of each account. */
    private static final String COVERED =
            """
            select (select max(hour) + interval '1 hour' from sluice.usage_hour) as rolled_up,
                   (select min(hour) from sluice.usage_hour) as first_hour,
                   (select date_trunc('hour', min(first.at), 'UTC') from unnest(%s) as a(name) cross join lateral (
                        select c.granted_at as at from sluice.api_call c
                        where c.account = a.name order by c.granted_at limit 1) as first) as first_call,
                   date_trunc('hour', clock_timestamp() - ? * interval '1 millisecond', 'UTC') as settled"""
                    .formatted(ACCOUNTS);

    private static final String TIMES = "select id, granted_at from sluice.api_call where id = any(?)";

    private final Database database;

    public UsageHours(Database database) {
        this.database = database;
    }

    /**
     * The times that the tables cover.
     *
     * @param rolledUp  end of the hours that are rolled up, or null
     * @param firstCall hour of the first call in the ledger, or null
     * @param firstHour first hour that is rolled up, or null
     * @param settled   end of the hours whose calls have ended
     */
    private record Covered(Instant rolledUp, Instant firstCall, Instant firstHour, Instant settled) {

        static Covered of(ResultSet row) throws SQLException {
            return new Covered(
                    Database.instant(row, "rolled_up"),
                    Database.instant(row, "first_call"),
                    Database.instant(row, "first_hour"),
                    Database.instant(row, "settled"));
        }
    }

    private Covered covered() throws SQLException {
        return database.first(COVERED, Covered::of, SETTLING.toMillis()).orElseThrow();
    }

    /** Rolls up the hours that have ended. @return the number of rows */
    public int rollUp() throws SQLException {
        Covered covered = covered();
        Instant from = covered.rolledUp() == null ? covered.firstCall() : covered.rolledUp();
        int rows = 0;
        while (from != null && from.isBefore(covered.settled())) {
            Instant next = from.plus(STEP);
            Instant to = next.isBefore(covered.settled()) ? next : covered.settled();
            rows += database.update(ROLL_UP, from, to);
            from = to;
        }
        return rows;
    }

    /**
     * The usage of a time.
     *
     * @param since time since which the usage is known, or null where there was no call yet
     */
    record Usage(Instant since, List<HourlyUsage> hours) {}

    /** The usage of some logins in the whole hours of a time. */
    Usage read(Collection<String> logins, Instant from, Instant to) throws SQLException {
        Covered covered = covered();
        Instant rolledUp = covered.rolledUp();
        Instant calls = rolledUp == null || rolledUp.isBefore(from) ? from : rolledUp;
        return new Usage(
                covered.firstHour() == null ? covered.firstCall() : covered.firstHour(),
                hours(logins, from, to, calls));
    }

    /** @param calls time from which the calls are not rolled up */
    private List<HourlyUsage> hours(Collection<String> logins, Instant from, Instant to, Instant calls)
            throws SQLException {
        return database.transaction(connection -> {
            var names = Database.texts(connection, logins);
            return Database.query(
                    connection,
                    READ,
                    row -> new HourlyUsage(
                            Database.instant(row, "hour"),
                            row.getString("account"),
                            row.getString("operation"),
                            row.getString("object"),
                            Priority.ofRank(row.getInt("priority")),
                            new UsageFigures(
                                    row.getLong("calls"),
                                    row.getLong("record_calls"),
                                    row.getLong("records"),
                                    row.getLong("bytes"),
                                    row.getLong("answer_bytes"),
                                    row.getLong("errors"),
                                    row.getLong("throttled"),
                                    row.getLong("unanswered"),
                                    row.getLong("answer_millis")),
                            row.getLong("largest"),
                            row.getLong("largest_call")),
                    from,
                    to,
                    names,
                    names,
                    calls,
                    to);
        });
    }

    /** The times of calls, by their ids; a call that the ledger no longer has is left out. */
    Map<Long, Instant> times(Collection<Long> calls) throws SQLException {
        record Call(long id, Instant at) {}
        Map<Long, Instant> times = new HashMap<>();
        database.transaction(connection -> Database.query(
                        connection,
                        TIMES,
                        row -> new Call(row.getLong("id"), Database.instant(row, "granted_at")),
                        connection.createArrayOf("bigint", calls.toArray())))
                .forEach(call -> times.put(call.id(), call.at()));
        return times;
    }
}
