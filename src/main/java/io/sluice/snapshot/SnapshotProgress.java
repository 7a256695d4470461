package io.sluice.snapshot;

import io.sluice.merge.Applied;

/**
 * What a first reading came to so far.
 *
 * @param total      records there are to read, as last known; -1: nobody knows
 * @param read       of the pages that were merged to their end
 * @param made       rows
 * @param changed    rows that were there and took a value
 * @param conflicts  fields that had values on both sides
 * @param withoutKey records that have no external id and so get no row
 * @param refused    records that the table did not take
 */
public record SnapshotProgress(long total, long read, long made, long changed, long conflicts, long withoutKey, long refused,
        int calls) {

    static final long UNKNOWN = -1;
    static final SnapshotProgress NOTHING = new SnapshotProgress(UNKNOWN, 0, 0, 0, 0, 0, 0, 0);

    /** A call more. */
    SnapshotProgress called() {
        return new SnapshotProgress(total, read, made, changed, conflicts, withoutKey, refused, calls + 1);
    }

    SnapshotProgress of(long records) {
        return new SnapshotProgress(records, read, made, changed, conflicts, withoutKey, refused, calls);
    }

    /** Rows written of a page that is not at its end: should it be read again, they are there already. */
    SnapshotProgress wrote(Applied part) {
        return new SnapshotProgress(total, read, made + part.inserted(), changed + part.updated(), conflicts + part.conflicts(),
                withoutKey, refused, calls);
    }

    /** A page is at its end. */
    SnapshotProgress read(long records, long without, long refusals) {
        return new SnapshotProgress(total, read + records, made, changed, conflicts, withoutKey + without, refused + refusals, calls);
    }

    /** The reading begins again; what was written stays written. */
    SnapshotProgress again() {
        return new SnapshotProgress(total, 0, made, changed, conflicts, 0, 0, calls);
    }

    /** 0 to 100, or -1 where nobody knows. */
    long percent() {
        return total == UNKNOWN ? UNKNOWN : total == 0 ? 100 : Math.min(100, read * 100 / total);
    }
}
