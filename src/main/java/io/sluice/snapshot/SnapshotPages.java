package io.sluice.snapshot;

import io.sluice.CrmRecord;
import io.sluice.merge.Applied;
import io.sluice.snapshot.SnapshotTransitions.Next;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/** Merges pages part by part, so that neither memory nor locks grow with the page. */
final class SnapshotPages {

    /** Records of a transaction: while it lasts, changes of the same table wait to be drained. */
    private static final int PART = 2_000;
    /** Readings of a page of which rows are held by others. */
    private static final int MOST_TRIALS = 6;

    private final SnapshotStore snapshotStore;
    private final SnapshotMerge snapshotMerge;
    private final SnapshotHeartbeat snapshotHeartbeat;
    private final SnapshotLog snapshotLog;

    SnapshotPages(SnapshotStore snapshotStore, SnapshotMerge snapshotMerge, SnapshotHeartbeat snapshotHeartbeat, SnapshotLog snapshotLog) {
        this.snapshotStore = snapshotStore;
        this.snapshotMerge = snapshotMerge;
        this.snapshotHeartbeat = snapshotHeartbeat;
        this.snapshotLog = snapshotLog;
    }

    /**
     * Merges a page.
     *
     * @param records {@link CrmRecord}s
     * @param next    where the page behind it begins, or null
     * @return null when another process has taken the reading up
     */
    Next merge(SnapshotRun snapshotRun, Iterator<?> records, String next) throws SQLException, InterruptedException {
        long count = 0;
        int withoutKey = 0;
        int refused = 0;
        int held = 0;
        String example = null;
        while (records.hasNext()) {
            List<CrmRecord> part = new ArrayList<>();
            while (records.hasNext() && part.size() < PART) {
                part.add((CrmRecord) records.next());
            }
            boolean changes = snapshotRun.load().isOfChanges();
            Applied applied = snapshotMerge.merge(snapshotRun, part);
            if (changes) {
                part.stream().filter(record -> applied.later().contains(record.crmId())).map(CrmRecord::at)
                        .min(Comparator.naturalOrder()).ifPresent(at -> snapshotRun.load(snapshotRun.load().holding(at)));
            }
            snapshotLog.refused(snapshotRun.sync(), applied, refused);
            count += part.size();
            withoutKey += applied.withoutKey();
            refused += applied.refused().size();
            held += changes ? 0 : applied.later().size();
            example = applied.later().stream().findFirst().orElse(example);
            snapshotRun.load(snapshotRun.load().tally(snapshotRun.load().tally().wrote(applied)));
            if (!snapshotStore.save(snapshotRun.sync(), snapshotRun.load(), snapshotHeartbeat.lease())) {
                return null;
            }
            snapshotHeartbeat.moves(snapshotRun);
        }
        if (held > 0 && snapshotRun.load().trials() < MOST_TRIALS) {
            return SnapshotTransitions.again(snapshotRun.load(), held + " rows are held by other transactions");
        }
        if (held > 0) {
            snapshotLog.held(snapshotRun.sync(), held, example);
        }
        SnapshotProgress before = snapshotRun.load().tally();
        SnapshotProgress now = before.read(count, withoutKey, refused);
        snapshotLog.progress(snapshotRun.sync(), before, now);
        return SnapshotTransitions.read(snapshotRun.load().tally(now), next);
    }
}
