// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import java.util.Locale;

/** The state of a job, named by its next call. */
public enum BulkJobState {
    CREATE("create"),
    /** Finds the job that a create has made whose answer was lost, in the CRM's list of jobs. */
    FIND("list"),
    UPLOAD("upload"),
    CLOSE("close"),
    POLL("status"),
    /** Reads the records that were written. */
    SUCCESSES("results"),
    FAILURES("results"),
    /** Reads the records that the job did not process. */
    UNPROCESSED("results"),
    /** Ends a job that makes no progress. */
    ABORT("abort");

    private final String call;

    BulkJobState(String call) {
        this.call = call;
    }

    /** The middle of the name of the Kamelet that makes the call. */
    public String call() {
        return call;
    }

    /** Whether the call carries a file, which may take long. */
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
