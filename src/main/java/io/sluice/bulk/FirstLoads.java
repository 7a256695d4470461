package io.sluice.bulk;

import io.sluice.Sync;
import io.sluice.bulk.BulkJobs.Filled;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.Filling;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Jobs that the rows of a first load fill, where the planner would send those in bulk. */
public final class FirstLoads implements Filling {

    /** What was planned holds for so long while one job is filled, in many turns. */
    private static final Duration HOLDS = Duration.ofSeconds(1);

    private record Planned(BulkClaim claim, long since) {
    }

    private final BulkPlans plans;
    private final BulkJobs jobs;
    private final Map<Sync, Planned> planned = new ConcurrentHashMap<>();

    public FirstLoads(BulkPlans plans, BulkJobs jobs) {
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
        Planned before = planned.get(sync);
        if (open.isPresent() && before != null && System.nanoTime() - before.since() < HOLDS.toNanos()) {
            return Optional.of(before.claim());
        }
        Optional<BulkClaim> wanted = plans.load(sync, open.map(Filled::records).orElse(0));
        wanted.ifPresentOrElse(claim -> planned.put(sync, new Planned(claim, System.nanoTime())), () -> planned.remove(sync));
        return wanted;
    }

    @Override
    public Vessel open(Connection connection, BulkClaim wanted) throws SQLException {
        Filled job = jobs.open(connection, wanted, plans.sync(wanted.sync()).getObject());
        return new Vessel(job.lease(), wanted.sync(), room(wanted, job), wanted.reserved());
    }

    /** As far as one can tell by the records that are in it. */
    static int room(BulkClaim wanted, Filled job) {
        long each = job.records() == 0 ? 1 : job.bytes() / job.records() + 1;
        return (int) Math.max(0, Math.min(wanted.most() - job.records(), (wanted.bytes() - job.bytes()) / each));
    }

    @Override
    public void filled(Connection connection, Vessel vessel, int records, long bytes, boolean over) throws SQLException {
        jobs.fill(connection, vessel.lease(), records, bytes, over);
    }
}
