// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.ConflictRule;
import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.LogThrottle;
import io.sluice.Sync;
import io.sluice.merge.Merge.Agreed;
import io.sluice.merge.Merge.Decision;
import io.sluice.merge.Merge.Field;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Applies one page of changed records in one transaction: locks rows, decides field by field, writes. */
final class ChangedPage {

    /** Finds the key under which a record was written; it stays, even if the external id changes. */
    private static final String KEYS =
            """
            select i.crm_id, r.key from unnest(?::text[]) as i(crm_id)
            join sluice.sync_state r on r.crm_id = i.crm_id and r.account = ? and r.object = ?""";

    private static final String ADD_OWN_VALUES =
            """
            insert into sluice.change_log (source, keys, records, op, columns, origin) values (?, ?, ?, 'U', ?, null)""";

    private static final String HOLDERS =
            """
            select key, crm_id from sluice.sync_state
            where account = ? and object = ? and key = any(?::text[]) and crm_id is not null""";

    /** SQL state that rejects a row, as a constraint violation does. */
    private static final String OTHER_KEY = "23000";

    /** Deletes the base, which is valid only for the former CRM id. */
    private static final String RELINK =
            """
            update sluice.sync_state set crm_id = null, base = '{}', stamps = '{}', unproven = '{}'
            where account = ? and object = ? and key = any (?)""";

    /** Enters lookups of records; returns those lookups that were done before, so that the records still exist. */
    private static final String LOOK_UP =
            """
            with lookup as (
                insert into sluice.inbox (account, identity, object, crm_id, kind, at)
                select ?, identity, ?, crm_id, 'missing', clock_timestamp()
                from unnest(?::uuid[], ?::text[]) as v(identity, crm_id) order by identity
                on conflict (account, identity) do nothing)
            select i.identity from sluice.inbox i
            where i.account = ? and i.identity = any (?::uuid[]) and i.done_at is not null""";

    private static final Logger LOG = LoggerFactory.getLogger(ChangedPage.class);
    private static final LogThrottle THROTTLE = new LogThrottle();

    private final Connection connection;
    private final Sync sync;
    private final TargetTable targetTable;
    private final Set<String> written;
    private final boolean aged;
    private final CrmFields crmFields;
    private final ConflictRule conflictRule;
    private final SyncStateUpdate syncStateUpdate;
    private final Map<String, Map<String, Object>> updates = new LinkedHashMap<>();
    private final Map<String, Map<String, Object>> inserted = new LinkedHashMap<>();
    private final Map<String, Map<String, Object>> restored = new LinkedHashMap<>();
    private final List<Applied.RejectedRow> rejected = new ArrayList<>();
    private final Set<String> deferred = new LinkedHashSet<>();
    private final Set<String> deletedIds;
    /** CRM ids of records in an update loop, to the fields that the CRM changed. */
    private final Map<String, Set<String>> looping = new LinkedHashMap<>();

    private int withoutKey;

    /**
     * @param written   receives the fields that are about to be written, to name those of a rejected row
     * @param aged      whether newer values may have been applied already
     * @param crmFields rules of the CRM's fields
     * @param deletedIds      CRM ids that no record has any more
     */
    ChangedPage(
            Connection connection,
            Sync sync,
            TargetTable targetTable,
            Set<String> written,
            boolean aged,
            CrmFields crmFields,
            Set<String> deletedIds) {
        this.connection = connection;
        this.sync = sync;
        this.targetTable = targetTable;
        this.written = written;
        this.aged = aged;
        this.crmFields = crmFields;
        this.deletedIds = deletedIds;
        this.conflictRule = sync.getConflicts();
        this.syncStateUpdate = new SyncStateUpdate(sync);
    }

    /**
     * @param readAt time of a record, by the database's clock, up to which all writes are surely contained in it
     * @param edits  CRM id to the edits in events, oldest first
     */
    Applied apply(List<CrmRecord> records, Function<CrmRecord, Instant> readAt, Map<String, List<CrmRecord>> edits)
            throws SQLException {
        Map<String, CrmRecord> byKey = byKey(records);
        Map<String, Map<String, Object>> rows = targetTable.lock(connection, byKey.keySet());
        Set<String> missing = new LinkedHashSet<>(byKey.keySet());
        missing.removeAll(rows.keySet());
        Set<String> locked = targetTable.present(connection, missing);
        Map<String, Instant> reads = new LinkedHashMap<>();
        byKey.forEach((key, record) -> reads.put(key, readAt.apply(record)));
        Map<String, RecordState> states = RecordState.lock(connection, sync.getAccount(), sync.getObject(), reads);
        relink(byKey, states, locked);
        Map<String, CrmRecord> arrived = new LinkedHashMap<>(byKey);
        byKey.replaceAll((key, record) -> !record.isRead()
                ? withoutEchoes(key, record, states.get(key))
                : aged ? newest(record, states.get(key)) : storable(record));
        byKey.values().removeIf(record -> record.fields().isEmpty());
        Set<String> outward = targetTable.outward(connection);
        if (!outward.isEmpty()) {
            byKey.replaceAll((key, record) -> record.without(outward));
            byKey.values().removeIf(record -> record.fields().isEmpty());
        }
        RecordState.addUndrained(connection, sync, unclear(byKey, rows, states));
        DeletedRows deletedRows = new DeletedRows(sync, targetTable, crmFields, outward, true);
        byKey.forEach((key, record) -> {
            RecordState ours = states.get(key);
            if (ours.undecidable || locked.contains(key)) {
                deferred.add(record.crmId());
            } else if (rows.containsKey(key)) {
                merge(key, record, rows.get(key), ours);
            } else if (ours.base != null) {
                if (!aged && deletedRows.add(key, record, ours)) {
                    deferred.add(record.crmId());
                }
            } else if (!ours.deleteWaits && sync.getInserts() == Sync.Inserts.PROPAGATE) {
                inserted.put(key, mapped(record));
            }
        });
        arrived.forEach((key, record) -> {
            if (edits.containsKey(record.crmId()) && !states.get(key).undecidable) {
                new ReplacedEdits(targetTable, crmFields, conflictRule, record, states.get(key))
                        .find(edits.get(record.crmId()), outward)
                        .forEach(replaced -> note(key, replaced, rows.containsKey(key)));
            }
        });
        return write(byKey, rows, outward).plus(deletedRows.write(connection));
    }

    /**
     * Replaces a known record by another one with its key, if the known one does not exist any more: a user has created it again
     * or merged it into a new one. The CRM is asked first. If the known record still exists, two records have one key.
     */
    private void relink(Map<String, CrmRecord> byKey, Map<String, RecordState> states, Set<String> locked)
            throws SQLException {
        List<String> relinked = new ArrayList<>();
        Map<String, UUID> twins = new LinkedHashMap<>();
        byKey.forEach((key, record) -> {
            RecordState ours = states.get(key);
            if (ours.crmId == null || ours.crmId.equals(record.crmId()) || ours.undecidable || locked.contains(key)) {
                return;
            }
            if (deletedIds.contains(ours.crmId)) {
                ours.relink();
                relinked.add(key);
            } else {
                twins.put(key, CrmEvent.identityOf("twin", sync.getObject(), ours.crmId, record.crmId()));
            }
        });
        if (!relinked.isEmpty()) {
            Database.update(
                    connection, RELINK, sync.getAccount(), sync.getObject(), Database.texts(connection, relinked));
        }
        if (twins.isEmpty()) {
            return;
        }
        java.sql.Array identities =
                connection.createArrayOf("uuid", twins.values().toArray());
        Set<UUID> answered = new HashSet<>(Database.query(
                connection,
                LOOK_UP,
                row -> row.getObject(1, UUID.class),
                sync.getAccount(),
                sync.getObject(),
                identities,
                Database.texts(connection, twins.keySet(), key -> states.get(key).crmId),
                sync.getAccount(),
                identities));
        twins.forEach((key, identity) -> {
            CrmRecord twin = byKey.remove(key);
            if (answered.contains(identity)) {
                rejected.add(new Applied.RejectedRow(
                        key,
                        twin.crmId(),
                        List.of(sync.getKey()),
                        "record " + states.get(key).crmId
                                + " of the CRM has the same external id; merge the two or change one of them"));
            } else {
                deferred.add(twin.crmId());
            }
        });
    }

    private Map<String, CrmRecord> byKey(List<CrmRecord> records) throws SQLException {
        Map<String, String> known =
                keys(connection, sync, records.stream().map(CrmRecord::crmId).toList());
        // a HashMap, which allows the null of a record without external id
        Map<String, String> keys = new HashMap<>(targetTable.keys(
                connection,
                records.stream()
                        .filter(record -> record.key() != null && !record.key().equals(known.get(record.crmId())))
                        .map(CrmRecord::key)
                        .toList()));
        Map<String, String> holders = holders(keys.values());
        Map<String, CrmRecord> byKey = new LinkedHashMap<>();
        for (CrmRecord record : inOrder(records, keys)) {
            String knownKey = known.get(record.crmId());
            String key = knownKey != null ? knownKey : keys.get(record.key());
            if (knownKey == null && record.key() == null) {
                addWithoutKey(record);
            } else if (key == null) {
                reject(
                        record.key(),
                        record,
                        "its external id " + sync.getExternalId() + " is no value of the key's type");
            } else if (knownKey == null && isTaken(record, key, holders.get(key), byKey.get(key))) {
                reject(
                        key,
                        record,
                        "its external id " + sync.getExternalId() + " is another spelling of a key that CRM"
                                + " record "
                                + (byKey.containsKey(key) ? byKey.get(key).crmId() : holders.get(key)) + " has");
            } else {
                if (knownKey != null && record.isRead() && !isSameKey(knownKey, record.key(), keys)) {
                    reject(
                            key,
                            record,
                            "its external id " + sync.getExternalId()
                                    + (record.key() == null ? " was emptied" : " was changed to " + record.key())
                                    + " in the CRM; change it back. The row keeps its key, and all"
                                    + " other changes still go both ways");
                }
                byKey.put(key, record);
            }
        }
        return byKey;
    }

    /** Sorts records whose external id is spelled like the table's key first: they get the row. */
    private static List<CrmRecord> inOrder(List<CrmRecord> records, Map<String, String> keys) {
        return records.stream()
                .sorted(java.util.Comparator.comparing((CrmRecord record) ->
                        record.key() != null && !record.key().equals(keys.getOrDefault(record.key(), record.key()))))
                .toList();
    }

    private void addWithoutKey(CrmRecord record) {
        if (record.isRead()) {
            withoutKey++;
        } else if (sync.getInserts() == Sync.Inserts.PROPAGATE) {
            // the events do not contain the key of an unknown record: the record must be read
            deferred.add(record.crmId());
        }
    }

    private void reject(String key, CrmRecord record, String why) {
        rejected.add(new Applied.RejectedRow(key, record.crmId(), List.of(sync.getKey()), why));
    }

    /** Whether the external id is another spelling of the known key. */
    private static boolean isSameKey(String known, String spelled, Map<String, String> keys) {
        return known.equals(spelled) || KeySpelling.same(known, spelled) || known.equals(keys.get(spelled));
    }

    /**
     * Whether another CRM record has the key. Two records can't have exactly the same external id: then the other one does not
     * exist any more and this one replaces it.
     */
    private static boolean isTaken(CrmRecord record, String key, String holder, CrmRecord before) {
        return before != null && !before.crmId().equals(record.crmId())
                || holder != null && !holder.equals(record.crmId()) && !KeySpelling.same(key, record.key());
    }

    /** Maps the keys that have a CRM id to it. */
    private Map<String, String> holders(Collection<String> keys) throws SQLException {
        if (keys.isEmpty()) {
            return Map.of();
        }
        Map<String, String> holders = new HashMap<>();
        Database.query(
                connection,
                HOLDERS,
                row -> holders.put(row.getString(1), row.getString(2)),
                sync.getAccount(),
                sync.getObject(),
                Database.texts(connection, keys));
        return holders;
    }

    /** Maps the known CRM ids to their keys. */
    static Map<String, String> keys(Connection connection, Sync sync, Collection<String> crmIds) throws SQLException {
        Map<String, String> known = new HashMap<>();
        Database.query(
                connection,
                KEYS,
                row -> known.put(row.getString(1), row.getString(2)),
                Database.texts(connection, crmIds),
                sync.getAccount(),
                sync.getObject());
        return known;
    }

    /**
     * Removes echoes and older values from the fields of events, which arrive late, twice and out of order. For a record that
     * Sluice has just written, by another clock, the order is unknown: then no value counts as older.
     */
    private CrmRecord withoutEchoes(String key, CrmRecord record, RecordState ours) {
        Map<String, Object> fields = new LinkedHashMap<>();
        record.fields().forEach((name, arrived) -> {
            Object value =
                    Values.storable(Values.ofMillis(targetTable.column(name).type(), arrived));
            if (!ours.undecidable && ours.isOld(name, record.at(name)) || holds(ours.inflight, name, value)) {
                return;
            }
            if (ours.base != null && holds(ours.base, name, value)) {
                syncStateUpdate.confirm(key, record, name);
            } else {
                fields.put(name, value);
            }
        });
        return new CrmRecord(record.crmId(), key, record.at(), fields, record.fieldTimes());
    }

    /** Removes the values for which a newer one is known; with equal times the known one counts as newer. */
    private CrmRecord newest(CrmRecord record, RecordState ours) {
        Map<String, Object> fields = new LinkedHashMap<>();
        record.fields().forEach((name, value) -> {
            if (targetTable.fields().contains(name) && !ours.isKnown(name, record.at())) {
                fields.put(
                        name,
                        Values.storable(Values.ofText(targetTable.column(name).type(), value)));
            }
        });
        return new CrmRecord(record.crmId(), record.key(), record.at(), fields);
    }

    private static CrmRecord storable(CrmRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>(record.fields());
        fields.replaceAll((name, value) -> Values.storable(value));
        return new CrmRecord(record.crmId(), record.key(), record.at(), fields);
    }

    static boolean holds(Map<String, Object> fields, String name, Object value) {
        return fields.containsKey(name) && Values.same(fields.get(name), value);
    }

    /**
     * Selects the records for which the change log must be searched for changes of ours: the CRM's value differs from the base
     * and from the row. Echoes, which are nearly all of the records read while Sluice sends much, do not need it.
     */
    private Map<String, RecordState> unclear(
            Map<String, CrmRecord> byKey, Map<String, Map<String, Object>> rows, Map<String, RecordState> states) {
        Map<String, RecordState> unclear = new HashMap<>();
        byKey.forEach((key, record) -> {
            RecordState ours = states.get(key);
            Map<String, Object> row = rows.get(key);
            boolean clear = ours.undecidable
                    || (row == null
                            ? ours.base != null
                                    && DeletedRows.edits(record, ours, targetTable, crmFields)
                                            .isEmpty()
                            : record.fields().keySet().stream()
                                    .filter(name -> isToMerge(record, name, ours))
                                    .noneMatch(name -> Merge.decide(
                                                    field(record, name, row, ours), conflictRule, crmFields.precision())
                                            .writes()));
            if (!clear) {
                unclear.put(key, ours);
            }
        });
        return unclear;
    }

    /** Whether the field is mapped, and its value is not one from before our last write. */
    private boolean isToMerge(CrmRecord record, String name, RecordState ours) {
        return targetTable.fields().contains(name) && !crmFields.isOlder(record, name, ours);
    }

    private Field field(CrmRecord record, String name, Map<String, Object> row, RecordState ours) {
        Object crm = record.fields().get(name);
        Instant changedAt = ours.changedAt(name, targetTable.column(name).name());
        Agreed base = ours.base == null || !ours.base.containsKey(name) ? null : new Agreed(ours.base.get(name));
        if (changedAt != null && ours.mayHaveWritten(name, crm) || isEcho(record, name, ours)) {
            // our own write, whose answer was lost or whose value the CRM normalised
            base = new Agreed(crm);
        }
        return new Field(base, crm, record.at(name), row.get(name), changedAt);
    }

    /** Whether the value is an echo: the base becomes it, and the table keeps its own. */
    private boolean isEcho(CrmRecord record, String name, RecordState ours) {
        return crmFields.isEcho(
                record,
                name,
                ours,
                ours.changedAt(name, targetTable.column(name).name()) != null);
    }

    private void note(String key, ReplacedEdits.Replaced replaced, boolean hasRow) {
        Decision decision = hasRow ? replaced.decision() : Decision.DATABASE_WINS;
        syncStateUpdate.overwritten(key, replaced.name(), replaced.field(), decision);
        if (decision == Decision.CRM_WINS) {
            restored.computeIfAbsent(key, first -> new LinkedHashMap<>())
                    .put(replaced.name(), replaced.field().crm());
        }
    }

    private void merge(String key, CrmRecord record, Map<String, Object> row, RecordState ours) {
        record.fields().forEach((name, value) -> {
            if (!isToMerge(record, name, ours)) {
                return;
            }
            Field field = field(record, name, row, ours);
            Decision decision = Merge.decide(field, conflictRule, crmFields.precision());
            if (decision == Decision.UNCHANGED) {
                boolean echo = isEcho(record, name, ours);
                if (record.isRead() && !ours.unproven.isEmpty() || echo) {
                    syncStateUpdate.confirmUnproven(
                            key, record, name, value, !crmFields.isEcho(record, name, ours, false));
                }
                return;
            }
            if (decision.writes()) {
                updates.computeIfAbsent(key, first -> new LinkedHashMap<>()).put(name, value);
            }
            syncStateUpdate.add(key, record, name, field, decision);
        });
        if (updates.containsKey(key)) {
            UpdateLoop loop = ours.loop.taken(ours.settledAt, ours.latestKnown(), record.at(), ours.now);
            syncStateUpdate.taken(key, loop);
            if (loop.startsAfter(ours.loop)) {
                looping.put(record.crmId(), updates.get(key).keySet());
            }
        }
    }

    /** Adds the columns to which the table gave a value of its own, by a default, a trigger or a computation. */
    private void addOwn(
            Map<String, Set<String>> own,
            String key,
            Map<String, Object> row,
            Set<String> fields,
            Map<String, Object> before) {
        fields.stream()
                .filter(field -> !Values.same(row.get(field), before.get(field)))
                .filter(field -> outwardOrEmpty(before, field))
                .forEach(field -> own.computeIfAbsent(key, first -> new LinkedHashSet<>())
                        .add(targetTable.column(field).name()));
    }

    /**
     * Adds the columns whose value a trigger of the table has kept: the row has not changed, so that nothing is captured, but
     * the CRM has another value.
     */
    private void addUndone(
            Map<String, Set<String>> own,
            Map<String, Map<String, Object>> updated,
            Map<String, Map<String, Object>> before)
            throws SQLException {
        Map<String, Map<String, Object>> kept = new LinkedHashMap<>();
        updated.forEach((key, row) -> updates.get(key).forEach((field, value) -> {
            if (!Values.same(row.get(field), value)
                    && Values.same(row.get(field), before.get(key).get(field))) {
                kept.computeIfAbsent(key, first -> new LinkedHashMap<>()).put(field, value);
            }
        }));
        if (!kept.isEmpty()) {
            targetTable
                    .typed(connection, kept)
                    .forEach((key, fields) -> fields.forEach((field, value) -> {
                        if (!Values.same(updated.get(key).get(field), value)) {
                            own.computeIfAbsent(key, first -> new LinkedHashSet<>())
                                    .add(targetTable.column(field).name());
                        }
                    }));
        }
    }

    private boolean outwardOrEmpty(Map<String, Object> before, String field) {
        return Values.text(before.get(field)) == null || targetTable.isOutward(field);
    }

    /** Captures the table's own values, so that they are sent to every CRM, including this one. */
    private void captureOwnValues(Map<String, Set<String>> own) throws SQLException {
        Map<Set<String>, List<String>> byColumns = new LinkedHashMap<>();
        own.forEach((key, columns) ->
                byColumns.computeIfAbsent(columns, first -> new ArrayList<>()).add(key));
        for (Map.Entry<Set<String>, List<String>> alike : byColumns.entrySet()) {
            Database.update(
                    connection,
                    ADD_OWN_VALUES,
                    sync.getTable(),
                    Database.texts(connection, alike.getValue()),
                    alike.getValue().size(),
                    Database.texts(connection, alike.getKey()));
        }
    }

    private Map<String, Object> mapped(CrmRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>(record.fields());
        fields.keySet().retainAll(targetTable.fields());
        return fields;
    }

    private Applied write(Map<String, CrmRecord> byKey, Map<String, Map<String, Object>> rows, Set<String> outward)
            throws SQLException {
        updates.values().forEach(fields -> written.addAll(fields.keySet()));
        inserted.values().forEach(fields -> written.addAll(fields.keySet()));
        Map<String, Map<String, Object>> updated = targetTable.update(connection, updates);
        syncStateUpdate.written(updated);
        Map<String, Set<String>> own = new LinkedHashMap<>();
        updated.forEach((key, row) -> addOwn(own, key, row, outward, rows.get(key)));
        addUndone(own, updated, rows);
        Map<String, Map<String, Object>> insertedRows = targetTable.insert(connection, inserted);
        if (!inserted.keySet().containsAll(insertedRows.keySet())) {
            throw new SQLException("the table gives a new row another key than the CRM record's", OTHER_KEY);
        }
        inserted.forEach((key, fields) -> {
            CrmRecord record = byKey.get(key);
            if (insertedRows.containsKey(key)) {
                fields.forEach((name, value) -> syncStateUpdate.add(
                        key, record, name, new Field(null, value, record.at(name), null, null), Decision.TAKEN));
            } else {
                deferred.add(record.crmId());
            }
        });
        insertedRows.forEach((key, row) -> addOwn(own, key, row, targetTable.fields(), inserted.get(key)));
        captureOwnValues(own);
        syncStateUpdate.written(insertedRows);
        syncStateUpdate.write(connection);
        if (!restored.isEmpty()) {
            TargetTable.writeAsApplication(connection);
            targetTable.update(connection, restored);
        }
        looping.forEach(this::warn);
        return new Applied(
                updates.size(),
                insertedRows.size(),
                0,
                syncStateUpdate.conflicts(),
                withoutKey,
                rejected,
                deferred,
                aged
                        ? List.of()
                        : Stream.concat(updates.keySet().stream(), insertedRows.keySet().stream())
                                .map(key -> byKey.get(key).at())
                                .toList());
    }

    private void warn(String crmId, Set<String> fields) {
        THROTTLE.warn(
                LOG,
                "update loop " + sync.getName(),
                "{}: record {} is in an update loop: {} times in a row the CRM"
                        + " changed it ({}) after each write, and the table {} changed after that. Its next write waits for 1 s, later"
                        + " ones for up to 1 h. Look for a flow or workflow in the CRM and a trigger or job of the application that"
                        + " change the same record, and stop one of the two.",
                sync.getName(),
                crmId,
                UpdateLoop.FREE_ROUNDS + 1,
                String.join(", ", fields),
                sync.getTable());
    }
}
