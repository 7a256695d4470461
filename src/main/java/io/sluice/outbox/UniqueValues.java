package io.sluice.outbox;

import io.sluice.Outcome;
import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Tries records again whose unique value another record of the CRM still has: an e-mail address that moves from one row to
 * another is free only once the other's change, or its delete, is through. A value that stays taken makes a dead letter
 * after {@value #TRIES} tries.
 *
 * <p>Two rows that swap their values, or three, would each wait for the other. Of such, each is written with nothing in
 * that field, and a second write sets it.
 */
final class UniqueValues {

    static final int TRIES = 5;

    private static final String ATTEMPTS = """
            select key, attempts from sluice.outbox
            where account = ? and object = ? and key = any(?) and lease is not distinct from ?""";

    /** The values are compared without regard to case, as both vendors do. */
    private static final String SWAP = """
            update sluice.outbox o set second_write = array[d.field]
            from unnest(?::text[], ?::text[]) as d(key, field)
            where o.account = ? and o.object = ? and o.key = any (?::text[]) and o.key = d.key and o.lease is null
              and o.operation = 'upsert' and o.attempts >= 2 and o.fields ->> d.field is not null and exists (
                select from sluice.outbox w join sluice.sync_state r on r.account = w.account and r.object = w.object and r.key = w.key
                where w.account = o.account and w.object = o.object and w.key <> o.key and w.attempts > 0
                  and (jsonb_exists(w.fields, d.field) or jsonb_exists(w.inflight, d.field))
                  and lower(r.base ->> d.field) = lower(o.fields ->> d.field))""";

    /** Two of one call that have one external id, to the CRM, go in calls of their own. */
    private static final String APART = """
            update sluice.outbox o set fill = 1
            where o.account = ? and o.object = ? and o.key = any (?::text[]) and o.lease is null and o.operation is not null""";

    private final Claim claim;
    private final List<Outcome> outcomes = new ArrayList<>();
    private final List<Outcome> again = new ArrayList<>();

    private UniqueValues(Claim claim) {
        this.claim = claim;
    }

    /** The outcomes of a claim, those that another's unique value refused as ones to be tried again or rejected. */
    static UniqueValues of(Connection connection, Claim claim, List<Outcome> outcomes) throws SQLException {
        UniqueValues values = new UniqueValues(claim);
        List<Outcome> taken = outcomes.stream().filter(it -> it.status() == Outcome.Status.TAKEN).toList();
        if (taken.isEmpty()) {
            values.outcomes.addAll(outcomes);
            return values;
        }
        Map<String, Integer> attempts = new HashMap<>();
        Database.query(connection, ATTEMPTS, row -> attempts.put(row.getString(1), row.getInt(2)), claim.account(),
                claim.object(), Database.texts(connection, taken, Outcome::key), claim.lease());
        for (Outcome outcome : outcomes) {
            if (outcome.status() != Outcome.Status.TAKEN) {
                values.outcomes.add(outcome);
                continue;
            }
            boolean over = attempts.getOrDefault(outcome.key(), 0) + 1 >= TRIES;
            Outcome next = new Outcome(outcome.key(), over ? Outcome.Status.REJECTED : Outcome.Status.RETRY, null,
                    outcome.code(), outcome.message(), outcome.fields());
            values.outcomes.add(next);
            if (!over) {
                values.again.add(next);
            }
        }
        return values;
    }

    List<Outcome> outcomes() {
        return outcomes;
    }

    /** Says how those that are tried again go the next time; after the outcomes are settled. */
    void prepare(Connection connection) throws SQLException {
        if (again.isEmpty()) {
            return;
        }
        List<Outcome> named = again.stream().filter(it -> it.fields().size() == 1).toList();
        if (!named.isEmpty()) {
            Array keys = Database.texts(connection, named, Outcome::key);
            Database.update(connection, SWAP, keys, Database.texts(connection, named, it -> it.fields().get(0)),
                    claim.account(), claim.object(), keys);
        }
        Set<String> folded = new HashSet<>();
        Set<String> twice = new HashSet<>();
        again.stream().map(it -> folded(it.key())).filter(key -> !folded.add(key)).forEach(twice::add);
        if (!twice.isEmpty()) {
            Database.update(connection, APART, claim.account(), claim.object(), Database.texts(connection,
                    again.stream().map(Outcome::key).filter(key -> twice.contains(folded(key))).toList()));
        }
    }

    private static String folded(String key) {
        return key.strip().toLowerCase(Locale.ROOT);
    }
}
