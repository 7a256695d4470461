package io.sluice.merge;

import io.sluice.Sync;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What our side knows of one record, read under the locks of {@link Applier}: what both agreed on, and what of it
 * waits to be sent.
 */
final class RecordState {

    private static final String OUTBOX = """
            select key, operation, stamps, lease is not null, inflight, sluice.named(inflight_stamps, inflight),
                   lease_until = 'infinity' from sluice.outbox
            where account = ? and object = ? and key = any(?)
            order by account, object, key for update""";

    private static final String KNOWN = """
            select k.key, r.base, r.settled_at >= k.read_at or d.deleted_at >= k.read_at, l.stamps, sluice.named(r.stamps, r.base), r.unproven,
                   r.settled_at, r.prior, r.crm_id, r.taken_at, coalesce(r.loop_rounds, 0), clock_timestamp()
            from unnest(?::text[], ?::timestamptz[]) as k(key, read_at)
            left join sluice.sync_state r on r.account = ? and r.object = ? and r.key = k.key
            left join sluice.tombstone d on d.account = ? and d.object = ? and d.key = k.key
            left join sluice.dead_letter l on l.account = ? and l.object = ? and l.key = k.key""";

    /**
     * Changes of others than the sync that are not in the outbox yet. Without columns the whole record changed. Each key of the
     * log is looked up in an object: to compare two arrays of a thousand keys takes a million comparisons.
     */
    private static final String LOG = """
            select c.key, c.op, name, max(c.changed_at)
            from (select unnest(keys) as key, op, columns, changed_at from sluice.change_log
                  where origin is distinct from ? and source = ?) as c
            left join lateral unnest(c.columns) as name on true
            where jsonb_exists(?::jsonb, c.key) group by c.key, c.op, name""";

    /** What was last known to be in the CRM; null when the record never settled. */
    Map<String, Object> base;
    /**
     * Field to the values that calls may have written whose answer proved nothing. A field without a value, and
     * {@code *} for all of them: what the base says of it is not sure.
     */
    Map<String, List<Object>> unproven = Map.of();
    /** Whether a call is under way, or ended after the reading began: what was read may be older than what we know. */
    boolean moving;
    boolean deleteWaits;
    /** The CRM's id of the record; null where it is not known. */
    String crmId;
    /** When a call last ended that wrote the record, or may have; null when none did. */
    Instant settledAt;
    /** How often the CRM changed the record because it was written. */
    UpdateLoop loop = UpdateLoop.NONE;
    /** The database's time at which this was read. */
    Instant now;
    /** What is being sent. */
    Map<String, Object> inflight = Map.of();
    /** Whether it is sent by a job, which may take minutes. */
    boolean inJob;
    /** When what is being sent changed on our side. */
    final Map<String, Instant> sent = new HashMap<>();
    /** When what was last known to be in the CRM came to be there. */
    private final Map<String, Instant> known = new HashMap<>();
    /** When the whole record changed, or null. */
    private Instant whole;
    private final Map<String, Instant> byField = new HashMap<>();
    private final Map<String, Instant> byColumn = new HashMap<>();
    /** What the base held before our last acknowledged write of a field. */
    final Map<String, Prior> prior = new HashMap<>();
    /** Whether the record was written before anything of it was read. */
    private boolean firstWrite;

    /**
     * @param since when it came to be, or null where that is not known
     * @param older what the base held before that, newest first
     */
    record Prior(Object value, Instant since, List<Prior> older) {

        /** Before the first write nothing was known. */
        private static final Prior NOTHING = new Prior(null, null, List.of());
        /** So many are kept. */
        private static final int MAX = 5;

        static Prior of(List<?> had) {
            return new Prior(had.get(0), had.get(1) == null ? null : moment(had.get(1)), had.size() < 3 ? List.of()
                    : ((List<?>) had.get(2)).stream().map(one -> of((List<?>) one)).toList());
        }

        /** Whether the base held anything at all. */
        boolean isKnown() {
            return this != NOTHING;
        }

        /** All that the base held, newest first. */
        List<Prior> all() {
            return Stream.concat(Stream.of(this), older.stream()).toList();
        }
    }

    /** What the base held of a field before each of our writes, newest first, as far as that is kept. */
    List<Prior> held(String field) {
        List<Prior> held = prior.containsKey(field) ? prior.get(field).all() : List.of();
        return firstWrite && held.size() < Prior.MAX ? Stream.concat(held.stream(), Stream.of(Prior.NOTHING)).toList() : held;
    }

    /**
     * Locks the records in the outbox and reads what is known of them.
     *
     * @param readAt key to the time, by the database's clock, before which what is known of it was surely told
     */
    static Map<String, RecordState> lock(Connection connection, String account, String object, Map<String, Instant> readAt)
            throws SQLException {
        Map<String, RecordState> found = new HashMap<>();
        readAt.keySet().forEach(key -> found.put(key, new RecordState()));
        java.sql.Array array = Database.texts(connection, readAt.keySet());
        Database.query(connection, OUTBOX, row -> {
            RecordState recordState = found.get(row.getString(1));
            recordState.deleteWaits = "delete".equals(row.getString(2));
            Json.fields(row.getString(3)).forEach((field, at) -> recordState.changed(field, moment(at)));
            recordState.moving = row.getBoolean(4);
            recordState.inflight = Json.fields(row.getString(5));
            Json.fields(row.getString(6)).forEach((field, at) -> recordState.sent.put(field, moment(at)));
            recordState.inJob = row.getBoolean(7);
            return null;
        }, account, object, array);
        Database.query(connection, KNOWN, row -> {
            RecordState recordState = found.get(row.getString(1));
            recordState.base = row.getString(2) == null ? null : Json.fields(row.getString(2));
            recordState.moving |= row.getBoolean(3);
            Json.fields(row.getString(4)).forEach((field, at) -> recordState.changed(field, moment(at)));
            Json.fields(row.getString(5)).forEach((field, at) -> recordState.known.put(field, moment(at)));
            recordState.unproven = unprovenValues(Json.fields(row.getString(6)));
            recordState.settledAt = time(row, 7);
            Json.fields(row.getString(8)).forEach((field, had) -> {
                if (field.equals("*")) {
                    recordState.firstWrite = true;
                } else {
                    recordState.prior.put(field, Prior.of((List<?>) had));
                }
            });
            recordState.crmId = row.getString(9);
            recordState.loop = new UpdateLoop(row.getInt(11), time(row, 10));
            recordState.now = time(row, 12);
            return null;
        }, array, connection.createArrayOf("timestamptz", readAt.values().stream().map(Instant::toString).toArray()),
                account, object, account, object, account, object);
        return found;
    }

    /** Adds what was changed and not drained. Searches the log, so it is asked for the few records that need it. */
    static void addUndrained(Connection connection, Sync sync, Map<String, RecordState> records) throws SQLException {
        if (records.isEmpty()) {
            return;
        }
        Map<String, Object> keys = new HashMap<>();
        records.keySet().forEach(key -> keys.put(key, true));
        Database.query(connection, LOG, row -> {
            RecordState recordState = records.get(row.getString(1));
            Instant at = row.getObject(4, OffsetDateTime.class).toInstant();
            if (row.getString(3) != null) {
                recordState.byColumn.merge(row.getString(3), at, RecordState::later);
            } else {
                recordState.whole = later(recordState.whole, at);
                recordState.deleteWaits |= "D".equals(row.getString(2)) || "K".equals(row.getString(2));
            }
            return null;
        }, sync.getName(), sync.getTable(), Json.text(keys));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, List<Object>> unprovenValues(Map<String, Object> fields) {
        Map<String, List<Object>> unprovenValues = new HashMap<>();
        fields.forEach((field, values) -> unprovenValues.put(field, (List<Object>) values));
        return unprovenValues;
    }

    /** Whether a call without an answer may have written this value. */
    boolean mayHaveWritten(String field, Object value) {
        return unproven.getOrDefault(field, List.of()).stream().anyMatch(written -> Values.same(written, value));
    }

    /** Another record has the key now: nothing was agreed on with that, and no call has written it. */
    void relink() {
        base = base == null ? null : Map.of();
        unproven = Map.of();
        known.clear();
    }

    private void changed(String field, Instant at) {
        byField.merge(field, at, RecordState::later);
    }

    /** Whether the field is known to have come to its value later than this. */
    boolean isOld(String field, Instant at) {
        return known.containsKey(field) && at.isBefore(known.get(field));
    }

    /** Whether the field is known to have come to its value then or later. */
    boolean isKnown(String field, Instant at) {
        return known.containsKey(field) && !at.isAfter(known.get(field));
    }

    /** When the field is known to have come to its value, or null. */
    Instant knownSince(String field) {
        return known.get(field);
    }

    /** The time of the newest change that both sides are known to have; null if none is. */
    Instant latestKnown() {
        return known.values().stream().max(Instant::compareTo).orElse(null);
    }

    /** When the field changed on our side, or null when no change of it waits. */
    Instant changedAt(String field, String column) {
        return later(whole, later(byField.get(field), byColumn.get(column)));
    }

    /** When anything of it changed on our side, or null when nothing waits. */
    Instant changedAt() {
        Instant latest = whole;
        for (Instant at : byField.values()) {
            latest = later(latest, at);
        }
        for (Instant at : byColumn.values()) {
            latest = later(latest, at);
        }
        return latest;
    }

    private static Instant later(Instant one, Instant other) {
        return one == null || other != null && other.isAfter(one) ? other : one;
    }

    private static Instant time(ResultSet row, int column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static Instant moment(Object text) {
        return OffsetDateTime.parse(text.toString()).toInstant();
    }
}
