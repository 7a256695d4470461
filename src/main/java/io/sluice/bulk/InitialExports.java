package io.sluice.bulk;

import io.sluice.Sync;
import io.sluice.bulk.BulkJobs.Filled;
import io.sluice.bulk.BulkPlans.Load;
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
 * Jobs that the rows of a first load fill, where the planner would send those in bulk. Of a load of several jobs the first
 * is small and each next twice as large, up to the largest: the CRM has work at once, and little in vain should it
 * refuse all of it.
 */
public final class InitialExports implements InitialExportJobs {

    /** What was planned holds for so long while one job is filled, in many turns. */
    private static final Duration HOLDS = Duration.ofSeconds(1);

    private static final int PARTS_OF_FIRST = 5;

    private record Planned(Load load, long since) {
    }

    /** Records that a job is to have. */
    private record Size(UUID lease, int records) {
    }

    private final BulkPlans plans;
    private final BulkJobs jobs;
    /** By the sync. */
    private final Map<String, Planned> planned = new ConcurrentHashMap<>();
    private final Map<String, Size> sizes = new ConcurrentHashMap<>();

    public InitialExports(BulkPlans plans, BulkJobs jobs) {
        this.plans = plans;
        this.jobs = jobs;
    }

    /** Records that name a parent wait in the queue until that one is there. */
    @Override
    public Optional<BulkClaim> wanted(Sync sync) throws SQLException {
        if (sync.getParent() != null) {
            return Optional.empty();
        }
        Optional<Filled> open = jobs.filling(sync.getAccount(), sync.getName());
        Planned before = planned.get(sync.getName());
        if (open.isPresent() && before != null && System.nanoTime() - before.since() < HOLDS.toNanos()) {
            return Optional.of(before.load().claim());
        }
        Optional<Load> load = plans.load(sync, open.map(Filled::records).orElse(0));
        load.ifPresentOrElse(it -> planned.put(sync.getName(), new Planned(it, System.nanoTime())),
                () -> planned.remove(sync.getName()));
        return load.map(Load::claim);
    }

    @Override
    public Vessel open(Connection connection, BulkClaim wanted) throws SQLException {
        Filled job = jobs.open(connection, wanted, plans.sync(wanted.sync()).getObject());
        Size size = sizes.get(wanted.sync());
        if (size == null || !size.lease().equals(job.lease())) {
            long left = planned.get(wanted.sync()).load().records();
            size = new Size(job.lease(), size(wanted.most(), left, size == null ? 0 : size.records()));
            sizes.put(wanted.sync(), size);
        }
        return new Vessel(job.lease(), wanted.sync(), room(wanted, size.records(), job), wanted.reserved());
    }

    /**
     * How many records a job is to have.
     *
     * @param left   of the load, with those that are in it
     * @param before what the one before had, or 0
     */
    static int size(int most, long left, int before) {
        return left <= most ? most : Math.min(most, before == 0 ? (most + PARTS_OF_FIRST - 1) / PARTS_OF_FIRST : 2 * before);
    }

    /** As far as one can tell by the records that are in it. */
    static int room(BulkClaim wanted, int size, Filled job) {
        long each = job.records() == 0 ? 1 : job.bytes() / job.records() + 1;
        return (int) Math.max(0, Math.min(size - job.records(), (wanted.bytes() - job.bytes()) / each));
    }

    @Override
    public void filled(Connection connection, Vessel vessel, int records, long bytes, boolean over) throws SQLException {
        jobs.fill(connection, vessel.lease(), records, bytes, over);
    }
}
