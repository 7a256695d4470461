// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.merge.Applied;
import io.sluice.merge.Applier;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Merges a chunk of a page. A record that a call has just changed or is changing can't be decided now; a poll reads it again
 * in any case. A row that a transaction of the application has locked is retried for a while.
 */
final class SnapshotMerge {

    private static final int MAX_ATTEMPTS = 20;
    private static final long DELAY_MS = 250;

    /** Selects the keys without a call in flight and without one that has ended since. */
    private static final String WITHOUT_CALL =
            """
            select k.key from unnest(?::text[]) as k(key)
            where not exists (select from sluice.outbox
                              where account = ? and object = ? and key = k.key and lease is not null)
              and not exists (select from sluice.sync_state
                              where account = ? and object = ? and key = k.key and settled_at >= ?::timestamptz)
              and not exists (select from sluice.tombstone
                              where account = ? and object = ? and key = k.key and deleted_at >= ?::timestamptz)""";

    private final Database database;
    private final Applier applier;

    SnapshotMerge(Database database, Applier applier) {
        this.database = database;
        this.applier = applier;
    }

    /**
     * Merges records of a snapshot. If the snapshot reads all records, those with locked rows are retried for a while. If it
     * reads changes, they are returned at once, because the poll reads them again.
     *
     * @return the result; {@link Applied#deferred()} are the records whose rows stayed locked
     */
    Applied merge(SnapshotRun snapshotRun, List<CrmRecord> records) throws SQLException, InterruptedException {
        Sync sync = snapshotRun.sync();
        Instant queriedAt = snapshotRun.snapshot().queriedAt();
        Applied all = applier.applySnapshot(sync, records, queriedAt);
        if (snapshotRun.snapshot().isOfChanges()) {
            return all;
        }
        List<CrmRecord> locked = locked(sync, records, all.deferred(), queriedAt);
        for (int i = 1; i < MAX_ATTEMPTS && !locked.isEmpty(); i++) {
            Thread.sleep(DELAY_MS);
            Applied again = applier.applySnapshot(sync, locked, queriedAt);
            all = all.plus(again);
            locked = locked(sync, locked, again.deferred(), queriedAt);
        }
        return new Applied(
                all.updated(),
                all.inserted(),
                0,
                all.conflicts(),
                all.withoutKey(),
                all.rejected(),
                locked.stream().map(CrmRecord::crmId).collect(Collectors.toSet()));
    }

    private List<CrmRecord> locked(Sync sync, List<CrmRecord> records, Set<String> later, Instant queriedAt)
            throws SQLException {
        if (later.isEmpty()) {
            return List.of();
        }
        List<CrmRecord> deferred = records.stream()
                .filter(record -> later.contains(record.crmId()))
                .toList();
        String since = queriedAt.toString();
        Set<String> withoutCall = database.transaction(connection -> new HashSet<>(Database.query(
                connection,
                WITHOUT_CALL,
                row -> row.getString(1),
                Database.texts(connection, deferred, CrmRecord::key),
                sync.getAccount(),
                sync.getObject(),
                sync.getAccount(),
                sync.getObject(),
                since,
                sync.getAccount(),
                sync.getObject(),
                since)));
        return deferred.stream()
                .filter(record -> withoutCall.contains(record.key()))
                .toList();
    }
}
