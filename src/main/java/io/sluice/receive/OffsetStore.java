// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/** Stores the offset of each sync. A process that takes a due offset holds its lease, so that replicas share the polls. */
final class OffsetStore {

    private static final String BEGIN =
            """
            insert into sluice.checkpoint (account, object, stream, position) values (?, ?, ?, ?)
            on conflict (account, object, stream) do nothing""";

    /** Sets the offset back if a bulk query of changes has deferred some: the poll then reads from the earliest of them. */
    private static final String TAKE =
            """
            with deferred as materialized (
                select position::jsonb ->> 'earliestDeferred' as at from sluice.checkpoint
                where account = ? and object = ? and stream = ?
                  and position::jsonb ->> 'ended' is not null and position::jsonb ->> 'earliestDeferred' is not null for update),
            taken as (
                update sluice.checkpoint set updated_at = now(),
                    position = (position::jsonb || jsonb_build_object('due', clock_timestamp() + interval '1 minute', 'taken', true)
                        || coalesce((select jsonb_build_object('from', at) from deferred
                                     where at::timestamptz < (position::jsonb ->> 'from')::timestamptz), '{}'))::text
                where account = ? and object = ? and stream = ?
                  and (position::jsonb ->> 'due')::timestamptz <= clock_timestamp()
                returning position),
            cleared as (
                update sluice.checkpoint set position = (position::jsonb - 'earliestDeferred')::text
                where account = ? and object = ? and stream = ? and exists (select from taken)
                  and exists (select from deferred))
            select position from taken""";

    private static final String SAVE_PROGRESS =
            """
            update sluice.checkpoint set position = (?::jsonb || '{"taken": true}')::text, updated_at = now()
            where account = ? and object = ? and stream = ?""";

    private static final String SAVE =
            """
            update sluice.checkpoint set position = ?, updated_at = now()
            where account = ? and object = ? and stream = ?""";

    /** Excludes a sync that a process is polling, unless that process has saved no progress for five seconds. */
    private static final String MAKE_DUE =
            """
            update sluice.checkpoint set position = (position::jsonb || jsonb_build_object('due', clock_timestamp()))::text
            where account = ? and object = ? and stream = ?
              and (position::jsonb ->> 'taken' is null or updated_at < clock_timestamp() - interval '5 seconds')
              and (position::jsonb ->> 'due')::timestamptz > clock_timestamp()""";

    private final Database database;

    OffsetStore(Database database) {
        this.database = database;
    }

    /** Creates the offset of a sync that was never polled. */
    void begin(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        database.update(BEGIN, sync.getAccount(), sync.getObject(), stream(sync), pollOffset.json(due));
    }

    /** Takes the offset of a sync if it is due. The lease lasts a minute, unless the process saves progress. */
    Optional<PollOffset> take(Sync sync) throws SQLException {
        String account = sync.getAccount();
        String object = sync.getObject();
        String bulkQuery = "snapshot:" + sync.getName();
        return database.first(
                TAKE,
                row -> PollOffset.of(row.getString(1)),
                account,
                object,
                bulkQuery,
                account,
                object,
                stream(sync),
                account,
                object,
                bulkQuery);
    }

    /** Finds the offset of a sync; empty when it was never polled. */
    Optional<PollOffset> find(Sync sync) throws SQLException {
        return database.first(
                "select position from sluice.checkpoint where account = ? and object = ? and stream = ?",
                row -> PollOffset.of(row.getString(1)),
                sync.getAccount(),
                sync.getObject(),
                stream(sync));
    }

    /** Makes the poll of a sync due at once. */
    void makeDue(Sync sync) throws SQLException {
        database.update(MAKE_DUE, sync.getAccount(), sync.getObject(), stream(sync));
    }

    /** Saves the offset of a poll that continues. */
    void saveProgress(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        database.update(SAVE_PROGRESS, pollOffset.json(due), sync.getAccount(), sync.getObject(), stream(sync));
    }

    void save(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        database.update(SAVE, pollOffset.json(due), sync.getAccount(), sync.getObject(), stream(sync));
    }

    private static String stream(Sync sync) {
        return "delta:" + sync.getName();
    }
}
