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
 * Where the readings of very many records are kept: in {@code sluice.checkpoint}, stream {@code reading:SYNC}. Whoever
 * takes a due one has it until its lease ends. While a first one goes on, its sync is paused, for what is sent before the
 * CRM is read would overwrite what was never seen.
 */
public final class SnapshotStore {

    private static final String REASON = "all records of its object are read and merged first (initial: both)";

    private static final String OF_SYNC = "account = ? and object = ? and stream = 'reading:' || ?";

    private static final String FORGET_BUT = """
            delete from sluice.checkpoint
            where stream like 'reading:%' and (account, object, stream) not in (
                select account, object, 'reading:' || sync
                from unnest(?::text[], ?::text[], ?::text[]) as s(account, object, sync))
              and (position::jsonb ->> 'since' is null or position::jsonb ->> 'ended' is not null)""";

    /** One that has begun goes on, and one that has ended stays so, unless the mapping is another. */
    private static final String BEGIN = """
            insert into sluice.checkpoint as c (account, object, stream, position)
            select ?, ?, 'reading:' || ?, (?::jsonb || jsonb_build_object('mapping', ?::jsonb,
                                                                          'due', clock_timestamp()))::text
            on conflict (account, object, stream) do update set position = excluded.position, updated_at = now()
            where c.position::jsonb -> 'mapping' is distinct from excluded.position::jsonb -> 'mapping'
            returning stream""";

    /** What changed since a moment; one that goes on is left alone, and what the last one left is taken along. */
    private static final String CATCH_UP = """
            insert into sluice.checkpoint as c (account, object, stream, position)
            select ?, ?, 'reading:' || ?, (?::jsonb || jsonb_build_object('mapping', null, 'due', clock_timestamp()))::text
            on conflict (account, object, stream) do update set updated_at = now(),
                position = (excluded.position::jsonb || jsonb_build_object('mapping', c.position::jsonb -> 'mapping',
                    'since', least((excluded.position::jsonb ->> 'since')::timestamptz,
                                   (c.position::jsonb ->> 'hold')::timestamptz)))::text
            where c.position::jsonb ->> 'ended' is not null
            returning stream""";

    private static final String OPEN = """
            select substr(stream, 9) from sluice.checkpoint
            where stream like 'reading:%' and position::jsonb ->> 'ended' is null""";

    private static final String OPEN_OF_ALL = OPEN + " and position::jsonb ->> 'since' is null";

    /** Not before the reading of what changes has begun: it brings what this one is too early for. */
    private static final String TAKE = """
            update sluice.checkpoint set updated_at = now(), position = (position::jsonb || jsonb_build_object(
                'turn', (position::jsonb ->> 'turn')::int + 1,
                'due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where %s and position::jsonb ->> 'ended' is null
              and (position::jsonb ->> 'due')::timestamptz <= clock_timestamp()
              and exists (select from sluice.checkpoint where account = ? and object = ? and stream = 'delta:' || ?)
            returning position""".formatted(OF_SYNC);

    private static final String SAVE = """
            update sluice.checkpoint set updated_at = now(), position = (?::jsonb || jsonb_build_object(
                'mapping', position::jsonb -> 'mapping',
                'due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where %s and (position::jsonb ->> 'turn')::int = ?""".formatted(OF_SYNC);

    private static final String BEAT = """
            update sluice.checkpoint set updated_at = now(), position = (position::jsonb || jsonb_build_object(
                'due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where %s and (position::jsonb ->> 'turn')::int = ?""".formatted(OF_SYNC);

    private static final String GOING_ON = """
            select from sluice.checkpoint
            where %s and coalesce((position::jsonb ->> 'ended')::timestamptz >= ?::timestamptz, true)""".formatted(OF_SYNC);

    private static final String FIND = "select position from sluice.checkpoint where " + OF_SYNC;

    private final Database database;

    public SnapshotStore(Database database) {
        this.database = database;
    }

    /**
     * Takes up the readings of these syncs and no others, each paused until its reading ends.
     *
     * @param first each with the step at which it begins
     * @return those that begin now, and not at an earlier start
     */
    List<Sync> begin(Map<Sync, SnapshotState> first, Instant now) throws SQLException {
        return database.transaction(connection -> {
            forgetBut(connection, first.keySet());
            List<Sync> begun = new ArrayList<>();
            for (Map.Entry<Sync, SnapshotState> entry : first.entrySet()) {
                Sync sync = entry.getKey();
                if (!Database.query(connection, BEGIN, row -> true, sync.getAccount(), sync.getObject(), sync.getName(),
                        Snapshot.beginning(entry.getValue(), now).json(), mapping(sync)).isEmpty()) {
                    begun.add(sync);
                }
            }
            PauseStore.replaceSnapshotPauses(connection, Database.query(connection, OPEN_OF_ALL, row -> row.getString(1)), REASON);
            return begun;
        });
    }

    private static void forgetBut(Connection connection, Collection<Sync> syncs) throws SQLException {
        Database.update(connection, FORGET_BUT,
                Database.texts(connection, syncs, Sync::getAccount),
                Database.texts(connection, syncs, Sync::getObject),
                Database.texts(connection, syncs, Sync::getName));
    }

    /** What a reading depends on: another mapping means another reading. */
    private static String mapping(Sync sync) {
        return Json.text(Map.of("table", sync.getTable(), "key", sync.getKey(), "externalId", sync.getExternalId(),
                "fields", new TreeMap<>(sync.getFields()), "inserts", sync.getInserts()));
    }

    /**
     * Takes up the reading of what changed since a moment, which is too much to be read page by page.
     * Of a CRM that reads many by a job.
     *
     * @return whether none goes on already
     */
    public boolean catchUp(Sync sync, Instant since, Instant now) throws SQLException {
        return database.first(CATCH_UP, row -> true, sync.getAccount(), sync.getObject(), sync.getName(),
                Snapshot.since(since, SnapshotTransitions.first(true), now).json()).isPresent();
    }

    /** The syncs whose reading goes on. */
    List<String> open() throws SQLException {
        return database.query(OPEN, row -> row.getString(1));
    }

    /** The reading of a sync whose next step is due; it is nobody else's until the lease ends. */
    Optional<Snapshot> take(Sync sync, Duration lease) throws SQLException {
        return database.first(TAKE, row -> Snapshot.of(row.getString(1)), lease.toMillis(), sync.getAccount(),
                sync.getObject(), sync.getName(), sync.getAccount(), sync.getObject(), sync.getName());
    }

    /** @return whether it was still in the hands of the caller */
    boolean save(Sync sync, Snapshot load, Duration due) throws SQLException {
        return database.transaction(connection -> save(connection, sync, load, due));
    }

    private static boolean save(Connection connection, Sync sync, Snapshot load, Duration due) throws SQLException {
        return Database.update(connection, SAVE, load.json(), due.toMillis(), sync.getAccount(), sync.getObject(),
                sync.getName(), load.turn()) == 1;
    }

    /**
     * The reading is over, and with it the pause of its sync.
     *
     * @return whether it was still in the hands of the caller
     */
    boolean end(Sync sync, Snapshot load) throws SQLException {
        return database.transaction(connection -> {
            boolean ours = save(connection, sync, load, Duration.ZERO);
            if (ours) {
                PauseStore.endSnapshotPause(connection, sync.getName());
            }
            return ours;
        });
    }

    /** Says that a step is still under way, so that of a dead one others know soon. */
    void beat(Sync sync, int turn, Duration lease) throws SQLException {
        database.update(BEAT, lease.toMillis(), sync.getAccount(), sync.getObject(), sync.getName(), turn);
    }

    /**
     * Whether a reading of the sync goes on, or did at any time since. It may make a row of a record whose delete was
     * told meanwhile and concerned nobody yet, so deletes since then must be told once more.
     */
    public boolean goesOn(Sync sync, Instant since) throws SQLException {
        return database.first(GOING_ON, row -> true, sync.getAccount(), sync.getObject(), sync.getName(),
                since.toString()).isPresent();
    }

    /** How far the reading of a sync is; nothing of one that has none. */
    public Optional<Snapshot> find(Sync sync) throws SQLException {
        return database.first(FIND, row -> Snapshot.of(row.getString(1)), sync.getAccount(), sync.getObject(),
                sync.getName());
    }
}
