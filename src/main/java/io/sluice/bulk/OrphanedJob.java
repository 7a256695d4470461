// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.crm.CrmJob;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds the job that a create has made whose answer was lost. A pure function. */
final class OrphanedJob {

    /** The tolerated difference between the CRM's clock and ours; the CRM may also leave out parts of a second. */
    private static final Duration SKEW = Duration.ofMinutes(2);

    private OrphanedJob() {}

    /**
     * Finds an open job, which therefore has no data, that this login created for the same work at the time of our request,
     * and that belongs to no row.
     *
     * @param page  one page of the CRM's jobs
     * @param key   the external id field by which an upsert finds its records
     * @param known the CRM's jobs that belong to rows
     */
    static Optional<CrmJob> in(List<?> page, BulkJob job, String key, Set<String> known) {
        return page.stream()
                .filter(CrmJob.class::isInstance)
                .map(CrmJob.class::cast)
                .filter(it -> it.stage() == CrmJob.Stage.OPEN
                        && it.ours()
                        && it.object().equals(job.object())
                        && it.verb().equals(job.operation().toString())
                        && (job.operation() == Operation.DELETE || key.equals(it.key()))
                        && !known.contains(it.id())
                        && !it.created().isBefore(job.createRequestedAt().minus(SKEW))
                        && !it.created().isAfter(job.createRequestedAt().plus(SKEW)))
                .findFirst();
    }
}
