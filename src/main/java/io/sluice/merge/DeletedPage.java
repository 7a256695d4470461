// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.DeletedRecord;
import io.sluice.Sync;
import io.sluice.outbox.Recreation;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Applies one page of records that the CRM deleted, in one transaction. */
final class DeletedPage {

    private static final String KEYS =
            """
            select r.key, r.crm_id from sluice.sync_state r
            where r.crm_id = any(?) and r.account = ? and r.object = ? and r.sync = ?""";

    private static final String DELETE = "delete from sluice.%s where account = ? and object = ? and key = any(?)";

    private static final String KEPT =
            "its record was deleted, but its row can't be deleted: %s; the row stays without a"
                    + " record until its next change creates one again";

    private static final String ADD_TOMBSTONES =
            """
            insert into sluice.tombstone (account, object, key)
            select ?, ?, key from unnest(?::text[]) as key
            on conflict (account, object, key) do update set deleted_at = now()""";

    private final Connection connection;
    private final Sync sync;
    private final TargetTable targetTable;
    private final TimePrecision precision;

    /** @param precision precision of the CRM's times */
    DeletedPage(Connection connection, Sync sync, TargetTable targetTable, TimePrecision precision) {
        this.connection = connection;
        this.sync = sync;
        this.targetTable = targetTable;
        this.precision = precision;
    }

    /**
     * Applies deletes. The conflict rule decides on a row that was changed here meanwhile: if the row stays, its record is
     * created again.
     */
    Applied apply(List<DeletedRecord> records, Instant readAt) throws SQLException {
        Map<String, DeletedRecord> byId =
                records.stream().collect(Collectors.toMap(DeletedRecord::crmId, it -> it, (a, b) -> b));
        Map<String, DeletedRecord> byKey = new LinkedHashMap<>();
        Database.query(
                connection,
                KEYS,
                row -> byKey.put(row.getString(1), byId.get(row.getString(2))),
                Database.texts(connection, byId.keySet()),
                sync.getAccount(),
                sync.getObject(),
                sync.getName());
        Map<String, Map<String, Object>> rows = targetTable.lock(connection, byKey.keySet());
        Set<String> locked = new LinkedHashSet<>(byKey.keySet());
        locked.removeAll(rows.keySet());
        locked = targetTable.present(connection, locked);
        Map<String, Instant> reads = new LinkedHashMap<>();
        byKey.keySet().forEach(key -> reads.put(key, readAt));
        Map<String, RecordState> states = RecordState.lock(connection, sync.getAccount(), sync.getObject(), reads);
        RecordState.addUndrained(connection, sync, states);

        Set<String> deferred = new LinkedHashSet<>();
        List<String> deleting = new ArrayList<>();
        List<String> withoutRecord = new ArrayList<>();
        List<String> staying = new ArrayList<>();
        int conflicts = 0;
        for (Map.Entry<String, DeletedRecord> entry : byKey.entrySet()) {
            String key = entry.getKey();
            RecordState ours = states.get(key);
            if (ours.undecidable || locked.contains(key)) {
                deferred.add(entry.getValue().crmId());
                continue;
            }
            Instant changed = rows.containsKey(key) ? ours.changedAt() : null;
            Instant at = entry.getValue().at();
            if (at == null && changed == null && rows.containsKey(key)) {
                continue; // the CRM does not know the id, but does not say that the record was deleted: the row stays
            }
            boolean keep = sync.getDeletes() == Sync.Deletes.KEEP;
            boolean crmWins = changed == null || at != null && !keep && wins(at, changed);
            if (changed != null) {
                conflicts++;
                log(key, at == null ? changed : at, changed, crmWins);
            }
            (!crmWins ? staying : keep ? withoutRecord : deleting).add(key);
        }
        int deleted = targetTable.delete(connection, deleting);
        // no error of the page: a trigger that keeps a row may have marked the row as deleted, which must stay
        Set<String> kept = deleted < deleting.size() ? targetTable.present(connection, deleting) : Set.of();
        kept.stream().filter(key -> states.get(key).changedAt() != null).forEach(staying::add);
        deleting.stream().filter(key -> !staying.contains(key)).forEach(withoutRecord::add);
        deleteState(withoutRecord);
        Recreation.recreate(connection, sync.getAccount(), sync.getObject(), sync.getTable(), staying);
        List<DeletedRecord> gone = deleting.stream()
                .filter(rows::containsKey)
                .filter(key -> !kept.contains(key))
                .map(byKey::get)
                .toList();
        return new Applied(
                0,
                0,
                gone.size(),
                conflicts,
                0,
                kept.stream()
                        .map(key -> new Applied.RejectedRow(
                                key,
                                byKey.get(key).crmId(),
                                List.of(),
                                KEPT.formatted("a trigger of the table keeps it")))
                        .toList(),
                deferred,
                gone.stream().map(DeletedRecord::at).filter(Objects::nonNull).toList());
    }

    /**
     * Handles a row that the table did not let be deleted. It has no record from now on: its next change, or one that waits now,
     * creates the record again with all fields.
     */
    Applied rejected(DeletedRecord deletedRecord, Instant readAt, String why) throws SQLException {
        List<String> keys = Database.query(
                connection,
                KEYS,
                row -> row.getString(1),
                Database.texts(connection, List.of(deletedRecord.crmId())),
                sync.getAccount(),
                sync.getObject(),
                sync.getName());
        if (keys.isEmpty()) {
            return Applied.NOTHING;
        }
        String key = keys.get(0);
        RecordState ours = RecordState.lock(connection, sync.getAccount(), sync.getObject(), Map.of(key, readAt))
                .get(key);
        RecordState.addUndrained(connection, sync, Map.of(key, ours));
        if (ours.undecidable) {
            return new Applied(0, 0, 0, 0, 0, List.of(), Set.of(deletedRecord.crmId()));
        }
        if (ours.changedAt() == null) {
            deleteState(keys);
        } else {
            Recreation.recreate(connection, sync.getAccount(), sync.getObject(), sync.getTable(), keys);
        }
        return new Applied(
                0,
                0,
                0,
                0,
                0,
                List.of(new Applied.RejectedRow(key, deletedRecord.crmId(), List.of(), KEPT.formatted(why))),
                Set.of());
    }

    /** Whether the delete wins. If the order is unknown, the change wins: a record that is created again can be deleted again. */
    private boolean wins(Instant deletedAt, Instant changed) {
        return switch (sync.getConflicts()) {
            case CRM -> true;
            case DATABASE -> false;
            case LATEST -> precision.isLater(deletedAt, changed);
        };
    }

    private void log(String key, Instant deletedAt, Instant changed, boolean crmWins) throws SQLException {
        Database.update(
                connection,
                SyncStateUpdate.CONFLICT,
                sync.getAccount(),
                sync.getObject(),
                key,
                sync.getName(),
                null,
                crmWins ? "crm" : "database",
                null,
                null,
                deletedAt.atOffset(ZoneOffset.UTC),
                null,
                changed.atOffset(ZoneOffset.UTC));
    }

    /** Deletes the state and the waiting changes of records that the CRM does not have any more. */
    private void deleteState(List<String> keys) throws SQLException {
        if (keys.isEmpty()) {
            return;
        }
        java.sql.Array array = Database.texts(connection, keys);
        for (String table : List.of("sync_state", "outbox", "dead_letter")) {
            Database.update(connection, DELETE.formatted(table), sync.getAccount(), sync.getObject(), array);
        }
        Database.update(connection, ADD_TOMBSTONES, sync.getAccount(), sync.getObject(), array);
    }
}
