// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.CrmRecord;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.merge.Merge.Agreed;
import io.sluice.merge.Merge.Decision;
import io.sluice.merge.Merge.Field;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides on records that a user edited in the CRM and whose rows were deleted in the table, while the record still exists.
 * Each edit is a conflict. If the CRM's side wins, the row is inserted again, with all values of the record and those that
 * other CRMs are known to have, like an insert of the application: every sync of the table gets it. At a tie of the times the edit wins, because a row that is there again can
 * be deleted again.
 */
final class DeletedRows {

    /** Cancels the delete of a record before it is sent. */
    private static final String CANCEL =
            """
            delete from sluice.outbox where account = ? and object = ? and key = ? and operation = 'delete'
              and lease is null""";

    /** Selects what another CRM is known to have of a record, or had before its delete. */
    private static final String KNOWN =
            """
            select coalesce(r.base, d.base) as base
            from (select ? as account, ? as object, ? as key) as k
            left join sluice.sync_state r using (account, object, key)
            left join sluice.tombstone d using (account, object, key)""";

    private static final String REJECTED =
            "a user edited its record after the row was deleted, and the edit wins, but the row can't be inserted again: %s;"
                    + " the record is deleted";

    private record Edited(CrmRecord record, RecordState ours, Set<String> names) {}

    private final Sync sync;
    private final TargetTable targetTable;
    private final CrmFields crmFields;
    private final Set<String> outward;
    private final boolean restores;
    private final Map<String, Edited> edited = new LinkedHashMap<>();
    private final List<Applied.RejectedRow> rejected = new ArrayList<>();

    /**
     * @param outward  fields whose columns only the table itself writes
     * @param restores whether rows may be inserted
     */
    DeletedRows(Sync sync, TargetTable targetTable, CrmFields crmFields, Set<String> outward, boolean restores) {
        this.restores = restores;
        this.sync = sync;
        this.targetTable = targetTable;
        this.crmFields = crmFields;
        this.outward = outward;
    }

    /** Returns the fields with a value that neither side has agreed on and Sluice has not written. */
    static Set<String> edits(CrmRecord record, RecordState ours, TargetTable targetTable, CrmFields crmFields) {
        if (ours.base == null) {
            return Set.of();
        }
        return record.fields().keySet().stream()
                .filter(targetTable.fields()::contains)
                .filter(ours.base::containsKey)
                .filter(name -> crmFields.isEdit(record, name, ours) && !crmFields.isOlder(record, name, ours))
                .collect(Collectors.toSet());
    }

    /**
     * Notes a record that has no row.
     *
     * @return whether it must be read as a whole first, to be inserted again
     */
    boolean add(String key, CrmRecord record, RecordState ours) {
        if (sync.getDeletes() == Sync.Deletes.KEEP) {
            return false; // the record stays as it is, so that its edit is not lost
        }
        Set<String> names = edits(record, ours, targetTable, crmFields);
        if (names.isEmpty() || !ours.deleteWaits && !ours.deleteInFlight) {
            return false;
        }
        Edited all = new Edited(record, ours, names);
        if (wins(all) && !record.isRead()) {
            return true;
        }
        edited.put(key, all);
        return false;
    }

    /** Writes the decisions. It runs last in its transaction, because its inserts count as the application's. */
    Applied write(Connection connection) throws SQLException {
        int conflicts = 0;
        int inserted = 0;
        for (Map.Entry<String, Edited> entry : edited.entrySet()) {
            String key = entry.getKey();
            Edited all = entry.getValue();
            boolean crmWins = wins(all) && restore(connection, key, all.record());
            SyncStateUpdate syncStateUpdate = new SyncStateUpdate(sync);
            all.names().forEach(name -> {
                Field field = field(all, name);
                boolean isTaken = crmWins && isTaken(name);
                if (isTaken && !all.ours().undecidable) {
                    syncStateUpdate.add(key, all.record(), name, field, Decision.CRM_WINS);
                } else {
                    syncStateUpdate.overwrittenByDelete(
                            key, name, field, isTaken ? Decision.CRM_WINS : Decision.DATABASE_WINS);
                }
            });
            syncStateUpdate.write(connection);
            conflicts += syncStateUpdate.conflicts();
            inserted += crmWins ? 1 : 0;
        }
        return new Applied(0, inserted, 0, conflicts, 0, rejected, Set.of());
    }

    private boolean wins(Edited all) {
        Instant deletedAt = all.ours().deletedAt;
        if (deletedAt == null || !restores || sync.getInserts() != Sync.Inserts.PROPAGATE) {
            return false;
        }
        return switch (sync.getConflicts()) {
            case CRM -> all.names().stream().anyMatch(this::isTaken);
            case DATABASE -> false;
            case LATEST ->
                all.names().stream().filter(this::isTaken).anyMatch(name -> !crmFields
                        .precision()
                        .isEarlier(all.record().at(name), deletedAt));
        };
    }

    /** Whether the table takes the CRM's value of a field; a value that the table computes itself restores no row. */
    private boolean isTaken(String name) {
        return !outward.contains(name);
    }

    /** Inserts the row, unless the table rejects it. */
    private boolean restore(Connection connection, String key, CrmRecord record) throws SQLException {
        Map<String, Object> row = new LinkedHashMap<>(record.fields());
        row.keySet().retainAll(targetTable.fields());
        row.keySet().removeAll(outward);
        row.replaceAll((name, value) -> Values.storable(value));
        Savepoint before = connection.setSavepoint();
        try {
            TargetTable.writeAsApplication(connection);
            Map<String, Map<String, Object>> rows = targetTable.insert(connection, Map.of(key, row));
            if (rows.containsKey(key)) {
                fillFromOthers(connection, key);
                Database.update(connection, CANCEL, sync.getAccount(), sync.getObject(), key);
                connection.releaseSavepoint(before);
                return true;
            }
            connection.rollback(before);
            reject(key, record, "another row holds it, or a trigger keeps it out");
        } catch (SQLException failure) {
            if (!Applier.isRejection(failure)) {
                throw failure;
            }
            connection.rollback(before);
            reject(key, record, RootCause.of(failure));
        }
        return false;
    }

    /** Fills the columns that only other syncs of the table map, or the restored row would empty them in the other CRMs. */
    private void fillFromOthers(Connection connection, String key) throws SQLException {
        Set<String> filled = new HashSet<>(targetTable.columns(targetTable.fields()));
        for (Map.Entry<Sync, TargetTable> other : targetTable.ofOthers(sync).entrySet()) {
            Sync its = other.getKey();
            TargetTable table = other.getValue();
            Map<String, Object> known = new LinkedHashMap<>();
            Database.query(connection, KNOWN, row -> row.getString("base"), its.getAccount(), its.getObject(), key)
                    .stream()
                    .filter(Objects::nonNull)
                    .forEach(base -> known.putAll(Json.fields(base)));
            known.keySet().retainAll(table.fields());
            known.keySet().removeAll(table.outward(connection));
            known.keySet().removeIf(field -> !filled.add(table.column(field).name()));
            if (!known.isEmpty()) {
                table.update(connection, Map.of(key, known));
            }
        }
    }

    private void reject(String key, CrmRecord record, String why) {
        rejected.add(new Applied.RejectedRow(
                key, record.crmId(), targetTable.columns(targetTable.fields()), REJECTED.formatted(why)));
    }

    private static Field field(Edited all, String name) {
        Instant deletedAt = all.ours().deletedAt;
        return new Field(
                new Agreed(all.ours().base.get(name)),
                Values.storable(all.record().fields().get(name)),
                all.record().at(name),
                null,
                deletedAt == null ? all.record().at(name) : deletedAt);
    }
}
