package io.sluice.bulk;

import java.util.Locale;

/** What comes next to a job; each step is one call. */
public enum BulkJobState {
    CREATE("create"),
    /** The answer of a create was lost: looks through the CRM's jobs for the one that it made. */
    FIND("list"),
    UPLOAD("upload"),
    CLOSE("close"),
    POLL("status"),
    /** Reads what was written. */
    SUCCESSES("results"),
    FAILURES("results"),
    /** Reads what the job did not come to. */
    REST("results"),
    /** Ends a job that can't be brought further. */
    ABORT("abort");

    private final String call;

    BulkJobState(String call) {
        this.call = call;
    }

    /** The middle of the name of the Kamelet that makes the call. */
    public String call() {
        return call;
    }

    /** Whether a file goes with it, which may take its time. */
    public boolean isTransfer() {
        return this == UPLOAD || call.equals("results");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    static BulkJobState of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
