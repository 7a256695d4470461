// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Stores the offset of each sync's polls in the table {@code poll_offset}. A process that takes a due offset holds its lease,
 * so that replicas share the polls.
 */
final class OffsetStore {

    private static final String OF_SYNC = "account = ? and object = ? and sync = ?";

    private static final String BEGIN =
            """
            insert into sluice.poll_offset
                (account, object, sync, read_up_to, low_watermark, interval_ms, deletes_due, polled_at, due)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (account, object, sync) do nothing""";

    /** Sets the offset back if a bulk query of changes has deferred some: the poll then reads from the earliest of them. */
    private static final String TAKE =
            """
            with deferred as materialized (
                select earliest_deferred from sluice.snapshot
                where <of sync> and ended_at is not null and earliest_deferred is not null for update),
            taken as (
                update sluice.poll_offset set updated_at = now(), taken = true, epoch = epoch + 1,
                    due = clock_timestamp() + interval '1 minute',
                    read_up_to = least(read_up_to, (select earliest_deferred from deferred))
                where <of sync> and due <= clock_timestamp()
                returning *),
            cleared as (
                update sluice.snapshot set earliest_deferred = null
                where <of sync> and exists (select from taken) and exists (select from deferred))
            select * from taken"""
                    .replace("<of sync>", OF_SYNC);

    private static final String SAVE =
            """
            update sluice.poll_offset set read_up_to = ?, low_watermark = ?, interval_ms = ?, deletes_due = ?, polled_at = ?,
                handed_over_at = ?, due = ?, taken = ?, updated_at = now()
            where %s and epoch = ?"""
                    .formatted(OF_SYNC);

    /** Excludes a sync that a process is polling, unless that process has saved no progress for five seconds. */
    private static final String MAKE_DUE =
            """
            update sluice.poll_offset set due = clock_timestamp()
            where %s and (not taken or updated_at < clock_timestamp() - interval '5 seconds') and due > clock_timestamp()"""
                    .formatted(OF_SYNC);

    /** A poll that is running may have begun too early: it loses its lease, and another one starts from the same offset. */
    private static final String MISSED =
            """
            update sluice.poll_offset set due = clock_timestamp(), deletes_due = clock_timestamp(), taken = false,
                epoch = epoch + 1
            where account = ? and ? in ('', object)""";

    /** Leaves running polls alone. */
    private static final String MISSED_AGAIN =
            """
            update sluice.poll_offset set due = least(due, clock_timestamp() + interval '1 minute'),
                deletes_due = clock_timestamp()
            where account = ? and ? in ('', object) and not taken""";

    private static final String DUE = "select sync from sluice.poll_offset where due <= clock_timestamp()";

    private static final String FIND = "select * from sluice.poll_offset where " + OF_SYNC;

    private static final String ALL = "select * from sluice.poll_offset";

    private final Database database;

    OffsetStore(Database database) {
        this.database = database;
    }

    /** Creates the offset of a sync that was never polled. */
    void begin(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        database.update(
                BEGIN,
                sync.getAccount(),
                sync.getObject(),
                sync.getName(),
                pollOffset.readUpTo(),
                pollOffset.lowWatermark(),
                pollOffset.interval().toMillis(),
                pollOffset.deletesDue(),
                pollOffset.polledAt(),
                due);
    }

    /** Returns the names of the syncs whose polls are due. */
    Set<String> due() throws SQLException {
        return Set.copyOf(database.query(DUE, row -> row.getString("sync")));
    }

    /** Takes the offset of a sync if it is due. The lease lasts a minute, unless the process saves progress. */
    Optional<PollOffset> take(Sync sync) throws SQLException {
        String account = sync.getAccount();
        String object = sync.getObject();
        String name = sync.getName();
        return database.first(
                TAKE, OffsetStore::pollOffset, account, object, name, account, object, name, account, object, name);
    }

    /** Finds the offset of a sync; empty when it was never polled. */
    Optional<PollOffset> find(Sync sync) throws SQLException {
        return database.first(FIND, OffsetStore::pollOffset, sync.getAccount(), sync.getObject(), sync.getName());
    }

    /** Returns the offsets of all syncs that were polled, by the name of the sync. */
    Map<String, PollOffset> all() throws SQLException {
        Map<String, PollOffset> all = new HashMap<>();
        database.query(ALL, row -> all.put(row.getString("sync"), pollOffset(row)));
        return all;
    }

    /** Makes the poll of a sync due at once. */
    void makeDue(Sync sync) throws SQLException {
        database.update(MAKE_DUE, sync.getAccount(), sync.getObject(), sync.getName());
    }

    /**
     * Makes polls due, with deletes, because changes were missed that happened until now: at once, but only the first time in a
     * minute. A stream that misses changes again and again costs no more polls than no stream, and running polls can end.
     *
     * @param object the object; empty for all objects of the account
     */
    static void missed(Connection connection, String account, String object, Instant now) throws SQLException {
        String minute = account + "/" + object + "/" + now.truncatedTo(ChronoUnit.MINUTES);
        Database.update(
                connection, IdempotentKeys.add(connection, "missed", minute) ? MISSED : MISSED_AGAIN, account, object);
    }

    /**
     * Saves the offset of a poll that continues.
     *
     * @param due end of the lease
     * @return false if another process has taken the offset meanwhile
     */
    boolean saveProgress(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        return save(sync, pollOffset, due, true);
    }

    /**
     * Saves the offset of a poll that has ended, unless another process has taken it meanwhile.
     *
     * @param due time of the next poll
     */
    void save(Sync sync, PollOffset pollOffset, Instant due) throws SQLException {
        save(sync, pollOffset, due, false);
    }

    private boolean save(Sync sync, PollOffset pollOffset, Instant due, boolean taken) throws SQLException {
        return database.update(
                        SAVE,
                        pollOffset.readUpTo(),
                        pollOffset.lowWatermark(),
                        pollOffset.interval().toMillis(),
                        pollOffset.deletesDue(),
                        pollOffset.polledAt(),
                        pollOffset.handedOverAt(),
                        due,
                        taken,
                        sync.getAccount(),
                        sync.getObject(),
                        sync.getName(),
                        pollOffset.epoch())
                == 1;
    }

    private static PollOffset pollOffset(ResultSet row) throws SQLException {
        return new PollOffset(
                Database.instant(row, "read_up_to"),
                Database.instant(row, "low_watermark"),
                Duration.ofMillis(row.getLong("interval_ms")),
                Database.instant(row, "deletes_due"),
                Database.instant(row, "polled_at"),
                Database.instant(row, "handed_over_at"),
                row.getInt("epoch"));
    }
}
