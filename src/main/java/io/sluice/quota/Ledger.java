// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Records each call and counts calls, in the tables {@code api_call}, {@code usage_minute} and, kept by a trigger on that one,
 * {@code usage_quarter_hour}; the table {@code reported_limit} holds the CRM's own counts.
 */
final class Ledger {

    /** Writes next to nothing in a transaction, so that all earlier commits are on disk when it ends. */
    private static final String FLUSH = "select pg_logical_emit_message(true, 'sluice', '')";

    /** Ends the transaction, and with it the account's lock, before the wait for the disk. */
    private static final String COMMIT_AND_FLUSH = "commit;" + FLUSH;

    /**
     * Counts the usage of each limit in one snapshot, exactly: all calls without an answer, which are few, and those completed
     * within the window or since the CRM's report. The completed ones of a long window are the sum of its whole quarters of an
     * hour, of the whole minutes before the first of these, and of the calls of the minute at its edge.
     *
     * <p>Example: at 12:00:20 the window of a day begins yesterday at 12:00:20; counted are the calls until 12:01, the minutes
     * until 12:15, and then 95 quarters of an hour.
     */
    static final String COUNT =
            """
            with requested as materialized (select clock_timestamp() as now),
            limits as materialized (
                select l.*, now, cutoff, string_to_array(accounts, ' ') as whose,
                       case when operations <> '' then string_to_array(operations, ' ') end as only,
                       q.max as reported_max, q.used as reported, q.reported_at
                from requested cross join
                     unnest(?::text[], ?::text[], ?::text[], ?::bigint[], ?::boolean[], ?::boolean[], ?::text[])
                     with ordinality as l(name, owner, accounts, window_ms, long, units, operations, place)
                cross join lateral (select now - window_ms * interval '1 millisecond' as cutoff) as began
                left join sluice.reported_limit q
                    on q.account = l.owner and q.name = l.name and q.reported_at > cutoff),
            spans as materialized (
                select l.place, false as of_report, l.whose, l.only, l.long, l.units, l.cutoff as since
                from limits l where l.window_ms > 0
                union all
                select l.place, true, l.whose, null, l.long, false, l.reported_at
                from limits l where l.reported_at is not null),
            completed as materialized (
                select s.place, s.of_report,
                       coalesce(edge.own, 0) + coalesce(minutes.own, 0) + coalesce(quarters.own, 0) as own,
                       coalesce(edge.first, coalesce(minutes.first, later.first) + interval '1 minute') as first
                from spans s
                cross join lateral (select date_trunc('minute', s.since) as minute) as m
                cross join lateral (select date_bin('15 minutes', m.minute, 'epoch') as quarter) as q
                left join lateral (
                    select sum(case when s.units then c.cost else 1 end) as own, min(c.completed_at) as first
                    from sluice.api_call c
                    where c.account = any(s.whose) and c.completed_at > s.since
                      and c.completed_at < case when s.long then m.minute + interval '1 minute' else 'infinity' end
                      and (s.only is null or c.operation = any(s.only))) as edge on true
                left join lateral (
                    select sum(case when s.units then u.cost else u.calls end) as own, min(u.minute) as first
                    from sluice.usage_minute u
                    where s.long and u.account = any(s.whose)
                      and u.minute > m.minute and u.minute < q.quarter + interval '15 minutes'
                      and (s.only is null or u.operation = any(s.only))) as minutes on true
                left join lateral (
                    select sum(case when s.units then u.cost else u.calls end) as own, min(u.start) as first
                    from sluice.usage_quarter_hour u
                    where s.long and u.account = any(s.whose) and u.start > q.quarter
                      and (s.only is null or u.operation = any(s.only))) as quarters on true
                left join lateral (
                    select min(u.minute) as first
                    from sluice.usage_minute u
                    where edge.first is null and minutes.first is null and u.account = any(s.whose)
                      and u.minute >= quarters.first and u.minute < quarters.first + interval '15 minutes'
                      and (s.only is null or u.operation = any(s.only))) as later on true)
            select l.now, (coalesce(open.own, 0) + coalesce(inside.own, 0))::bigint as own,
                   inside.first + l.window_ms * interval '1 millisecond' as frees, granted.last as last_grant,
                   l.reported_max, l.reported, l.reported_at,
                   (coalesce(since.own, 0) + coalesce(running.calls, 0))::bigint as since_report
            from limits l
            left join lateral (
                select sum(case when l.units then c.cost else 1 end) as own
                from sluice.api_call c
                where c.account = any(l.whose) and c.completed_at is null and c.expires_at > l.cutoff
                  and (l.only is null or c.operation = any(l.only))) as open on true
            left join lateral (
                select count(*) as calls
                from sluice.api_call c
                where l.reported_at is not null and c.account = any(l.whose)
                  and c.completed_at is null and c.expires_at > l.now) as running on true
            cross join lateral (
                select max(latest.at) as last from unnest(l.whose) as a(name) cross join lateral (
                    select c.granted_at as at from sluice.api_call c where c.account = a.name
                    order by c.granted_at desc limit 1) as latest) as granted
            left join completed inside on inside.place = l.place and not inside.of_report
            left join completed since on since.place = l.place and since.of_report
            order by l.place""";

    private static final String GRANT =
            """
            insert into sluice.api_call (account, operation, priority, cost, granted_at, expires_at)
            select ?, ?, ?, ?, now, now + ? * interval '1 millisecond' from (select clock_timestamp() as now) as requested
            returning id""";

    private static final String REPORT =
            """
            with reported as (
                update sluice.api_call
                set completed_at = case when ? > 0 then clock_timestamp() end,
                    operation = ?, status = ?, records = ?, bytes = ?, answer_bytes = ?, object = ?, throttled = ?
                where id = ? and completed_at is null
                returning account, operation, cost, completed_at)
            insert into sluice.usage_minute as m (account, minute, operation, calls, cost)
            select account, date_trunc('minute', completed_at), operation, 1, cost
            from reported where completed_at is not null
            on conflict (account, minute, operation) do update
            set calls = m.calls + 1, cost = m.cost + excluded.cost""";

    private static final String CANCEL = "delete from sluice.api_call where id = ? and status is null";

    private static final String REPORTED =
            """
            with kept as (
                insert into sluice.reported_limit_history (account, name, at, used)
                select ?, ?, date_bin('15 minutes', clock_timestamp(), 'epoch'), ?
                on conflict (account, name, at) do nothing)
            insert into sluice.reported_limit as q (account, name, max, used, reported_at)
            values (?, ?, ?, ?, clock_timestamp())
            on conflict (account, name) do update
            set max = excluded.max, used = excluded.used, reported_at = excluded.reported_at""";

    /** Sums the usage by age. A minute that lies ahead, because the clock was set back, counts as the newest. */
    private static final String SPENT =
            """
            select spent.step, spent.own, spent.since
            from (select greatest(0, floor(extract(epoch from clock_timestamp() - m.minute) * 1000 / ?))::int as step,
                         sum(case when ? then m.cost else m.calls end) as own, min(m.minute) as since
                  from sluice.usage_minute m
                  where m.account = any(string_to_array(?, ' '))
                    and m.minute > clock_timestamp() - ? * interval '1 millisecond'
                    and (? = '' or m.operation = any(string_to_array(?, ' ')))
                  group by 1) as spent""";

    /** Finds the latest earlier report that is old enough for a pace, else the oldest one. */
    private static final String EARLIER =
            """
            select h.used, h.at from sluice.reported_limit_history h
            where h.account = ? and h.name = ? and h.at > clock_timestamp() - ? * interval '1 millisecond'
            order by h.at > clock_timestamp() - ? * interval '1 millisecond',
                     abs(extract(epoch from clock_timestamp() - ? * interval '1 millisecond' - h.at))
            limit 1""";

    private static final String TODAY =
            """
            select count(*) from sluice.api_call
            where account = any(string_to_array(?, ' '))
              and granted_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'""";

    /** Deletes a part at a time, so that no transaction locks many rows. */
    private static final String DELETE_CALLS =
            """
            delete from sluice.api_call where id in (
                select id from sluice.api_call where granted_at < clock_timestamp() - ? * interval '1 millisecond'
                order by granted_at limit 5000)""";

    private static final String DELETE_USAGE =
            """
            with usage as (
                delete from sluice.usage_minute where minute < clock_timestamp() - ? * interval '1 millisecond')
            delete from sluice.reported_limit_history where at < clock_timestamp() - ? * interval '1 millisecond'""";

    private final Database database;

    Ledger(Database database) {
        this.database = database;
    }

    static Map<ScopedLimit, WindowUsage> count(Connection connection, List<ScopedLimit> limits) throws SQLException {
        return byLimit(limits, Database.query(connection, COUNT, Ledger::usage, countParameters(connection, limits)));
    }

    /** Reads a row of {@link #COUNT}. */
    static WindowUsage usage(ResultSet row) throws SQLException {
        return new WindowUsage(
                instant(row, "now"),
                row.getLong("own"),
                instant(row, "frees"),
                instant(row, "last_grant"),
                row.getObject("reported_max", Long.class),
                row.getObject("reported", Long.class),
                instant(row, "reported_at"),
                row.getLong("since_report"));
    }

    /** @param counts the rows of {@link #COUNT} for these limits */
    static Map<ScopedLimit, WindowUsage> byLimit(List<ScopedLimit> limits, List<WindowUsage> counts) {
        Map<ScopedLimit, WindowUsage> byLimit = new HashMap<>();
        for (int i = 0; i < counts.size(); i++) {
            byLimit.put(limits.get(i), counts.get(i));
        }
        return byLimit;
    }

    /** The parameters of {@link #COUNT}. */
    static Object[] countParameters(Connection connection, List<ScopedLimit> limits) throws SQLException {
        return new Object[] {
            array(connection, "text", limits, scopedLimit -> scopedLimit.limit().name()),
            array(connection, "text", limits, ScopedLimit::owner),
            array(connection, "text", limits, scopedLimit -> String.join(" ", scopedLimit.accounts())),
            array(connection, "bigint", limits, scopedLimit -> scopedLimit
                    .limit()
                    .window()
                    .toMillis()),
            array(connection, "boolean", limits, scopedLimit -> scopedLimit
                    .limit()
                    .isLong()),
            array(
                    connection,
                    "boolean",
                    limits,
                    scopedLimit -> scopedLimit.limit().kind() == Limit.Kind.UNITS),
            array(
                    connection,
                    "text",
                    limits,
                    scopedLimit -> String.join(" ", scopedLimit.limit().operations()))
        };
    }

    private static Array array(
            Connection connection, String type, List<ScopedLimit> limits, Function<ScopedLimit, Object> part)
            throws SQLException {
        return connection.createArrayOf(type, limits.stream().map(part).toArray());
    }

    static Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }

    /** @return the id of the call's row */
    static long grant(Connection connection, String account, CallRequest callRequest, int cost, Duration max)
            throws SQLException {
        return Database.query(connection, GRANT, Ledger::id, grantParameters(account, callRequest, cost, max))
                .get(0);
    }

    /**
     * Grants, ends the transaction and returns when the grant would survive a crash of the database, all in one round trip.
     *
     * @return the id of the call's row
     */
    static long grantAndCommit(Connection connection, String account, CallRequest callRequest, int cost, Duration max)
            throws SQLException {
        return Database.queryThen(
                        connection,
                        GRANT,
                        COMMIT_AND_FLUSH,
                        Ledger::id,
                        grantParameters(account, callRequest, cost, max))
                .get(0);
    }

    private static long id(ResultSet row) throws SQLException {
        return row.getLong(1);
    }

    private static Object[] grantParameters(String account, CallRequest callRequest, int cost, Duration max) {
        return new Object[] {
            account, callRequest.operation(), callRequest.priority().rank(), cost, max.toMillis()
        };
    }

    /** Returns when every earlier grant would survive a crash of the database. */
    void flush() throws SQLException {
        database.query(FLUSH, row -> null);
    }

    void report(Permit permit, CallReport callReport) throws SQLException {
        database.update(
                REPORT,
                callReport.status(),
                callReport.operation(),
                callReport.status(),
                callReport.records(),
                callReport.bytes(),
                callReport.answerBytes(),
                callReport.object(),
                callReport.isThrottled(),
                permit.id());
    }

    void cancel(Permit permit) throws SQLException {
        database.update(CANCEL, permit.id());
    }

    void reported(String owner, String limit, long max, long used) throws SQLException {
        database.update(REPORTED, owner, limit, used, owner, limit, max, used);
    }

    /** @return the number of deleted calls */
    long deleteOlderThan(Duration age) throws SQLException {
        database.update(DELETE_USAGE, age.toMillis(), age.toMillis());
        long all = 0;
        for (int deleted = -1; deleted != 0; all += deleted) {
            deleted = database.update(DELETE_CALLS, age.toMillis());
        }
        return all;
    }

    /** The history of a long limit's usage. */
    static UsageHistory history(Connection connection, ScopedLimit scopedLimit) throws SQLException {
        Limit limit = scopedLimit.limit();
        long step = UsageHistory.step(limit).toMillis();
        Long[] ours = new Long[UsageHistory.STEPS + UsageHistory.RECENT];
        Arrays.fill(ours, 0L);
        String operations = String.join(" ", limit.operations());
        Optional<Instant> since = Database.query(
                        connection,
                        SPENT,
                        row -> {
                            if (row.getInt("step") < ours.length) {
                                ours[row.getInt("step")] = row.getLong("own");
                            }
                            return instant(row, "since");
                        },
                        step,
                        limit.kind() == Limit.Kind.UNITS,
                        String.join(" ", scopedLimit.accounts()),
                        step * ours.length,
                        operations,
                        operations)
                .stream()
                .min(Comparator.naturalOrder());
        record Earlier(long used, Instant at) {}
        long recent = step * UsageHistory.RECENT;
        Optional<Earlier> earlier = Database.query(
                        connection,
                        EARLIER,
                        row -> new Earlier(row.getLong("used"), instant(row, "at")),
                        scopedLimit.owner(),
                        limit.name(),
                        limit.window().toMillis(),
                        recent,
                        recent)
                .stream()
                .findFirst();
        return new UsageHistory(
                List.of(ours),
                since.orElse(null),
                earlier.map(Earlier::used).orElse(null),
                earlier.map(Earlier::at).orElse(null));
    }

    /** The number of calls granted since midnight UTC. */
    long today(List<String> accounts) throws SQLException {
        return database.first(TODAY, row -> row.getLong(1), String.join(" ", accounts))
                .orElse(0L);
    }
}
