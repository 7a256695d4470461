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
    private Refusal capped(Pool pool, Refusal refusal) {
        Duration longest = !refusal.kind().equals(Refusal.DAILY) ? longestRetryAfter
                : pool.meters().stream().map(meter -> meter.limit().window()).max(Comparator.naturalOrder())
                        .filter(window -> window.compareTo(longestRetryAfter) > 0).orElse(longestRetryAfter);
        return refusal.retryAfter().compareTo(longest) <= 0 ? refusal : new Refusal(refusal.kind(), longest);
    }

    /** A person resumes the account: what a refusal asked for is not waited for, the next call tries. */
    public void tryNow(String account) throws SQLException {
        Pool pool = limits.pool(account);
        database.transaction(connection -> {
            Refusals.tryNow(connection, pool);
            return null;
        });
    }

    /** The time after which a call that was granted now can't reach the server any more. */
    public Duration longestCall() {
        return callTimeout.plus(lateDelivery);
    }

    /** A permit for a call that may write, if every limit allows one now. */
    public Optional<Permit> grant(String account, String operation, Priority priority) throws SQLException {
        return ask(new Call(account, operation, priority, false)) instanceof Verdict.Granted granted
                ? Optional.of(granted.permit()) : Optional.empty();
    }

    /**
     * Asks for leave to make one call now: it takes a place of every limit that applies to it, or none. Of a pool's
     * members that may go, one that is kept for reading does before all others, else the one with the most left.
     */
    public Verdict ask(Call call) throws SQLException {
        Pool pool = limits.pool(call.account());
        Verdict verdict = database.transaction(connection -> {
            Refusals.Known refusals = Refusals.inTurn(connection, pool);
            List<Candidate> candidates = candidates(connection, pool, call, refusals);
            Optional<Candidate> best = candidates.stream().filter(candidate -> candidate.hold() == null)
                    .max(Comparator.comparing((Candidate candidate) -> candidate.member().readsOnly())
                            .thenComparing(Candidate::left));
            return best.isPresent() ? granted(connection, pool, call, best.get())
                    : Verdict.Held.of(candidates.stream().map(Candidate::hold)
                            .min(Comparator.comparing(Hold::until)).orElseThrow(), refusals.now());
        });
        if (verdict instanceof Verdict.Granted) {
            ledger.flush();
        }
        return verdict;
    }

    /**
     * A member that could make the call.
     *
     * @param hold why it may not now, or null
     * @param left the part of its tightest limit that is free
     */
    private record Candidate(Member member, Refusals.Known refusals, Hold hold, double left) {
    }

    private static List<Candidate> candidates(Connection connection, Pool pool, Call call, Refusals.Known known)
            throws SQLException {
        List<Member> members = pool.allowed(call);
        Map<Meter, Count> counts = Ledger.count(connection, members.stream().flatMap(it -> pool.meters(it).stream())
                .distinct().filter(meter -> meter.appliesTo(call.operation())).toList());
        int cost = pool.cost(call.operation());
        return members.stream().map(member -> {
            Refusals.Known refusals = known.concerning(pool, member, call.operation());
            Hold hold = refusals.hold().orElse(null);
            double left = 1;
            for (Meter meter : pool.meters(member)) {
                Count count = counts.get(meter);
                if (count != null) {
                    Limit limit = meter.limit().corrected(count.reportedMax()).slowed(refusals.rate());
                    hold = later(hold, Rule.check(meter.limit().slowed(refusals.rate()), limit, count,
                            call.priority(), cost).orElse(null));
                    left = Math.min(left, Rule.left(limit, count));
                }
            }
            return new Candidate(member, refusals, hold, left);
        }).toList();
    }

    private static Hold later(Hold one, Hold other) {
        return one == null || other != null && other.until().isAfter(one.until()) ? other : one;
    }

    private Verdict granted(Connection connection, Pool pool, Call call, Candidate chosen) throws SQLException {
        String member = chosen.member().name();
        long id = Ledger.grant(connection, member, call, pool.cost(call.operation()), longestCall());
        Optional<Refusals.Kept> probed = chosen.refusals().probed();
        if (probed.isPresent()) {
            Refusals.keep(connection, probed.get().account(),
                    probed.get().storm().probing(id, chosen.refusals().now().plus(longestCall())));
        }
        return new Verdict.Granted(new Permit(id, call.account(), member, call.operation(), call.priority(),
                probed.map(kept -> kept.storm().kind()).orElse(null)));
    }

    /**
     * Says how a granted call ended.
     *
     * @return the storm that begins, goes on or ends with it; nothing for the calls of a usual day, and for those that
     *         were under way when a storm began
     */
    public Optional<Storm> report(Permit permit, Answer answer) throws SQLException {
        ledger.report(permit, answer);
        boolean through = answer.refusal() == null && answer.status() != Answer.LOST;
        if (through ? permit.probe() == null : answer.refusal() == null) {
            return Optional.empty();
        }
        return weather(permit, through ? permit.probe() : answer.refusal().kind(), answer.refusal());
    }

    /** @param refusal null where the call got through, and so ended the storm of this kind that it was to try */
    private Optional<Storm> weather(Permit permit, String kind, Refusal refusal) throws SQLException {
        Pool pool = limits.pool(permit.account());
        String concerned = pool.concerned(permit.member(), kind);
        return database.transaction(connection -> {
            Refusals.Known known = Refusals.inTurn(connection, pool);
            Storm before = known.find(concerned, kind);
            boolean probe = before != null && before.probe() != null && before.probe() == permit.id();
            Storm after = null;
            if (refusal == null && probe) {
                after = before.over(known.now());
            } else if (refusal != null && (probe || before == null || before.isOver())) {
                after = Storm.refused(before, capped(pool, refusal), known.now(), Math::random);
            }
            if (after != null) {
                Refusals.keep(connection, concerned, after);
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
            weather(permit, Refusal.SIGN_IN, new Refusal(Refusal.SIGN_IN, Duration.ZERO));
        }
        return others;
    }

    /** Gives back a permit whose call was never made. */
    public void cancel(Permit permit) throws SQLException {
        ledger.cancel(permit);
        if (permit.probe() != null) {
            database.transaction(connection -> {
                Refusals.leave(connection, permit);
                return null;
            });
        }
    }

    /** The refusals that go on now. */
    public List<Storm> storms(String account) throws SQLException {
        Pool pool = limits.pool(account);
        return database.transaction(connection -> Refusals.of(connection, pool).storms()).stream()
                .map(Refusals.Kept::storm).filter(storm -> !storm.isOver()).toList();
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
        return usage(account).stream().filter(Usage::isLong).mapToInt(Usage::percent).max().orElse(0) / 100.0;
    }

    /** Each limit of an account, or of a pool and its members, how full it is and whom it stops. */
    public List<Usage> usage(String account) throws SQLException {
        Pool pool = limits.pool(account);
        List<Meter> meters = pool.meters();
        return database.transaction(connection -> {
            Map<Meter, Count> counts = Ledger.count(connection, meters);
            List<Usage> usages = new ArrayList<>();
            for (Meter meter : meters) {
                History history = meter.limit().isLong() ? Ledger.history(connection, meter) : null;
                usages.add(Usage.of(meter, counts.get(meter), history));
            }
            return usages;
        });
    }

    /** What work of this priority may still spend of an account's long windows. */
    public Budget budget(String account, Priority priority) throws SQLException {
        Pool pool = limits.pool(account);
        List<Meter> meters = pool.meters().stream().filter(meter -> meter.limit().isLong()).toList();
        return Budget.of(pool, database.transaction(connection -> Ledger.count(connection, meters)), priority);
    }

    /**
     * Takes old calls out of the ledger, but none that a limit or its forecast still counts.
     *
     * @return how many
     */
    public long forget(Duration keep) throws SQLException {
        Duration counted = limits.all().stream().flatMap(pool -> pool.meters().stream())
                .map(meter -> meter.limit().window()).max(Comparator.naturalOrder()).orElse(Duration.ZERO)
                .plus(longestCall()).multipliedBy(2);
        return ledger.forget(keep.compareTo(counted) > 0 ? keep : counted);
    }

    /** Calls granted since midnight UTC. */
    public long callsToday(String account) throws SQLException {
        return ledger.today(limits.pool(account).members().stream().map(Member::name).toList());
    }
}
