// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import java.util.Locale;

/** The state of a job, named by its next call. */
public enum BulkJobState {
    CREATE,
    /** Finds the job that a create has made whose answer was lost, in the CRM's list of jobs. */
    FIND,
    UPLOAD,
    CLOSE,
    POLL,
    /** Reads the records that were written. */
    SUCCESSES,
    FAILURES,
    /** Reads the records that the job did not process. */
    UNPROCESSED,
    /** Ends a job that makes no progress. */
    ABORT;

    /** Whether the call carries a file, which may take long. */
    public boolean isTransfer() {
        return this == UPLOAD || this == SUCCESSES || this == FAILURES || this == UNPROCESSED;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    static BulkJobState of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
