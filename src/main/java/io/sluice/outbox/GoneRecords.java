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
 * What follows from a write that found no record under the id by which we know it.
 *
 * <ul>
 * <li>An upsert waits until the CRM has been asked what became of the record (an event of kind {@code missing} in the
 * inbox): then the rules for deletes and conflicts apply.
 * <li>Where nothing is received from the CRM the table is right: the record is made again whole.
 * <li>A delete looks for the record by its key: somebody may have made it again under another id.
 * </ul>
 */
final class GoneRecords {

    /** Until what waits is tried again, should nobody have found out by then what became of the record. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final String ASK = """
            insert into sluice.inbox (account, identity, object, crm_id, kind, at)
            select r.account, gen_random_uuid(), r.object, r.crm_id, 'missing', clock_timestamp()
            from sluice.sync_state r
            where r.account = ? and r.object = ? and r.key = any (?) and r.crm_id is not null""";

    /** Nothing is agreed on any more, should the row come back before its delete is through. */
    private static final String FORGET_ID = """
            update sluice.sync_state set crm_id = null, base = '{}', stamps = '{}', unproven = '{}'
            where account = ? and object = ? and key = any (?)""";

    /** Sync to the table, of those that receive nothing. */
    private final Map<String, String> outward = new ConcurrentHashMap<>();

    void know(Collection<Sync> syncs) {
        syncs.stream().filter(sync -> !"both".equals(sync.getDirection()))
                .forEach(sync -> outward.put(sync.getName(), sync.getTable()));
    }

    /** In the transaction that has settled these outcomes. */
    void settle(Connection connection, Claim claim, List<Outcome> outcomes) throws SQLException {
        List<String> keys = outcomes.stream().filter(it -> it.status() == Outcome.Status.GONE).map(Outcome::key).toList();
        if (keys.isEmpty()) {
            return;
        }
        Array array = Database.texts(connection, keys);
        if (claim.operation() == Operation.DELETE) {
            Database.update(connection, FORGET_ID, claim.account(), claim.object(), array);
        } else if (outward.containsKey(claim.sync())) {
            Recreation.whole(connection, claim.account(), claim.object(), outward.get(claim.sync()), keys);
        } else {
            Database.update(connection, ASK, claim.account(), claim.object(), array);
        }
    }
}
