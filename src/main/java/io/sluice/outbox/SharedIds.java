// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Keeps one CRM record to one key. A CRM that folds external ids (case, blanks, a number's form) answers two keys with one
 * id: the delete of one row would delete the other's record. The key that came second becomes a dead letter, and since its
 * values overwrote those of the first, the first is sent once more.
 *
 * <p>The unique index {@code sync_state_crm_id} finds such keys, so that ordinary records cost no query.
 */
final class SharedIds {

    private static final String CODE = "KEY_SHARED";

    private static final String HOLDERS =
            """
            select crm_id, key from sluice.sync_state where crm_id = any(?) and object = ? and account = ?""";

    private static final String WRITTEN =
            """
            select key, inflight::text from sluice.outbox
            where account = ? and object = ? and key = any(?) and lease is not distinct from ?""";

    /** Sets the base to the values of the other record, so that the differing values of this one are sent again. */
    private static final String OVERWRITTEN =
            """
            with written as (select * from unnest(?::text[], ?::jsonb[]) as w(key, fields))
            update sluice.sync_state r set base = r.base || w.fields, settled_at = now()
            from written w where r.account = ? and r.object = ? and r.key = any (array(select key from written))
              and r.key = w.key""";

    private static final String SEND_AGAIN =
            """
            insert into sluice.change_log (source, keys, records, op, origin)
            select e.source, k.keys, cardinality(k.keys), 'R', null
            from sluice.initial_export e cross join (select ?::text[] as keys) as k
            where e.account = ? and e.object = ? and e.sync = ?""";

    /** Finds the keys, of these, that a CRM that folds would take for another known key. */
    private static final String FOLDED =
            """
            select f.key from unnest(?::text[]) as f(key)
            join sluice.sync_state r on lower(btrim(r.key)) = lower(btrim(f.key)) and r.key <> f.key
            where r.account = ? and r.object = ? and r.crm_id is not null""";

    private final Claim claim;
    private final List<Outcome> outcomes;
    /** The first key of each second key's CRM record. */
    private final Map<String, String> holders;

    private final Map<String, String> written = new HashMap<>();

    private SharedIds(Claim claim, List<Outcome> outcomes, Map<String, String> holders) {
        this.claim = claim;
        this.outcomes = outcomes;
        this.holders = holders;
    }

    /** Whether a settlement failed because a CRM id belongs to another key. */
    static boolean isCauseOf(SQLException failure) {
        return "23505".equals(failure.getSQLState())
                && String.valueOf(failure.getMessage()).contains("sync_state_crm_id");
    }

    /** Finds the outcomes of a claim whose CRM id belongs to another key, in the table or in the same call. */
    static SharedIds find(Connection connection, Claim claim, List<Outcome> outcomes) throws SQLException {
        Map<String, String> keys = new HashMap<>();
        List<Outcome> written = outcomes.stream().filter(SharedIds::isWritten).toList();
        Database.query(
                connection,
                HOLDERS,
                row -> keys.put(row.getString(1), row.getString(2)),
                Database.texts(connection, written, Outcome::crmId),
                claim.object(),
                claim.account());
        Map<String, String> holders = new LinkedHashMap<>();
        for (Outcome outcome : written) {
            String holder = keys.putIfAbsent(outcome.crmId(), outcome.key());
            if (holder != null && !holder.equals(outcome.key())) {
                holders.put(outcome.key(), holder);
            }
        }
        SharedIds found = new SharedIds(claim, outcomes, holders);
        Database.query(
                connection,
                WRITTEN,
                row -> found.written.put(row.getString(1), row.getString(2)),
                claim.account(),
                claim.object(),
                Database.texts(connection, holders.keySet()),
                claim.lease());
        return found;
    }

    private static boolean isWritten(Outcome outcome) {
        return outcome.status() == Outcome.Status.DONE && outcome.crmId() != null;
    }

    /** The outcomes, with those of the second keys rejected. */
    List<Outcome> outcomes() {
        return claim.operation() == Operation.DELETE
                ? outcomes
                : outcomes.stream()
                        .map(it -> holders.containsKey(it.key()) ? rejected(it) : it)
                        .toList();
    }

    private Outcome rejected(Outcome outcome) {
        return new Outcome(
                outcome.key(),
                Outcome.Status.REJECTED,
                null,
                CODE,
                "CRM record " + outcome.crmId()
                        + " belongs to key '" + holders.get(outcome.key())
                        + "' already: the CRM treats both keys as one (upper and"
                        + " lower case, blanks around it, or the form of a number); give one of the two rows another key");
    }

    /** Sends the overwritten records again; called after the outcomes are settled. */
    void repair(Connection connection) throws SQLException {
        List<String> second =
                holders.keySet().stream().filter(written::containsKey).toList();
        if (second.isEmpty()) {
            return;
        }
        Array first = Database.texts(connection, second, holders::get);
        Database.update(
                connection,
                OVERWRITTEN,
                first,
                connection.createArrayOf(
                        "jsonb", second.stream().map(written::get).toArray()),
                claim.account(),
                claim.object());
        Database.update(
                connection,
                SEND_AGAIN,
                Database.texts(
                        connection,
                        new java.util.TreeSet<>(
                                second.stream().map(holders::get).toList())),
                claim.account(),
                claim.object(),
                claim.sync());
    }

    /**
     * Finds deletes without a CRM id whose key the CRM may take for another key that has a record: a delete by that key would
     * delete the other's record.
     *
     * @return indexes of the claim's changes
     */
    static List<Integer> ofOthers(Database database, Claim claim) throws SQLException {
        List<Integer> nameless = claim.operation() != Operation.DELETE
                ? List.of()
                : IntStream.range(0, claim.size())
                        .filter(i -> claim.changes().get(i).crmId() == null)
                        .boxed()
                        .toList();
        if (nameless.isEmpty()) {
            return List.of();
        }
        List<String> folded = new ArrayList<>(database.transaction(connection -> Database.query(
                connection,
                FOLDED,
                row -> row.getString(1),
                Database.texts(connection, nameless, i -> claim.changes().get(i).key()),
                claim.account(),
                claim.object())));
        return nameless.stream()
                .filter(i -> folded.contains(claim.changes().get(i).key()))
                .toList();
    }
}
