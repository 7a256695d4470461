// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Outcome;
import io.sluice.store.Database;
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
 * Finds causes that no single record has: the CRM rejects one record after the other with the same code and fields and
 * accepts none, because a property was archived, a field was made read-only or required, an option was removed, or a right
 * is missing. Without this, all records of the sync would become dead letters that no change of a record can repair.
 *
 * <p>When {@value #FEW} different records in a row were rejected for one cause and others wait, or {@value #MANY} were, the
 * records return to the outbox and the sync is paused, see {@link CircuitBreakers}: one record at a time tries again. As soon
 * as one is accepted, all are sent. A record that was kept back once and is rejected again while others are accepted has a
 * fault of its own and becomes a dead letter.
 *
 * <p>Example: an option is removed from a picklist and 10,508 rows are updated. The first call of 200 is rejected; its
 * records are queued again, and the sync is paused. After one second one record is tried, then after two, four ... 300. A
 * day later the option is restored: the next try succeeds, and all 10,508 records are sent. No dead letter was written.
 */
public final class CommonCauses {

    static final int FEW = 5;
    static final int MANY = 10;
    /** The maximum number of suspects that are remembered of a sync. */
    private static final int MAX_SUSPECTS = 10_000;

    /** Queues rejected records again, each alone in its call, so that a try costs one record. */
    private static final String REQUEUE =
            """
            update sluice.outbox o set %s, last_error = ?, max_batch = 1
            where o.account = ? and o.object = ? and o.key = any (?) and o.lease is not distinct from ?"""
                    .formatted(Settlement.GIVE_BACK_AFTER.formatted(0));

    /** Queues records of earlier tries behind the untried ones, so that the next try proves more. */
    private static final String POSTPONE_TRIED =
            """
            update sluice.outbox o set due = p.until + interval '500 milliseconds'
            from sluice.pause p
            where p.kind = 'sync' and p.by = 'crm' and p.name = o.sync
              and o.account = ? and o.sync = ? and o.max_batch = 1 and o.operation is not null and o.lease is null
              and o.due <= p.until""";

    /** Lets records share calls again, once the cause is gone. */
    private static final String SHARE_CALLS =
            """
            update sluice.outbox set max_batch = null, due = least(due, now())
            where account = ? and sync = ? and max_batch = 1 and operation is not null""";

    private static final String DEAD =
            """
            select id from sluice.dead_letter
            where account = ? and object = ? and sync = ? and key = any (?) and code is not distinct from ?
              and edited_fields = '{}'""";

    private static final String OTHERS =
            """
            select from sluice.outbox
            where account = ? and sync = ? and operation is not null and lease is null and key <> all (?) limit 1""";

    /** The cause of a rejection, without the values. */
    private record Cause(String code, Set<String> fields) {

        static Cause of(Outcome outcome) {
            return new Cause(outcome.code(), Set.copyOf(outcome.fields()));
        }

        String text() {
            return code
                    + (fields.isEmpty()
                            ? ""
                            : " (" + String.join(", ", fields.stream().sorted().toList()) + ")");
        }
    }

    /** The rejections of a sync since the CRM last accepted one of its records. */
    private static final class Streak {
        private final Map<Cause, Set<String>> rejected = new ConcurrentHashMap<>();
        private volatile Cause cause;
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
     * Examines the outcomes of a call before they are settled. Where a cause is common to all records, the records that it
     * rejected are queued again and the sync is paused.
     *
     * @return the outcomes that are left to be settled
     */
    public List<Outcome> removeCommon(Claim claim, List<Outcome> outcomes) throws SQLException {
        Streak streak = streaks.computeIfAbsent(claim.sync(), name -> new Streak());
        synchronized (streak) {
            if (outcomes.stream().anyMatch(it -> it.status() == Outcome.Status.DONE)) {
                accepted(claim, streak);
                return outcomes;
            }
            outcomes.stream()
                    .filter(it -> it.status() == Outcome.Status.REJECTED && !isOwnFault(streak, it))
                    .filter(it -> streak.suspects.size() < MAX_SUSPECTS || streak.cause == null)
                    .forEach(it -> streak.rejected
                            .computeIfAbsent(Cause.of(it), cause -> new LinkedHashSet<>())
                            .add(it.key()));
            Cause common = streak.rejected.entrySet().stream()
                    .max(Comparator.comparingInt(entry -> entry.getValue().size()))
                    .map(Map.Entry::getKey)
                    .orElse(null);
            if (common == null || !(common.equals(streak.cause) || isCommon(claim, streak.rejected.get(common)))) {
                return outcomes;
            }
            return requeue(claim, outcomes, streak, common);
        }
    }

    private static boolean isOwnFault(Streak streak, Outcome outcome) {
        return streak.cause == null && streak.suspects.contains(outcome.key());
    }

    private boolean isCommon(Claim claim, Set<String> keys) throws SQLException {
        return keys.size() >= MANY
                || keys.size() >= FEW
                        && database.transaction(connection -> !Database.query(
                                        connection,
                                        OTHERS,
                                        row -> true,
                                        claim.account(),
                                        claim.sync(),
                                        Database.texts(connection, keys))
                                .isEmpty());
    }

    private List<Outcome> requeue(Claim claim, List<Outcome> outcomes, Streak streak, Cause cause) throws SQLException {
        List<String> keys = new ArrayList<>();
        List<Outcome> rest = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            if (outcome.status() == Outcome.Status.REJECTED
                    && Cause.of(outcome).equals(cause)
                    && !isOwnFault(streak, outcome)) {
                keys.add(outcome.key());
            } else {
                rest.add(outcome);
            }
        }
        Set<String> all = streak.rejected.get(cause);
        if (streak.suspects.size() < MAX_SUSPECTS) {
            streak.suspects.addAll(all);
        }
        String why =
                "all records are rejected with " + cause.text() + ", " + all.size() + " so far and none was accepted";
        circuitBreakers.rejected(claim.sync(), why);
        database.transaction(connection -> {
            Database.fixPlans(connection);
            List<Long> dead = Database.query(
                    connection,
                    DEAD,
                    row -> row.getLong(1),
                    claim.account(),
                    claim.object(),
                    claim.sync(),
                    Database.texts(connection, all),
                    cause.code());
            Replays.enter(connection, dead, false);
            Database.update(
                    connection,
                    REQUEUE,
                    why,
                    claim.account(),
                    claim.object(),
                    Database.texts(connection, keys),
                    claim.lease());
            return Database.update(connection, POSTPONE_TRIED, claim.account(), claim.sync());
        });
        streak.cause = cause;
        return rest;
    }

    private void accepted(Claim claim, Streak streak) throws SQLException {
        streak.rejected.clear();
        if (streak.cause == null) {
            return;
        }
        streak.cause = null;
        database.update(SHARE_CALLS, claim.account(), claim.sync());
        circuitBreakers.accepted(claim.sync());
    }

    /** Whether any sync is paused by a common cause. */
    public boolean isProbing() {
        return streaks.values().stream().anyMatch(streak -> streak.cause != null);
    }

    /** Whether this sync tries one record at a time until its CRM accepts one. */
    public boolean isProbing(String sync) {
        Streak streak = streaks.get(sync);
        return streak != null && streak.cause != null;
    }
}
