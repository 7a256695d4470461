// SPDX-License-Identifier: Apache-2.0
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
 * Gets a permit before each call and reports the call after it, as steps of a route. A route that got its permit before
 * it claimed its work passes it to the Kamelet in the header {@value #PERMIT}; any other route waits here for one. A
 * paused account gets no permit, but an operation that has started is completed, however many calls it takes, because
 * half a delete is useless.
 */
public final class Permits {

    public static final String PERMIT = "SluicePermit";

    /**
     * Header that is set when the call certainly did nothing and no record is at fault: a limit of the CRM throttled
     * it, the login was rejected, or the call was not made.
     */
    public static final String THROTTLED = "SluiceThrottled";

    /** Exchange property with the priority of work that has started: a pause or a reserve does not stop it half-way. */
    public static final String STARTED = "SluiceStarted";

    /** Exchange property with the name of the cap that a call is under: of its account, reads or writes. */
    private static final String CAP = "SluiceCap";

    /** Header with the login that makes the call: the account itself, or a member of its pool. */
    public static final String MEMBER = "SluiceMember";

    /** Variable with the pipeline's {@link CrmCall}. */
    private static final String CALL = "call";

    private static final Logger LOG = LoggerFactory.getLogger(Permits.class);

    /** Interval at which a waiting caller checks for more urgent work. */
    private static final Duration CHECK_INTERVAL = Duration.ofMillis(20);

    /** Time that a call waits for a permit before it checks whether its account was paused. */
    private static final Duration MAX_WAIT = Duration.ofMillis(250);

    /** Returns the call that is needed now; empty when none is needed any more. */
    @FunctionalInterface
    public interface Wanted {
        Optional<CallRequest> now() throws SQLException;
    }

    private final Quota quota;
    private final PauseStore pauseStore;
    private final RateCaps rateCaps = new RateCaps();
    private volatile boolean stopping;

    public Permits(Quota quota, PauseStore pauseStore) {
        this.quota = quota;
        this.pauseStore = pauseStore;
    }

    /** Ends the pipeline's waits for permits; from now on it begins no call. An operation that has started is completed. */
    public void stop() {
        stopping = true;
    }

    /**
     * Waits for a permit for the needed call, until no call is needed any more or no permit becomes free in time. A
     * deferred call is not requested again before its time, unless a more urgent call is needed by then. A process that stops
     * needs no call.
     *
     * @param wanted the call that is needed
     * @param atMost the maximum wait
     */
    public Optional<Permit> await(Wanted wanted, Duration atMost) throws SQLException, InterruptedException {
        return await(() -> stopping ? Optional.empty() : wanted.now(), atMost, false);
    }

    /** @param throttled whether the call has waited for its slot in the throttle of the Kamelets */
    private Optional<Permit> await(Wanted wanted, Duration atMost, boolean throttled)
            throws SQLException, InterruptedException {
        long ends = System.nanoTime() + atMost.toNanos();
        Optional<CallRequest> callRequest = wanted.now();
        while (callRequest.isPresent()) {
            long wait = throttled ? 0 : rateCaps.take(callRequest.get());
            if (wait == 0) {
                Decision decision = ask(callRequest.get(), throttled);
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

    private Decision ask(CallRequest callRequest, boolean throttled) throws SQLException {
        boolean granted = false;
        try {
            Decision decision = quota.request(callRequest);
            granted = decision instanceof Decision.Granted;
            return decision;
        } finally {
            if (throttled && granted) {
                rateCaps.count(callRequest);
            } else if (!throttled && !granted) {
                rateCaps.giveBack(callRequest);
            }
        }
    }

    /**
     * Returns the call that is needed when the permit may be free, or earlier if it is more urgent than the waiting
     * call.
     */
    private static Optional<CallRequest> moreUrgent(Wanted wanted, CallRequest held, long free)
            throws SQLException, InterruptedException {
        Optional<CallRequest> callRequest = Optional.of(held);
        for (long left = free - System.nanoTime(); left > 0; left = free - System.nanoTime()) {
            Thread.sleep(Math.min(left / 1_000_000 + 1, CHECK_INTERVAL.toMillis()));
            callRequest = wanted.now();
            if (callRequest.isEmpty() || callRequest.get().priority().compareTo(held.priority()) < 0) {
                return callRequest;
            }
        }
        return callRequest;
    }

    /**
     * Waits for a permit unless the caller provided one, and names the login that makes the call in the header {@value
     * #MEMBER}.
     *
     * @param httpMethod the HTTP method; a GET changes nothing, so read-only members may make it
     */
    public void require(Exchange exchange, String account, String operation, String httpMethod)
            throws SQLException, InterruptedException {
        Permit permit = exchange.getMessage().getHeader(PERMIT) instanceof Permit provided ? provided : null;
        if (permit == null) {
            Priority started = exchange.getProperty(STARTED, Priority.class);
            permit = next(
                    exchange,
                    new CallRequest(
                            account, operation, started == null ? Priority.NORMAL : started, "GET".equals(httpMethod)),
                    started != null);
            exchange.getMessage().setHeader(PERMIT, permit);
        } else {
            exchange.setProperty(STARTED, permit.priority());
        }
        exchange.getMessage().setHeader(MEMBER, permit.member());
    }

    /**
     * Sets the user's own rate cap, which all Kamelets that call the account share, separately for reads and writes.
     *
     * @param callsPerSecond the cap of this operation; the smallest cap of all operations counts
     */
    public void cap(Exchange exchange, String account, String operation, String httpMethod, int callsPerSecond) {
        // that of an earlier call of the route
        exchange.getMessage().removeHeader(MEMBER);
        String called = exchange.getMessage().getHeader(PERMIT) instanceof Permit permit ? permit.account() : account;
        exchange.setProperty(CAP, rateCaps.limit(called, "GET".equals(httpMethod), operation, callsPerSecond));
    }

    /** Returns the cap that the call is under, in calls per second. */
    public int callsPerSecond(Exchange exchange) {
        return rateCaps.callsPerSecond(exchange.getProperty(CAP, String.class));
    }

    /** Checks directly before a call that no other sender can hold the lease of its records until the call ends. */
    public void requireLease(Exchange exchange) throws SQLException, LeaseExpired {
        if (exchange.getMessage().getHeader(Lease.HEADER) instanceof Lease lease && !lease.coversCall()) {
            throw new LeaseExpired();
        }
    }

    private Permit next(Exchange exchange, CallRequest callRequest, boolean started)
            throws SQLException, InterruptedException {
        while (exchange.getContext().isRunAllowed()) {
            if (started || pauseStore.find(Kind.ACCOUNT, callRequest.account()).isEmpty()) {
                Optional<Permit> found = await(() -> Optional.of(callRequest), MAX_WAIT, !started);
                if (found.isPresent()) {
                    return found.get();
                }
            }
            Thread.sleep(CHECK_INTERVAL.toMillis());
        }
        throw new IllegalStateException("Sluice is stopping; no call to " + callRequest.account() + " was made");
    }

    /** Reports the call and removes its used permit from the message. */
    public void report(Exchange exchange, CallReport callReport) throws SQLException {
        if (exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) {
            CallReport whole =
                    exchange.getVariable(CALL) instanceof CrmCall call ? callReport.about(call.objects()) : callReport;
            quota.report(permit, whole)
                    .filter(Permits::isLimit)
                    .ifPresent(throttleState -> log(permit.account(), throttleState));
        }
        if (callReport.signal() != null) {
            exchange.getMessage().setHeader(THROTTLED, true);
        }
    }

    /** Tells whether the state is about a limit; {@link Accounts} reports a rejected login, with the CRM's message. */
    private static boolean isLimit(ThrottleState throttleState) {
        return new ThrottleSignal(throttleState.kind(), Duration.ZERO).isLimit();
    }

    private static void log(String account, ThrottleState throttleState) {
        if (throttleState.isOver()) {
            LOG.info(
                    "Account {} is no longer throttled ({}); the call rate recovers within seconds.",
                    account,
                    throttleState.kind());
        } else if (throttleState.step() == 1) {
            LOG.warn(
                    "Account {} is throttled: its {} limit is used up, by more calls than Sluice made. No change is lost; one call at"
                            + " a time is tried, with growing backoff.",
                    account,
                    throttleState.kind());
        }
    }

    /** Returns the permit of a call that was not made. */
    public void cancel(Exchange exchange) throws SQLException {
        if (exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) {
            quota.cancel(permit);
        }
    }

    /**
     * Returns the permit of a call whose login was rejected. If the account has other logins, they make its calls
     * meanwhile, and no record fails.
     *
     * @return whether the account has other logins
     */
    public boolean leaveOut(Exchange exchange, String why) throws SQLException {
        if (!(exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) || !quota.excludeMember(permit)) {
            return false;
        }
        LOG.warn(
                "Login rejected: {}. The other members of {} make its calls; the login is tried again with growing backoff.",
                why,
                permit.account());
        exchange.getMessage().setHeader(THROTTLED, true);
        return true;
    }

    /** Returns the permit that a route holds itself. */
    public void giveBack(Permit permit) throws SQLException {
        quota.cancel(permit);
    }

    /** Returns the used part of an account's daily quota, from 0 to 1 and beyond. */
    public double spent(String account) throws SQLException {
        return quota.usedPart(account);
    }

    /**
     * Passes the usage that the CRM reported to the quota.
     *
     * @param member the login whose call was answered
     */
    public void reported(String account, String member, String limit, long max, long used) throws SQLException {
        quota.reported(account, member, limit, max, used);
    }
}
