// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Handles writes that found no record under the id that we know.
 *
 * <ul>
 * <li>An upsert waits until the record was looked up in the CRM (by an event of kind {@code missing} in the inbox); the
 * rules for deletes and conflicts then apply.
 * <li>Where nothing is received from the CRM, the table is right: the record is re-created whole.
 * <li>A delete searches the record by its key: somebody may have re-created it under another id.
 * </ul>
 */
final class GoneRecords {

    /** The delay before a retry, in case the lookup has not finished by then. */
    static final Duration LOOKUP_DELAY = Duration.ofSeconds(10);

    private static final String ENTER_LOOKUP =
            """
            insert into sluice.inbox (account, identity, object, crm_id, kind, at)
            select r.account, gen_random_uuid(), r.object, r.crm_id, 'missing', clock_timestamp()
            from sluice.sync_state r
            where r.account = ? and r.object = ? and r.key = any (?) and r.crm_id is not null""";

    /** Forgets the base, in case the row is restored before its delete is done. */
    private static final String FORGET_BASE =
            """
            update sluice.sync_state set crm_id = null, base = '{}', stamps = '{}', unproven = '{}'
            where account = ? and object = ? and key = any (?)""";

    /** The table of each sync that receives nothing from its CRM. */
    private final Map<String, String> sendOnly = new ConcurrentHashMap<>();

    void setSyncs(Collection<Sync> syncs) {
        syncs.stream()
                .filter(sync -> sync.getDirection() != Sync.Direction.BOTH)
                .forEach(sync -> sendOnly.put(sync.getName(), sync.getTable()));
    }

    /** Runs in the transaction that settled these outcomes. */
    void settle(Connection connection, Claim claim, List<Outcome> outcomes) throws SQLException {
        List<String> keys = outcomes.stream()
                .filter(it -> it.status() == Outcome.Status.GONE)
                .map(Outcome::key)
                .toList();
        if (keys.isEmpty()) {
            return;
        }
        Array array = Database.texts(connection, keys);
        if (claim.operation() == Operation.DELETE) {
            Database.update(connection, FORGET_BASE, claim.account(), claim.object(), array);
        } else if (sendOnly.containsKey(claim.sync())) {
            Recreation.recreate(connection, claim.account(), claim.object(), sendOnly.get(claim.sync()), keys);
        } else {
            Database.update(connection, ENTER_LOOKUP, claim.account(), claim.object(), array);
        }
    }
}
