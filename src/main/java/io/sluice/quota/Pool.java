// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Priority;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The logins that share the calls of an account. An account with one login is a pool of itself.
 *
 * @param shared  limits that the CRM counts over all members together
 * @param members logins in the order of preference where they have equally much left
 * @param costs   cost of operations, in the CRM's units; 1 for others
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

    /** Makes the pool of an account with one login. */
    public static Pool of(String account, List<Limit> limits) {
        return new Pool(account, limits, List.of(new PoolMember(account, List.of(), false)), Map.of());
    }

    int cost(String operation) {
        return costs.getOrDefault(operation, 1);
    }

    /**
     * The members that may make a call. Where members are kept for reads, reads are left to them, so that reports never use
     * what production needs; an urgent read may use the others when they have nothing left. The work of a member that has
     * left the pool is open to all.
     */
    List<PoolMember> allowed(CallRequest callRequest) {
        List<PoolMember> named = members.stream()
                .filter(poolMember -> poolMember.name().equals(callRequest.member()))
                .toList();
        if (!named.isEmpty()) {
            return named;
        }
        if (!callRequest.reads()) {
            return members.stream()
                    .filter(poolMember -> !poolMember.readsOnly())
                    .toList();
        }
        List<PoolMember> readers =
                members.stream().filter(PoolMember::readsOnly).toList();
        boolean urgent = callRequest.priority().rank() <= Priority.HIGH.rank();
        return readers.isEmpty() || urgent ? members : readers;
    }

    /** The limits that count a call by this member: its own and the shared ones. */
    List<ScopedLimit> limits(PoolMember poolMember) {
        List<ScopedLimit> limits = new ArrayList<>(sharedLimits());
        poolMember
                .limits()
                .forEach(limit -> limits.add(new ScopedLimit(limit, poolMember.name(), List.of(poolMember.name()))));
        return limits;
    }

    List<ScopedLimit> sharedLimits() {
        List<String> everybody = members.stream().map(PoolMember::name).toList();
        return shared.stream()
                .map(limit -> new ScopedLimit(limit, name, everybody))
                .toList();
    }

    List<ScopedLimit> limits() {
        List<ScopedLimit> limits = new ArrayList<>(sharedLimits());
        members.forEach(poolMember -> limits(poolMember).stream()
                .filter(limit -> !limits.contains(limit))
                .forEach(limits::add));
        return limits;
    }

    /** The owner of a limit that a CRM reported to a member: the member where it has one of that name, else the pool. */
    String owner(String poolMember, String limit) {
        return has(poolMember, own -> own.name().equals(limit)) ? poolMember : name;
    }

    /** The account to throttle: the member where the CRM counts such calls per login, else the pool. */
    String throttledAccount(String poolMember, String kind) {
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
        return members.stream()
                .filter(it -> it.name().equals(poolMember))
                .flatMap(it -> it.limits().stream())
                .anyMatch(limit);
    }
}
