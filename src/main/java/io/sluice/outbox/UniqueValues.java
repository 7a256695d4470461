// SPDX-License-Identifier: Apache-2.0
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
 * Retries records whose unique value another record of the CRM still has: an e-mail address that moves from one row to
 * another is free only after the other's change or delete. A value that stays taken makes a dead letter after
 * {@value #MAX_TRIES} tries.
 *
 * <p>Two rows that swap their values, or three in a circle, would wait for each other. Each of them is written with an empty
 * field first, and a second write sets the value.
 */
final class UniqueValues {

    static final int MAX_TRIES = 5;

    private static final String ATTEMPTS =
            """
            select key, attempts from sluice.outbox
            where account = ? and object = ? and key = any(?) and lease is not distinct from ?""";

    /** Finds swaps. Values are compared without regard to case, as both vendors do. */
    private static final String SWAP =
            """
            update sluice.outbox o set second_write = array[d.field]
            from unnest(?::text[], ?::text[]) as d(key, field)
            where o.account = ? and o.object = ? and o.key = any (?::text[]) and o.key = d.key and o.lease is null
              and o.operation = 'upsert' and o.attempts >= 2 and o.fields ->> d.field is not null and exists (
                select from sluice.outbox w join sluice.sync_state r on r.account = w.account and r.object = w.object and r.key = w.key
                where w.account = o.account and w.object = o.object and w.key <> o.key and w.attempts > 0
                  and (jsonb_exists(w.fields, d.field) or jsonb_exists(w.inflight, d.field))
                  and lower(r.base ->> d.field) = lower(o.fields ->> d.field))""";

    /** Puts two records that have one external id in the CRM into separate calls. */
    private static final String APART =
            """
            update sluice.outbox o set max_batch = 1
            where o.account = ? and o.object = ? and o.key = any (?::text[]) and o.lease is null and o.operation is not null""";

    private final Claim claim;
    private final List<Outcome> outcomes = new ArrayList<>();
    private final List<Outcome> retried = new ArrayList<>();

    private UniqueValues(Claim claim) {
        this.claim = claim;
    }

    /** The outcomes of a claim, in which records with a taken value are retried, or rejected after the last try. */
    static UniqueValues of(Connection connection, Claim claim, List<Outcome> outcomes) throws SQLException {
        UniqueValues values = new UniqueValues(claim);
        List<Outcome> taken = outcomes.stream()
                .filter(it -> it.status() == Outcome.Status.TAKEN)
                .toList();
        if (taken.isEmpty()) {
            values.outcomes.addAll(outcomes);
            return values;
        }
        Map<String, Integer> attempts = new HashMap<>();
        Database.query(
                connection,
                ATTEMPTS,
                row -> attempts.put(row.getString(1), row.getInt(2)),
                claim.account(),
                claim.object(),
                Database.texts(connection, taken, Outcome::key),
                claim.lease());
        for (Outcome outcome : outcomes) {
            if (outcome.status() != Outcome.Status.TAKEN) {
                values.outcomes.add(outcome);
                continue;
            }
            boolean exhausted = attempts.getOrDefault(outcome.key(), 0) + 1 >= MAX_TRIES;
            Outcome next = new Outcome(
                    outcome.key(),
                    exhausted ? Outcome.Status.REJECTED : Outcome.Status.RETRY,
                    null,
                    outcome.code(),
                    outcome.message(),
                    outcome.fields());
            values.outcomes.add(next);
            if (!exhausted) {
                values.retried.add(next);
            }
        }
        return values;
    }

    List<Outcome> outcomes() {
        return outcomes;
    }

    /** Prepares the records for their next try; called after the outcomes are settled. */
    void prepare(Connection connection) throws SQLException {
        if (retried.isEmpty()) {
            return;
        }
        List<Outcome> named =
                retried.stream().filter(it -> it.fields().size() == 1).toList();
        if (!named.isEmpty()) {
            Array keys = Database.texts(connection, named, Outcome::key);
            Database.update(
                    connection,
                    SWAP,
                    keys,
                    Database.texts(connection, named, it -> it.fields().get(0)),
                    claim.account(),
                    claim.object(),
                    keys);
        }
        Set<String> folded = new HashSet<>();
        Set<String> twice = new HashSet<>();
        retried.stream()
                .map(it -> folded(it.key()))
                .filter(key -> !folded.add(key))
                .forEach(twice::add);
        if (!twice.isEmpty()) {
            Database.update(
                    connection,
                    APART,
                    claim.account(),
                    claim.object(),
                    Database.texts(
                            connection,
                            retried.stream()
                                    .map(Outcome::key)
                                    .filter(key -> twice.contains(folded(key)))
                                    .toList()));
        }
    }

    private static String folded(String key) {
        return key.strip().toLowerCase(Locale.ROOT);
    }
}
