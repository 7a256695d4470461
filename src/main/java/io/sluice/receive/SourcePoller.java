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
 * The steps of the source Kamelets that read on and on, for routes of one's own: whose turn it is, where the reading goes
 * on, and that it got there. The place is kept in {@code checkpoint} under the name of the source, so that it outlives the
 * process, and one replica reads at a time. What a route did not bring to its end is handed on to it again.
 */
public final class SourcePoller {

    private static final Logger LOG = LoggerFactory.getLogger(SourcePoller.class);
    private static final LogThrottle THROTTLE = new LogThrottle();
    private static final String FOLLOWED = "SluiceFollowed";
    private static final String STATUS = "SluiceStatus";
    private static final String NEXT = "SluiceNext";
    private static final String COVERED = "SluiceCovered";
    /** Longer than a page takes to be read and worked on; a process that dies is followed by another after it. */
    private static final Duration HOLDING = Duration.ofSeconds(30);
    /** What a CRM may say of an offset that it does not know, or no longer. */
    private static final Set<Integer> FORGOTTEN = Set.of(400, 404, 410);

    private final StreamOffsets streamOffsets;
    private final InstantSource clock;

    public SourcePoller(Database database, InstantSource clock) {
        this.streamOffsets = new StreamOffsets(database);
        this.clock = clock;
    }

    /** Takes the source's turn, unless another process has it. */
    public void begin(Exchange exchange, String account, String name) throws SQLException {
        exchange.setProperty(FOLLOWED, SourceLease.take(streamOffsets, account, name, clock.instant(), HOLDING));
    }

    /** Whether a page is left to be read. */
    public boolean isOpen(Exchange exchange) {
        return turn(exchange).isOpen();
    }

    /** Where a journal's next file begins, as the body; nothing at its beginning. */
    public void afterFile(Exchange exchange) {
        exchange.getMessage().setBody(turn(exchange).place());
    }

    /**
     * Where the next page of what changed begins, as the body. A source that never read begins now, and keeps that: or
     * what its route did not finish of the very first page would be behind the beginning of the next reading.
     */
    public void afterPage(Exchange exchange, String overlap) throws SQLException {
        SourceLease sourceLease = turn(exchange);
        if (sourceLease.place() == null) {
            sourceLease.move(before(sourceLease, overlap));
        }
        exchange.getMessage().setBody(sourceLease.place());
    }

    private static String before(SourceLease sourceLease, String overlap) {
        return sourceLease.began().minus(Durations.of("overlap", overlap)).toString();
    }

    /** Whether a file came, which the route gets next. One that can't be read is read the next time. */
    public boolean isFile(Exchange exchange) throws SQLException {
        SourceLease sourceLease = turn(exchange);
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
        if (sourceLease.place() != null && status != null && FORGOTTEN.contains(status)) {
            LOG.warn("{} begins anew: the CRM does not know the place at which it was.", sourceLease);
            sourceLease.move(null);
        }
    }

    /** Whether a page of what changed came, which the route gets next unless it is empty. */
    public boolean isPage(Exchange exchange, String overlap) throws SQLException {
        SourceLease sourceLease = turn(exchange);
        String next = exchange.getMessage().getHeader(NEXT, String.class);
        sourceLease.next(next != null ? next : before(sourceLease, overlap));
        if (next == null) {
            sourceLease.close();
        }
        return isSomething(exchange, sourceLease);
    }

    /** Whether deletes came, which the route gets next; the CRM has said up to when it told of them. */
    public boolean isTold(Exchange exchange) throws SQLException {
        SourceLease sourceLease = turn(exchange);
        sourceLease.next(exchange.getMessage().getHeader(COVERED, String.class));
        sourceLease.close();
        return isSomething(exchange, sourceLease);
    }

    private static boolean isSomething(Exchange exchange, SourceLease sourceLease) throws SQLException {
        if (!(exchange.getMessage().getBody() instanceof List<?> page)) {
            warn(exchange, sourceLease);
            sourceLease.close();
            return false;
        }
        if (page.isEmpty()) {
            sourceLease.reached();
        }
        return !page.isEmpty();
    }

    private static void warn(Exchange exchange, SourceLease sourceLease) {
        THROTTLE.warn(LOG, sourceLease.toString(), "{} can't be read: HTTP {}: {}. It is tried again from where it was.", sourceLease,
                exchange.getMessage().getHeader(STATUS), RootCause.shortened(exchange.getMessage().getBody(String.class)));
    }

    /** The route has brought it to its end. */
    public void reached(Exchange exchange) throws SQLException {
        turn(exchange).reached();
    }

    /** Gives the turn back. */
    public void end(Exchange exchange) throws SQLException {
        ((SourceLease) exchange.removeProperty(FOLLOWED)).end(Duration.ZERO);
    }

    private static SourceLease turn(Exchange exchange) {
        return exchange.getProperty(FOLLOWED, SourceLease.class);
    }
}
