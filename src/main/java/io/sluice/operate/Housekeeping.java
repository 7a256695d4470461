package io.sluice.operate;

import io.sluice.bulk.BulkJobs;
import io.sluice.quota.Quota;
import io.sluice.receive.Inbox;
import io.sluice.receive.WebhookDeliveries;
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
    private final Inbox inbox;
    private final WebhookDeliveries deliveries;
    private final Duration keepEvents;

    /**
     * @param keep       how long calls stay in the ledger, and bulk jobs that have ended
     * @param keepEvents how long events stay in the inbox after they are done; longer than a CRM tells them again
     */
    public Housekeeping(Quota quota, BulkJobs jobs, Duration keep, Inbox inbox, WebhookDeliveries deliveries,
            Duration keepEvents) {
        this.quota = quota;
        this.jobs = jobs;
        this.keep = keep;
        this.inbox = inbox;
        this.deliveries = deliveries;
        this.keepEvents = keepEvents;
    }

    /** Takes out calls and bulk jobs that no limit counts any more, and events that nobody tells again. */
    public void sweep() throws SQLException {
        jobs.deleteEnded(keep);
        long gone = quota.deleteOldCalls(keep);
        if (gone > 0) {
            LOG.info("{} calls older than {} days were taken out of the ledger.", gone, keep.toDays());
        }
        inbox.purge(keepEvents);
        deliveries.forget(keepEvents);
    }
}
