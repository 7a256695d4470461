// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import java.util.Arrays;

/** Where a job stands ("Job States" in the Bulk API 2.0 Developer Guide). */
public enum JobState {
    /** An ingest job that waits for its data, or for word that it has all. */
    OPEN("Open"),
    /** Queued. */
    UPLOAD_COMPLETE("UploadComplete"),
    IN_PROGRESS("InProgress"),
    /** All rows were tried, which does not mean that all were written. */
    JOB_COMPLETE("JobComplete"),
    /** The job as a whole could not go on; what it wrote before stays written. */
    FAILED("Failed"),
    ABORTED("Aborted");

    private final String wireName;

    JobState(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /** Whether nothing follows. */
    public boolean isLast() {
        return this == JOB_COMPLETE || this == FAILED || this == ABORTED;
    }

    static JobState ofWireName(String name) {
        return Arrays.stream(values())
                .filter(state -> state.wireName.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no job state " + name + "."));
    }
}
