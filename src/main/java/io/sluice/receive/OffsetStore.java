package io.sluice.receive;

import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/** Where each sync's positions are kept; whoever takes a due one looks, so that replicas share the looking. */
final class OffsetStore {

    private static final String BEGIN = """
            insert into sluice.checkpoint (account, object, stream, position) values (?, ?, ?, ?)
            on conflict (account, object, stream) do nothing""";

    /** Where a reading of very many changes could not judge some, it is read from there on once more. */
    private static final String TAKE = """
            with doubted as materialized (
                select position::jsonb ->> 'hold' as at from sluice.checkpoint
                where account = ? and object = ? and stream = ?
                  and position::jsonb ->> 'ended' is not null and position::jsonb ->> 'hold' is not null for update),
            taken as (
                update sluice.checkpoint set updated_at = now(),
                    position = (position::jsonb || jsonb_build_object('due', clock_timestamp() + interval '1 minute', 'taken', true)
                        || coalesce((select jsonb_build_object('from', at) from doubted
                                     where at::timestamptz < (position::jsonb ->> 'from')::timestamptz), '{}'))::text
                where account = ? and object = ? and stream = ?
                  and (position::jsonb ->> 'due')::timestamptz <= clock_timestamp()
                returning position),
            judged as (
                update sluice.checkpoint set position = (position::jsonb - 'hold')::text
                where account = ? and object = ? and stream = ? and exists (select from taken)
                  and exists (select from doubted))
            select position from taken""";

    private static final String HOLD = """
            update sluice.checkpoint set position = (?::jsonb || '{"taken": true}')::text, updated_at = now()
            where account = ? and object = ? and stream = ?""";

    private static final String SAVE = """
            update sluice.checkpoint set position = ?, updated_at = now()
            where account = ? and object = ? and stream = ?""";

    /** Not of one that a process is reading just now, as far as that has shown itself lately. */
    private static final String URGE = """
            update sluice.checkpoint set position = (position::jsonb || jsonb_build_object('due', clock_timestamp()))::text
            where account = ? and object = ? and stream = ?
              and (position::jsonb ->> 'taken' is null or updated_at < clock_timestamp() - interval '5 seconds')
              and (position::jsonb ->> 'due')::timestamptz > clock_timestamp()""";

    private final Database database;

    OffsetStore(Database database) {
        this.database = database;
    }

    /** Of a sync that never looked. */
    void begin(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        database.update(BEGIN, sync.getAccount(), sync.getObject(), stream(sync), pollOffset.json(due));
    }

    /** The position of a sync that is due; for a minute it is nobody else's, and after that if it was not saved. */
    Optional<PollOffset> take(Sync sync) throws SQLException {
        String account = sync.getAccount();
        String object = sync.getObject();
        String load = "reading:" + sync.getName();
        return database.first(TAKE, row -> PollOffset.of(row.getString(1)), account, object, load, account, object,
                stream(sync), account, object, load);
    }

    /** How far a sync has read; nothing where it never looked. */
    Optional<PollOffset> find(Sync sync) throws SQLException {
        return database.first("select position from sluice.checkpoint where account = ? and object = ? and stream = ?",
                row -> PollOffset.of(row.getString(1)), sync.getAccount(), sync.getObject(), stream(sync));
    }

    /** Makes its poll due at once. */
    void urge(Sync sync) throws SQLException {
        database.update(URGE, sync.getAccount(), sync.getObject(), stream(sync));
    }

    /** Saves how far a poll has come that goes on. */
    void hold(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        database.update(HOLD, pollOffset.json(due), sync.getAccount(), sync.getObject(), stream(sync));
    }

    void save(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        database.update(SAVE, pollOffset.json(due), sync.getAccount(), sync.getObject(), stream(sync));
    }

    private static String stream(Sync sync) {
        return "delta:" + sync.getName();
    }
}
