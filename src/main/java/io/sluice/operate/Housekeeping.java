package io.sluice.operate;

import io.sluice.bulk.BulkJobs;
import io.sluice.quota.Quota;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets go of what nobody will ask for again. */
public final class Housekeeping {

    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

    private final Quota quota;
    private final BulkJobs jobs;
    private final Duration keep;

    /** @param keep how long calls stay in the ledger, and bulk jobs that have ended */
    public Housekeeping(Quota quota, BulkJobs jobs, Duration keep) {
        this.quota = quota;
        this.jobs = jobs;
        this.keep = keep;
    }

    /** Takes out calls and bulk jobs that no limit counts any more and that are older than they are kept for. */
    public void sweep() throws SQLException {
        jobs.forget(keep);
        long gone = quota.forget(keep);
        if (gone > 0) {
            LOG.info("{} calls older than {} days were taken out of the ledger.", gone, keep.toDays());
        }
    }
}
