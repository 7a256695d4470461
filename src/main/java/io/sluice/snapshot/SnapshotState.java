// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import java.util.Locale;

/** State of a snapshot, named by its next call. RESULTS and PAGES repeat until the last page. */
public enum SnapshotState {
    /** Counts the records, to choose between a bulk query and pages. */
    COUNT,
    /** Creates a bulk query of all records. */
    CREATE,
    /** Reads the status of the bulk query. */
    POLL,
    /** Reads a page of the bulk query's results. */
    RESULTS,
    /** Without a bulk query: reads a page of the records that changed since 1970. */
    PAGES,
    /** Makes no call: all records are read. */
    DONE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    static SnapshotState of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
