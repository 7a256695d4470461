// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Stores in the table {@code initial_export} with which mapping the rows of each sync were last queued for export: another
 * mapping queues them again.
 */
final class InitialExportStore {

    private static final String ANY = "select from sluice.initial_export limit 1";

    private static final String QUEUED =
            """
            insert into sluice.initial_export as e (account, object, sync, source, key, external_id, fields, time_zone)
            values (?, ?, ?, ?, ?, ?, ?::jsonb, ?)
            on conflict (account, object, sync) do update set source = excluded.source, key = excluded.key,
                external_id = excluded.external_id, fields = excluded.fields, time_zone = excluded.time_zone,
                missed = false, queued_at = now()
            where e.missed or (e.source, e.key, e.external_id, e.fields, e.time_zone)
                <> (excluded.source, excluded.key, excluded.external_id, excluded.fields, excluded.time_zone)""";

    /** Appends rows to the change log, and notes their number and their time. */
    private static final String APPEND =
            """
            with added as (%s returning records, changed_at)
            update sluice.initial_export e set records = a.records, queued_at = coalesce(a.at, e.queued_at)
            from (select coalesce(sum(records), 0) as records, max(changed_at) as at from added) as a
            where (e.account, e.object, e.sync) in (select * from unnest(?::text[], ?::text[], ?::text[]))""";

    private static final String IS_QUEUED =
            """
            select from sluice.initial_export
            where account = ? and object = ? and sync = ? and not missed
              and (source, key, external_id, fields, time_zone) = (?, ?, ?, ?::jsonb, ?)""";

    private static final String FIND =
            "select source, key from sluice.initial_export where account = ? and object = ? and sync = ?";

    private static final String FORGET_OTHERS =
            """
            delete from sluice.initial_export
            where sync <> all (?::text[]) and (account, object, sync) not in (
                select * from unnest(?::text[], ?::text[], ?::text[]))""";

    private static final String MISSED =
            """
            update sluice.initial_export set missed = true
            where (account, object, sync) in (select * from unnest(?::text[], ?::text[], ?::text[])) and not missed""";

    /**
     * The table and the key column of a sync's last export.
     *
     * @param source table, as schema.table
     */
    record Rows(String source, String key) {

        boolean areOf(Sync sync) {
            return source.equals(sync.getTable()) && key.equals(sync.getKey());
        }
    }

    private final Database database;

    InitialExportStore(Database database) {
        this.database = database;
    }

    /** Whether any sync was ever exported. */
    boolean hasAny() throws SQLException {
        return database.first(ANY, row -> true).isPresent();
    }

    /** Whether the rows of a sync were queued with its mapping, and it has missed no change since. */
    boolean isQueued(Sync sync) throws SQLException {
        return database.first(IS_QUEUED, row -> true, mapping(sync)).isPresent();
    }

    /** Finds the table whose rows were last queued for a sync. */
    static Optional<Rows> find(Connection connection, Sync sync) throws SQLException {
        return Database.query(
                        connection,
                        FIND,
                        row -> new Rows(row.getString("source"), row.getString("key")),
                        sync.getAccount(),
                        sync.getObject(),
                        sync.getName())
                .stream()
                .findFirst();
    }

    /** Notes that the rows of a sync are queued. @return false if they were queued with this mapping before */
    static boolean queue(Connection connection, Sync sync) throws SQLException {
        return Database.update(connection, QUEUED, mapping(sync)) > 0;
    }

    /** Queues the rows of these syncs. @param append a statement of {@link ChangeLog#append} */
    static void append(Connection connection, List<Sync> syncs, String append) throws SQLException {
        Database.update(
                connection,
                APPEND.formatted(append),
                Database.texts(connection, syncs, Sync::getAccount),
                Database.texts(connection, syncs, Sync::getObject),
                Database.texts(connection, syncs, Sync::getName));
    }

    private static Object[] mapping(Sync sync) {
        return new Object[] {
            sync.getAccount(),
            sync.getObject(),
            sync.getName(),
            sync.getTable(),
            sync.getKey(),
            sync.getExternalId(),
            Json.text(new TreeMap<>(sync.getFields())),
            sync.getTimeZone()
        };
    }

    /**
     * Notes that syncs have missed changes, and forgets those that no longer exist.
     *
     * @param known  syncs that exist
     * @param spared names of other installations' syncs
     */
    void miss(List<Sync> missed, List<Sync> known, Collection<String> spared) throws SQLException {
        database.transaction(connection -> {
            Database.update(
                    connection,
                    FORGET_OTHERS,
                    Database.texts(connection, spared),
                    Database.texts(connection, known, Sync::getAccount),
                    Database.texts(connection, known, Sync::getObject),
                    Database.texts(connection, known, Sync::getName));
            return Database.update(
                    connection,
                    MISSED,
                    Database.texts(connection, missed, Sync::getAccount),
                    Database.texts(connection, missed, Sync::getObject),
                    Database.texts(connection, missed, Sync::getName));
        });
    }
}
