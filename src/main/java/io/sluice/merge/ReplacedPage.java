// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.ConflictRule;
import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.merge.Merge.Agreed;
import io.sluice.merge.Merge.Decision;
import io.sluice.merge.Merge.Field;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the edits of a CRM's users that a write of ours replaced, from the values that the CRM had just before the write: a
 * value that is neither the base nor one that Sluice wrote then or now. Each is a conflict. If the CRM's side wins, the value is
 * written to the table like a change of the application and sent to the CRM again. A write that deletes replaces all fields
 * ({@link DeletedRows}).
 *
 * <p>It runs after the answer and before the claim is settled, in its own transactions: the base is still that before the
 * write. If the process ends between the two, the claim is unproven and the change of the table is in the change log: nothing is
 * lost, and nothing is found twice.
 */
final class ReplacedPage {

    private final Connection connection;
    private final Sync sync;
    private final TargetTable targetTable;
    private final CrmFields crmFields;
    private final ConflictRule conflictRule;
    private final boolean restores;
    private final Map<String, Map<String, Object>> restored = new LinkedHashMap<>();

    /** @param restores whether replaced edits are written to the table; false if the table rejects them or can't be locked */
    ReplacedPage(Connection connection, Sync sync, TargetTable targetTable, CrmFields crmFields, boolean restores) {
        this.connection = connection;
        this.sync = sync;
        this.targetTable = targetTable;
        this.crmFields = crmFields;
        this.conflictRule = sync.getConflicts();
        this.restores = restores;
    }

    /**
     * Selects the records with an edit of a field that is being written; usually there is none.
     *
     * @param jobs whether to check only records that a bulk job is writing
     */
    List<CrmRecord> edited(List<CrmRecord> images, boolean jobs) throws SQLException {
        Map<String, RecordState> states = states(images);
        return images.stream()
                .filter(image -> !jobs || states.get(image.key()).inJob)
                .filter(image -> isEdited(image, states.get(image.key())))
                .toList();
    }

    private boolean isEdited(CrmRecord image, RecordState ours) {
        return ours.deleteInFlight
                ? !DeletedRows.edits(image, ours, targetTable, crmFields).isEmpty()
                : ours.inflight.keySet().stream().anyMatch(name -> isEdit(image, name, ours));
    }

    private Map<String, RecordState> states(List<CrmRecord> images) throws SQLException {
        Map<String, Instant> reads = new LinkedHashMap<>();
        images.forEach(image -> reads.put(image.key(), image.at()));
        return RecordState.lock(connection, sync.getAccount(), sync.getObject(), reads);
    }

    /** @param edited records before the write, with their keys */
    Applied apply(List<CrmRecord> edited) throws SQLException {
        Map<String, CrmRecord> byKey = new LinkedHashMap<>();
        edited.forEach(image -> byKey.put(image.key(), image));
        Map<String, Map<String, Object>> rows = restores ? targetTable.lock(connection, byKey.keySet()) : Map.of();
        Map<String, RecordState> states = states(edited);
        RecordState.addUndrained(connection, sync, states);
        Set<String> outward = targetTable.outward(connection);
        SyncStateUpdate syncStateUpdate = new SyncStateUpdate(sync);
        DeletedRows deletedRows = new DeletedRows(sync, targetTable, crmFields, outward, restores);
        byKey.forEach((key, image) -> {
            RecordState ours = states.get(key);
            if (ours.deleteInFlight && !rows.containsKey(key)) {
                deletedRows.add(key, image, ours);
            }
            Map<String, Object> row = rows.getOrDefault(key, Map.of());
            ours.inflight.keySet().stream()
                    .filter(name -> isEdit(image, name, ours))
                    .forEach(name -> {
                        Field field = field(image, name, ours);
                        if (row.containsKey(name) && Values.same(row.get(name), field.crm())) {
                            return; // the table has the value already and sends it again
                        }
                        boolean crmWins =
                                Merge.decide(field, conflictRule, crmFields.precision()) != Decision.DATABASE_WINS
                                        && restores
                                        && !outward.contains(name);
                        syncStateUpdate.overwritten(
                                key, name, field, crmWins ? Decision.CRM_WINS : Decision.DATABASE_WINS);
                        if (crmWins) {
                            restored.computeIfAbsent(key, first -> new LinkedHashMap<>())
                                    .put(name, field.crm());
                        }
                    });
        });
        syncStateUpdate.write(connection);
        if (!restored.isEmpty()) {
            TargetTable.writeAsApplication(connection);
            targetTable.update(connection, restored);
        }
        return new Applied(restored.size(), 0, 0, syncStateUpdate.conflicts(), 0, List.of(), Set.of())
                .plus(deletedRows.write(connection));
    }

    private boolean isEdit(CrmRecord image, String name, RecordState ours) {
        return image.fields().containsKey(name)
                && targetTable.fields().contains(name)
                && crmFields.isEdit(image, name, ours)
                && !crmFields.isLike(
                        name,
                        ours.inflight.get(name),
                        Values.storable(image.fields().get(name)));
    }

    private Field field(CrmRecord image, String name, RecordState ours) {
        Instant newer = ours.changedAt(name, targetTable.column(name).name());
        Instant sent = ours.sent.get(name);
        return new Field(
                ours.base == null || !ours.base.containsKey(name) ? null : new Agreed(ours.base.get(name)),
                Values.storable(image.fields().get(name)),
                image.at(name),
                ours.inflight.get(name),
                newer != null ? newer : sent != null ? sent : image.at(name));
    }
}
