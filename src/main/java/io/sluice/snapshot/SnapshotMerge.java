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
 * Merges a part of a page. What can't be judged now because a call has changed or is changing it, the reading of what
 * changes brings in any case; a row that a transaction of the application holds is tried again for a while.
 */
final class SnapshotMerge {

    private static final int TRIES = 20;
    private static final long PAUSE_MS = 250;

    /** Of these keys those of which no call is under way, nor has ended since. */
    private static final String UNCALLED = """
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
     * Merges records of a reading. Where all are read, those whose rows are held are tried again for a while; of what has
     * changed, they come back at once, for they are read again.
     *
     * @return what came of it; {@link Applied#later()} are the records whose rows were held all the time
     */
    Applied merge(SnapshotRun snapshotRun, List<CrmRecord> records) throws SQLException, InterruptedException {
        Sync sync = snapshotRun.sync();
        Instant asked = snapshotRun.load().asked();
        Applied all = applier.load(sync, records, asked);
        if (snapshotRun.load().isOfChanges()) {
            return all;
        }
        List<CrmRecord> held = held(sync, records, all.later(), asked);
        for (int i = 1; i < TRIES && !held.isEmpty(); i++) {
            Thread.sleep(PAUSE_MS);
            Applied again = applier.load(sync, held, asked);
            all = all.plus(again);
            held = held(sync, held, again.later(), asked);
        }
        return new Applied(all.updated(), all.inserted(), 0, all.conflicts(), all.withoutKey(), all.refused(),
                held.stream().map(CrmRecord::crmId).collect(Collectors.toSet()));
    }

    private List<CrmRecord> held(Sync sync, List<CrmRecord> records, Set<String> later, Instant asked)
            throws SQLException {
        if (later.isEmpty()) {
            return List.of();
        }
        List<CrmRecord> doubtful = records.stream().filter(record -> later.contains(record.crmId())).toList();
        String since = asked.toString();
        Set<String> uncalled = database.transaction(connection -> new HashSet<>(Database.query(connection, UNCALLED,
                row -> row.getString(1),
                Database.texts(connection, doubtful, CrmRecord::key),
                sync.getAccount(), sync.getObject(), sync.getAccount(), sync.getObject(), since, sync.getAccount(),
                sync.getObject(), since)));
        return doubtful.stream().filter(record -> uncalled.contains(record.key())).toList();
    }
}
