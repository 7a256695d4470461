// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.time.Instant;

/**
 * Describes a job of the CRM, as the CRM reports it.
 *
 * @param id      the CRM's id of the job
 * @param object  the object whose records it writes
 * @param verb    the operation, in the CRM's own word
 * @param key     the field that identifies the records, or null
 * @param created the creation time by the CRM's clock, which may omit fractions of a second
 * @param ours    whether the login that asked has created the job
 * @param tried   the number of records processed so far
 * @param failed  the number of records that could not be written
 * @param message the cause of a failure of the whole job, or null
 */
public record CrmJob(
        String id,
        Stage stage,
        String object,
        String verb,
        String key,
        Instant created,
        boolean ours,
        long tried,
        long failed,
        String message) {

    /** Names the stages of a job. */
    public enum Stage {
        /** Waits for its data, or for the end of its data. */
        OPEN,
        /** Queued or running. */
        WORKING,
        /** Has processed all its records, of which some may have failed. */
        COMPLETE,
        /** Failed; records written before stay written. */
        FAILED,
        /** Was aborted by a request. */
        ABORTED;

        public boolean isLast() {
            return ordinal() > WORKING.ordinal();
        }
    }
}
