package io.sluice.snapshot;

import java.util.Locale;

/** What comes next to a first reading; each step is one call, and the readings of pages are repeated. */
public enum SnapshotState {
    /** Asks how many records there are, by which the way is chosen. */
    COUNT,
    /** Creates the job that reads them all. */
    CREATE,
    POLL,
    /** Reads a page of what the job has read. */
    RESULTS,
    /** The other way: reads a page of what changed since the beginning of time. */
    PAGES,
    /** All is read. */
    DONE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    static SnapshotState of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
