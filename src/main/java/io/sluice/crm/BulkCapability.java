// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.Operation;
import java.util.Set;

/**
 * Describes how a CRM takes very many writes at once.
 *
 * @param operations the operations that can be written so
 * @param records    the maximum number of records in a job
 * @param bytes      the maximum size of a job's records as JSON, in bytes
 * @param jobs       the maximum number of open jobs
 * @param calls      the calls that a job takes, from its creation to its results
 * @param batch      the records that the CRM counts as one batch
 * @param batches    the maximum number of batches in a day
 * @param reserved   a text with another meaning in the job's format, so that no record with it is written so; or null
 */
public record BulkCapability(
        Set<Operation> operations,
        int records,
        long bytes,
        int jobs,
        int calls,
        int batch,
        int batches,
        String reserved) {}
