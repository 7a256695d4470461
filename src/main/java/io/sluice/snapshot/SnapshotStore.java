// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.Sync;
import io.sluice.outbox.PauseStore;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Stores the state of snapshots in the table {@code snapshot}. A process that takes a due
 * snapshot holds it until the lease ends. During an initial snapshot its sync is paused: writes before the snapshot would
 * overwrite values in the CRM that were never read.
 */
public final class SnapshotStore {

    private static final String REASON = "all records of its object are read and merged first (initial: both)";

    private static final String OF_SYNC = "account = ? and object = ? and sync = ?";

    private static final String DELETE_OTHERS =
            """
            delete from sluice.snapshot
            where (account, object, sync) not in (select * from unnest(?::text[], ?::text[], ?::text[]))
              and (changed_since is null or ended_at is not null)""";

    private static final String START =
            """
            insert into sluice.snapshot as s (account, object, sync, mapping, changed_since, state, queried_at, began_at)
            values (?, ?, ?, ?::jsonb, ?, ?, ?, ?)
            on conflict (account, object, sync) do update set
                state = excluded.state, queried_at = excluded.queried_at, began_at = excluded.began_at, ended_at = default,
                job = default, member = default, next_page = default, last_error = default, earliest_deferred = default,
                jobs = default, attempts = default, calls = default, records = default, read = default, inserted = default,
                updated = default, conflicts = default, without_key = default, rejected = default,
                epoch = s.epoch + 1, due = default, updated_at = default,
                %s
            returning sync""";

    /** Leaves a snapshot that runs or has ended as it is, unless the mapping has changed. */
    private static final String BEGIN = START.formatted(
            """
            mapping = excluded.mapping, changed_since = default
            where s.mapping is distinct from excluded.mapping""");

    /** Starts a snapshot of changes, unless one runs; it includes the changes that the last one deferred. */
    private static final String CATCH_UP = START.formatted(
            """
            changed_since = least(excluded.changed_since, s.earliest_deferred)
            where s.ended_at is not null""");

    private static final String OPEN = "select sync from sluice.snapshot where ended_at is null";

    private static final String OPEN_OF_ALL = OPEN + " and changed_since is null";

    /** Waits until the offset of the polls exists: they read the changes that are too late for this snapshot. */
    private static final String TAKE =
            """
            update sluice.snapshot s set updated_at = now(), epoch = epoch + 1,
                due = clock_timestamp() + ? * interval '1 millisecond'
            where %s and ended_at is null and due <= clock_timestamp()
              and exists (select from sluice.poll_offset p
                          where p.account = s.account and p.object = s.object and p.sync = s.sync)
            returning *"""
                    .formatted(OF_SYNC);

    private static final String SAVE =
            """
            update sluice.snapshot set state = ?, job = ?, member = ?, next_page = ?, queried_at = ?, jobs = ?, attempts = ?,
                calls = ?, records = ?, read = ?, inserted = ?, updated = ?, conflicts = ?, without_key = ?, rejected = ?,
                last_error = ?, earliest_deferred = ?, ended_at = ?, updated_at = now(),
                due = clock_timestamp() + ? * interval '1 millisecond'
            where %s and epoch = ?"""
                    .formatted(OF_SYNC);

    private static final String HEARTBEAT =
            """
            update sluice.snapshot set updated_at = now(), due = clock_timestamp() + ? * interval '1 millisecond'
            where %s and epoch = ?"""
                    .formatted(OF_SYNC);

    private static final String RAN_SINCE =
            "select from sluice.snapshot where %s and coalesce(ended_at >= ?, true)".formatted(OF_SYNC);

    private static final String FIND = "select * from sluice.snapshot where " + OF_SYNC;

    private static final String ALL = "select * from sluice.snapshot";

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
                if (start(connection, BEGIN, sync, mapping(sync), Snapshot.beginning(entry.getValue(), now))) {
                    begun.add(sync);
                }
            }
            PauseStore.replaceSnapshotPauses(
                    connection, Database.query(connection, OPEN_OF_ALL, row -> row.getString(1)), REASON);
            return begun;
        });
    }

    private static boolean start(Connection connection, String sql, Sync sync, String mapping, Snapshot snapshot)
            throws SQLException {
        return !Database.query(
                        connection,
                        sql,
                        row -> true,
                        sync.getAccount(),
                        sync.getObject(),
                        sync.getName(),
                        mapping,
                        snapshot.since(),
                        snapshot.state().toString(),
                        snapshot.queriedAt(),
                        snapshot.began())
                .isEmpty();
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
                sync.getInserts().toString()));
    }

    /**
     * Starts a snapshot of the changes since a time, which are too many to be read page by page. The CRM must support bulk
     * queries.
     *
     * @return false if a snapshot of the sync runs already
     */
    public boolean catchUp(Sync sync, Instant since, Instant now) throws SQLException {
        return database.transaction(connection -> start(
                connection, CATCH_UP, sync, null, Snapshot.since(since, SnapshotTransitions.initialState(true), now)));
    }

    /** Returns the syncs whose snapshot runs. */
    List<String> open() throws SQLException {
        return database.query(OPEN, row -> row.getString(1));
    }

    /** Takes the snapshot of a sync if its next call is due; no other process takes it until the lease ends. */
    Optional<Snapshot> take(Sync sync, Duration lease) throws SQLException {
        return database.first(
                TAKE, SnapshotStore::snapshot, lease.toMillis(), sync.getAccount(), sync.getObject(), sync.getName());
    }

    /** @return false if another process has taken the snapshot meanwhile */
    boolean save(Sync sync, Snapshot snapshot, Duration due) throws SQLException {
        return database.transaction(connection -> save(connection, sync, snapshot, due));
    }

    private static boolean save(Connection connection, Sync sync, Snapshot snapshot, Duration due) throws SQLException {
        SnapshotProgress progress = snapshot.progress();
        return Database.update(
                        connection,
                        SAVE,
                        snapshot.state().toString(),
                        snapshot.job(),
                        snapshot.member(),
                        snapshot.next(),
                        snapshot.queriedAt(),
                        snapshot.jobs(),
                        snapshot.attempts(),
                        progress.calls(),
                        progress.total(),
                        progress.read(),
                        progress.inserted(),
                        progress.updated(),
                        progress.conflicts(),
                        progress.withoutKey(),
                        progress.rejected(),
                        snapshot.lastError(),
                        snapshot.earliestDeferred(),
                        snapshot.ended(),
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

    /** Extends the lease of a snapshot. @return whether this process still held it */
    boolean heartbeat(Sync sync, int epoch, Duration lease) throws SQLException {
        return database.update(HEARTBEAT, lease.toMillis(), sync.getAccount(), sync.getObject(), sync.getName(), epoch)
                > 0;
    }

    /**
     * Whether a snapshot of the sync runs, or ran at any time since. It may insert a row of a record whose delete a poll has
     * read before, when it concerned no row: deletes since then must be read once more.
     */
    public boolean ranSince(Sync sync, Instant since) throws SQLException {
        return database.first(RAN_SINCE, row -> true, sync.getAccount(), sync.getObject(), sync.getName(), since)
                .isPresent();
    }

    /** Finds the snapshot of a sync; empty when it has none. */
    public Optional<Snapshot> find(Sync sync) throws SQLException {
        return database.first(FIND, SnapshotStore::snapshot, sync.getAccount(), sync.getObject(), sync.getName());
    }

    /** Returns the snapshots of all syncs, by the name of the sync. */
    public Map<String, Snapshot> all() throws SQLException {
        Map<String, Snapshot> all = new HashMap<>();
        database.query(ALL, row -> all.put(row.getString("sync"), snapshot(row)));
        return all;
    }

    private static Snapshot snapshot(ResultSet row) throws SQLException {
        return new Snapshot(
                row.getInt("epoch"),
                SnapshotState.of(row.getString("state")),
                row.getString("job"),
                row.getString("member"),
                row.getString("next_page"),
                Database.instant(row, "queried_at"),
                row.getInt("jobs"),
                row.getInt("attempts"),
                new SnapshotProgress(
                        row.getLong("records"),
                        row.getLong("read"),
                        row.getLong("inserted"),
                        row.getLong("updated"),
                        row.getLong("conflicts"),
                        row.getLong("without_key"),
                        row.getLong("rejected"),
                        row.getInt("calls")),
                Database.instant(row, "began_at"),
                Database.instant(row, "ended_at"),
                row.getString("last_error"),
                Database.instant(row, "changed_since"),
                Database.instant(row, "earliest_deferred"));
    }
}
