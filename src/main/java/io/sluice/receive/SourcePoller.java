// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.LogThrottle;
import io.sluice.RootCause;
import io.sluice.crm.Durations;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the source Kamelets that poll without end, for a user's own routes: takes the lease, sets the offset and commits it.
 * The table {@code checkpoint} keeps the offset under the name of the source, so that it outlives the process, and one
 * replica polls at a time. A page that the route has not completed is delivered again.
 */
public final class SourcePoller {

    private static final Logger LOG = LoggerFactory.getLogger(SourcePoller.class);
    private static final LogThrottle THROTTLE = new LogThrottle();
    private static final String LEASE = "SluiceSourceLease";
    private static final String STATUS = "SluiceStatus";
    private static final String NEXT = "SluiceNext";
    private static final String COVERED = "SluiceCovered";
    /** Longer than the route takes for a page; after this time another process takes over from one that died. */
    private static final Duration LEASE_TIME = Duration.ofSeconds(30);
    /** Statuses with which a CRM may answer for an offset that it does not know, or has forgotten. */
    private static final Set<Integer> UNKNOWN_OFFSET = Set.of(400, 404, 410);

    private final StreamOffsets streamOffsets;
    private final InstantSource clock;

    public SourcePoller(Database database, InstantSource clock) {
        this.streamOffsets = new StreamOffsets(database);
        this.clock = clock;
    }

    /** Takes the source's lease, unless another process holds it. */
    public void begin(Exchange exchange, String account, String name) throws SQLException {
        exchange.setProperty(LEASE, SourceLease.take(streamOffsets, account, name, clock.instant(), LEASE_TIME));
    }

    /** Whether the source has another page to read. */
    public boolean isOpen(Exchange exchange) {
        return lease(exchange).isOpen();
    }

    /** Sets the offset of a journal's next file as the body; null at the beginning. */
    public void setFileOffset(Exchange exchange) {
        exchange.getMessage().setBody(lease(exchange).offset());
    }

    /**
     * Sets the offset of the next page of changes as the body. A source that never polled starts now and commits this offset:
     * otherwise records of a first page that the route did not complete would lie before the start of the next poll.
     */
    public void setPageOffset(Exchange exchange, String overlap) throws SQLException {
        SourceLease sourceLease = lease(exchange);
        if (sourceLease.offset() == null) {
            sourceLease.commit(startOffset(sourceLease, overlap));
        }
        exchange.getMessage().setBody(sourceLease.offset());
    }

    private static String startOffset(SourceLease sourceLease, String overlap) {
        return sourceLease.began().minus(Durations.of("overlap", overlap)).toString();
    }

    /** Whether the answer is a file, which the route gets next. A file that can't be read is read by the next poll. */
    public boolean isFile(Exchange exchange) throws SQLException {
        SourceLease sourceLease = lease(exchange);
        boolean read = exchange.getMessage().getBody() instanceof List<?>;
        if (!read) {
            unread(exchange, sourceLease);
        }
        String next = exchange.getMessage().getHeader(NEXT, String.class);
        if (!read || next == null) {
            sourceLease.close();
        } else {
            sourceLease.next(next);
        }
        return sourceLease.isOpen();
    }

    private static void unread(Exchange exchange, SourceLease sourceLease) throws SQLException {
        warn(exchange, sourceLease);
        Integer status = exchange.getMessage().getHeader(STATUS, Integer.class);
        if (sourceLease.offset() != null && status != null && UNKNOWN_OFFSET.contains(status)) {
            LOG.warn("{} restarts from the beginning: the CRM does not know its offset any more.", sourceLease);
            sourceLease.commit(null);
        }
    }

    /** Whether the answer is a page of changes, which the route gets next unless the page is empty. */
    public boolean isPage(Exchange exchange, String overlap) throws SQLException {
        SourceLease sourceLease = lease(exchange);
        String next = exchange.getMessage().getHeader(NEXT, String.class);
        sourceLease.next(next != null ? next : startOffset(sourceLease, overlap));
        if (next == null) {
            sourceLease.close();
        }
        return hasRecords(exchange, sourceLease);
    }

    /** Whether the answer lists deletes, which the route gets next. The CRM says up to which time its list is complete. */
    public boolean hasDeletes(Exchange exchange) throws SQLException {
        SourceLease sourceLease = lease(exchange);
        sourceLease.next(exchange.getMessage().getHeader(COVERED, String.class));
        sourceLease.close();
        return hasRecords(exchange, sourceLease);
    }

    private static boolean hasRecords(Exchange exchange, SourceLease sourceLease) throws SQLException {
        if (!(exchange.getMessage().getBody() instanceof List<?> page)) {
            warn(exchange, sourceLease);
            sourceLease.close();
            return false;
        }
        if (page.isEmpty()) {
            sourceLease.commitNext();
        }
        return !page.isEmpty();
    }

    private static void warn(Exchange exchange, SourceLease sourceLease) {
        THROTTLE.warn(
                LOG,
                sourceLease.toString(),
                "{} can't be read: HTTP {}: {}. The next poll continues from the same offset.",
                sourceLease,
                exchange.getMessage().getHeader(STATUS),
                RootCause.shortened(exchange.getMessage().getBody(String.class)));
    }

    /** Commits the offset: the route has completed the page. */
    public void commit(Exchange exchange) throws SQLException {
        lease(exchange).commitNext();
    }

    /** Releases the lease. */
    public void end(Exchange exchange) throws SQLException {
        ((SourceLease) exchange.removeProperty(LEASE)).release(Duration.ZERO);
    }

    private static SourceLease lease(Exchange exchange) {
        return exchange.getProperty(LEASE, SourceLease.class);
    }
}
