package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.Priority;
import java.time.Instant;
import java.util.UUID;

/**
 * Work of several calls, as it was taken up for its next one.
 *
 * @param lease   under which its records are in flight, and its own name
 * @param step    to take now
 * @param crmJob  the CRM's id of the job, or null while there is none
 * @param steps   how often it was taken up, this time included
 * @param trials  steps in a row that brought it no further
 * @param askedAt when the CRM was last asked to create it
 */
public record BulkJob(UUID lease, String account, String object, String sync, Operation operation, BulkJobState step,
        String crmJob, Priority priority, int records, int steps, int trials, Instant askedAt) {
}
