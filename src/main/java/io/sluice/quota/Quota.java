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

    private final Database database;
    private final Ledger ledger;
    private final Limits limits;
    private final Duration callTimeout;
    private final Duration lateDelivery;
    private volatile Duration longestRetryAfter = Duration.ofHours(1);

    /**
     * @param callTimeout  after which a call's connection is closed
     * @param lateDelivery how long after that its request can still reach the server
     */
    public Quota(Database database, Limits limits, Duration callTimeout, Duration lateDelivery) {
        this.database = database;
        this.ledger = new Ledger(database);
        this.limits = limits;
        this.callTimeout = callTimeout;
        this.lateDelivery = lateDelivery;
    }

    /** No CRM is believed that it wants to be left alone for longer than this, its long limits' windows apart. */
    public void capRetryAfter(Duration longest) {
        longestRetryAfter = longest;
    }

    /** Of a limit of a day it is the day, of all others the setting. */
    private ThrottleSignal capped(Pool pool, ThrottleSignal throttleSignal) {
        Duration longest = !throttleSignal.kind().equals(ThrottleSignal.DAILY) ? longestRetryAfter
                : pool.meters().stream().map(scopedLimit -> scopedLimit.limit().window()).max(Comparator.naturalOrder())
                        .filter(window -> window.compareTo(longestRetryAfter) > 0).orElse(longestRetryAfter);
        return throttleSignal.retryAfter().compareTo(longest) <= 0 ? throttleSignal : new ThrottleSignal(throttleSignal.kind(), longest);
    }

    /** A person resumes the account: what a refusal asked for is not waited for, the next call tries. */
    public void tryNow(String account) throws SQLException {
        Pool pool = limits.pool(account);
        database.transaction(connection -> {
            ThrottleStore.tryNow(connection, pool);
            return null;
        });
    }

    /** The time after which a call that was granted now can't reach the server any more. */
    public Duration longestCall() {
        return callTimeout.plus(lateDelivery);
    }

    /** A permit for a call that may write, if every limit allows one now. */
    public Optional<Permit> grant(String account, String operation, Priority priority) throws SQLException {
        return ask(new CallRequest(account, operation, priority, false)) instanceof Decision.Granted granted
                ? Optional.of(granted.permit()) : Optional.empty();
    }

    /**
     * Asks for leave to make one call now: it takes a place of every limit that applies to it, or none. Of a pool's
     * members that may go, one that is kept for reading does before all others, else the one with the most left.
     */
    public Decision ask(CallRequest callRequest) throws SQLException {
        Pool pool = limits.pool(callRequest.account());
        Decision decision = database.transaction(connection -> {
            ThrottleStore.Known refusals = ThrottleStore.inTurn(connection, pool);
            List<Candidate> candidates = candidates(connection, pool, callRequest, refusals);
            Optional<Candidate> best = candidates.stream().filter(candidate -> candidate.hold() == null)
                    .max(Comparator.comparing((Candidate candidate) -> candidate.member().readsOnly())
                            .thenComparing(Candidate::left));
            return best.isPresent() ? granted(connection, pool, callRequest, best.get())
                    : Decision.Held.of(candidates.stream().map(Candidate::hold)
                            .min(Comparator.comparing(Deferral::until)).orElseThrow(), refusals.now());
        });
        if (decision instanceof Decision.Granted) {
            ledger.flush();
        }
        return decision;
    }

    /**
     * A member that could make the call.
     *
     * @param hold why it may not now, or null
     * @param left the part of its tightest limit that is free
     */
    private record Candidate(PoolMember member, ThrottleStore.Known refusals, Deferral hold, double left) {
    }

    private static List<Candidate> candidates(Connection connection, Pool pool, CallRequest callRequest, ThrottleStore.Known known)
            throws SQLException {
        List<PoolMember> members = pool.allowed(callRequest);
        Map<ScopedLimit, WindowUsage> counts = Ledger.count(connection, members.stream().flatMap(it -> pool.meters(it).stream())
                .distinct().filter(scopedLimit -> scopedLimit.appliesTo(callRequest.operation())).toList());
        int cost = pool.cost(callRequest.operation());
        return members.stream().map(member -> {
            ThrottleStore.Known refusals = known.concerning(pool, member, callRequest.operation());
            Deferral hold = refusals.hold().orElse(null);
            double left = 1;
            for (ScopedLimit scopedLimit : pool.meters(member)) {
                WindowUsage windowUsage = counts.get(scopedLimit);
                if (windowUsage != null) {
                    Limit limit = scopedLimit.limit().corrected(windowUsage.reportedMax()).slowed(refusals.rate());
                    hold = later(hold, WindowRule.check(scopedLimit.limit().slowed(refusals.rate()), limit, windowUsage,
                            callRequest.priority(), cost).orElse(null));
                    left = Math.min(left, WindowRule.left(limit, windowUsage));
                }
            }
            return new Candidate(member, refusals, hold, left);
        }).toList();
    }

    private static Deferral later(Deferral one, Deferral other) {
        return one == null || other != null && other.until().isAfter(one.until()) ? other : one;
    }

    private Decision granted(Connection connection, Pool pool, CallRequest callRequest, Candidate chosen) throws SQLException {
        String member = chosen.member().name();
        long id = Ledger.grant(connection, member, callRequest, pool.cost(callRequest.operation()), longestCall());
        Optional<ThrottleStore.Kept> probed = chosen.refusals().probed();
        if (probed.isPresent()) {
            ThrottleStore.keep(connection, probed.get().account(),
                    probed.get().storm().probing(id, chosen.refusals().now().plus(longestCall())));
        }
        return new Decision.Granted(new Permit(id, callRequest.account(), member, callRequest.operation(), callRequest.priority(),
                probed.map(kept -> kept.storm().kind()).orElse(null)));
    }

    /**
     * Says how a granted call ended.
     *
     * @return the storm that begins, goes on or ends with it; nothing for the calls of a usual day, and for those that
     *         were under way when a storm began
     */
    public Optional<ThrottleState> report(Permit permit, CallReport callReport) throws SQLException {
        ledger.report(permit, callReport);
        boolean through = callReport.refusal() == null && callReport.status() != CallReport.LOST;
        if (through ? permit.probe() == null : callReport.refusal() == null) {
            return Optional.empty();
        }
        return weather(permit, through ? permit.probe() : callReport.refusal().kind(), callReport.refusal());
    }

    /** @param throttleSignal null where the call got through, and so ended the storm of this kind that it was to try */
    private Optional<ThrottleState> weather(Permit permit, String kind, ThrottleSignal throttleSignal) throws SQLException {
        Pool pool = limits.pool(permit.account());
        String concerned = pool.concerned(permit.member(), kind);
        return database.transaction(connection -> {
            ThrottleStore.Known known = ThrottleStore.inTurn(connection, pool);
            ThrottleState before = known.find(concerned, kind);
            boolean probe = before != null && before.probe() != null && before.probe() == permit.id();
            ThrottleState after = null;
            if (throttleSignal == null && probe) {
                after = before.over(known.now());
            } else if (throttleSignal != null && (probe || before == null || before.isOver())) {
                after = ThrottleState.refused(before, capped(pool, throttleSignal), known.now(), Math::random);
            }
            if (after != null) {
                ThrottleStore.keep(connection, concerned, after);
            }
            return Optional.ofNullable(after);
        });
    }

    /**
     * Gives back the permit of a call that was never made because its member's login was refused, and leaves that member
     * out: one call at a time finds out whether it is taken again.
     *
     * @return whether there are other members, which make the calls meanwhile
     */
    public boolean leaveOut(Permit permit) throws SQLException {
        ledger.cancel(permit);
        boolean others = limits.pool(permit.account()).members().size() > 1;
        if (others) {
            weather(permit, ThrottleSignal.SIGN_IN, new ThrottleSignal(ThrottleSignal.SIGN_IN, Duration.ZERO));
        }
        return others;
    }

    /** Gives back a permit whose call was never made. */
    public void cancel(Permit permit) throws SQLException {
        ledger.cancel(permit);
        if (permit.probe() != null) {
            database.transaction(connection -> {
                ThrottleStore.leave(connection, permit);
                return null;
            });
        }
    }

    /** The refusals that go on now. */
    public List<ThrottleState> storms(String account) throws SQLException {
        Pool pool = limits.pool(account);
        return database.transaction(connection -> ThrottleStore.of(connection, pool).storms()).stream()
                .map(ThrottleStore.Kept::storm).filter(storm -> !storm.isOver()).toList();
    }

    /**
     * Keeps what the CRM itself said of a limit; other integrations spend it too.
     *
     * @param member that it answered
     */
    public void reported(String account, String member, String limit, long max, long used) throws SQLException {
        ledger.reported(limits.pool(account).owner(member, limit), limit, max, used);
    }

    /** The part of an account's long limits that is used, 0 to 1 and beyond: that of the fullest. */
    public double spent(String account) throws SQLException {
        return usage(account).stream().filter(LimitUsage::isLong).mapToInt(LimitUsage::percent).max().orElse(0) / 100.0;
    }

    /** Each limit of an account, or of a pool and its members, how full it is and whom it stops. */
    public List<LimitUsage> usage(String account) throws SQLException {
        Pool pool = limits.pool(account);
        List<ScopedLimit> meters = pool.meters();
        return database.transaction(connection -> {
            Map<ScopedLimit, WindowUsage> counts = Ledger.count(connection, meters);
            List<LimitUsage> usages = new ArrayList<>();
            for (ScopedLimit scopedLimit : meters) {
                UsageHistory usageHistory = scopedLimit.limit().isLong() ? Ledger.history(connection, scopedLimit) : null;
                usages.add(LimitUsage.of(scopedLimit, counts.get(scopedLimit), usageHistory));
            }
            return usages;
        });
    }

    /** What work of this priority may still spend of an account's long windows. */
    public Budget budget(String account, Priority priority) throws SQLException {
        Pool pool = limits.pool(account);
        List<ScopedLimit> meters = pool.meters().stream().filter(scopedLimit -> scopedLimit.limit().isLong()).toList();
        return Budget.of(pool, database.transaction(connection -> Ledger.count(connection, meters)), priority);
    }

    /**
     * Takes old calls out of the ledger, but none that a limit or its forecast still counts.
     *
     * @return how many
     */
    public long forget(Duration keep) throws SQLException {
        Duration counted = limits.all().stream().flatMap(pool -> pool.meters().stream())
                .map(scopedLimit -> scopedLimit.limit().window()).max(Comparator.naturalOrder()).orElse(Duration.ZERO)
                .plus(longestCall()).multipliedBy(2);
        return ledger.forget(keep.compareTo(counted) > 0 ? keep : counted);
    }

    /** Calls granted since midnight UTC. */
    public long callsToday(String account) throws SQLException {
        return ledger.today(limits.pool(account).members().stream().map(PoolMember::name).toList());
    }
}
