// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Priority;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Grants the permits of all accounts. They are kept in PostgreSQL, by PostgreSQL's clock, so that replicas share them and a
 * crash leaves them true.
 *
 * <p>The rule: a call is granted only when fewer than {@code max} calls are in flight or completed within the last
 * {@code window}. The server counted a call before its answer arrived, so no window of the server can hold more than
 * {@code max}, whatever the network does. A call without an answer counts as completed when its timeout and the maximum
 * delay of a late request are over.
 *
 * <p>Example: with 190 calls per 10 s, 190 calls that were answered at 12:00:03 defer the next call to 12:00:13.
 */
public final class Quota {

    private final Database database;
    private final Ledger ledger;
    private final Limits limits;
    private final Duration callTimeout;
    private final Duration lateDelivery;
    /** The operation of a permit for writes of the outbox, as in {@code for write}. */
    private static final String WRITE = "write";

    private volatile Duration maxRetryAfter = Duration.ofHours(1);

    /**
     * @param callTimeout  time after which a call's connection is closed
     * @param lateDelivery maximum time after that in which its request can still reach the server
     */
    public Quota(Database database, Limits limits, Duration callTimeout, Duration lateDelivery) {
        this.database = database;
        this.ledger = new Ledger(database);
        this.limits = limits;
        this.callTimeout = callTimeout;
        this.lateDelivery = lateDelivery;
    }

    /** Caps the wait that a CRM asks for, except for its long limits, whose cap is their window. */
    public void capRetryAfter(Duration max) {
        maxRetryAfter = max;
    }

    /** Caps the wait of a daily limit at the day, that of all others at the setting. */
    private ThrottleSignal capped(Pool pool, ThrottleSignal throttleSignal) {
        Duration max = !throttleSignal.kind().equals(ThrottleSignal.DAILY)
                ? maxRetryAfter
                : pool.limits().stream()
                        .map(scopedLimit -> scopedLimit.limit().window())
                        .max(Comparator.naturalOrder())
                        .filter(window -> window.compareTo(maxRetryAfter) > 0)
                        .orElse(maxRetryAfter);
        return throttleSignal.retryAfter().compareTo(max) <= 0
                ? throttleSignal
                : new ThrottleSignal(throttleSignal.kind(), max);
    }

    /** Lets the next call probe at once, because a person resumed the account. */
    public void probeNow(String account) throws SQLException {
        Pool pool = limits.pool(account);
        database.transaction(connection -> {
            ThrottleStore.probeNow(connection, pool);
            return null;
        });
    }

    /** The time after which a call that is granted now can no longer reach the server. */
    public Duration maxCallTime() {
        return callTimeout.plus(lateDelivery);
    }

    /** A permit for a call that may write, if every limit allows one now. */
    public Optional<Permit> grant(String account, String operation, Priority priority) throws SQLException {
        return request(new CallRequest(account, operation, priority, false)) instanceof Decision.Granted granted
                ? Optional.of(granted.permit())
                : Optional.empty();
    }

    /**
     * Requests a permit for one call now: it counts against every limit that applies, or is deferred. Of the pool's allowed
     * members, one that is kept for reads comes first, then the one with the most left. A request takes two round trips: one
     * to lock and count, and one to grant; the lock is held between them only.
     */
    public Decision request(CallRequest callRequest) throws SQLException {
        Pool pool = limits.pool(callRequest.account());
        Decision decision = database.transaction(connection -> {
            List<PoolMember> members = pool.allowed(callRequest);
            Locked locked = lock(
                    connection,
                    pool,
                    members.stream()
                            .flatMap(it -> pool.limits(it).stream())
                            .distinct()
                            .filter(scopedLimit -> scopedLimit.appliesTo(callRequest.operation()))
                            .toList());
            List<Candidate> candidates = candidates(pool, members, callRequest, locked);
            Optional<Candidate> best = candidates.stream()
                    .filter(candidate -> candidate.deferral() == null)
                    .max(Comparator.comparing(
                                    (Candidate candidate) -> candidate.member().readsOnly())
                            .thenComparing(Candidate::left));
            return best.isPresent()
                    ? granted(connection, pool, callRequest, best.get())
                    : Decision.Deferred.of(
                            candidates.stream()
                                    .map(Candidate::deferral)
                                    .min(Comparator.comparing(Deferral::until))
                                    .orElseThrow(),
                            locked.throttles().now());
        });
        if (decision instanceof Decision.Granted granted && granted.permit().probe() != null) {
            ledger.flush();
        }
        return decision;
    }

    /** What a decision depends on, while the account's lock is held. */
    private record Locked(ThrottleStore.Throttles throttles, Map<ScopedLimit, WindowUsage> counts) {}

    /** Takes the account's lock, and then reads its throttlings and the usage of limits. */
    private static Locked lock(Connection connection, Pool pool, List<ScopedLimit> limits) throws SQLException {
        ThrottleStore.Read read = new ThrottleStore.Read();
        Database.Two<ThrottleStore.AccountThrottle, WindowUsage> rows = Database.queriesAfter(
                connection,
                ThrottleStore.TURN,
                ThrottleStore.ALL,
                read,
                Ledger.COUNT,
                Ledger::usage,
                Stream.concat(
                                Stream.of(pool.name(), ThrottleStore.accounts(pool)),
                                Stream.of(Ledger.countParameters(connection, limits)))
                        .toArray());
        return new Locked(read.known(rows.first()), Ledger.byLimit(limits, rows.second()));
    }

    /**
     * A member that could make the call.
     *
     * @param deferral reason why it may not now, or null
     * @param left free part of its tightest limit, 0 to 1
     */
    private record Candidate(PoolMember member, ThrottleStore.Throttles throttles, Deferral deferral, double left) {}

    private static List<Candidate> candidates(
            Pool pool, List<PoolMember> members, CallRequest callRequest, Locked locked) {
        int cost = pool.cost(callRequest.operation());
        return members.stream()
                .map(member -> {
                    ThrottleStore.Throttles throttles =
                            locked.throttles().concerning(pool, member, callRequest.operation());
                    Deferral deferral = throttles.deferral().orElse(null);
                    double left = 1;
                    for (ScopedLimit scopedLimit : pool.limits(member)) {
                        WindowUsage windowUsage = locked.counts().get(scopedLimit);
                        if (windowUsage != null) {
                            Limit limit = scopedLimit
                                    .limit()
                                    .corrected(windowUsage.reportedMax())
                                    .slowed(throttles.rate());
                            deferral = later(
                                    deferral,
                                    WindowRule.check(
                                                    scopedLimit.limit().slowed(throttles.rate()),
                                                    limit,
                                                    windowUsage,
                                                    callRequest.priority(),
                                                    cost)
                                            .orElse(null));
                            left = Math.min(left, WindowRule.left(limit, windowUsage));
                        }
                    }
                    return new Candidate(member, throttles, deferral, left);
                })
                .toList();
    }

    private static Deferral later(Deferral one, Deferral other) {
        return one == null || other != null && other.until().isAfter(one.until()) ? other : one;
    }

    /** Grants the call and ends the transaction, except where the throttling that it probes is to be saved too. */
    private Decision granted(Connection connection, Pool pool, CallRequest callRequest, Candidate chosen)
            throws SQLException {
        String member = chosen.member().name();
        int cost = pool.cost(callRequest.operation());
        Optional<ThrottleStore.AccountThrottle> probed = chosen.throttles().probed();
        long id;
        if (probed.isPresent()) {
            id = Ledger.grant(connection, member, callRequest, cost, maxCallTime());
            ThrottleStore.save(
                    connection,
                    probed.get().account(),
                    probed.get().state().probing(id, chosen.throttles().now().plus(maxCallTime())));
        } else {
            id = Ledger.grantAndCommit(connection, member, callRequest, cost, maxCallTime());
        }
        return new Decision.Granted(new Permit(
                id,
                callRequest.account(),
                member,
                callRequest.operation(),
                callRequest.priority(),
                probed.map(throttle -> throttle.state().kind()).orElse(null)));
    }

    /**
     * Records how a granted call ended.
     *
     * @return the throttling that begins, continues or ends with the call; empty for ordinary calls, and for calls that were
     *         under way when a throttling began
     */
    public Optional<ThrottleState> report(Permit permit, CallReport callReport) throws SQLException {
        ledger.report(permit, callReport);
        boolean succeeded = callReport.signal() == null && callReport.status() != CallReport.NO_ANSWER;
        if (succeeded ? permit.probe() == null : callReport.signal() == null) {
            return Optional.empty();
        }
        return updateThrottle(
                permit, succeeded ? permit.probe() : callReport.signal().kind(), callReport.signal());
    }

    /** @param throttleSignal null where the call succeeded, and so ended the throttling of this kind that it probed */
    private Optional<ThrottleState> updateThrottle(Permit permit, String kind, ThrottleSignal throttleSignal)
            throws SQLException {
        Pool pool = limits.pool(permit.account());
        String throttledAccount = pool.throttledAccount(permit.member(), kind);
        return database.transaction(connection -> {
            ThrottleStore.Throttles known = ThrottleStore.lock(connection, pool);
            ThrottleState before = known.find(throttledAccount, kind);
            boolean probe = before != null && before.probe() != null && before.probe() == permit.id();
            ThrottleState after = null;
            if (throttleSignal == null && probe) {
                after = before.ended(known.now());
            } else if (throttleSignal != null && (probe || before == null || before.isOver())) {
                after = ThrottleState.throttled(before, capped(pool, throttleSignal), known.now(), Math::random);
            }
            if (after != null) {
                ThrottleStore.save(connection, throttledAccount, after);
            }
            return Optional.ofNullable(after);
        });
    }

    /**
     * Cancels the permit of a call that was not made because its member's login was rejected, and excludes that member: one
     * call at a time probes whether the login works again.
     *
     * @return whether there are other members, which make the calls meanwhile
     */
    public boolean excludeMember(Permit permit) throws SQLException {
        ledger.cancel(permit);
        boolean others = limits.pool(permit.account()).members().size() > 1;
        if (others) {
            updateThrottle(permit, ThrottleSignal.SIGN_IN, new ThrottleSignal(ThrottleSignal.SIGN_IN, Duration.ZERO));
        }
        return others;
    }

    /** Cancels the permit of a call that was not made. */
    public void cancel(Permit permit) throws SQLException {
        ledger.cancel(permit);
        if (permit.probe() != null) {
            database.transaction(connection -> {
                ThrottleStore.releaseProbe(connection, permit);
                return null;
            });
        }
    }

    /** The current throttlings. */
    public List<ThrottleState> throttles(String account) throws SQLException {
        Pool pool = limits.pool(account);
        return database
                .transaction(connection -> ThrottleStore.of(connection, pool).all())
                .stream()
                .map(ThrottleStore.AccountThrottle::state)
                .filter(state -> !state.isOver())
                .toList();
    }

    /**
     * Stores the CRM's own count of a limit, which includes the calls of other integrations.
     *
     * @param member the login to which the CRM reported
     */
    public void reported(String account, String member, String limit, long max, long used) throws SQLException {
        ledger.reported(limits.pool(account).owner(member, limit), limit, max, used);
    }

    /** The used part of an account's long limits, 0 to 1 and beyond: that of the fullest. */
    public double usedPart(String account) throws SQLException {
        return usage(account).stream()
                        .filter(LimitUsage::isLong)
                        .mapToInt(LimitUsage::percent)
                        .max()
                        .orElse(0)
                / 100.0;
    }

    /** The usage of each limit of an account, or of a pool and its members, with the priorities that it stops. */
    public List<LimitUsage> usage(String account) throws SQLException {
        return database.transaction(connection -> usage(connection, account));
    }

    /** Reads the usage in a transaction of the caller. */
    public List<LimitUsage> usage(Connection connection, String account) throws SQLException {
        Pool pool = limits.pool(account);
        List<ScopedLimit> limits = pool.limits();
        Map<ScopedLimit, WindowUsage> counts = Ledger.count(connection, limits);
        List<LimitUsage> usages = new ArrayList<>();
        for (ScopedLimit scopedLimit : limits) {
            UsageHistory usageHistory = scopedLimit.limit().isLong() ? Ledger.history(connection, scopedLimit) : null;
            usages.add(LimitUsage.of(scopedLimit, counts.get(scopedLimit), usageHistory));
        }
        return usages;
    }

    /** The calls that work of this priority may still make in an account's long windows. */
    public Budget budget(String account, Priority priority) throws SQLException {
        Pool pool = limits.pool(account);
        List<ScopedLimit> limits = pool.limits().stream()
                .filter(scopedLimit -> scopedLimit.limit().isLong())
                .toList();
        return Budget.of(pool, database.transaction(connection -> Ledger.count(connection, limits)), priority);
    }

    /**
     * The most urgent priority that an account's long windows stop now, for writes; those below are stopped too. Empty where
     * none is stopped.
     */
    public Optional<Priority> stopped(String account) throws SQLException {
        Pool pool = limits.pool(account);
        List<ScopedLimit> limits = pool.limits().stream()
                .filter(scopedLimit ->
                        scopedLimit.limit().isLong() && scopedLimit.limit().appliesTo(WRITE))
                .toList();
        Map<ScopedLimit, WindowUsage> counts = database.transaction(connection -> Ledger.count(connection, limits));
        return Stream.of(Priority.values())
                .filter(priority -> Budget.of(pool, counts, priority).calls() <= 0)
                .findFirst();
    }

    /**
     * Deletes old calls from the ledger, except those that a limit or its forecast still counts.
     *
     * @return the number of deleted calls
     */
    public long deleteOldCalls(Duration retention) throws SQLException {
        Duration counted = limits.all().stream()
                .flatMap(pool -> pool.limits().stream())
                .map(scopedLimit -> scopedLimit.limit().window())
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO)
                .plus(maxCallTime())
                .multipliedBy(2);
        return ledger.deleteOlderThan(retention.compareTo(counted) > 0 ? retention : counted);
    }

    /** The number of calls granted since midnight UTC. */
    public long callsToday(String account) throws SQLException {
        return ledger.today(
                limits.pool(account).members().stream().map(PoolMember::name).toList());
    }
}
