// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.LogThrottle;
import io.sluice.RootCause;
import io.sluice.crm.Durations;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the source Kamelets that poll without end, for a user's own routes: takes the lease, sets the offset and commits it.
 * The table {@code stream_offset} keeps the offset under the name of the source, so that it outlives the process, and one
 * replica polls at a time. A page that the route has not completed is delivered again.
 */
public final class SourcePoller {

    private static final Logger LOG = LoggerFactory.getLogger(SourcePoller.class);
    private static final LogThrottle THROTTLE = new LogThrottle();
    private static final String POLL = "SluiceSourcePoll";
    private static final String STATUS = "SluiceStatus";
    private static final String NEXT = "SluiceNext";
    private static final String COVERED = "SluiceCovered";
    /** Longer than the route takes for a page; after this time another process takes over from one that died. */
    private static final Duration LEASE_TIME = Duration.ofSeconds(30);
    /** Statuses with which a CRM may answer for an offset that it does not know, or has forgotten. */
    private static final Set<Integer> UNKNOWN_OFFSET = Set.of(400, 404, 410);

    private final StreamOffsets streamOffsets;
    private final HeldLeases heldLeases = new HeldLeases();
    private final InstantSource clock;

    /** A poll of a source, with the time when it began. */
    private record Poll(StreamLease lease, Instant began) {

        StreamOffset start(String overlap) {
            return StreamOffset.BEGINNING.at(
                    began.minus(Durations.of("overlap", overlap)).toString());
        }
    }

    public SourcePoller(Database database, InstantSource clock) {
        this.streamOffsets = new StreamOffsets(database);
        this.clock = clock;
    }

    /** Takes the source's lease, unless another process holds it. */
    public void begin(Exchange exchange, String account, String name) throws SQLException {
        Instant now = clock.instant();
        StreamLease.ofSource(streamOffsets, account, name, LEASE_TIME, Duration.ZERO)
                .ifPresent(lease -> exchange.setProperty(POLL, new Poll(lease, now)));
    }

    /** Takes the lease of a source whose stream stays open between its polls, unless another process holds it. */
    public void beginStream(Exchange exchange, String account, String name) throws SQLException {
        Instant now = clock.instant();
        heldLeases
                .findOrTake(
                        account,
                        StreamLease.streamOfSource(name),
                        () -> StreamLease.ofSource(streamOffsets, account, name, LEASE_TIME, Duration.ZERO))
                .ifPresent(lease -> exchange.setProperty(POLL, new Poll(lease, now)));
    }

    /** Whether the source has another page to read. */
    public boolean isOpen(Exchange exchange) {
        return poll(exchange) != null && lease(exchange).isOpen();
    }

    /** Sets the offset of a journal's next file, or of a stream's next events, as the body; null at the beginning. */
    public void setFileOffset(Exchange exchange) {
        exchange.getMessage().setBody(lease(exchange).offset().page());
    }

    /**
     * Sets the offset of the next page of changes as the body. A source that never polled starts now and commits this offset:
     * otherwise records of a first page that the route did not complete would lie before the start of the next poll.
     */
    public void setPageOffset(Exchange exchange, String overlap) throws SQLException {
        StreamLease lease = lease(exchange);
        if (lease.offset().page() == null) {
            lease.commit(poll(exchange).start(overlap));
        }
        exchange.getMessage().setBody(lease.offset().page());
    }

    /** Whether the answer is a file, which the route gets next. A file that can't be read is read by the next poll. */
    public boolean isFile(Exchange exchange) throws SQLException {
        StreamLease lease = lease(exchange);
        boolean read = exchange.getMessage().getBody() instanceof List<?>;
        if (!read) {
            unread(exchange, lease);
        }
        String next = exchange.getMessage().getHeader(NEXT, String.class);
        if (!read || next == null) {
            lease.close(Duration.ZERO);
        } else {
            lease.next(lease.offset().at(next));
        }
        return lease.isOpen();
    }

    private static void unread(Exchange exchange, StreamLease lease) throws SQLException {
        warn(exchange, lease);
        Integer status = exchange.getMessage().getHeader(STATUS, Integer.class);
        if (lease.offset().page() != null && status != null && UNKNOWN_OFFSET.contains(status)) {
            LOG.warn("{} restarts from the beginning: the CRM does not know its offset any more.", lease);
            lease.commit(StreamOffset.BEGINNING);
        }
    }

    /** Whether the answer is a page of changes, which the route gets next unless the page is empty. */
    public boolean isPage(Exchange exchange, String overlap) throws SQLException {
        StreamLease lease = lease(exchange);
        String next = exchange.getMessage().getHeader(NEXT, String.class);
        lease.next(next != null ? lease.offset().at(next) : poll(exchange).start(overlap));
        if (next == null) {
            lease.close(Duration.ZERO);
        }
        return hasRecords(exchange, lease);
    }

    /** Whether the answer lists deletes, which the route gets next. The CRM says up to which time its list is complete. */
    public boolean hasDeletes(Exchange exchange) throws SQLException {
        StreamLease lease = lease(exchange);
        lease.next(lease.offset().at(exchange.getMessage().getHeader(COVERED, String.class)));
        lease.close(Duration.ZERO);
        return hasRecords(exchange, lease);
    }

    private static boolean hasRecords(Exchange exchange, StreamLease lease) throws SQLException {
        if (!(exchange.getMessage().getBody() instanceof List<?> page)) {
            warn(exchange, lease);
            lease.close(Duration.ZERO);
            return false;
        }
        if (page.isEmpty()) {
            lease.commitNext();
        }
        return !page.isEmpty();
    }

    private static void warn(Exchange exchange, StreamLease lease) {
        THROTTLE.warn(
                LOG,
                lease.toString(),
                "{} can't be read: HTTP {}: {}. The next poll continues from the same offset.",
                lease,
                exchange.getMessage().getHeader(STATUS),
                RootCause.shortened(exchange.getMessage().getBody(String.class)));
    }

    /** Commits the offset: the route has completed the page. */
    public void commit(Exchange exchange) throws SQLException {
        lease(exchange).commitNext();
    }

    /** Releases the lease. */
    public void end(Exchange exchange) throws SQLException {
        if (exchange.removeProperty(POLL) instanceof Poll poll) {
            poll.lease().release();
        }
    }

    /** Keeps the lease of a stream for its next poll. */
    public void endStream(Exchange exchange) {
        if (exchange.removeProperty(POLL) instanceof Poll poll) {
            heldLeases.hold(poll.lease());
        }
    }

    /** Releases the leases of the streams, so that another process continues at once. */
    public void close() {
        heldLeases.release();
    }

    private static StreamLease lease(Exchange exchange) {
        return poll(exchange).lease();
    }

    private static Poll poll(Exchange exchange) {
        return exchange.getProperty(POLL, Poll.class);
    }
}
