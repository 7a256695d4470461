package io.sluice.quota;

import io.sluice.Priority;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The logins between which the calls of an account are shared out. An account that stands alone is a pool of itself.
 *
 * @param shared  limits that the CRM counts over all members together
 * @param members in the order in which they are preferred where as much is left
 * @param costs   of operations, in the CRM's units; 1 where none is named
 */
public record Pool(String name, List<Limit> shared, List<PoolMember> members, Map<String, Integer> costs) {

    public Pool {
        if (members.isEmpty()) {
            throw new IllegalArgumentException("account '" + name + "' is a pool without members");
        }
        shared = List.copyOf(shared);
        members = List.copyOf(members);
        costs = Map.copyOf(costs);
    }

    /** An account with one login. */
    public static Pool of(String account, List<Limit> limits) {
        return new Pool(account, limits, List.of(new PoolMember(account, List.of(), false)), Map.of());
    }

    int cost(String operation) {
        return costs.getOrDefault(operation, 1);
    }

    /**
     * Who may make a call. Where members are kept for reading, what only reads is left to them, so that reports never
     * spend what production needs; what is urgent may take from the others when they have nothing left. A member that
     * began something and has left the pool since leaves it to all.
     */
    List<PoolMember> allowed(CallRequest callRequest) {
        List<PoolMember> named = members.stream().filter(poolMember -> poolMember.name().equals(callRequest.member())).toList();
        if (!named.isEmpty()) {
            return named;
        }
        if (!callRequest.reads()) {
            return members.stream().filter(poolMember -> !poolMember.readsOnly()).toList();
        }
        List<PoolMember> readers = members.stream().filter(PoolMember::readsOnly).toList();
        boolean urgent = callRequest.priority().rank() <= Priority.HIGH.rank();
        return readers.isEmpty() || urgent ? members : readers;
    }

    /** What is counted for a call that this member makes: its own limits and the shared ones. */
    List<ScopedLimit> meters(PoolMember poolMember) {
        List<ScopedLimit> meters = new ArrayList<>(sharedMeters());
        poolMember.limits().forEach(limit -> meters.add(new ScopedLimit(limit, poolMember.name(), List.of(poolMember.name()))));
        return meters;
    }

    List<ScopedLimit> sharedMeters() {
        List<String> everybody = members.stream().map(PoolMember::name).toList();
        return shared.stream().map(limit -> new ScopedLimit(limit, name, everybody)).toList();
    }

    List<ScopedLimit> meters() {
        List<ScopedLimit> meters = new ArrayList<>(sharedMeters());
        members.forEach(poolMember -> meters(poolMember).stream().filter(meter -> !meters.contains(meter)).forEach(meters::add));
        return meters;
    }

    /** Whose limit it is that a member was told of: its own where it has one of that name. */
    String owner(String poolMember, String limit) {
        return has(poolMember, own -> own.name().equals(limit)) ? poolMember : name;
    }

    /** Whom a refusal concerns: the member where the CRM counts such calls for each, else all of them. */
    String concerned(String poolMember, String kind) {
        if (kind.equals(ThrottleSignal.SIGN_IN)) {
            return poolMember;
        }
        if (kind.equals(ThrottleSignal.ACCESS)) {
            return name;
        }
        boolean daily = kind.equals(ThrottleSignal.DAILY);
        return has(poolMember, own -> own.isLong() == daily) ? poolMember : name;
    }

    private boolean has(String poolMember, Predicate<Limit> limit) {
        return members.stream().filter(it -> it.name().equals(poolMember)).flatMap(it -> it.limits().stream())
                .anyMatch(limit);
    }
}
