// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.bulk.BulkJobs;
import io.sluice.quota.Quota;
import io.sluice.receive.Inbox;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes old calls, bulk jobs, events and deliveries. */
public final class Housekeeping {

    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

    private final Quota quota;
    private final BulkJobs jobs;
    private final Duration retention;
    private final Inbox inbox;
    private final Duration eventRetention;

    /**
     * @param retention      time after which calls in the ledger and ended bulk jobs are deleted
     * @param eventRetention time after which done events and deliveries are deleted; longer than a CRM repeats them
     */
    public Housekeeping(Quota quota, BulkJobs jobs, Duration retention, Inbox inbox, Duration eventRetention) {
        this.quota = quota;
        this.jobs = jobs;
        this.retention = retention;
        this.inbox = inbox;
        this.eventRetention = eventRetention;
    }

    /** Deletes calls and bulk jobs that no limit counts any more, and events and deliveries that no CRM repeats. */
    public void sweep() throws SQLException {
        jobs.deleteEnded(retention);
        long deleted = quota.deleteOldCalls(retention);
        if (deleted > 0) {
            LOG.info("{} calls older than {} days were deleted from the ledger.", deleted, retention.toDays());
        }
        inbox.purge(eventRetention);
    }
}
