package io.sluice.crm;

import io.sluice.Operation;
import java.util.Set;

/**
 * How a CRM takes very many writes at once.
 *
 * @param operations that go so
 * @param records    of one job at most
 * @param bytes      of one job's records as JSON at most
 * @param jobs       that may be open at once
 * @param calls      that a job takes, from its creation to its results
 * @param batch      records that it counts as one batch
 * @param batches    that it takes a day
 * @param reserved   a text that means something else in its format, so that no record with it goes this way; or null
 */
public record BulkCapability(Set<Operation> operations, int records, long bytes, int jobs, int calls, int batch, int batches,
        String reserved) {
}
