// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.sluice.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the accounts and whether their CRMs can be reached. Each account has one circuit breaker: an account that does not
 * answer, or whose answer concerns the whole account (401, 403, 406, 420, 429, 5xx), opens it for a backoff that doubles each
 * time, so that an outage costs a few calls, not thousands; the next answer closes it. While it is open, no work is taken for
 * the account, and the Kamelets make no call. For example, a CRM that is away for an hour costs about 130 calls: after 0.5, 1,
 * 2, 4, 8 and 16 s, and every 30 s from then on.
 */
public final class Accounts {

    private static final Logger LOG = LoggerFactory.getLogger(Accounts.class);
    private static final Duration INITIAL_DELAY = Duration.ofMillis(500);
    private static final Duration MAX_DELAY = Duration.ofSeconds(30);
    /** Maximum delay where an operator must act first. */
    private static final Duration MAX_DELAY_MISCONFIGURED = Duration.ofMinutes(5);
    /** Calls that may be under way when a backoff ends; the first answer decides. */
    private static final int HALF_OPEN_CALLS = 100;

    /** @param login whether the problem is a rejected login */
    private record State(boolean checked, int failures, Instant openUntil, String problem, boolean login) {

        static final State NEW = new State(false, 0, Instant.EPOCH, null, false);

        State ofLogin() {
            return new State(checked, failures, openUntil, problem, true);
        }
    }

    private final Map<String, Account> accounts;
    private final Map<String, State> states = new ConcurrentHashMap<>();
    /** Account to the described shapes of its syncs' objects. */
    private final Map<String, Map<String, ObjectShape>> shapes = new ConcurrentHashMap<>();

    private final Map<String, CircuitBreaker> circuitBreakers = new ConcurrentHashMap<>();
    private final InstantSource clock;
    private final Backoff unavailable;
    private final Backoff misconfigured;

    public Accounts(Collection<Account> accounts, InstantSource clock) {
        this(accounts, clock, INITIAL_DELAY, MAX_DELAY);
    }

    /**
     * @param initialDelay maximum time for which a circuit breaker is open after the first failed call
     * @param maxDelay     maximum time for which it is open after any failed call
     */
    public Accounts(Collection<Account> accounts, InstantSource clock, Duration initialDelay, Duration maxDelay) {
        this.accounts = new LinkedHashMap<>();
        accounts.forEach(account -> this.accounts.put(account.name(), account));
        this.clock = clock;
        this.unavailable = new Backoff(initialDelay, maxDelay);
        this.misconfigured = new Backoff(initialDelay, MAX_DELAY_MISCONFIGURED);
    }

    public Collection<String> names() {
        return accounts.keySet();
    }

    public Account get(String name) {
        return accounts.get(name);
    }

    /** Marks an account as checked: the CRM has every object and field of its syncs, and sending may begin. */
    public void checked(String account) {
        states.merge(
                account,
                new State(true, 0, Instant.EPOCH, null, false),
                (old, fresh) -> new State(true, old.failures(), old.openUntil(), old.problem(), old.login()));
    }

    /** Stores the described shapes of an account's objects. */
    public void described(String account, Map<String, ObjectShape> ofObjects) {
        shapes.put(account, Map.copyOf(ofObjects));
    }

    /** Returns how the account's CRM normalises what is written to a field. */
    public FieldRule rule(String account, String object, String field) {
        ObjectShape shape = shapes.getOrDefault(account, Map.of()).get(object);
        ObjectShape.Field described = shape == null ? null : shape.fields().get(field);
        return described == null
                ? FieldRule.UNKNOWN
                : accounts.get(account).crm().rule(described);
    }

    /** Returns the accounts to which calls may be made now. */
    public List<String> ready() {
        return accounts.keySet().stream().filter(this::isReady).toList();
    }

    /** Tells whether calls may be made to this account now: it is checked, and its circuit breaker is not open. */
    public boolean isReady(String account) {
        State state = states.get(account);
        return state != null && state.checked() && !state.openUntil().isAfter(clock.instant());
    }

    /**
     * Records the answer to a call.
     *
     * @param status  HTTP status; 0 when there was no answer
     * @param problem the error, as text for the operator, or null
     */
    public void recordAnswer(String account, int status, String problem) {
        boolean ofAccount = status == 0
                || status == 401
                || status == 403
                || status == 406
                || status == 420
                || status == 429
                || status >= 500;
        Instant now = clock.instant();
        change(
                account,
                before -> ofAccount
                        ? backingOff(account, before, now, problem, unavailable)
                        : answering(account, before));
    }

    /**
     * Records that no call was made because the account could not log in.
     *
     * @param problem the CRM's reason, as text for the operator
     */
    public void recordRejectedLogin(String account, String problem) {
        Instant now = clock.instant();
        change(account, before -> backingOff(account, before, now, problem, unavailable)
                .ofLogin());
    }

    /** Tells whether the account's problem is a rejected login. */
    public boolean isLoginRejected(String account) {
        State state = states.get(account);
        return state != null && state.login();
    }

    /**
     * Records that the account's address or API version is misconfigured, which concerns no record. The account is
     * tried again with a backoff of up to five minutes, in case the CRM was wrong.
     *
     * @param problem the setting to check, as text for the operator
     */
    public void recordMisconfiguration(String account, String problem) {
        Instant now = clock.instant();
        change(account, before -> backingOff(account, before, now, problem, misconfigured));
    }

    /** Changes a state in one step, so that a check that ends meanwhile is not lost; the circuit breaker follows. */
    private void change(String account, UnaryOperator<State> change) {
        CircuitBreaker circuitBreaker = circuitBreaker(account);
        synchronized (circuitBreaker) {
            State state = states.compute(account, (name, old) -> change.apply(old == null ? State.NEW : old));
            if (state.failures() > 0) {
                circuitBreaker.transitionToOpenStateUntil(state.openUntil());
            } else if (circuitBreaker.getState() != CircuitBreaker.State.CLOSED) {
                circuitBreaker.transitionToClosedState();
            }
        }
    }

    /** Returns the circuit breaker of an account: closed, open, or half open while a call after the backoff is under way. */
    public CircuitBreaker circuitBreaker(String account) {
        return circuitBreakers.computeIfAbsent(
                account,
                name -> CircuitBreaker.of(
                        name,
                        CircuitBreakerConfig.custom()
                                .permittedNumberOfCallsInHalfOpenState(HALF_OPEN_CALLS)
                                .clock(clock.withZone(ZoneOffset.UTC))
                                .build()));
    }

    /** Ends the backoff when an operator resumes the account: the next call is made at once. */
    public void tryNow(String account) {
        states.computeIfPresent(
                account,
                (name, old) -> new State(old.checked(), old.failures(), Instant.EPOCH, old.problem(), old.login()));
        CircuitBreaker circuitBreaker = circuitBreaker(account);
        synchronized (circuitBreaker) {
            if (circuitBreaker.getState() == CircuitBreaker.State.OPEN) {
                circuitBreaker.transitionToHalfOpenState();
            }
        }
    }

    private static State answering(String account, State before) {
        if (before.problem() != null) {
            LOG.info("Account {} answers again; waiting changes are sent now.", account);
        }
        return new State(before.checked(), 0, Instant.EPOCH, null, false);
    }

    private State backingOff(String account, State before, Instant now, String problem, Backoff backoff) {
        int failures = before.failures() + 1;
        Instant next = now.plus(Backoff.jitter(backoff.after(failures), 2, Math::random));
        if (before.problem() == null
                || backoff == misconfigured && !before.problem().equals(problem)) {
            LOG.warn(
                    "Account {} is unavailable: {}. No change is lost; next attempt at {}, then with growing backoff.",
                    account,
                    problem,
                    next.truncatedTo(ChronoUnit.SECONDS));
        }
        return new State(before.checked(), failures, next, problem, false);
    }

    /** Returns the problem of an account, or null. */
    public String problem(String account) {
        State state = states.get(account);
        if (state == null) {
            return "not checked yet";
        }
        if (state.problem() != null) {
            return state.problem();
        }
        return state.checked() ? null : "its objects and fields are not checked yet";
    }
}
