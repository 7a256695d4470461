package io.sluice.merge;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.merge.Merge.Agreed;
import io.sluice.merge.Merge.Decision;
import io.sluice.merge.Merge.Field;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the edits of a CRM's users that a write of ours replaced, by what the CRM had just before the write: a value that is
 * neither what both sides last agreed on, nor what we wrote then or now. Each is a conflict. Where the CRM's side wins it, the
 * table takes it as a change of its own, which goes to the CRM again.
 *
 * <p>It runs after the answer and before the claim is settled, in transactions of its own: the base is still that of before
 * the write. A process that ends between the two leaves the claim in doubt and the change of the table in the change log, so
 * nothing is lost and nothing is found twice.
 */
final class ReplacedPage {

    private final Connection connection;
    private final Sync sync;
    private final TargetTable targetTable;
    private final CrmFields crmFields;
    private final ConflictRule conflictRule;
    private final boolean restores;
    private final Map<String, Map<String, Object>> restored = new LinkedHashMap<>();

    /** @param restores whether the table takes what it lost; false where it refuses that or can't be locked */
    ReplacedPage(Connection connection, Sync sync, TargetTable targetTable, CrmFields crmFields, boolean restores) {
        this.connection = connection;
        this.sync = sync;
        this.targetTable = targetTable;
        this.crmFields = crmFields;
        this.conflictRule = ConflictRule.of(sync.getConflicts());
        this.restores = restores;
    }

    /**
     * Those of which a field was edited that is being written: seldom any.
     *
     * @param jobs of those alone that a job is writing
     */
    List<CrmRecord> edited(List<CrmRecord> images, boolean jobs) throws SQLException {
        Map<String, RecordState> waiting = waiting(images);
        return images.stream().filter(image -> !jobs || waiting.get(image.key()).inJob).filter(image -> waiting.get(image.key()).inflight.keySet().stream()
                .anyMatch(name -> isEdit(image, name, waiting.get(image.key())))).toList();
    }

    private Map<String, RecordState> waiting(List<CrmRecord> images) throws SQLException {
        Map<String, Instant> reads = new LinkedHashMap<>();
        images.forEach(image -> reads.put(image.key(), image.at()));
        return RecordState.lock(connection, sync.getAccount(), sync.getObject(), reads);
    }

    /** @param edited records as they were before the write, with their keys */
    Applied apply(List<CrmRecord> edited) throws SQLException {
        Map<String, CrmRecord> byKey = new LinkedHashMap<>();
        edited.forEach(image -> byKey.put(image.key(), image));
        Map<String, Map<String, Object>> rows = restores ? targetTable.lock(connection, byKey.keySet()) : Map.of();
        Map<String, RecordState> waiting = waiting(edited);
        RecordState.addUndrained(connection, sync, waiting);
        Set<String> outward = targetTable.outward(connection);
        SyncStateUpdate syncStateUpdate = new SyncStateUpdate(sync);
        byKey.forEach((key, image) -> {
            RecordState ours = waiting.get(key);
            Map<String, Object> row = rows.getOrDefault(key, Map.of());
            ours.inflight.keySet().stream().filter(name -> isEdit(image, name, ours)).forEach(name -> {
                Field field = field(image, name, ours);
                if (row.containsKey(name) && Values.same(row.get(name), field.crm())) {
                    return;   // the table has it, and sends it again
                }
                boolean crmWins = Merge.decide(field, conflictRule, crmFields.precision()) != Decision.DATABASE_WINS
                        && restores && !outward.contains(name);
                syncStateUpdate.overwritten(key, name, field, crmWins ? Decision.CRM_WINS : Decision.DATABASE_WINS);
                if (crmWins) {
                    restored.computeIfAbsent(key, first -> new LinkedHashMap<>()).put(name, field.crm());
                }
            });
        });
        syncStateUpdate.write(connection);
        if (!restored.isEmpty()) {
            Database.query(connection, "select set_config('sluice.origin', '', true)", row -> null);
            targetTable.update(connection, restored);
        }
        return new Applied(restored.size(), 0, 0, syncStateUpdate.conflicts(), 0, List.of(), Set.of());
    }

    /**
     * What we had written ourselves is none, nor is what the CRM made of that. Where nothing was agreed on, a value that is
     * there is one, an empty field is not.
     */
    private boolean isEdit(CrmRecord image, String name, RecordState ours) {
        if (!image.fields().containsKey(name) || !targetTable.fields().contains(name)) {
            return false;
        }
        Object crm = Values.storable(image.fields().get(name));
        boolean agreed = ours.base != null && ours.base.containsKey(name);
        return !(agreed ? Values.same(ours.base.get(name), crm) : Values.same(null, crm))
                && !crmFields.isLike(name, ours.inflight.get(name), crm) && !ours.mayHaveWritten(name, crm)
                && !crmFields.isEcho(image, name, ours, true);
    }

    private Field field(CrmRecord image, String name, RecordState ours) {
        Instant newer = ours.changedAt(name, targetTable.column(name).name());
        Instant sent = ours.sent.get(name);
        return new Field(ours.base == null || !ours.base.containsKey(name) ? null : new Agreed(ours.base.get(name)),
                Values.storable(image.fields().get(name)), image.at(name), ours.inflight.get(name),
                newer != null ? newer : sent != null ? sent : image.at(name));
    }
}
