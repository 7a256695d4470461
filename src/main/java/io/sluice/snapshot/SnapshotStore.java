// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.Sync;
import io.sluice.outbox.PauseStore;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Stores the state of snapshots in {@code sluice.checkpoint}, stream {@code snapshot:SYNC}. A process that takes a due
 * snapshot holds it until the lease ends. During an initial snapshot its sync is paused: writes before the snapshot would
 * overwrite values in the CRM that were never read.
 */
public final class SnapshotStore {

    private static final String REASON = "all records of its object are read and merged first (initial: both)";

    private static final String OF_SYNC = "account = ? and object = ? and stream = 'snapshot:' || ?";

    private static final String DELETE_OTHERS =
            """
            delete from sluice.checkpoint
            where stream like 'snapshot:%' and (account, object, stream) not in (
                select account, object, 'snapshot:' || sync
                from unnest(?::text[], ?::text[], ?::text[]) as s(account, object, sync))
              and (position::jsonb ->> 'since' is null or position::jsonb ->> 'ended' is not null)""";

    /** Leaves a snapshot that runs or has ended as it is, unless the mapping has changed. */
    private static final String BEGIN =
            """
            insert into sluice.checkpoint as c (account, object, stream, position)
            select ?, ?, 'snapshot:' || ?, (?::jsonb || jsonb_build_object('mapping', ?::jsonb,
                                                                          'due', clock_timestamp()))::text
            on conflict (account, object, stream) do update set position = excluded.position, updated_at = now()
            where c.position::jsonb -> 'mapping' is distinct from excluded.position::jsonb -> 'mapping'
            returning stream""";

    /** Starts a snapshot of changes, unless one runs; it includes the changes that the last one deferred. */
    private static final String CATCH_UP =
            """
            insert into sluice.checkpoint as c (account, object, stream, position)
            select ?, ?, 'snapshot:' || ?, (?::jsonb || jsonb_build_object('mapping', null, 'due', clock_timestamp()))::text
            on conflict (account, object, stream) do update set updated_at = now(),
                position = (excluded.position::jsonb || jsonb_build_object('mapping', c.position::jsonb -> 'mapping',
                    'since', least((excluded.position::jsonb ->> 'since')::timestamptz,
                                   (c.position::jsonb ->> 'earliestDeferred')::timestamptz)))::text
            where c.position::jsonb ->> 'ended' is not null
            returning stream""";

    private static final String OPEN =
            """
            select substr(stream, 10) from sluice.checkpoint
            where stream like 'snapshot:%' and position::jsonb ->> 'ended' is null""";

    private static final String OPEN_OF_ALL = OPEN + " and position::jsonb ->> 'since' is null";

    /** Waits until the offset of the polls exists: they read the changes that are too late for this snapshot. */
    private static final String TAKE =
            """
            update sluice.checkpoint set updated_at = now(), position = (position::jsonb || jsonb_build_object(
                'epoch', (position::jsonb ->> 'epoch')::int + 1,
                'due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where %s and position::jsonb ->> 'ended' is null
              and (position::jsonb ->> 'due')::timestamptz <= clock_timestamp()
              and exists (select from sluice.checkpoint where account = ? and object = ? and stream = 'delta:' || ?)
            returning position"""
                    .formatted(OF_SYNC);

    private static final String SAVE =
            """
            update sluice.checkpoint set updated_at = now(), position = (?::jsonb || jsonb_build_object(
                'mapping', position::jsonb -> 'mapping',
                'due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where %s and (position::jsonb ->> 'epoch')::int = ?"""
                    .formatted(OF_SYNC);

    private static final String HEARTBEAT =
            """
            update sluice.checkpoint set updated_at = now(), position = (position::jsonb || jsonb_build_object(
                'due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where %s and (position::jsonb ->> 'epoch')::int = ?"""
                    .formatted(OF_SYNC);

    private static final String RAN_SINCE =
            """
            select from sluice.checkpoint
            where %s and coalesce((position::jsonb ->> 'ended')::timestamptz >= ?::timestamptz, true)"""
                    .formatted(OF_SYNC);

    private static final String FIND = "select position from sluice.checkpoint where " + OF_SYNC;

    private final Database database;

    public SnapshotStore(Database database) {
        this.database = database;
    }

    /**
     * Starts the initial snapshots of these syncs and deletes the others; each sync is paused until the end of its snapshot.
     *
     * @param initial syncs with the initial states of their snapshots
     * @return syncs whose snapshots start now and not at an earlier start of the process
     */
    List<Sync> begin(Map<Sync, SnapshotState> initial, Instant now) throws SQLException {
        return database.transaction(connection -> {
            deleteOthers(connection, initial.keySet());
            List<Sync> begun = new ArrayList<>();
            for (Map.Entry<Sync, SnapshotState> entry : initial.entrySet()) {
                Sync sync = entry.getKey();
                if (!Database.query(
                                connection,
                                BEGIN,
                                row -> true,
                                sync.getAccount(),
                                sync.getObject(),
                                sync.getName(),
                                Snapshot.beginning(entry.getValue(), now).json(),
                                mapping(sync))
                        .isEmpty()) {
                    begun.add(sync);
                }
            }
            PauseStore.replaceSnapshotPauses(
                    connection, Database.query(connection, OPEN_OF_ALL, row -> row.getString(1)), REASON);
            return begun;
        });
    }

    private static void deleteOthers(Connection connection, Collection<Sync> syncs) throws SQLException {
        Database.update(
                connection,
                DELETE_OTHERS,
                Database.texts(connection, syncs, Sync::getAccount),
                Database.texts(connection, syncs, Sync::getObject),
                Database.texts(connection, syncs, Sync::getName));
    }

    /** Describes the mapping on which a snapshot depends: another mapping starts another snapshot. */
    private static String mapping(Sync sync) {
        return Json.text(Map.of(
                "table",
                sync.getTable(),
                "key",
                sync.getKey(),
                "externalId",
                sync.getExternalId(),
                "fields",
                new TreeMap<>(sync.getFields()),
                "inserts",
                sync.getInserts()));
    }

    /**
     * Starts a snapshot of the changes since a time, which are too many to be read page by page. The CRM must support bulk
     * queries.
     *
     * @return false if a snapshot of the sync runs already
     */
    public boolean catchUp(Sync sync, Instant since, Instant now) throws SQLException {
        return database.first(
                        CATCH_UP,
                        row -> true,
                        sync.getAccount(),
                        sync.getObject(),
                        sync.getName(),
                        Snapshot.since(since, SnapshotTransitions.initialState(true), now)
                                .json())
                .isPresent();
    }

    /** Returns the syncs whose snapshot runs. */
    List<String> open() throws SQLException {
        return database.query(OPEN, row -> row.getString(1));
    }

    /** Takes the snapshot of a sync if its next call is due; no other process takes it until the lease ends. */
    Optional<Snapshot> take(Sync sync, Duration lease) throws SQLException {
        return database.first(
                TAKE,
                row -> Snapshot.of(row.getString(1)),
                lease.toMillis(),
                sync.getAccount(),
                sync.getObject(),
                sync.getName(),
                sync.getAccount(),
                sync.getObject(),
                sync.getName());
    }

    /** @return false if another process has taken the snapshot meanwhile */
    boolean save(Sync sync, Snapshot snapshot, Duration due) throws SQLException {
        return database.transaction(connection -> save(connection, sync, snapshot, due));
    }

    private static boolean save(Connection connection, Sync sync, Snapshot snapshot, Duration due) throws SQLException {
        return Database.update(
                        connection,
                        SAVE,
                        snapshot.json(),
                        due.toMillis(),
                        sync.getAccount(),
                        sync.getObject(),
                        sync.getName(),
                        snapshot.epoch())
                == 1;
    }

    /**
     * Ends a snapshot and the pause of its sync.
     *
     * @return false if another process has taken the snapshot meanwhile
     */
    boolean end(Sync sync, Snapshot snapshot) throws SQLException {
        return database.transaction(connection -> {
            boolean ours = save(connection, sync, snapshot, Duration.ZERO);
            if (ours) {
                PauseStore.endSnapshotPause(connection, sync.getName());
            }
            return ours;
        });
    }

    /** Extends the lease of a snapshot. */
    void heartbeat(Sync sync, int epoch, Duration lease) throws SQLException {
        database.update(HEARTBEAT, lease.toMillis(), sync.getAccount(), sync.getObject(), sync.getName(), epoch);
    }

    /**
     * Whether a snapshot of the sync runs, or ran at any time since. It may insert a row of a record whose delete a poll has
     * read before, when it concerned no row: deletes since then must be read once more.
     */
    public boolean ranSince(Sync sync, Instant since) throws SQLException {
        return database.first(
                        RAN_SINCE, row -> true, sync.getAccount(), sync.getObject(), sync.getName(), since.toString())
                .isPresent();
    }

    /** Finds the snapshot of a sync; empty when it has none. */
    public Optional<Snapshot> find(Sync sync) throws SQLException {
        return database.first(
                FIND, row -> Snapshot.of(row.getString(1)), sync.getAccount(), sync.getObject(), sync.getName());
    }
}
