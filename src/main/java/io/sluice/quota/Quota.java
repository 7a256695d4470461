package io.sluice.quota;

import io.sluice.Priority;
import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The permits of all accounts, kept in PostgreSQL by PostgreSQL's clock, so that replicas share them and a crash
 * leaves them true.
 *
 * <p>The rule: a call is granted only when fewer than {@code max} calls are in flight or completed within the last
 * {@code window}. The server counted a call before its answer came back, so no window of the server's can hold more
 * than {@code max}, whatever the network does. A call whose answer never came counts as completed when its time-out
 * and the bound on a late request's arrival are over.
 */
public final class Quota {

    private static final String TURN = "select pg_advisory_xact_lock(hashtext('sluice.quota'), hashtext(?))";

    /**
     * What each limit has counted, by one snapshot. A long window is the minutes that lie in it whole, the calls of the
     * minute at its edge, and those without an answer, however long the window: these last are few.
     */
    private static final String COUNT = """
            with asked as materialized (select clock_timestamp() as now),
            limits as materialized (
                select l.*, now, now - window_ms * interval '1 millisecond' as cutoff,
                       case when operations <> '' then string_to_array(operations, ' ') end as only
                from asked cross join unnest(?::text[], ?::bigint[], ?::boolean[], ?::boolean[], ?::text[])
                    with ordinality as l(name, window_ms, minutes, units, operations, place))
            select l.now, counted.own, completed.first + l.window_ms * interval '1 millisecond' as frees,
                   (select granted_at from sluice.api_call where account = ? order by granted_at desc limit 1) as last_grant,
                   q.used as reported, q.reported_at, since.calls as since_report
            from limits l
            left join lateral (
                select sum(case when l.units then c.cost else 1 end) as own
                from sluice.api_call c
                where c.account = ? and c.completed_at is null and c.expires_at > l.cutoff
                  and (l.only is null or c.operation = any(l.only))) as open on true
            left join lateral (
                select sum(case when l.units then c.cost else 1 end) as own, min(c.completed_at) as first
                from sluice.api_call c
                where l.window_ms > 0 and c.account = ? and c.completed_at > l.cutoff
                  and c.completed_at < case when l.minutes then date_trunc('minute', l.cutoff) + interval '1 minute'
                                            else 'infinity' end
                  and (l.only is null or c.operation = any(l.only))) as edge on true
            left join lateral (
                select sum(case when l.units then m.cost else m.calls end) as own, min(m.minute) as first
                from sluice.usage_minute m
                where l.minutes and m.account = ? and m.minute > date_trunc('minute', l.cutoff)
                  and (l.only is null or m.operation = any(l.only))) as minutes on true
            cross join lateral (
                select coalesce(edge.first, minutes.first + interval '1 minute') as first) as completed
            cross join lateral (
                select coalesce(open.own, 0) + coalesce(edge.own, 0) + coalesce(minutes.own, 0) as own) as counted
            left join sluice.quota q
                on q.account = ? and q.name = l.name and q.reported_at > l.cutoff
            left join lateral (
                select count(*) as calls from sluice.api_call c
                where q.reported_at is not null and c.account = ?
                  and (c.completed_at > q.reported_at or c.completed_at is null and c.expires_at > l.now)) as since on true
            order by l.place""";

    private static final String GRANT = """
            insert into sluice.api_call (account, operation, priority, cost, granted_at, expires_at)
            select ?, ?, ?, ?, now, now + ? * interval '1 millisecond' from (select clock_timestamp() as now) as asked
            returning id""";

    private static final String REPORT = """
            with reported as (
                update sluice.api_call
                set completed_at = case when ? > 0 then clock_timestamp() end,
                    operation = ?, status = ?, records = ?, bytes = ?
                where id = ? and completed_at is null
                returning account, operation, cost, completed_at)
            insert into sluice.usage_minute as m (account, minute, operation, calls, cost)
            select account, date_trunc('minute', completed_at), operation, 1, cost
            from reported where completed_at is not null
            on conflict (account, minute, operation) do update
            set calls = m.calls + 1, cost = m.cost + excluded.cost""";

    private static final String STORMS = """
            select clock_timestamp() as now, r.* from (values (1)) as always(row)
            left join sluice.refusal r on r.account = ?""";

    private static final String KEEP = """
            insert into sluice.refusal (account, kind, step, rate, since, until, probe, recovered_at)
            values (?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (account, kind) do update
            set step = excluded.step, rate = excluded.rate, since = excluded.since, until = excluded.until,
                probe = excluded.probe, recovered_at = excluded.recovered_at""";

    private static final String LEAVE_PROBE = """
            update sluice.refusal set probe = null, until = clock_timestamp() where account = ? and probe = ?""";

    private static final String CANCEL = "delete from sluice.api_call where id = ? and status is null";

    private static final String REPORTED = """
            insert into sluice.quota as q (account, name, max, used, reported_at)
            values (?, ?, ?, ?, clock_timestamp())
            on conflict (account, name) do update
            set max = excluded.max, used = excluded.used, reported_at = excluded.reported_at""";

    private static final String TODAY = """
            select count(*) from sluice.api_call
            where account = ? and granted_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'""";

    private final Database database;
    private final Map<String, List<Limit>> limits;
    private final Duration callTimeout;
    private final Duration lateDelivery;

    /**
     * @param limits       per account
     * @param callTimeout  after which a call's connection is closed
     * @param lateDelivery how long after that its request can still reach the server
     */
    public Quota(Database database, Map<String, List<Limit>> limits, Duration callTimeout, Duration lateDelivery) {
        this.database = database;
        this.limits = Map.copyOf(limits);
        this.callTimeout = callTimeout;
        this.lateDelivery = lateDelivery;
    }

    /** The time after which a call that was granted now can't reach the server any more. */
    public Duration longestCall() {
        return callTimeout.plus(lateDelivery);
    }

    /** A permit if every limit of the account allows one now. */
    public Optional<Permit> grant(String account, String operation, Priority priority) throws SQLException {
        return ask(account, operation, 1, priority) instanceof Verdict.Granted granted
                ? Optional.of(granted.permit()) : Optional.empty();
    }

    /**
     * Asks for leave to make one call now: it takes a place of every limit that applies to it, or none.
     *
     * @param cost in the CRM's units, for the limits that count these
     */
    public Verdict ask(String account, String operation, int cost, Priority priority) throws SQLException {
        List<Limit> applying = limitsOf(account).stream().filter(limit -> limit.appliesTo(operation)).toList();
        return database.transaction(connection -> {
            Database.query(connection, TURN, row -> null, account);
            Storms storms = storms(connection, account).concerning(operation);
            Optional<Verdict> held = storms.hold();
            if (held.isEmpty()) {
                List<Limit> slowed = applying.stream().map(limit -> limit.slowed(storms.rate())).toList();
                held = hold(slowed, count(connection, account, slowed), priority, cost);
            }
            return held.isPresent() ? held.get()
                    : new Verdict.Granted(grant(connection, account, operation, cost, priority, storms));
        });
    }

    /** The limit that holds the call for longest. */
    private static Optional<Verdict> hold(List<Limit> limits, List<Count> counts, Priority priority, int cost) {
        return IntStream.range(0, limits.size())
                .mapToObj(i -> Rule.check(limits.get(i), counts.get(i), priority, cost)
                        .map(hold -> Verdict.Held.of(hold, counts.get(i).now())))
                .flatMap(Optional::stream)
                .max(Comparator.comparing(held -> held.hold().until()))
                .map(Verdict.class::cast);
    }

    private Permit grant(Connection connection, String account, String operation, int cost, Priority priority,
            Storms storms) throws SQLException {
        long id = Database.query(connection, GRANT, row -> row.getLong(1), account, operation, priority.rank(), cost,
                longestCall().toMillis()).get(0);
        Storm probed = storms.probed();
        if (probed != null) {
            keep(connection, account, probed.probing(id, storms.now().plus(longestCall())));
        }
        return new Permit(id, account, operation, priority, probed == null ? null : probed.kind());
    }

    /** @param of those that are kept, the ones that are over and recovered from included */
    private record Storms(Instant now, List<Storm> of) {

        Storms concerning(String operation) {
            return new Storms(now, of.stream().filter(storm -> storm.concerns(operation)).toList());
        }

        Optional<Verdict> hold() {
            return of.stream().filter(storm -> !storm.isOver() && storm.until().isAfter(now))
                    .max(Comparator.comparing(Storm::until))
                    .map(storm -> Verdict.Held.of(new Hold(storm.kind(), storm.until()), now));
        }

        /** Percent of the short limits that may be used. */
        int rate() {
            return of.stream().mapToInt(storm -> storm.rateAt(now)).min().orElse(100);
        }

        /** The one that a call which is granted now finds out to be over, or null. */
        Storm probed() {
            return of.stream().filter(storm -> !storm.isOver()).findFirst().orElse(null);
        }

        Storm ofKind(String kind) {
            return of.stream().filter(storm -> storm.kind().equals(kind)).findFirst().orElse(null);
        }
    }

    private static Storms storms(Connection connection, String account) throws SQLException {
        Instant[] now = new Instant[1];
        List<Storm> of = Database.query(connection, STORMS, row -> {
            now[0] = instant(row, "now");
            return row.getString("kind") == null ? null : new Storm(row.getString("kind"), row.getInt("step"),
                    row.getInt("rate"), instant(row, "since"), instant(row, "until"),
                    row.getObject("probe", Long.class), instant(row, "recovered_at"));
        }, account);
        return new Storms(now[0], of.stream().filter(Objects::nonNull).toList());
    }

    private static void keep(Connection connection, String account, Storm storm) throws SQLException {
        Database.update(connection, KEEP, account, storm.kind(), storm.step(), storm.rate(), time(storm.since()),
                time(storm.until()), storm.probe(), time(storm.recovered()));
    }

    private static OffsetDateTime time(Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }

    private static List<Count> count(Connection connection, String account, List<Limit> limits) throws SQLException {
        return Database.query(connection, COUNT, row -> new Count(instant(row, "now"), row.getLong("own"),
                        instant(row, "frees"), instant(row, "last_grant"), row.getObject("reported", Long.class),
                        instant(row, "reported_at"), row.getLong("since_report")),
                array(connection, "text", limits, Limit::name),
                array(connection, "bigint", limits, limit -> limit.window().toMillis()),
                array(connection, "boolean", limits, Limit::isLong),
                array(connection, "boolean", limits, limit -> limit.kind() == Limit.Kind.UNITS),
                array(connection, "text", limits, limit -> String.join(" ", limit.operations())),
                account, account, account, account, account, account);
    }

    private static Array array(Connection connection, String type, List<Limit> limits, Function<Limit, Object> part)
            throws SQLException {
        return connection.createArrayOf(type, limits.stream().map(part).toArray());
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }

    /**
     * Says how a granted call ended.
     *
     * @return the storm that begins, goes on or ends with it; nothing for the calls of a usual day, and for those that
     *         were under way when a storm began
     */
    public Optional<Storm> report(Permit permit, Answer answer) throws SQLException {
        database.update(REPORT, answer.status(), answer.operation(), answer.status(), answer.records(), answer.bytes(),
                permit.id());
        boolean through = answer.refusal() == null && answer.status() != Answer.LOST;
        if (through ? permit.probe() == null : answer.refusal() == null) {
            return Optional.empty();
        }
        return database.transaction(connection -> {
            Database.query(connection, TURN, row -> null, permit.account());
            Storms storms = storms(connection, permit.account());
            Storm before = storms.ofKind(through ? permit.probe() : answer.refusal().kind());
            boolean probe = before != null && before.probe() != null && before.probe() == permit.id();
            Storm after = null;
            if (through && probe) {
                after = before.over(storms.now());
            } else if (!through && (probe || before == null || before.isOver())) {
                after = Storm.refused(before, answer.refusal(), storms.now(), Math::random);
            }
            if (after != null) {
                keep(connection, permit.account(), after);
            }
            return Optional.ofNullable(after);
        });
    }

    /** Gives back a permit whose call was never made. */
    public void cancel(Permit permit) throws SQLException {
        database.update(CANCEL, permit.id());
        if (permit.probe() != null) {
            database.update(LEAVE_PROBE, permit.account(), permit.id());
        }
    }

    /** The refusals that go on now. */
    public List<Storm> storms(String account) throws SQLException {
        return database.transaction(connection -> storms(connection, account).of().stream()
                .filter(storm -> !storm.isOver()).toList());
    }

    /** Keeps what the CRM itself said of a limit; other integrations spend it too. */
    public void reported(String account, String limit, long max, long used) throws SQLException {
        database.update(REPORTED, account, limit, max, used);
    }

    /** Each limit of an account, how full it is and whom it stops. */
    public List<Usage> usage(String account) throws SQLException {
        List<Limit> limitsOfAccount = limitsOf(account);
        List<Count> counts = database.transaction(connection -> count(connection, account, limitsOfAccount));
        List<Usage> usages = new ArrayList<>();
        for (int i = 0; i < counts.size(); i++) {
            usages.add(Usage.of(limitsOfAccount.get(i), counts.get(i)));
        }
        return usages;
    }

    /** Calls granted since midnight UTC. */
    public long callsToday(String account) throws SQLException {
        return database.first(TODAY, row -> row.getLong(1), account).orElse(0L);
    }

    private List<Limit> limitsOf(String account) {
        List<Limit> found = limits.get(account);
        if (found == null) {
            throw new IllegalArgumentException("There is no account '" + account + "'; the accounts are "
                    + String.join(", ", limits.keySet()) + ". Accounts are named in application.properties as"
                    + " sluice.account.NAME.crm.");
        }
        return found;
    }
}
