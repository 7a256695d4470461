// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.merge.Merge.Decision;
import io.sluice.merge.Merge.Field;
import io.sluice.outbox.Recreation;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Collects and writes the results of a merge: the new base, the waiting changes to drop, and the conflicts. */
final class SyncStateUpdate {

    private static final String UPSERT =
            """
            insert into sluice.sync_state as r
                (account, object, key, sync, crm_id, base, stamps, taken_at, loop_rounds, held_until)
            select ?, ?, v.key, ?, v.crm_id, v.base::jsonb, v.stamps::jsonb, v.taken_at, v.loop_rounds, v.held_until
            from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::timestamptz[], ?::smallint[], ?::timestamptz[])
                as v(key, crm_id, base, stamps, taken_at, loop_rounds, held_until) order by v.key
            on conflict (account, object, key) do update set crm_id = excluded.crm_id,
                taken_at = coalesce(excluded.taken_at, r.taken_at),
                loop_rounds = case when excluded.taken_at is null then r.loop_rounds else excluded.loop_rounds end,
                held_until = case when excluded.taken_at is null then r.held_until else excluded.held_until end,
                base = r.base || excluded.base,
                stamps = r.stamps || sluice.named(excluded.stamps, excluded.base),
                unproven = case when r.unproven = '{}' then r.unproven
                             else r.unproven - '*' - array(select jsonb_object_keys(excluded.base)) end""";

    /** Keeps the earlier values of the base, of records that Sluice has written before, see {@link RecordState#held}. */
    private static final String KEEP_EARLIER =
            """
            update sluice.sync_state r set prior = r.prior
                || sluice.prior(r.prior, r.base, r.stamps, r.unproven, sluice.only(v.base, string_to_array(v.taken, ',')), true,
                                r.settled_at)
                || sluice.prior(r.prior, r.base, r.stamps, r.unproven, sluice.only(v.base, string_to_array(v.proven, ',')), false,
                                r.settled_at)
            from (select key, base::jsonb, taken, proven
                  from unnest(?::text[], ?::text[], ?::text[], ?::text[]) as v(key, base, taken, proven)) as v
            where r.account = ? and r.object = ? and r.key = any (?) and r.key = v.key
              and (r.prior <> '{}' or r.unproven <> '{}')""";

    /** Drops waiting fields that lost or are equal on both sides, from the outbox and from the dead letters. */
    private static final String SETTLED =
            """
            update sluice.%s as w set fields = w.fields - v.names, stamps = w.stamps - v.names
            from (select key, string_to_array(names, ',') as names
                  from unnest(?::text[], ?::text[]) as v(key, names)) as v
            where w.account = ? and w.object = ? and w.key = any (?) and w.key = v.key and w.operation = 'upsert'""";

    private static final String EMPTY =
            """
            delete from sluice.%s where account = ? and object = ? and key = any(?) and operation = 'upsert'
              and fields = '{}'""";

    /** Delays waiting changes, critical ones by at most 5 s; a delete ends a loop and is not delayed. */
    private static final String DELAY =
            """
            update sluice.outbox as o set due = greatest(o.due, sluice.held_until(o.priority, v.taken_at, v.until))
            from unnest(?::text[], ?::timestamptz[], ?::timestamptz[]) as v(key, taken_at, until)
            where o.account = ? and o.object = ? and o.key = any (?) and o.key = v.key and o.operation = 'upsert'""";

    static final String CONFLICT =
            """
            insert into sluice.conflict
                (account, object, key, sync, field, winner, base, crm, crm_at, ours, ours_at)
            values (?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?::jsonb, ?)""";

    /**
     * The result of one record.
     *
     * @param taken  known fields whose value was taken from the CRM
     * @param proven fields of which a read has shown that the CRM has a value which Sluice may have written
     */
    private record Entry(
            String crmId,
            Map<String, Object> base,
            Map<String, Object> stamps,
            Set<String> settled,
            Set<String> taken,
            Set<String> proven) {

        Entry(String crmId) {
            this(
                    crmId,
                    new LinkedHashMap<>(),
                    new LinkedHashMap<>(),
                    new LinkedHashSet<>(),
                    new LinkedHashSet<>(),
                    new LinkedHashSet<>());
        }

        boolean changesKnown() {
            return !taken.isEmpty() || !proven.isEmpty();
        }

        /** Returns one time for all fields if they are equal, as they are when a record is read for the first time. */
        Map<String, Object> shortStamps() {
            Set<Object> times = new HashSet<>(stamps.values());
            return times.size() == 1 && base.keySet().equals(stamps.keySet())
                    ? Map.of("*", times.iterator().next())
                    : stamps;
        }
    }

    /** Finds an equal conflict: an edit may be found twice before the write that replaces it is settled. */
    private static final String ONCE =
            """
            select from sluice.conflict where account = ? and object = ? and key = ? and field = ?
                and crm is not distinct from ?::jsonb and (ours_at = ? or ? and ours = 'null') limit 1""";

    /**
     * @param once    whether an equal conflict is entered once
     * @param deleted whether the row was deleted, whatever the time by which that is known
     */
    private record Conflict(String key, String name, Field field, Decision decision, boolean once, boolean deleted) {}

    private final Sync sync;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private final Set<String> lacking = new LinkedHashSet<>();
    private final Map<String, UpdateLoop> loops = new LinkedHashMap<>();

    SyncStateUpdate(Sync sync) {
        this.sync = sync;
    }

    void add(String key, CrmRecord record, String name, Field field, Decision decision) {
        Entry entry = entries.computeIfAbsent(key, first -> new Entry(record.crmId()));
        if (field.base() != null) {
            entry.taken().add(name);
        }
        entry.base().put(name, decision == Decision.AGREED ? field.ours() : field.crm());
        entry.stamps().put(name, record.at(name).toString());
        if (decision == Decision.LACKING) {
            lacking.add(key);
        } else if (decision != Decision.DATABASE_WINS) {
            entry.settled().add(name);
        }
        if (decision.isConflict()) {
            conflicts.add(new Conflict(key, name, field, decision, false, false));
        }
    }

    /** Notes the update loop of a known record whose row is changed. */
    void taken(String key, UpdateLoop loop) {
        loops.put(key, loop);
    }

    /**
     * Notes which of the possible values of an unproven field the CRM has. Waiting changes are sent.
     *
     * @param write whether the value is another write than the base, not only the CRM's form of the same one
     */
    void confirmUnproven(String key, CrmRecord record, String name, Object value, boolean write) {
        Entry entry = entries.computeIfAbsent(key, first -> new Entry(record.crmId()));
        if (write) {
            entry.proven().add(name);
        }
        entry.base().put(name, value);
        entry.stamps().put(name, record.at(name).toString());
    }

    /** Notes a newer time for a value that is known already. */
    void confirm(String key, CrmRecord record, String name) {
        entries.computeIfAbsent(key, first -> new Entry(record.crmId()))
                .stamps()
                .put(name, record.at(name).toString());
    }

    /**
     * Converts the base to the form in which the table's value would be sent, so that it is recognised. If a trigger of the
     * application has changed the value, the base stays the CRM's value.
     */
    void written(Map<String, Map<String, Object>> rows) {
        rows.forEach((key, row) -> entries.get(key)
                .base()
                .replaceAll((name, value) -> Values.same(row.get(name), value) ? row.get(name) : value));
    }

    /** Notes an edit in the CRM that our write replaced before it was read. */
    void overwritten(String key, String name, Field field, Decision decision) {
        conflicts.add(new Conflict(key, name, field, decision, true, false));
    }

    /** Notes an edit in the CRM of a record whose row was deleted; it is entered once, however often it is found. */
    void overwrittenByDelete(String key, String name, Field field, Decision decision) {
        conflicts.add(new Conflict(key, name, field, decision, true, true));
    }

    int conflicts() {
        return conflicts.size();
    }

    void write(Connection connection) throws SQLException {
        if (!entries.isEmpty()) {
            writeEntries(connection);
        }
        writeConflicts(connection);
    }

    private void writeEntries(Connection connection) throws SQLException {
        List<Entry> all = List.copyOf(entries.values());
        java.sql.Array keys = Database.texts(connection, entries.keySet());
        keepEarlier(connection);
        Database.update(
                connection,
                UPSERT,
                sync.getAccount(),
                sync.getObject(),
                sync.getName(),
                keys,
                Database.texts(connection, all, Entry::crmId),
                Database.texts(connection, all, entry -> Json.text(entry.base())),
                Database.texts(connection, all, entry -> Json.text(entry.shortStamps())),
                times(connection, UpdateLoop::takenAt),
                connection.createArrayOf(
                        "smallint",
                        entries.keySet().stream()
                                .map(key ->
                                        loops.getOrDefault(key, UpdateLoop.NONE).rounds())
                                .toArray()),
                times(connection, UpdateLoop::heldUntil));
        java.sql.Array settled = Database.texts(
                connection,
                all.stream().map(entry -> String.join(",", entry.settled())).toList());
        for (String table : List.of("outbox", "dead_letter")) {
            Database.update(
                    connection, SETTLED.formatted(table), keys, settled, sync.getAccount(), sync.getObject(), keys);
            Database.update(
                    connection,
                    EMPTY.formatted(table) + (table.equals("outbox") ? " and lease is null" : ""),
                    sync.getAccount(),
                    sync.getObject(),
                    keys);
        }
        if (loops.values().stream().anyMatch(loop -> loop.heldUntil() != null)) {
            Database.update(
                    connection,
                    DELAY,
                    keys,
                    times(connection, UpdateLoop::takenAt),
                    times(connection, UpdateLoop::heldUntil),
                    sync.getAccount(),
                    sync.getObject(),
                    keys);
        }
        Recreation.sendWhole(connection, sync.getTable(), lacking);
    }

    private void keepEarlier(Connection connection) throws SQLException {
        Map<String, Entry> changed = new LinkedHashMap<>(entries);
        changed.values().removeIf(entry -> !entry.changesKnown());
        if (changed.isEmpty()) {
            return;
        }
        java.sql.Array keys = Database.texts(connection, changed.keySet());
        List<Entry> all = List.copyOf(changed.values());
        Database.update(
                connection,
                KEEP_EARLIER,
                keys,
                Database.texts(connection, all, entry -> Json.text(entry.base())),
                Database.texts(connection, all, entry -> String.join(",", entry.taken())),
                Database.texts(connection, all, entry -> String.join(",", entry.proven())),
                sync.getAccount(),
                sync.getObject(),
                keys);
    }

    /** Returns a time of each entry's update loop; null if no row was changed or the record is new. */
    private java.sql.Array times(Connection connection, Function<UpdateLoop, Instant> time) throws SQLException {
        return connection.createArrayOf(
                "timestamptz",
                entries.keySet().stream()
                        .map(key -> time.apply(loops.getOrDefault(key, UpdateLoop.NONE)))
                        .map(at -> at == null ? null : at.toString())
                        .toArray());
    }

    private void writeConflicts(Connection connection) throws SQLException {
        for (Conflict conflict : conflicts) {
            Field field = conflict.field();
            java.time.OffsetDateTime oursAt = field.oursAt().atOffset(java.time.ZoneOffset.UTC);
            if (conflict.once()
                    && !Database.query(
                                    connection,
                                    ONCE,
                                    row -> true,
                                    sync.getAccount(),
                                    sync.getObject(),
                                    conflict.key(),
                                    conflict.name(),
                                    Json.text(field.crm()),
                                    oursAt,
                                    conflict.deleted())
                            .isEmpty()) {
                continue;
            }
            Database.update(
                    connection,
                    CONFLICT,
                    sync.getAccount(),
                    sync.getObject(),
                    conflict.key(),
                    sync.getName(),
                    conflict.name(),
                    conflict.decision() == Decision.CRM_WINS ? "crm" : "database",
                    field.base() == null ? null : Json.text(field.base().value()),
                    Json.text(field.crm()),
                    field.crmAt().atOffset(java.time.ZoneOffset.UTC),
                    Json.text(field.ours()),
                    oursAt);
        }
    }
}
