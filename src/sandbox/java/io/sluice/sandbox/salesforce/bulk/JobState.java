// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import java.util.Arrays;

/**
 * State of a job (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_get_one_job.htm">Job
 * States</a>).
 */
public enum JobState {
    /** An ingest job that waits for its data or for its close. */
    OPEN("Open"),
    /** A queued job. */
    UPLOAD_COMPLETE("UploadComplete"),
    IN_PROGRESS("InProgress"),
    /** A job whose rows were all tried, which does not mean that all were written. */
    JOB_COMPLETE("JobComplete"),
    /** A job that could not continue; written rows stay. */
    FAILED("Failed"),
    ABORTED("Aborted");

    private final String wireName;

    JobState(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /** Whether no transition follows. */
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
