// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.Sync;
import io.sluice.bulk.BulkJobs.ExportJob;
import io.sluice.bulk.BulkPlans.InitialExport;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.InitialExportJobs;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Fills jobs with the rows of an initial export, where the planner would send those in bulk. Of an export of several jobs
 * the first is small and each next one is twice as large, up to the maximum: the CRM has work at once, and little work is
 * wasted if it rejects the whole job. With a maximum of 10,000 records the jobs have 2,000, 4,000, 8,000, 10,000 records.
 */
public final class InitialExports implements InitialExportJobs {

    /** The time for which a plan stays valid while one job is filled, over many drains. */
    private static final Duration PLAN_VALIDITY = Duration.ofSeconds(1);

    private static final int FIRST_JOB_DIVISOR = 5;

    private record Planned(InitialExport export, long since) {}

    /** The number of records that a job is to have. */
    private record Size(UUID lease, int records) {}

    private final BulkPlans plans;
    private final BulkJobs jobs;
    /** The plan of each sync. */
    private final Map<String, Planned> planned = new ConcurrentHashMap<>();

    private final Map<String, Size> sizes = new ConcurrentHashMap<>();

    public InitialExports(BulkPlans plans, BulkJobs jobs) {
        this.plans = plans;
        this.jobs = jobs;
    }

    /** The job for the sync's rows; none for records that name a parent, which wait in the queue until the parent is written. */
    @Override
    public Optional<BulkClaim> plannedJob(Sync sync) throws SQLException {
        if (sync.getParent() != null) {
            return Optional.empty();
        }
        Optional<ExportJob> open = jobs.exportJob(sync.getAccount(), sync.getName());
        Planned before = planned.get(sync.getName());
        if (open.isPresent() && before != null && System.nanoTime() - before.since() < PLAN_VALIDITY.toNanos()) {
            return Optional.of(before.export().claim());
        }
        Optional<InitialExport> initialExport =
                plans.initialExport(sync, open.map(ExportJob::records).orElse(0));
        initialExport.ifPresentOrElse(
                it -> planned.put(sync.getName(), new Planned(it, System.nanoTime())),
                () -> planned.remove(sync.getName()));
        return initialExport.map(InitialExport::claim);
    }

    @Override
    public OpenJob open(Connection connection, BulkClaim wanted) throws SQLException {
        ExportJob job = jobs.open(connection, wanted, plans.sync(wanted.sync()).getObject());
        Size size = sizes.get(wanted.sync());
        if (size == null || !size.lease().equals(job.lease())) {
            long left = planned.get(wanted.sync()).export().records();
            size = new Size(job.lease(), size(wanted.maxRecords(), left, size == null ? 0 : size.records()));
            sizes.put(wanted.sync(), size);
        }
        return new OpenJob(job.lease(), wanted.sync(), room(wanted, size.records(), job), wanted.reserved());
    }

    /**
     * The number of records that a job is to have.
     *
     * @param left   the records of the export that are left, with those in the job
     * @param before the size of the job before, or 0
     */
    static int size(int max, long left, int before) {
        return left <= max
                ? max
                : Math.min(max, before == 0 ? (max + FIRST_JOB_DIVISOR - 1) / FIRST_JOB_DIVISOR : 2 * before);
    }

    /** The number of records that fit into the rest of the job, estimated by the average size of those in it. */
    static int room(BulkClaim wanted, int size, ExportJob job) {
        long each = job.records() == 0 ? 1 : job.bytes() / job.records() + 1;
        return (int) Math.max(0, Math.min(size - job.records(), (wanted.maxBytes() - job.bytes()) / each));
    }

    @Override
    public void added(Connection connection, OpenJob job, int records, long bytes, boolean complete)
            throws SQLException {
        jobs.addRecords(connection, job.lease(), records, bytes, complete);
    }
}
