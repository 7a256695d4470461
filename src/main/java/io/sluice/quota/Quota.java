package io.sluice.quota;

import io.sluice.Priority;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

    private static final String GRANT = """
            insert into sluice.api_call (account, operation, priority, granted_at, expires_at)
            select ?, ?, ?, clock_timestamp(), clock_timestamp() + ? * interval '1 millisecond'
            where not exists (
                select from unnest(?::bigint[], ?::bigint[]) as lim(max_calls, window_ms)
                where (select count(*) from (
                           select from sluice.api_call
                           where account = ?
                             and coalesce(completed_at, expires_at)
                                 > clock_timestamp() - lim.window_ms * interval '1 millisecond'
                           limit lim.max_calls) as counted) >= lim.max_calls)
            returning id""";

    private static final String REPORT = """
            update sluice.api_call
            set completed_at = case when ? > 0 then clock_timestamp() end, operation = ?, status = ?, records = ?, bytes = ?
            where id = ?""";

    private static final String CANCEL = "delete from sluice.api_call where id = ? and status is null";

    private static final String USED = """
            select count(*) from sluice.api_call
            where account = ?
              and coalesce(completed_at, expires_at) > clock_timestamp() - ? * interval '1 millisecond'""";

    private static final String REPORTED = """
            insert into sluice.quota as q (account, name, max, used, reported_at)
            values (?, ?, ?, ?, clock_timestamp())
            on conflict (account, name) do update
            set max = excluded.max, used = excluded.used, reported_at = excluded.reported_at""";

    private static final String LAST_REPORT = """
            select used from sluice.quota
            where account = ? and name = ? and reported_at > clock_timestamp() - ? * interval '1 millisecond'""";

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
        List<Limit> limitsOfAccount = limitsOf(account);
        Long[] max = limitsOfAccount.stream().map(Limit::max).toArray(Long[]::new);
        Long[] windows = limitsOfAccount.stream().map(it -> it.window().toMillis()).toArray(Long[]::new);
        return database.transaction(connection -> {
            Database.query(connection, TURN, row -> null, account);
            return Database.query(connection, GRANT,
                    row -> new Permit(row.getLong(1), account, operation, priority),
                    account, operation, priority.rank(), longestCall().toMillis(),
                    connection.createArrayOf("bigint", max), connection.createArrayOf("bigint", windows), account)
                    .stream().findFirst();
        });
    }

    /** Says how a granted call ended. */
    public void report(Permit permit, Answer answer) throws SQLException {
        database.update(REPORT, answer.status(), answer.operation(), answer.status(), answer.records(), answer.bytes(),
                permit.id());
    }

    /** Gives back a permit whose call was never made. */
    public void cancel(Permit permit) throws SQLException {
        database.update(CANCEL, permit.id());
    }

    /** Keeps what the CRM itself said of a limit; other integrations spend it too. */
    public void reported(String account, String limit, long max, long used) throws SQLException {
        database.update(REPORTED, account, limit, max, used);
    }

    /** Each limit of an account and how full it is. */
    public List<Usage> usage(String account) throws SQLException {
        List<Usage> usages = new ArrayList<>();
        for (Limit limit : limitsOf(account)) {
            long windowMs = limit.window().toMillis();
            long counted = database.first(USED, row -> row.getLong(1), account, windowMs).orElse(0L);
            Long reported = database.first(LAST_REPORT, row -> row.getLong(1), account, limit.name(), windowMs)
                    .orElse(null);
            usages.add(new Usage(limit.name(), limit.max(), limit.window(),
                    reported == null ? counted : Math.max(counted, reported), reported));
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
