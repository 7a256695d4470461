package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.crm.CrmJob;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds the job that a create has made whose answer was lost. A pure function. */
final class OrphanedJob {

    /** The CRM's clock and ours may differ by this much, and it may leave out parts of a second. */
    private static final Duration SKEW = Duration.ofMinutes(2);

    private OrphanedJob() {
    }

    /**
     * An open job, without data therefore, that this login created for the same work when we asked, and that no row
     * knows.
     *
     * @param page  of the CRM's jobs
     * @param key   by which an upsert finds its records
     * @param known the CRM's jobs that belong to rows
     */
    static Optional<CrmJob> in(List<?> page, BulkJob job, String key, Set<String> known) {
        return page.stream().filter(CrmJob.class::isInstance).map(CrmJob.class::cast)
                .filter(it -> it.stage() == CrmJob.Stage.OPEN && it.ours() && it.object().equals(job.object())
                        && it.verb().equals(job.operation().toString())
                        && (job.operation() == Operation.DELETE || key.equals(it.key())) && !known.contains(it.id())
                        && !it.created().isBefore(job.askedAt().minus(SKEW))
                        && !it.created().isAfter(job.askedAt().plus(SKEW)))
                .findFirst();
    }
}
