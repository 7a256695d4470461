// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the accounts and whether their CRMs can be reached. An account that does not answer, or whose answer concerns
 * the whole account (401, 403, 406, 420, 429, 5xx), gets a backoff that doubles each time, so that an outage costs a
 * few calls, not thousands.
 */
public final class Accounts {

    private static final Logger LOG = LoggerFactory.getLogger(Accounts.class);
    private static final Duration INITIAL_DELAY = Duration.ofMillis(500);
    private static final Backoff UNAVAILABLE = new Backoff(INITIAL_DELAY, Duration.ofSeconds(30));
    /** Backoff where an operator must act first. */
    private static final Backoff MISCONFIGURED = new Backoff(INITIAL_DELAY, Duration.ofMinutes(5));

    private record State(boolean checked, int failures, Instant backoffUntil, String problem) {}

    private final Map<String, Account> accounts;
    private final Map<String, State> states = new ConcurrentHashMap<>();
    /** Account to the described shapes of its syncs' objects. */
    private final Map<String, Map<String, ObjectShape>> shapes = new ConcurrentHashMap<>();

    private final InstantSource clock;

    public Accounts(Collection<Account> accounts, InstantSource clock) {
        this.accounts = new LinkedHashMap<>();
        accounts.forEach(account -> this.accounts.put(account.name(), account));
        this.clock = clock;
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
                new State(true, 0, Instant.EPOCH, null),
                (old, fresh) -> new State(true, old.failures(), old.backoffUntil(), old.problem()));
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

    /** Tells whether calls may be made to this account now. */
    public boolean isReady(String account) {
        State state = states.get(account);
        return state != null && state.checked() && !state.backoffUntil().isAfter(clock.instant());
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
        // in one step, so that a check that ends meanwhile is not lost
        states.compute(account, (name, old) -> {
            State before = old == null ? new State(false, 0, Instant.EPOCH, null) : old;
            return ofAccount ? backingOff(name, before, now, problem, UNAVAILABLE) : answering(name, before);
        });
    }

    /**
     * Records that the account's address or API version is misconfigured, which concerns no record. The account is
     * tried again with a backoff of up to five minutes, in case the CRM was wrong.
     *
     * @param problem the setting to check, as text for the operator
     */
    public void recordMisconfiguration(String account, String problem) {
        Instant now = clock.instant();
        states.compute(
                account,
                (name, old) -> backingOff(
                        name,
                        old == null ? new State(false, 0, Instant.EPOCH, null) : old,
                        now,
                        problem,
                        MISCONFIGURED));
    }

    /** Ends the backoff when an operator resumes the account: the next call is made at once. */
    public void tryNow(String account) {
        states.computeIfPresent(
                account, (name, old) -> new State(old.checked(), old.failures(), Instant.EPOCH, old.problem()));
    }

    private static State answering(String account, State before) {
        if (before.problem() != null) {
            LOG.info("Account {} answers again; waiting changes are sent now.", account);
        }
        return new State(before.checked(), 0, Instant.EPOCH, null);
    }

    private static State backingOff(String account, State before, Instant now, String problem, Backoff backoff) {
        int failures = before.failures() + 1;
        Instant next = now.plus(Backoff.jitter(backoff.after(failures), 2, Math::random));
        if (before.problem() == null
                || backoff == MISCONFIGURED && !before.problem().equals(problem)) {
            LOG.warn(
                    "Account {} is unavailable: {}. No change is lost; next attempt at {}, then with growing backoff.",
                    account,
                    problem,
                    next.truncatedTo(ChronoUnit.SECONDS));
        }
        return new State(before.checked(), failures, next, problem);
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
