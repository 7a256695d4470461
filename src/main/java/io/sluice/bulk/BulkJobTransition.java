// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import java.time.Duration;

/** The transition of a job that an answer causes. */
public sealed interface BulkJobTransition {

    /**
     * The job continues.
     *
     * @param delay   the time until the next call
     * @param progress whether the job made progress; a job that makes none for long is given up
     */
    record Next(BulkJobState state, Duration delay, boolean progress) implements BulkJobTransition {}

    /**
     * The CRM has not created the job: its records are queued again, at no cost of an attempt.
     *
     * @param cooldown whether a cool-down begins, in which the object's records are sent by single calls
     */
    record Release(String why, boolean cooldown) implements BulkJobTransition {}

    /**
     * The job is over: records without a result are queued again, and count as unproven.
     *
     * @param why the reason, or null where all went well
     */
    record Finish(String why) implements BulkJobTransition {}
}
