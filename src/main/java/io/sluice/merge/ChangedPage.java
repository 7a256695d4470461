package io.sluice.merge;

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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One page of changed records in one transaction: locks, decides field by field, writes. */
final class ChangedPage {

    /** A record keeps the key under which it was written, whatever its external id is now. */
    private static final String KEYS = """
            select i.crm_id, r.key from unnest(?::text[]) as i(crm_id)
            join sluice.sync_state r on r.crm_id = i.crm_id and r.account = ? and r.object = ?""";

    private static final String MADE = """
            insert into sluice.change_log (source, keys, records, op, columns, origin) values (?, ?, ?, 'U', ?, null)""";

    private static final String HOLDERS = """
            select key, crm_id from sluice.sync_state
            where account = ? and object = ? and key = any(?::text[]) and crm_id is not null""";

    /** What a table does not take, as PostgreSQL calls it. */
    private static final String OTHER_KEY = "23000";

    /** A base is kept for the id alone on which it was agreed. */
    private static final String RELINK = """
            update sluice.sync_state set crm_id = null, base = '{}', stamps = '{}', unproven = '{}'
            where account = ? and object = ? and key = any (?)""";

    /** Asks what became of records; yields those that were asked about for the same reason, and are still there. */
    private static final String ASK = """
            with asked as (
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
    private final Map<String, Map<String, Object>> taken = new LinkedHashMap<>();
    private final Map<String, Map<String, Object>> inserted = new LinkedHashMap<>();
    private final Map<String, Map<String, Object>> restored = new LinkedHashMap<>();
    private final List<Applied.Refused> refused = new ArrayList<>();
    private final Set<String> later = new LinkedHashSet<>();
    private final Set<String> gone;
    /** CRM id to the fields of a record that the CRM has changed after each of many writes. */
    private final Map<String, Set<String>> looping = new LinkedHashMap<>();
    private int withoutKey;

    /**
     * @param gone    CRM ids under which there is no record any more
     * @param written gets the fields that are about to be written, for whoever must say what was refused
     * @param aged    whether newer readings may have been applied before this one
     * @param crmFields what is known of the CRM's fields
     */
    ChangedPage(Connection connection, Sync sync, TargetTable targetTable, Set<String> written, boolean aged, CrmFields crmFields,
            Set<String> gone) {
        this.connection = connection;
        this.sync = sync;
        this.targetTable = targetTable;
        this.written = written;
        this.aged = aged;
        this.crmFields = crmFields;
        this.gone = gone;
        this.conflictRule = ConflictRule.of(sync.getConflicts());
        this.syncStateUpdate = new SyncStateUpdate(sync);
    }

    /**
     * @param readAt of a record: the time, by the database's clock, before which it surely was as it came
     * @param edits  by CRM id each value of which events told, oldest first
     */
    Applied apply(List<CrmRecord> records, Function<CrmRecord, Instant> readAt, Map<String, List<CrmRecord>> edits)
            throws SQLException {
        Map<String, CrmRecord> byKey = byKey(records);
        Map<String, Map<String, Object>> rows = targetTable.lock(connection, byKey.keySet());
        Set<String> missing = new LinkedHashSet<>(byKey.keySet());
        missing.removeAll(rows.keySet());
        Set<String> busy = targetTable.present(connection, missing);
        Map<String, Instant> reads = new LinkedHashMap<>();
        byKey.forEach((key, record) -> reads.put(key, readAt.apply(record)));
        Map<String, RecordState> waiting = RecordState.lock(connection, sync.getAccount(), sync.getObject(), reads);
        relink(byKey, waiting, busy);
        Map<String, CrmRecord> arrived = new LinkedHashMap<>(byKey);
        byKey.replaceAll((key, record) -> !record.isRead() ? news(key, record, waiting.get(key))
                : aged ? newest(record, waiting.get(key)) : storable(record));
        byKey.values().removeIf(record -> record.fields().isEmpty());
        Set<String> outward = targetTable.outward(connection);
        if (!outward.isEmpty()) {
            byKey.replaceAll((key, record) -> record.without(outward));
            byKey.values().removeIf(record -> record.fields().isEmpty());
        }
        RecordState.addUndrained(connection, sync, unclear(byKey, rows, waiting));
        byKey.forEach((key, record) -> {
            RecordState ours = waiting.get(key);
            if (ours.moving || busy.contains(key)) {
                later.add(record.crmId());
            } else if (rows.containsKey(key)) {
                merge(key, record, rows.get(key), ours);
            } else if (ours.base == null && !ours.deleteWaits && sync.getInserts().equals("propagate")) {
                inserted.put(key, mapped(record));
            }
        });
        arrived.forEach((key, record) -> {
            if (edits.containsKey(record.crmId()) && rows.containsKey(key) && !waiting.get(key).moving) {
                new ReplacedEdits(key, record, waiting.get(key)).find(edits.get(record.crmId()), outward);
            }
        });
        return write(byKey, rows, outward);
    }

    /**
     * A record with the key of one that is known by another id takes its place if that one is gone: somebody has made it
     * again, or merged it into a new one. Whether it is gone the CRM is asked first; where it is not, two have one key.
     */
    private void relink(Map<String, CrmRecord> byKey, Map<String, RecordState> waiting, Set<String> busy) throws SQLException {
        List<String> relinked = new ArrayList<>();
        Map<String, UUID> twins = new LinkedHashMap<>();
        byKey.forEach((key, record) -> {
            RecordState ours = waiting.get(key);
            if (ours.crmId == null || ours.crmId.equals(record.crmId()) || ours.moving || busy.contains(key)) {
                return;
            }
            if (gone.contains(ours.crmId)) {
                ours.relink();
                relinked.add(key);
            } else {
                twins.put(key, CrmEvent.identityOf("twin", sync.getObject(), ours.crmId, record.crmId()));
            }
        });
        if (!relinked.isEmpty()) {
            Database.update(connection, RELINK, sync.getAccount(), sync.getObject(), Database.texts(connection, relinked));
        }
        if (twins.isEmpty()) {
            return;
        }
        java.sql.Array identities = connection.createArrayOf("uuid", twins.values().toArray());
        Set<UUID> answered = new HashSet<>(Database.query(connection, ASK, row -> row.getObject(1, UUID.class),
                sync.getAccount(), sync.getObject(), identities,
                Database.texts(connection, twins.keySet(), key -> waiting.get(key).crmId), sync.getAccount(), identities));
        twins.forEach((key, identity) -> {
            CrmRecord twin = byKey.remove(key);
            if (answered.contains(identity)) {
                refused.add(new Applied.Refused(key, twin.crmId(), List.of(sync.getKey()), "record "
                        + waiting.get(key).crmId + " of the CRM has the same external id; merge the two or change one of them"));
            } else {
                later.add(twin.crmId());
            }
        });
    }

    private Map<String, CrmRecord> byKey(List<CrmRecord> records) throws SQLException {
        Map<String, String> known = keys(connection, sync, records.stream().map(CrmRecord::crmId).toList());
        // asked for null too, of a record that has no external id
        Map<String, String> keys = new HashMap<>(targetTable.keys(connection, records.stream()
                .filter(record -> record.key() != null && !record.key().equals(known.get(record.crmId())))
                .map(CrmRecord::key).toList()));
        Map<String, String> holders = holders(keys.values());
        Map<String, CrmRecord> byKey = new LinkedHashMap<>();
        for (CrmRecord record : inOrder(records, keys)) {
            String knownKey = known.get(record.crmId());
            String key = knownKey != null ? knownKey : keys.get(record.key());
            if (knownKey == null && record.key() == null) {
                without(record);
            } else if (key == null) {
                refuse(record.key(), record, "its external id " + sync.getExternalId() + " is no value of the key's type");
            } else if (knownKey == null && isTaken(record, key, holders.get(key), byKey.get(key))) {
                refuse(key, record, "its external id " + sync.getExternalId() + " is another spelling of a key that CRM"
                        + " record " + (byKey.containsKey(key) ? byKey.get(key).crmId() : holders.get(key)) + " has");
            } else {
                if (knownKey != null && record.isRead() && !isSameKey(knownKey, record.key(), keys)) {
                    refuse(key, record, "its external id " + sync.getExternalId() + (record.key() == null ? " was emptied"
                            : " was changed to " + record.key()) + " in the CRM; change it back. The row keeps its key, and all"
                            + " other changes still go both ways");
                }
                byKey.put(key, record);
            }
        }
        return byKey;
    }

    /** Those first whose external id is the key as the table writes it: theirs is the row. */
    private static List<CrmRecord> inOrder(List<CrmRecord> records, Map<String, String> keys) {
        return records.stream().sorted(java.util.Comparator.comparing((CrmRecord record) ->
                record.key() != null && !record.key().equals(keys.getOrDefault(record.key(), record.key())))).toList();
    }

    private void without(CrmRecord record) {
        if (record.isRead()) {
            withoutKey++;
        } else if (sync.getInserts().equals("propagate")) {
            // a record of ours is known by its id; of another only a reading tells whether it has a key
            later.add(record.crmId());
        }
    }

    private void refuse(String key, CrmRecord record, String why) {
        refused.add(new Applied.Refused(key, record.crmId(), List.of(sync.getKey()), why));
    }

    /** A known record keeps its key, however the CRM spells it. */
    private static boolean isSameKey(String known, String spelled, Map<String, String> keys) {
        return known.equals(spelled) || KeySpelling.same(known, spelled) || known.equals(keys.get(spelled));
    }

    /**
     * Whether another CRM record has the key. One with the very external id of another can't be beside it: that one is
     * gone, and this one was made in its place.
     */
    private static boolean isTaken(CrmRecord record, String key, String holder, CrmRecord before) {
        return before != null && !before.crmId().equals(record.crmId())
                || holder != null && !holder.equals(record.crmId()) && !KeySpelling.same(key, record.key());
    }

    /** Key to the CRM id of those keys that have one. */
    private Map<String, String> holders(Collection<String> keys) throws SQLException {
        if (keys.isEmpty()) {
            return Map.of();
        }
        Map<String, String> holders = new HashMap<>();
        Database.query(connection, HOLDERS, row -> holders.put(row.getString(1), row.getString(2)), sync.getAccount(),
                sync.getObject(), Database.texts(connection, keys));
        return holders;
    }

    /** CRM id to key of those that are known. */
    static Map<String, String> keys(Connection connection, Sync sync, Collection<String> crmIds) throws SQLException {
        Map<String, String> known = new HashMap<>();
        Database.query(connection, KEYS, row -> known.put(row.getString(1), row.getString(2)),
                Database.texts(connection, crmIds), sync.getAccount(), sync.getObject());
        return known;
    }

    /**
     * Events come late, twice, and out of order: what is left when echoes and older news are taken out. Of a record that
     * was written from here just now, by another clock, nobody can say what is older.
     */
    private CrmRecord news(String key, CrmRecord record, RecordState ours) {
        Map<String, Object> fields = new LinkedHashMap<>();
        record.fields().forEach((name, told) -> {
            Object value = Values.storable(Values.ofMillis(targetTable.column(name).type(), told));
            if (!ours.moving && ours.isOld(name, record.at(name)) || holds(ours.inflight, name, value)) {
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

    /** What nothing newer is known of. Of two readings with one stamp, the other came later. */
    private CrmRecord newest(CrmRecord record, RecordState ours) {
        Map<String, Object> fields = new LinkedHashMap<>();
        record.fields().forEach((name, value) -> {
            if (targetTable.fields().contains(name) && !ours.isKnown(name, record.at())) {
                fields.put(name, Values.storable(Values.ofText(targetTable.column(name).type(), value)));
            }
        });
        return new CrmRecord(record.crmId(), record.key(), record.at(), fields);
    }

    private static CrmRecord storable(CrmRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>(record.fields());
        fields.replaceAll((name, value) -> Values.storable(value));
        return new CrmRecord(record.crmId(), record.key(), record.at(), fields);
    }

    private static boolean holds(Map<String, Object> fields, String name, Object value) {
        return fields.containsKey(name) && Values.same(fields.get(name), value);
    }

    /**
     * Of these the change log must say whether and when our side changed them: the CRM has another value than was known,
     * and than the row has. Echoes of what was sent, nearly all that is read while much is sent, are none of them.
     */
    private Map<String, RecordState> unclear(Map<String, CrmRecord> byKey, Map<String, Map<String, Object>> rows,
            Map<String, RecordState> waiting) {
        Map<String, RecordState> unclear = new HashMap<>();
        byKey.forEach((key, record) -> {
            RecordState ours = waiting.get(key);
            Map<String, Object> row = rows.get(key);
            boolean clear = ours.moving || (row == null ? ours.base != null : record.fields().keySet().stream()
                    .filter(targetTable.fields()::contains)
                    .noneMatch(name -> Merge.decide(field(record, name, row, ours), conflictRule, crmFields.precision()).writes()));
            if (!clear) {
                unclear.put(key, ours);
            }
        });
        return unclear;
    }

    private Field field(CrmRecord record, String name, Map<String, Object> row, RecordState ours) {
        Object crm = record.fields().get(name);
        Instant changedAt = ours.changedAt(name, targetTable.column(name).name());
        Agreed base = ours.base == null || !ours.base.containsKey(name) ? null : new Agreed(ours.base.get(name));
        if (changedAt != null && ours.mayHaveWritten(name, crm) || isEcho(record, name, ours)
                || isOlder(record, name, ours)) {
            base = new Agreed(crm);   // our own write: its answer was lost, or the CRM normalised it; or what was before it
        }
        return new Field(base, crm, record.at(name), row.get(name), changedAt);
    }

    /** The base takes such a value, the table keeps its own. */
    private boolean isEcho(CrmRecord record, String name, RecordState ours) {
        return crmFields.isEcho(record, name, ours, ours.changedAt(name, targetTable.column(name).name()) != null);
    }

    /**
     * Whether what was read is older than our last write, as an index that lags may have it: it has what was there before,
     * and its record's stamp is earlier than our change.
     */
    private boolean isOlder(CrmRecord record, String name, RecordState ours) {
        RecordState.Prior prior = ours.prior.get(name);
        Instant changed = ours.knownSince(name);
        return prior != null && changed != null && !holds(ours.base, name, record.fields().get(name))
                && Values.same(prior.value(), record.fields().get(name))
                && crmFields.precision().isEarlier(record.at(name), changed);
    }

    /**
     * Finds the edits of which events told and that the CRM does not have, since a write of ours came over them before they
     * were read. Each is a conflict; where the CRM's side wins it, the table takes it as a change of its own, which goes
     * to the CRM again. What we had written ourselves, what was there before and what is older than that are none.
     *
     * <p>Several writes may have come over an edit: which of them was the first, the times say. The write may be one whose
     * answer proved nothing, if the field is in doubt. And a user may have edited the field again since: then the edit before
     * our write is told of, but not restored.
     */
    private final class ReplacedEdits {

        private final String key;
        private final CrmRecord record;
        private final RecordState ours;

        ReplacedEdits(String key, CrmRecord record, RecordState ours) {
            this.key = key;
            this.record = record;
            this.ours = ours;
        }

        /** @param edits each with one field, oldest first */
        void find(List<CrmRecord> edits, Set<String> outward) {
            if (ours.settledAt == null || ours.base == null) {
                return;
            }
            Map<String, CrmRecord> next = new HashMap<>();
            Map<String, CrmRecord> nextEdit = new HashMap<>();
            for (int i = edits.size() - 1; i >= 0; i--) {
                CrmRecord edit = edits.get(i);
                String name = edit.fields().keySet().iterator().next();
                if (targetTable.fields().contains(name) && !outward.contains(name)) {
                    find(name, edit, next.put(name, edit), nextEdit.get(name));
                    if (!isOurs(name, value(name, edit))) {
                        nextEdit.put(name, edit);
                    }
                }
            }
        }

        /**
         * @param next     what the field became after that, as events tell; null where it is not known
         * @param nextEdit the next of these values that is none of ours
         */
        private void find(String name, CrmRecord edit, CrmRecord next, CrmRecord nextEdit) {
            Object value = value(name, edit);
            Instant at = edit.at(name);
            if (at.isAfter(ours.settledAt.plus(crmFields.skew())) || isOurs(name, value)) {
                return;
            }
            boolean isEchoed = next != null && isOurs(name, value(name, next));
            if (!isEchoed && !(nextEdit == null ? isThereWhatWeWrote(name, value) : isWrittenBefore(name, nextEdit.at(name)))) {
                return;
            }
            Field field = isEchoed ? echoed(name, value, at, value(name, next))
                    : isAfterAllProven(name, at) ? unproven(name, value, at) : proven(name, value, at);
            if (field == null || field.oursAt() == null) {
                return;
            }
            Decision decision = Merge.decide(field, conflictRule, crmFields.precision());
            if (!decision.isConflict()) {
                return;
            }
            boolean restores = decision == Decision.CRM_WINS && nextEdit == null && isThereWhatWeWrote(name, value);
            syncStateUpdate.overwritten(key, name, field, restores ? decision : Decision.DATABASE_WINS);
            if (restores) {
                restored.computeIfAbsent(key, first -> new LinkedHashMap<>()).put(name, value);
            }
        }

        private Object value(String name, CrmRecord edit) {
            return Values.storable(Values.ofMillis(targetTable.column(name).type(), edit.fields().get(name)));
        }

        private boolean isOurs(String name, Object value) {
            return crmFields.isLike(name, ours.base.get(name), value) || ours.mayHaveWritten(name, value)
                    || ours.held(name).stream().anyMatch(held -> held.isKnown() && crmFields.isLike(name, held.value(), value));
        }

        /** Nobody has edited the field since: it has our value, or what the CRM made of it. */
        private boolean isThereWhatWeWrote(String name, Object value) {
            if (!record.fields().containsKey(name)) {
                return false;
            }
            Object crm = record.isRead() ? Values.storable(record.fields().get(name)) : value(name, record);
            return !crmFields.isLike(name, crm, value) && (holds(ours.base, name, crm)
                    || ours.mayHaveWritten(name, crm) || record.isRead() && isEcho(record, name, ours));
        }

        /** Somebody has edited the field again: not before our last write ended, as far as the clocks tell. */
        private boolean isWrittenBefore(String name, Instant next) {
            return (ours.unproven.containsKey(name) || !ours.held(name).isEmpty())
                    && !next.isBefore(ours.settledAt.minus(crmFields.skew()));
        }

        /**
         * What was replaced by the write whose own value events tell of. A later change of ours stays, so its time is the one
         * that counts.
         */
        private Field echoed(String name, Object value, Instant at, Object written) {
            List<RecordState.Prior> held = ours.held(name);
            Instant waiting = ours.changedAt(name, targetTable.column(name).name());
            Instant latest = waiting == null ? ours.knownSince(name) : waiting;
            if (crmFields.isLike(name, ours.base.get(name), written)) {
                return held.isEmpty() ? null : new Field(new Agreed(held.get(0).value()), value, at, ours.base.get(name), latest);
            }
            for (int i = 0; i + 1 < held.size(); i++) {
                if (crmFields.isLike(name, held.get(i).value(), written)) {
                    return new Field(new Agreed(held.get(i + 1).value()), value, at, held.get(i).value(), latest);
                }
            }
            return isAfterAllProven(name, at) ? unproven(name, value, at) : proven(name, value, at);
        }

        private boolean isAfterAllProven(String name, Instant at) {
            Instant known = ours.knownSince(name);
            return !ours.unproven.getOrDefault(name, List.of()).isEmpty() && (known == null || at.isAfter(known));
        }

        /** What was replaced by a call whose answer proved nothing. */
        private Field unproven(String name, Object value, Instant at) {
            Instant waiting = ours.changedAt(name, targetTable.column(name).name());
            List<Object> written = ours.unproven.get(name);
            return new Field(new Agreed(ours.base.get(name)), value, at, written.get(written.size() - 1),
                    waiting == null ? ours.settledAt : waiting);
        }

        /** What was replaced by the first of our writes that came after it; null where that is older than all that is known. */
        private Field proven(String name, Object value, Instant at) {
            List<RecordState.Prior> held = ours.held(name);
            int replaced = 0;
            while (replaced < held.size() && held.get(replaced).since() != null && !at.isAfter(held.get(replaced).since())) {
                replaced++;
            }
            if (replaced == held.size()) {
                return null;
            }
            Agreed before = new Agreed(held.get(replaced).value());
            if (replaced > 0) {
                return new Field(before, value, at, held.get(replaced - 1).value(), held.get(replaced - 1).since());
            }
            Instant waiting = ours.changedAt(name, targetTable.column(name).name());
            return new Field(before, value, at, ours.base.get(name), waiting == null ? ours.knownSince(name) : waiting);
        }
    }

    private void merge(String key, CrmRecord record, Map<String, Object> row, RecordState ours) {
        record.fields().forEach((name, value) -> {
            if (!targetTable.fields().contains(name)) {
                return;
            }
            Field field = field(record, name, row, ours);
            Decision decision = Merge.decide(field, conflictRule, crmFields.precision());
            if (decision == Decision.UNCHANGED) {
                if (record.isRead() && !ours.unproven.isEmpty() || isEcho(record, name, ours)) {
                    syncStateUpdate.found(key, record, name, value);
                }
                return;
            }
            if (decision.writes()) {
                taken.computeIfAbsent(key, first -> new LinkedHashMap<>()).put(name, value);
            }
            syncStateUpdate.add(key, record, name, field, decision);
        });
        if (taken.containsKey(key)) {
            UpdateLoop loop = ours.loop.taken(ours.settledAt, ours.latestKnown(), record.at(), ours.now);
            syncStateUpdate.taken(key, loop);
            if (loop.startsAfter(ours.loop)) {
                looping.put(record.crmId(), taken.get(key).keySet());
            }
        }
    }

    /** Columns that the table has given a value of its own, by a default or by computing it. */
    private void addOwn(Map<String, Set<String>> own, String key, Map<String, Object> row, Set<String> fields,
            Map<String, Object> before) {
        fields.stream().filter(field -> !Values.same(row.get(field), before.get(field)))
                .filter(field -> outwardOrEmpty(before, field))
                .forEach(field -> own.computeIfAbsent(key, first -> new LinkedHashSet<>()).add(targetTable.column(field).name()));
    }

    /**
     * Columns whose value a trigger of the table has kept: the row has not changed, so capture sees nothing, but the CRM has
     * another value.
     */
    private void addUndone(Map<String, Set<String>> own, Map<String, Map<String, Object>> updated,
            Map<String, Map<String, Object>> before) throws SQLException {
        Map<String, Map<String, Object>> kept = new LinkedHashMap<>();
        updated.forEach((key, row) -> taken.get(key).forEach((field, value) -> {
            if (!Values.same(row.get(field), value) && Values.same(row.get(field), before.get(key).get(field))) {
                kept.computeIfAbsent(key, first -> new LinkedHashMap<>()).put(field, value);
            }
        }));
        if (!kept.isEmpty()) {
            targetTable.typed(connection, kept).forEach((key, fields) -> fields.forEach((field, value) -> {
                if (!Values.same(updated.get(key).get(field), value)) {
                    own.computeIfAbsent(key, first -> new LinkedHashSet<>()).add(targetTable.column(field).name());
                }
            }));
        }
    }

    private boolean outwardOrEmpty(Map<String, Object> before, String field) {
        return Values.text(before.get(field)) == null || targetTable.isOutward(field);
    }

    /** What the table has made by itself goes to every CRM, to this one too. */
    private void tell(Map<String, Set<String>> own) throws SQLException {
        Map<Set<String>, List<String>> byColumns = new LinkedHashMap<>();
        own.forEach((key, columns) -> byColumns.computeIfAbsent(columns, first -> new ArrayList<>()).add(key));
        for (Map.Entry<Set<String>, List<String>> alike : byColumns.entrySet()) {
            Database.update(connection, MADE, sync.getTable(), Database.texts(connection, alike.getValue()),
                    alike.getValue().size(), Database.texts(connection, alike.getKey()));
        }
    }

    private Map<String, Object> mapped(CrmRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>(record.fields());
        fields.keySet().retainAll(targetTable.fields());
        return fields;
    }

    private Applied write(Map<String, CrmRecord> byKey, Map<String, Map<String, Object>> rows, Set<String> outward)
            throws SQLException {
        taken.values().forEach(fields -> written.addAll(fields.keySet()));
        inserted.values().forEach(fields -> written.addAll(fields.keySet()));
        Map<String, Map<String, Object>> updated = targetTable.update(connection, taken);
        syncStateUpdate.written(updated);
        Map<String, Set<String>> own = new LinkedHashMap<>();
        updated.forEach((key, row) -> addOwn(own, key, row, outward, rows.get(key)));
        addUndone(own, updated, rows);
        Map<String, Map<String, Object>> made = targetTable.insert(connection, inserted);
        if (!inserted.keySet().containsAll(made.keySet())) {
            throw new SQLException("the table gives a new row another key than the CRM record's", OTHER_KEY);
        }
        inserted.forEach((key, fields) -> {
            CrmRecord record = byKey.get(key);
            if (made.containsKey(key)) {
                fields.forEach((name, value) -> syncStateUpdate.add(key, record, name,
                        new Field(null, value, record.at(name), null, null), Decision.TAKEN));
            } else {
                later.add(record.crmId());
            }
        });
        made.forEach((key, row) -> addOwn(own, key, row, targetTable.fields(), inserted.get(key)));
        tell(own);
        syncStateUpdate.written(made);
        syncStateUpdate.write(connection);
        if (!restored.isEmpty()) {
            Database.query(connection, "select set_config('sluice.origin', '', true)", row -> null);
            targetTable.update(connection, restored);
        }
        looping.forEach(this::warn);
        return new Applied(taken.size(), made.size(), 0, syncStateUpdate.conflicts(), withoutKey, refused, later);
    }

    private void warn(String crmId, Set<String> fields) {
        THROTTLE.warn(LOG, "update loop " + sync.getName(), "{}: record {} is in an update loop: {} times in a row the CRM"
                + " changed it ({}) after each write, and the table {} changed after that. Its next write waits for 1 s, later"
                + " ones for up to 1 h. Look for a flow or workflow in the CRM and a trigger or job of the application that"
                + " change the same record, and stop one of the two.", sync.getName(), crmId, UpdateLoop.FREE_ROUNDS + 1,
                String.join(", ", fields), sync.getTable());
    }
}
