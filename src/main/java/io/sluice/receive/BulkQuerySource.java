// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.LogThrottle;
import io.sluice.RootCause;
import io.sluice.crm.CrmJob;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.camel.Body;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the source Kamelets that read all records of an object by a bulk query, again and again, for a user's own routes. The
 * table {@code stream_offset} keeps the job and the page under the name of the source: after a restart the query continues with
 * the first page that the route has not completed.
 */
public final class BulkQuerySource {

    private static final Logger LOG = LoggerFactory.getLogger(BulkQuerySource.class);
    private static final LogThrottle THROTTLE = new LogThrottle();
    private static final String LEASE = "SluiceBulkQueryLease";
    private static final String JOB = "SluiceJob";
    private static final String STATUS = "SluiceStatus";
    private static final String THROTTLED = "SluiceThrottled";
    private static final String NEXT = "SluiceNext";
    /** Longer than the download of a page takes; while the route works on the page, each chunk is a heartbeat. */
    private static final Duration LEASE_TIME = Duration.ofMinutes(2);

    private static final Duration MIN_DELAY = Duration.ofSeconds(1);
    private static final Duration MAX_DELAY = Duration.ofMinutes(1);
    /** Records that the route gets at once; a page has many more. */
    private static final int CHUNK_SIZE = 2000;
    /** Statuses with which a CRM may answer for a job or a page that it does not know, or has forgotten. */
    private static final Set<Integer> UNKNOWN_JOB = Set.of(400, 404, 410);

    private final StreamOffsets streamOffsets;
    private final InstantSource clock;

    public BulkQuerySource(Database database, InstantSource clock) {
        this.streamOffsets = new StreamOffsets(database);
        this.clock = clock;
    }

    /** Takes the source's lease, unless the source is not due or another process holds the lease. */
    public void begin(Exchange exchange, String account, String name) throws SQLException {
        StreamLease.ofSource(streamOffsets, account, name, LEASE_TIME, MAX_DELAY)
                .ifPresent(lease -> exchange.setProperty(LEASE, lease));
    }

    /** Whether this run has another call to make. */
    public boolean isOpen(Exchange exchange) {
        StreamLease lease = lease(exchange);
        return lease != null && lease.isOpen();
    }

    /** Sets the job and the page of the next call as header and body; both are null before the job is created. */
    public void setOffset(Exchange exchange) {
        StreamOffset offset = lease(exchange).offset();
        exchange.getMessage().setHeader(JOB, offset.job());
        exchange.getMessage().setBody(offset.page());
    }

    /** Whether the job must be created first. */
    public boolean isNew(Exchange exchange) {
        return lease(exchange).offset().job() == null;
    }

    /** Whether the job was still running when its status was last read. */
    public boolean isRunning(Exchange exchange) {
        return !lease(exchange).offset().jobComplete();
    }

    /** Whether the answer is a page; the route gets it next, chunk by chunk. */
    public boolean isPage(Exchange exchange) throws SQLException {
        StreamLease lease = lease(exchange);
        Message message = exchange.getMessage();
        if (message.getBody() instanceof Stream<?>) {
            String next = message.getHeader(NEXT, String.class);
            lease.next(next == null ? StreamOffset.BEGINNING : lease.offset().at(next));
            return true;
        }
        if (message.getBody() instanceof CrmJob crmJob) {
            onJob(lease, crmJob);
        } else {
            onError(message, lease);
        }
        return false;
    }

    /** Splits a page into the lists that the route gets one after the other. */
    public ListChunks chunks(@Body Stream<?> records) {
        return new ListChunks(records, CHUNK_SIZE);
    }

    private void onJob(StreamLease lease, CrmJob crmJob) throws SQLException {
        if (lease.offset().job() == null) {
            lease.commit(StreamOffset.ofJob(crmJob.id(), clock.instant()));
            lease.close(MIN_DELAY);
            return;
        }
        switch (crmJob.stage()) {
            case OPEN, WORKING -> lease.close(pollDelay(lease.offset().jobCreatedAt(), clock.instant()));
            case COMPLETE -> lease.commit(lease.offset().completed());
            case FAILED, ABORTED ->
                restart(
                        lease,
                        "its job ended as " + crmJob.stage().name().toLowerCase(Locale.ROOT)
                                + (crmJob.message() == null ? "" : ": " + crmJob.message()));
        }
    }

    /**
     * Computes the delay until the next status call: half the job's age, from one second to one minute, so that a long job
     * costs few calls. For example, a job of 20 seconds is asked for again after 10.
     */
    static Duration pollDelay(Instant since, Instant now) {
        Duration half = Duration.between(since, now).dividedBy(2);
        return half.compareTo(MIN_DELAY) < 0 ? MIN_DELAY : half.compareTo(MAX_DELAY) > 0 ? MAX_DELAY : half;
    }

    private static void onError(Message message, StreamLease lease) throws SQLException {
        Integer status = message.getHeader(STATUS, Integer.class);
        THROTTLE.warn(
                LOG,
                lease.toString(),
                "{} can't be read: HTTP {}: {}. The next attempt continues from the same offset in {} s.",
                lease,
                status,
                RootCause.shortened(message.getBody(String.class)),
                MAX_DELAY.toSeconds());
        boolean throttled = Boolean.TRUE.equals(message.getHeader(THROTTLED, Boolean.class));
        if (lease.offset().job() != null && !throttled && status != null && UNKNOWN_JOB.contains(status)) {
            restart(lease, "the CRM does not know its job any more");
        }
        lease.close(MAX_DELAY);
    }

    private static void restart(StreamLease lease, String why) throws SQLException {
        LOG.warn("{} restarts from the beginning in {} s: {}.", lease, MAX_DELAY.toSeconds(), why);
        lease.commit(StreamOffset.BEGINNING);
        lease.close(MAX_DELAY);
    }

    /** Extends the lease when the route has completed a chunk and others follow. */
    public void heartbeat(Exchange exchange) throws SQLException {
        lease(exchange).heartbeat();
    }

    /**
     * Commits the offset when the route has completed a page.
     *
     * @param period milliseconds from the end of a bulk query to the start of the next
     */
    public void commit(Exchange exchange, long period) throws SQLException {
        StreamLease lease = lease(exchange);
        lease.commitNext();
        if (lease.offset().job() == null) {
            lease.close(Duration.ofMillis(period));
        }
    }

    /** Releases the lease. */
    public void end(Exchange exchange) throws SQLException {
        if (exchange.removeProperty(LEASE) instanceof StreamLease lease) {
            lease.release();
        }
    }

    private static StreamLease lease(Exchange exchange) {
        return exchange.getProperty(LEASE, StreamLease.class);
    }
}
