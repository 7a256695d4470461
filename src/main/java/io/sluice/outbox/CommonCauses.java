package io.sluice.outbox;

import io.sluice.Outcome;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds the causes that are no record's own: the CRM rejects one record after the other with the same code and fields and
 * takes none, because a property was archived, a field was made read-only or required, an option was removed, or a right is
 * missing. To let all of a sync's records die of it, one by one, would fill the dead letters with what no record can mend.
 *
 * <p>When {@value #FEW} different records in a row were rejected for one cause and others wait, or {@value #MANY} were, those
 * few go back to the outbox and the sync waits, see {@link CircuitBreakers}: one record at a time tries again. As soon as one is
 * taken, all go. A record that was held once and is rejected again, while others are taken, has a fault of its own and dies.
 *
 * <p>Example: an option is removed from a picklist and 10,508 rows are updated. The first call of 200 is rejected; its
 * records wait again, and the sync is paused. After one second one record is tried, then after two, four ... 300. A day
 * later the option is there again: the next try is taken, and all 10,508 records go. No dead letter was written.
 */
public final class CommonCauses {

    static final int FEW = 5;
    static final int MANY = 10;
    /** Held keys that are remembered of a sync: more would be no handful among good ones. */
    private static final int REMEMBERED = 10_000;

    /** Alone in its call, so that a try costs one. */
    private static final String HOLD = """
            update sluice.outbox o set %s, last_error = ?, fill = 1
            where o.account = ? and o.object = ? and o.key = any (?) and o.lease is not distinct from ?"""
            .formatted(Settlement.GIVE_BACK_AFTER.formatted(0));

    /** Behind what is still untried, so that the next try tells more. */
    private static final String BEHIND = """
            update sluice.outbox o set due = p.until + interval '500 milliseconds'
            from sluice.pause p
            where p.kind = 'sync' and p.by = 'crm' and p.name = o.sync
              and o.account = ? and o.sync = ? and o.fill = 1 and o.operation is not null and o.lease is null
              and o.due <= p.until""";

    /** What is sent in one call again, once the cause is gone. */
    private static final String TOGETHER = """
            update sluice.outbox set fill = null, due = least(due, now())
            where account = ? and sync = ? and fill = 1 and operation is not null""";

    private static final String DEAD = """
            select id from sluice.dead_letter
            where account = ? and object = ? and sync = ? and key = any (?) and code is not distinct from ?
              and edited_fields = '{}'""";

    private static final String OTHERS = """
            select from sluice.outbox
            where account = ? and sync = ? and operation is not null and lease is null and key <> all (?) limit 1""";

    /** Why a record was rejected, apart from its values. */
    private record Cause(String code, Set<String> fields) {

        static Cause of(Outcome outcome) {
            return new Cause(outcome.code(), Set.copyOf(outcome.fields()));
        }

        String words() {
            return code + (fields.isEmpty() ? "" : " (" + String.join(", ", fields.stream().sorted().toList()) + ")");
        }
    }

    /** What is known of a sync since one of its records was taken. */
    private static final class Streak {
        private final Map<Cause, Set<String>> rejected = new ConcurrentHashMap<>();
        private volatile Cause held;
        private final Set<String> suspects = new HashSet<>();
    }

    private final Database database;
    private final CircuitBreakers circuitBreakers;
    private final Map<String, Streak> streaks = new ConcurrentHashMap<>();

    public CommonCauses(Database database, CircuitBreakers circuitBreakers) {
        this.database = database;
        this.circuitBreakers = circuitBreakers;
    }

    /**
     * Takes what a call's records came to, before it is settled. Where a cause is found that is all records', what was
     * rejected for it waits again and the sync is paused.
     *
     * @return the outcomes that are to be settled as they are
     */
    public List<Outcome> held(Claim claim, List<Outcome> outcomes) throws SQLException {
        Streak streak = streaks.computeIfAbsent(claim.sync(), name -> new Streak());
        synchronized (streak) {
            if (outcomes.stream().anyMatch(it -> it.status() == Outcome.Status.DONE)) {
                taken(claim, streak);
                return outcomes;
            }
            outcomes.stream().filter(it -> it.status() == Outcome.Status.REJECTED && !isOwnFault(streak, it))
                    .filter(it -> streak.suspects.size() < REMEMBERED || streak.held == null)
                    .forEach(it -> streak.rejected.computeIfAbsent(Cause.of(it), cause -> new LinkedHashSet<>()).add(it.key()));
            Cause common = streak.rejected.entrySet().stream().max(Comparator.comparingInt(entry -> entry.getValue().size()))
                    .map(Map.Entry::getKey).orElse(null);
            if (common == null || !(common.equals(streak.held) || isCommon(claim, streak.rejected.get(common)))) {
                return outcomes;
            }
            return hold(claim, outcomes, streak, common);
        }
    }

    private static boolean isOwnFault(Streak streak, Outcome outcome) {
        return streak.held == null && streak.suspects.contains(outcome.key());
    }

    private boolean isCommon(Claim claim, Set<String> keys) throws SQLException {
        return keys.size() >= MANY || keys.size() >= FEW && database.transaction(connection -> !Database.query(connection,
                OTHERS, row -> true, claim.account(), claim.sync(), Database.texts(connection, keys)).isEmpty());
    }

    private List<Outcome> hold(Claim claim, List<Outcome> outcomes, Streak streak, Cause cause) throws SQLException {
        List<String> keys = new ArrayList<>();
        List<Outcome> rest = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            if (outcome.status() == Outcome.Status.REJECTED && Cause.of(outcome).equals(cause)
                    && !isOwnFault(streak, outcome)) {
                keys.add(outcome.key());
            } else {
                rest.add(outcome);
            }
        }
        Set<String> all = streak.rejected.get(cause);
        if (streak.suspects.size() < REMEMBERED) {
            streak.suspects.addAll(all);
        }
        String why = "every record is rejected with " + cause.words() + ", " + all.size() + " so far and none was taken";
        circuitBreakers.refused(claim.sync(), why);
        database.transaction(connection -> {
            Database.fixPlans(connection);
            List<Long> dead = Database.query(connection, DEAD, row -> row.getLong(1), claim.account(), claim.object(),
                    claim.sync(), Database.texts(connection, all), cause.code());
            Replays.enter(connection, dead, false);
            Database.update(connection, HOLD, why, claim.account(), claim.object(), Database.texts(connection, keys),
                    claim.lease());
            return Database.update(connection, BEHIND, claim.account(), claim.sync());
        });
        streak.held = cause;
        return rest;
    }

    private void taken(Claim claim, Streak streak) throws SQLException {
        streak.rejected.clear();
        if (streak.held == null) {
            return;
        }
        streak.held = null;
        database.update(TOGETHER, claim.account(), claim.sync());
        circuitBreakers.taken(claim.sync());
    }

    /** Whether any sync waits so. */
    public boolean isTrying() {
        return streaks.values().stream().anyMatch(streak -> streak.held != null);
    }

    /** Whether one record at a time tries for a sync whether its CRM takes it again. */
    public boolean isTrying(String sync) {
        Streak streak = streaks.get(sync);
        return streak != null && streak.held != null;
    }
}
