// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the edits in events of records that Sluice has deleted meanwhile: its delete, or a write before it, replaced them.
 * Each is a conflict that the table has won, since its row does not exist any more.
 */
final class Tombstones {

    private static final String OF_RECORDS =
            """
            select crm_id, key, base, sluice.named(stamps, base), unproven, prior, deleted_at from sluice.tombstone
            where account = ? and object = ? and crm_id = any (?) and base is not null""";

    private record Deleted(String crmId, String key, RecordState state) {}

    private final Sync sync;
    private final TargetTable targetTable;
    private final CrmFields crmFields;

    Tombstones(Sync sync, TargetTable targetTable, CrmFields crmFields) {
        this.sync = sync;
        this.targetTable = targetTable;
        this.crmFields = crmFields;
    }

    /** @param edits CRM id to the edits in events, each with one field, oldest first; none of them empty */
    void log(Database database, Map<String, List<CrmRecord>> edits) throws SQLException {
        // one look by an index, because the events of nearly all records find nothing
        Map<String, Deleted> found = new LinkedHashMap<>();
        database.query(
                        OF_RECORDS,
                        row -> new Deleted(row.getString(1), row.getString(2), RecordState.deleted(row)),
                        sync.getAccount(),
                        sync.getObject(),
                        edits.keySet().toArray(String[]::new))
                .forEach(deleted -> found.put(deleted.crmId(), deleted));
        if (!found.isEmpty()) {
            database.transaction(connection -> log(connection, found.values(), edits));
        }
    }

    private int log(Connection connection, Collection<Deleted> records, Map<String, List<CrmRecord>> edits)
            throws SQLException {
        Set<String> outward = targetTable.outward(connection);
        SyncStateUpdate syncStateUpdate = new SyncStateUpdate(sync);
        for (Deleted deleted : records) {
            List<CrmRecord> ofRecord = edits.get(deleted.crmId());
            new ReplacedEdits(
                            targetTable,
                            crmFields,
                            sync.getConflicts(),
                            ofRecord.get(ofRecord.size() - 1),
                            deleted.state())
                    .find(ofRecord, outward)
                    .forEach(replaced -> syncStateUpdate.overwrittenByDelete(
                            deleted.key(), replaced.name(), replaced.field(), Merge.Decision.DATABASE_WINS));
        }
        syncStateUpdate.write(connection);
        return syncStateUpdate.conflicts();
    }
}
