package io.sluice.crm;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The accounts and whether their CRM can be reached. An account that does not answer, or that answers for everybody
 * (401, 403, 406, 420, 429, 5xx), rests for a while that doubles each time, so that an outage costs a few calls, not thousands.
 */
public final class Accounts {

    private static final Logger LOG = LoggerFactory.getLogger(Accounts.class);
    private static final Duration FIRST_REST = Duration.ofMillis(500);
    private static final Duration LONGEST_REST = Duration.ofSeconds(30);
    /** Where a person must do something first. */
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    private record State(boolean checked, int failures, Instant restUntil, String problem) {
    }

    private final Map<String, Account> accounts;
    private final Map<String, State> states = new ConcurrentHashMap<>();
    /** Account to what its describe says of the objects of its syncs. */
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

    /** The CRM knows every object and field of the account's syncs: sending may begin. */
    public void checked(String account) {
        states.merge(account, new State(true, 0, Instant.EPOCH, null),
                (old, fresh) -> new State(true, old.failures(), old.restUntil(), old.problem()));
    }

    /** Takes what the CRM's describe says of the objects of an account's syncs. */
    public void described(String account, Map<String, ObjectShape> ofObjects) {
        shapes.put(account, Map.copyOf(ofObjects));
    }

    /** How the account's CRM normalises what is written to a field. */
    public FieldRule rule(String account, String object, String field) {
        ObjectShape shape = shapes.getOrDefault(account, Map.of()).get(object);
        ObjectShape.Field described = shape == null ? null : shape.fields().get(field);
        return described == null ? FieldRule.UNKNOWN : accounts.get(account).crm().rule(described);
    }

    /** The accounts to which calls may be made now. */
    public List<String> ready() {
        return accounts.keySet().stream().filter(this::isReady).toList();
    }

    /** Whether calls may be made to this account now. */
    public boolean isReady(String account) {
        State state = states.get(account);
        return state != null && state.checked() && !state.restUntil().isAfter(clock.instant());
    }

    /**
     * Takes the news of a call.
     *
     * @param status  HTTP status; 0 when there was no answer
     * @param problem what was wrong, in words, or null
     */
    public void heard(String account, int status, String problem) {
        boolean everybody = status == 0 || status == 401 || status == 403 || status == 406 || status == 420
                || status == 429 || status >= 500;
        Instant now = clock.instant();
        // in one step, so that a check that ends meanwhile is not forgotten
        states.compute(account, (name, old) -> {
            State before = old == null ? new State(false, 0, Instant.EPOCH, null) : old;
            return everybody ? resting(name, before, now, problem, LONGEST_REST) : answering(name, before);
        });
    }

    /**
     * The account's address or API version is not what the settings say: nothing about a record. It is asked again with
     * pauses that grow to five minutes, in case that it was a slip of the CRM's.
     *
     * @param problem which setting is to be looked at, in words
     */
    public void misled(String account, String problem) {
        Instant now = clock.instant();
        states.compute(account, (name, old) -> resting(name,
                old == null ? new State(false, 0, Instant.EPOCH, null) : old, now, problem, LONGEST_PAUSE));
    }

    /** A person resumes the account: the next call goes at once. */
    public void tryNow(String account) {
        states.computeIfPresent(account, (name, old) -> new State(old.checked(), old.failures(), Instant.EPOCH,
                old.problem()));
    }

    private static State answering(String account, State before) {
        if (before.problem() != null) {
            LOG.info("Account {} answers again; what waited is sent now.", account);
        }
        return new State(before.checked(), 0, Instant.EPOCH, null);
    }

    private static State resting(String account, State before, Instant now, String problem, Duration longest) {
        int failures = before.failures() + 1;
        long ceiling = Math.min(longest.toMillis(), FIRST_REST.toMillis() << Math.min(failures - 1, 10));
        Duration rest = Duration.ofMillis(ceiling / 2 + ThreadLocalRandom.current().nextLong(ceiling / 2));
        if (before.problem() == null || longest.equals(LONGEST_PAUSE) && !before.problem().equals(problem)) {
            LOG.warn("Account {} does not take calls: {}. Nothing is lost; it is tried again with growing pauses.",
                    account, problem);
        }
        return new State(before.checked(), failures, now.plus(rest), problem);
    }

    /** What is wrong with an account, or null. */
    public String problem(String account) {
        State state = states.get(account);
        if (state == null) {
            return "not asked yet";
        }
        if (state.problem() != null) {
            return state.problem();
        }
        return state.checked() ? null : "its objects and fields are not checked yet";
    }
}
