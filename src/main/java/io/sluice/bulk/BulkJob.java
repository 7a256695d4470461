// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.Priority;
import java.time.Instant;
import java.util.UUID;

/**
 * A bulk job, claimed for its next call.
 *
 * @param lease   the job's name, and the lease under which its records are in flight
 * @param state    the state, which names the call to make now
 * @param crmJob  the CRM's id of the job, or null while there is none
 * @param epoch   the fencing token: how often the job was claimed, this time included
 * @param attempts  the calls in a row that made no progress
 * @param createRequestedAt the time at which the CRM was last asked to create the job
 */
public record BulkJob(
        UUID lease,
        String account,
        String object,
        String sync,
        Operation operation,
        BulkJobState state,
        String crmJob,
        Priority priority,
        int records,
        int epoch,
        int attempts,
        Instant createRequestedAt) {}
