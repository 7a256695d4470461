// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.merge.Applied;

/**
 * Progress of a snapshot.
 *
 * @param total      number of records to read, as last known; -1: unknown
 * @param read       number of records in completely merged pages
 * @param inserted   number of rows inserted
 * @param updated    number of rows that existed and got a value
 * @param conflicts  number of fields that had values on both sides
 * @param withoutKey number of records without external id, which get no row
 * @param rejected   number of records that the table rejected
 * @param calls      number of calls made
 */
public record SnapshotProgress(
        long total, long read, long inserted, long updated, long conflicts, long withoutKey, long rejected, int calls) {

    static final long UNKNOWN = -1;
    static final SnapshotProgress NOTHING = new SnapshotProgress(UNKNOWN, 0, 0, 0, 0, 0, 0, 0);

    /** Counts a call. */
    SnapshotProgress called() {
        return new SnapshotProgress(total, read, inserted, updated, conflicts, withoutKey, rejected, calls + 1);
    }

    SnapshotProgress of(long records) {
        return new SnapshotProgress(records, read, inserted, updated, conflicts, withoutKey, rejected, calls);
    }

    /** Counts rows of an incomplete page: if the page is read again, they are already written. */
    SnapshotProgress written(Applied chunk) {
        return new SnapshotProgress(
                total,
                read,
                inserted + chunk.inserted(),
                updated + chunk.updated(),
                conflicts + chunk.conflicts(),
                withoutKey,
                rejected,
                calls);
    }

    /** Counts the records of a completely merged page. */
    SnapshotProgress read(long records, long without, long rejections) {
        return new SnapshotProgress(
                total,
                read + records,
                inserted,
                updated,
                conflicts,
                withoutKey + without,
                rejected + rejections,
                calls);
    }

    /** Resets the counts of records for a restart; rows stay written. */
    SnapshotProgress restarted() {
        return new SnapshotProgress(total, 0, inserted, updated, conflicts, 0, 0, calls);
    }

    /** Returns 0 to 100, or -1 when the total is unknown. */
    long percent() {
        return total == UNKNOWN ? UNKNOWN : total == 0 ? 100 : Math.min(100, read * 100 / total);
    }
}
