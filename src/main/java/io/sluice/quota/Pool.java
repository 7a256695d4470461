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
public record Pool(String name, List<Limit> shared, List<Member> members, Map<String, Integer> costs) {

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
        return new Pool(account, limits, List.of(new Member(account, List.of(), false)), Map.of());
    }

    int cost(String operation) {
        return costs.getOrDefault(operation, 1);
    }

    /**
     * Who may make a call. Where members are kept for reading, what only reads is left to them, so that reports never
     * spend what production needs; what is urgent may take from the others when they have nothing left. A member that
     * began something and has left the pool since leaves it to all.
     */
    List<Member> allowed(Call call) {
        List<Member> named = members.stream().filter(member -> member.name().equals(call.member())).toList();
        if (!named.isEmpty()) {
            return named;
        }
        if (!call.reads()) {
            return members.stream().filter(member -> !member.readsOnly()).toList();
        }
        List<Member> readers = members.stream().filter(Member::readsOnly).toList();
        boolean urgent = call.priority().rank() <= Priority.HIGH.rank();
        return readers.isEmpty() || urgent ? members : readers;
    }

    /** What is counted for a call that this member makes: its own limits and the shared ones. */
    List<Meter> meters(Member member) {
        List<Meter> meters = new ArrayList<>(sharedMeters());
        member.limits().forEach(limit -> meters.add(new Meter(limit, member.name(), List.of(member.name()))));
        return meters;
    }

    List<Meter> sharedMeters() {
        List<String> everybody = members.stream().map(Member::name).toList();
        return shared.stream().map(limit -> new Meter(limit, name, everybody)).toList();
    }

    List<Meter> meters() {
        List<Meter> meters = new ArrayList<>(sharedMeters());
        members.forEach(member -> meters(member).stream().filter(meter -> !meters.contains(meter)).forEach(meters::add));
        return meters;
    }

    /** Whose limit it is that a member was told of: its own where it has one of that name. */
    String owner(String member, String limit) {
        return has(member, own -> own.name().equals(limit)) ? member : name;
    }

    /** Whom a refusal concerns: the member where the CRM counts such calls for each, else all of them. */
    String concerned(String member, String kind) {
        if (kind.equals(Refusal.SIGN_IN)) {
            return member;
        }
        if (kind.equals(Refusal.ACCESS)) {
            return name;
        }
        boolean daily = kind.equals(Refusal.DAILY);
        return has(member, own -> own.isLong() == daily) ? member : name;
    }

    private boolean has(String member, Predicate<Limit> limit) {
        return members.stream().filter(it -> it.name().equals(member)).flatMap(it -> it.limits().stream())
                .anyMatch(limit);
    }
}
