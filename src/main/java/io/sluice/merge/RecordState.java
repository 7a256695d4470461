// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.Sync;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * State of one record on our side, read under the locks of {@link Applier}: its base and its waiting changes.
 */
final class RecordState {

    private static final String OUTBOX =
            """
            select key, operation, stamps, lease is not null, inflight, sluice.named(inflight_stamps, inflight),
                   lease_until = 'infinity', inflight_operation = 'delete', inflight_stamps ->> '*' from sluice.outbox
            where account = ? and object = ? and key = any(?)
            order by account, object, key for update""";

    private static final String KNOWN =
            """
            select k.key, r.base, r.settled_at >= k.read_at or d.deleted_at >= k.read_at, l.stamps, sluice.named(r.stamps, r.base), r.unproven,
                   r.settled_at, r.prior, r.crm_id, r.taken_at, coalesce(r.loop_rounds, 0), clock_timestamp()
            from unnest(?::text[], ?::timestamptz[]) as k(key, read_at)
            left join sluice.sync_state r on r.account = ? and r.object = ? and r.key = k.key
            left join sluice.tombstone d on d.account = ? and d.object = ? and d.key = k.key
            left join sluice.dead_letter l on l.account = ? and l.object = ? and l.key = k.key""";

    /**
     * Selects the changes that are not drained yet, except those that the sync applied itself. A change without columns concerns
     * the whole row. The keys of the log are looked up in a JSON object: comparing two arrays of a thousand keys would take a
     * million comparisons.
     */
    private static final String LOG =
            """
            select c.key, c.op, name, max(c.changed_at)
            from (select unnest(keys) as key, op, columns, changed_at from sluice.change_log
                  where origin is distinct from ? and source = ?) as c
            left join lateral unnest(c.columns) as name on true
            where jsonb_exists(?::jsonb, c.key) group by c.key, c.op, name""";

    /** Values last known to be in the CRM; null when the record never settled. */
    Map<String, Object> base;
    /**
     * Field to the unproven values: calls may have written them, but no answer proves it. For a field with an empty list, or
     * with {@code *} for all fields, the base is not certain.
     */
    Map<String, List<Object>> unproven = Map.of();
    /** Whether a call is in flight, or ended after the read began: the values read may be older than the base. */
    boolean undecidable;

    boolean deleteWaits;
    /** Time at which the row was deleted; null when it was not, or only its key has changed. */
    Instant deletedAt;
    /** Whether Sluice has deleted the record in the CRM. */
    boolean isDeletedByUs;
    /** Whether a call that deletes the record is in flight. */
    boolean deleteInFlight;
    /** The CRM's id of the record; null when it is not known. */
    String crmId;
    /** End of the last call that wrote the record, or may have; null when there was none. */
    Instant settledAt;
    /** Count of the CRM's changes that followed our writes. */
    UpdateLoop loop = UpdateLoop.NONE;
    /** Time by the database's clock at which this state was read. */
    Instant now;
    /** Values in flight. */
    Map<String, Object> inflight = Map.of();
    /** Whether a bulk job sends them, which may take minutes. */
    boolean inJob;
    /** Field in flight to the time of its change on our side. */
    final Map<String, Instant> sent = new HashMap<>();
    /** Field of the base to the time since when the CRM has its value. */
    private final Map<String, Instant> known = new HashMap<>();
    /** Time at which the whole row changed, or null. */
    private Instant whole;

    private final Map<String, Instant> byField = new HashMap<>();
    private final Map<String, Instant> byColumn = new HashMap<>();
    /** Field to the earlier values of the base, newest first. */
    private final Map<String, List<Prior>> prior = new HashMap<>();
    /** Whether the record was written before any of its values was read. */
    private boolean firstWrite;

    /**
     * An earlier value of a field in the base.
     *
     * @param since    time since when the CRM had the value, or null when it is not known
     * @param taken    whether the value after it was taken from the CRM; otherwise Sluice wrote that value
     * @param unproven whether Sluice wrote it without a proven answer, maybe earlier than that time
     * @param first    whether it is the first that was ever known
     */
    record Prior(Object value, Instant since, boolean taken, boolean unproven, boolean first) {

        /** Stands for the unknown value before the first write. */
        private static final Prior NOTHING = new Prior(null, null, false, false, false);
        /** Number of values that are always kept: fewer are all that there were. */
        private static final int RECENT = 5;

        private static Prior of(Object entry) {
            List<?> parts = (List<?>) entry;
            return new Prior(
                    parts.get(0),
                    parts.get(1) == null ? null : moment(parts.get(1)),
                    Boolean.TRUE.equals(parts.get(2)),
                    parts.size() > 3 && Boolean.TRUE.equals(parts.get(3)),
                    parts.size() > 4 && Boolean.TRUE.equals(parts.get(4)));
        }

        /** Whether the value is known. */
        boolean isKnown() {
            return this != NOTHING;
        }
    }

    /** Returns the earlier values of a field, newest first, as far as they are kept; the field may be unknown before them. */
    List<Prior> held(String field) {
        List<Prior> held = prior.getOrDefault(field, List.of());
        boolean complete =
                held.size() < Prior.RECENT || held.get(held.size() - 1).first();
        return firstWrite && complete
                ? Stream.concat(held.stream(), Stream.of(Prior.NOTHING)).toList()
                : held;
    }

    /**
     * Whether an event of this time may report the earlier value at a place of the list. A value may come again, so those
     * before the recent ones count only for events that are as old. A value of ours was written later than its time says, but
     * before the one after the next was changed.
     *
     * @param skew maximum difference between the CRM's clock and ours
     */
    static boolean mayReport(List<Prior> held, int place, Instant at, Duration skew) {
        Instant recent =
                place < Prior.RECENT ? null : held.get(Prior.RECENT - 2).since();
        return recent == null || !at.isAfter(recent.plus(skew));
    }

    /** Whether the base's value of a field was taken from the CRM after Sluice had written the record. */
    boolean isTaken(String field) {
        List<Prior> held = held(field);
        return !held.isEmpty() && held.get(0).taken();
    }

    /** Whether a known change of ours was made, or may have been made, after one time and not after the other. */
    boolean hasWritten(String field, Instant after, Instant until) {
        List<Prior> held = held(field);
        Instant since = known.get(field);
        boolean unproven = false;
        for (int i = 0; since != null; i++) {
            Prior before = i < held.size() ? held.get(i) : Prior.NOTHING;
            Instant earliest = unproven ? before.since() : since;
            if (!before.taken() && since.isAfter(after) && (earliest == null || !earliest.isAfter(until))) {
                return true;
            }
            since = before.since();
            unproven = before.unproven();
        }
        return false;
    }

    /**
     * Locks the records in the outbox and reads their state.
     *
     * @param readAt key to the time, by the database's clock, up to which the values read surely contain all writes
     */
    static Map<String, RecordState> lock(
            Connection connection, String account, String object, Map<String, Instant> readAt) throws SQLException {
        Map<String, RecordState> found = new HashMap<>();
        readAt.keySet().forEach(key -> found.put(key, new RecordState()));
        java.sql.Array array = Database.texts(connection, readAt.keySet());
        Database.query(
                connection,
                OUTBOX,
                row -> {
                    RecordState recordState = found.get(row.getString(1));
                    recordState.deleteWaits = "delete".equals(row.getString(2));
                    Map<String, Object> stamps = Json.fields(row.getString(3));
                    if (recordState.deleteWaits) {
                        recordState.deletedAt = stamps.containsKey("*") ? moment(stamps.get("*")) : null;
                    } else {
                        stamps.forEach((field, at) -> recordState.changed(field, moment(at)));
                    }
                    recordState.undecidable = row.getBoolean(4);
                    recordState.inflight = Json.fields(row.getString(5));
                    Json.fields(row.getString(6)).forEach((field, at) -> recordState.sent.put(field, moment(at)));
                    recordState.inJob = row.getBoolean(7);
                    recordState.deleteInFlight = row.getBoolean(8);
                    // a delete that waits beside it is of the same row, inserted again, and the later one
                    if (recordState.deleteInFlight && !recordState.deleteWaits && row.getString(9) != null) {
                        recordState.deletedAt = moment(row.getString(9));
                    }
                    return null;
                },
                account,
                object,
                array);
        Database.query(
                connection,
                KNOWN,
                row -> {
                    RecordState recordState = found.get(row.getString(1));
                    recordState.undecidable |= row.getBoolean(3);
                    Json.fields(row.getString(4)).forEach((field, at) -> recordState.changed(field, moment(at)));
                    recordState.know(row.getString(2), row.getString(5), row.getString(6), row.getString(8));
                    recordState.settledAt = time(row, 7);
                    recordState.crmId = row.getString(9);
                    recordState.loop = new UpdateLoop(row.getInt(11), time(row, 10));
                    recordState.now = time(row, 12);
                    return null;
                },
                array,
                connection.createArrayOf(
                        "timestamptz",
                        readAt.values().stream().map(Instant::toString).toArray()),
                account,
                object,
                account,
                object,
                account,
                object);
        return found;
    }

    /**
     * Reads the last state of a record that Sluice has deleted.
     *
     * @param row id, key, base, stamps, unproven and earlier values, and the time of the delete
     */
    static RecordState deleted(ResultSet row) throws SQLException {
        RecordState recordState = new RecordState();
        recordState.crmId = row.getString(1);
        recordState.know(row.getString(3), row.getString(4), row.getString(5), row.getString(6));
        recordState.deletedAt = time(row, 7);
        recordState.settledAt = recordState.deletedAt;
        recordState.isDeletedByUs = true;
        return recordState;
    }

    private void know(String values, String stamps, String unprovenFields, String earlier) {
        base = values == null ? null : Json.fields(values);
        Json.fields(stamps).forEach((field, at) -> known.put(field, moment(at)));
        unproven = unprovenValues(Json.fields(unprovenFields));
        Json.fields(earlier).forEach((field, had) -> {
            if (field.equals("*")) {
                firstWrite = true;
            } else {
                prior.put(field, ((List<?>) had).stream().map(Prior::of).toList());
            }
        });
    }

    /** Adds the changes that are not drained. It searches the change log, so it is called only for the few records that need it. */
    static void addUndrained(Connection connection, Sync sync, Map<String, RecordState> records) throws SQLException {
        if (records.isEmpty()) {
            return;
        }
        Map<String, Object> keys = new HashMap<>();
        records.keySet().forEach(key -> keys.put(key, true));
        Database.query(
                connection,
                LOG,
                row -> {
                    RecordState recordState = records.get(row.getString(1));
                    Instant at = row.getObject(4, OffsetDateTime.class).toInstant();
                    if (row.getString(3) != null) {
                        recordState.byColumn.merge(row.getString(3), at, RecordState::later);
                    } else {
                        recordState.whole = later(recordState.whole, at);
                        boolean deleted = "D".equals(row.getString(2));
                        recordState.deleteWaits |= deleted || "K".equals(row.getString(2));
                        recordState.deletedAt = deleted ? later(recordState.deletedAt, at) : recordState.deletedAt;
                    }
                    return null;
                },
                sync.getName(),
                sync.getTable(),
                Json.text(keys));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, List<Object>> unprovenValues(Map<String, Object> fields) {
        Map<String, List<Object>> unprovenValues = new HashMap<>();
        fields.forEach((field, values) -> unprovenValues.put(field, (List<Object>) values));
        return unprovenValues;
    }

    /** Whether the value is one of the unproven ones. */
    boolean mayHaveWritten(String field, Object value) {
        return unproven.getOrDefault(field, List.of()).stream().anyMatch(written -> Values.same(written, value));
    }

    /** Clears base and unproven values when another record replaces this one: nothing was agreed on with that record. */
    void relink() {
        base = base == null ? null : Map.of();
        unproven = Map.of();
        known.clear();
    }

    private void changed(String field, Instant at) {
        byField.merge(field, at, RecordState::later);
    }

    /** Whether the known value of the field is newer than this time. */
    boolean isOld(String field, Instant at) {
        return known.containsKey(field) && at.isBefore(known.get(field));
    }

    /** Whether the known value of the field is from this time or newer. */
    boolean isKnown(String field, Instant at) {
        return known.containsKey(field) && !at.isAfter(known.get(field));
    }

    /** Time since when the CRM has the known value of the field, or null. */
    Instant knownSince(String field) {
        return known.get(field);
    }

    /** Time of the newest change that both sides are known to have; null if there is none. */
    Instant latestKnown() {
        return known.values().stream().max(Instant::compareTo).orElse(null);
    }

    /** Time at which the field changed on our side; null when no change of it waits. */
    Instant changedAt(String field, String column) {
        return later(whole, later(byField.get(field), byColumn.get(column)));
    }

    /** Time of the last change on our side; null when none waits. */
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
