// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.CrmRecord;
import io.sluice.merge.Applied;
import io.sluice.snapshot.SnapshotTransitions.Next;
import io.sluice.store.Heartbeats;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/** Merges pages chunk by chunk, so that neither memory nor locks grow with the page. */
final class SnapshotPages {

    /** Records of one transaction; while it runs, changes of the same table wait to be drained. */
    private static final int CHUNK_SIZE = 2_000;
    /** Maximum number of times that a page with locked rows is read. */
    private static final int MAX_ATTEMPTS = 6;

    private final SnapshotStore snapshotStore;
    private final SnapshotMerge snapshotMerge;
    private final Heartbeats<SnapshotRun.Held> heartbeats;
    private final Duration lease;
    private final SnapshotLog snapshotLog;

    SnapshotPages(
            SnapshotStore snapshotStore,
            SnapshotMerge snapshotMerge,
            Heartbeats<SnapshotRun.Held> heartbeats,
            Duration lease,
            SnapshotLog snapshotLog) {
        this.snapshotStore = snapshotStore;
        this.snapshotMerge = snapshotMerge;
        this.heartbeats = heartbeats;
        this.lease = lease;
        this.snapshotLog = snapshotLog;
    }

    /**
     * Merges a page.
     *
     * @param records records of type {@link CrmRecord}
     * @param next    offset of the next page, or null
     * @return the next state; null when another process has taken over
     */
    Next merge(SnapshotRun snapshotRun, Iterator<?> records, String next) throws SQLException, InterruptedException {
        long count = 0;
        int withoutKey = 0;
        int rejected = 0;
        int locked = 0;
        String example = null;
        while (records.hasNext()) {
            List<CrmRecord> chunk = new ArrayList<>();
            while (records.hasNext() && chunk.size() < CHUNK_SIZE) {
                chunk.add((CrmRecord) records.next());
            }
            boolean changes = snapshotRun.snapshot().isOfChanges();
            Applied applied = snapshotMerge.merge(snapshotRun, chunk);
            if (changes) {
                chunk.stream()
                        .filter(record -> applied.deferred().contains(record.crmId()))
                        .map(CrmRecord::at)
                        .min(Comparator.naturalOrder())
                        .ifPresent(at ->
                                snapshotRun.snapshot(snapshotRun.snapshot().deferred(at)));
            }
            snapshotLog.rejected(snapshotRun.sync(), applied, rejected);
            count += chunk.size();
            withoutKey += applied.withoutKey();
            rejected += applied.rejected().size();
            locked += changes ? 0 : applied.deferred().size();
            example = applied.deferred().stream().findFirst().orElse(example);
            snapshotRun.snapshot(snapshotRun
                    .snapshot()
                    .withProgress(snapshotRun.snapshot().progress().written(applied)));
            if (!snapshotStore.save(snapshotRun.sync(), snapshotRun.snapshot(), lease)) {
                return null;
            }
            heartbeats.progress(snapshotRun.held());
        }
        if (locked > 0 && snapshotRun.snapshot().attempts() < MAX_ATTEMPTS) {
            return SnapshotTransitions.repeatPage(
                    snapshotRun.snapshot(), locked + " rows are locked by other transactions");
        }
        if (locked > 0) {
            snapshotLog.locked(snapshotRun.sync(), locked, example);
        }
        SnapshotProgress before = snapshotRun.snapshot().progress();
        SnapshotProgress now = before.read(count, withoutKey, rejected);
        snapshotLog.progress(snapshotRun.sync(), before, now);
        return SnapshotTransitions.read(snapshotRun.snapshot().withProgress(now), next);
    }
}
