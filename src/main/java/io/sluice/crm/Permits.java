package io.sluice.crm;

import io.sluice.Priority;
import io.sluice.outbox.Lease;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.CallReport;
import io.sluice.quota.CallRequest;
import io.sluice.quota.Decision;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
import io.sluice.quota.ThrottleSignal;
import io.sluice.quota.ThrottleState;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The permit before and the report after a call, as steps of a route. A route that took its permit before it claimed
 * its work hands it to the Kamelet in the header {@value #PERMIT}; any other waits here for one. A paused account gets
 * none, but what began before ends as ever, however many calls it takes: half a delete helps nobody.
 */
public final class Permits {

    public static final String PERMIT = "SluicePermit";

    /**
     * Set when the call certainly did nothing and no record is at fault: a limit of the CRM's refused it, the account is
     * not let in, or it was not made.
     */
    public static final String REFUSED = "SluiceThrottled";

    /** Exchange property, the priority of work that has begun: a pause or a mark does not stop it half-way. */
    public static final String BEGUN = "SluiceBegun";

    /** Header with the login that makes the call: the account itself, or a member of the pool that it is. */
    public static final String MEMBER = "SluiceMember";

    private static final Logger LOG = LoggerFactory.getLogger(Permits.class);

    /** How often one who waits looks whether something more urgent is wanted. */
    private static final Duration LOOK = Duration.ofMillis(20);

    /** How long a call waits for its place before it looks whether its account was paused. */
    private static final Duration TURN = Duration.ofMillis(250);

    /** What is wanted now, or nothing any more. */
    @FunctionalInterface
    public interface Wanted {
        Optional<CallRequest> now() throws SQLException;
    }

    private final Quota quota;
    private final PauseStore pauseStore;
    private final RateCaps rateCaps = new RateCaps();

    public Permits(Quota quota, PauseStore pauseStore) {
        this.quota = quota;
        this.pauseStore = pauseStore;
    }

    /**
     * Waits for a permit for what is wanted, until nothing is wanted any more, or no place comes free in time. What
     * is held is not asked for again before its time, unless something more urgent is wanted by then.
     */
    public Optional<Permit> await(Wanted wanted, Duration atMost) throws SQLException, InterruptedException {
        long ends = System.nanoTime() + atMost.toNanos();
        Optional<CallRequest> callRequest = wanted.now();
        while (callRequest.isPresent()) {
            long wait = rateCaps.take(callRequest.get());
            if (wait == 0) {
                Decision decision = ask(callRequest.get());
                if (decision instanceof Decision.Granted granted) {
                    return Optional.of(granted.permit());
                }
                wait = ((Decision.Deferred) decision).retryAfterMillis() * 1_000_000;
            }
            long free = System.nanoTime() + wait;
            if (free - ends > 0) {
                return Optional.empty();
            }
            callRequest = moreUrgent(wanted, callRequest.get(), free);
        }
        return Optional.empty();
    }

    private Decision ask(CallRequest callRequest) throws SQLException {
        boolean granted = false;
        try {
            Decision decision = quota.request(callRequest);
            granted = decision instanceof Decision.Granted;
            return decision;
        } finally {
            if (!granted) {
                rateCaps.giveBack(callRequest);
            }
        }
    }

    /** What is wanted when the place is free, or before that when it is more urgent than what waits. */
    private static Optional<CallRequest> moreUrgent(Wanted wanted, CallRequest held, long free)
            throws SQLException, InterruptedException {
        Optional<CallRequest> callRequest = Optional.of(held);
        for (long left = free - System.nanoTime(); left > 0; left = free - System.nanoTime()) {
            Thread.sleep(Math.min(left / 1_000_000 + 1, LOOK.toMillis()));
            callRequest = wanted.now();
            if (callRequest.isEmpty() || callRequest.get().priority().compareTo(held.priority()) < 0) {
                return callRequest;
            }
        }
        return callRequest;
    }

    /**
     * Waits for a permit unless the caller brought one, and says in the header {@value #MEMBER} who makes the call.
     *
     * @param httpMethod a GET changes nothing, so that members may make it who are kept for reading
     */
    public void require(Exchange exchange, String account, String operation, String httpMethod)
            throws SQLException, InterruptedException {
        Permit permit = exchange.getMessage().getHeader(PERMIT) instanceof Permit brought ? brought : null;
        if (permit == null) {
            Priority begun = exchange.getProperty(BEGUN, Priority.class);
            permit = next(exchange, new CallRequest(account, operation, begun == null ? Priority.NORMAL : begun,
                    "GET".equals(httpMethod)), begun != null);
            exchange.getMessage().setHeader(PERMIT, permit);
        } else {
            exchange.setProperty(BEGUN, permit.priority());
        }
        exchange.getMessage().setHeader(MEMBER, permit.member());
    }

    /**
     * The same under an engineer's own cap, which is that of all Kamelets that call the account: those who read share one,
     * and those who write the other. Its place is taken with the permit, before anything is claimed.
     *
     * @param callsPerSecond of this operation; of several the least counts
     */
    public void require(Exchange exchange, String account, String operation, String httpMethod, int callsPerSecond)
            throws SQLException, InterruptedException {
        rateCaps.limit(account, "GET".equals(httpMethod), operation, callsPerSecond);
        require(exchange, account, operation, httpMethod);
    }

    /** Directly before a call: that no other sender can have its records before it is over. */
    public void requireLease(Exchange exchange) throws SQLException, LeaseExpired {
        if (exchange.getMessage().getHeader(Lease.HEADER) instanceof Lease lease && !lease.coversCall()) {
            throw new LeaseExpired();
        }
    }

    private Permit next(Exchange exchange, CallRequest callRequest, boolean begun) throws SQLException, InterruptedException {
        while (exchange.getContext().isRunAllowed()) {
            if (begun || pauseStore.find(Kind.ACCOUNT, callRequest.account()).isEmpty()) {
                Optional<Permit> found = await(() -> Optional.of(callRequest), TURN);
                if (found.isPresent()) {
                    return found.get();
                }
            }
            Thread.sleep(LOOK.toMillis());
        }
        throw new IllegalStateException("Sluice is stopping; no call to " + callRequest.account() + " was made");
    }

    /** Reports the call and takes the permit off the message: it is spent. */
    public void report(Exchange exchange, CallReport callReport) throws SQLException {
        if (exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) {
            quota.report(permit, callReport).filter(Permits::isLimit).ifPresent(throttleState -> tell(permit.account(), throttleState));
        }
        if (callReport.signal() != null) {
            exchange.getMessage().setHeader(REFUSED, true);
        }
    }

    /** Of an account that is not let in, {@link Accounts} says so, in the CRM's words. */
    private static boolean isLimit(ThrottleState throttleState) {
        return new ThrottleSignal(throttleState.kind(), Duration.ZERO).isLimit();
    }

    private static void tell(String account, ThrottleState throttleState) {
        if (throttleState.isOver()) {
            LOG.info("Account {} takes calls again after its refusals ({}); the rate comes back within seconds.", account,
                    throttleState.kind());
        } else if (throttleState.step() == 1) {
            LOG.warn("Account {} refuses calls: its {} limit is spent, more than we counted. Nothing is lost; one call at"
                    + " a time tries again, with growing pauses.", account, throttleState.kind());
        }
    }

    /** Gives back the permit of a call that was not made. */
    public void cancel(Exchange exchange) throws SQLException {
        if (exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) {
            quota.cancel(permit);
        }
    }

    /**
     * As {@link #cancel}, of a call whose login was refused. Where the account has others, they make its calls
     * meanwhile, and what was to be sent is nobody's failure.
     *
     * @return whether it has
     */
    public boolean leaveOut(Exchange exchange, String why) throws SQLException {
        if (!(exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) || !quota.excludeMember(permit)) {
            return false;
        }
        LOG.warn("A login is refused: {}. The other members of {} make its calls; it is tried again with growing pauses.",
                why, permit.account());
        exchange.getMessage().setHeader(REFUSED, true);
        return true;
    }

    /** As {@link #cancel}, for a route that holds the permit itself. */
    public void giveBack(Permit permit) throws SQLException {
        quota.cancel(permit);
    }

    /** The part of an account's day that is used, 0 to 1 and beyond. */
    public double spent(String account) throws SQLException {
        return quota.usedPart(account);
    }

    /**
     * Hands on what the CRM said of its own count.
     *
     * @param member that it answered
     */
    public void reported(String account, String member, String limit, long max, long used) throws SQLException {
        quota.reported(account, member, limit, max, used);
    }
}
