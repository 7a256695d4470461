package io.sluice.receive;

import io.sluice.LogThrottle;
import io.sluice.Reason;
import io.sluice.crm.Time;
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
public final class Following {

    private static final Logger LOG = LoggerFactory.getLogger(Following.class);
    private static final LogThrottle THROTTLE = new LogThrottle();
    private static final String FOLLOWED = "SluiceFollowed";
    private static final String STATUS = "SluiceStatus";
    private static final String NEXT = "SluiceNext";
    private static final String COVERED = "SluiceCovered";
    /** Longer than a page takes to be read and worked on; a process that dies is followed by another after it. */
    private static final Duration HOLDING = Duration.ofSeconds(30);
    /** What a CRM may say of an offset that it does not know, or no longer. */
    private static final Set<Integer> FORGOTTEN = Set.of(400, 404, 410);

    private final Offsets offsets;
    private final InstantSource clock;

    public Following(Database database, InstantSource clock) {
        this.offsets = new Offsets(database);
        this.clock = clock;
    }

    /** Takes the source's turn, unless another process has it. */
    public void begin(Exchange exchange, String account, String name) throws SQLException {
        exchange.setProperty(FOLLOWED, Turn.take(offsets, account, name, clock.instant(), HOLDING));
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
        Turn turn = turn(exchange);
        if (turn.place() == null) {
            turn.move(before(turn, overlap));
        }
        exchange.getMessage().setBody(turn.place());
    }

    private static String before(Turn turn, String overlap) {
        return turn.began().minus(Time.of("overlap", overlap)).toString();
    }

    /** Whether a file came, which the route gets next. One that can't be read is read the next time. */
    public boolean isFile(Exchange exchange) throws SQLException {
        Turn turn = turn(exchange);
        boolean read = exchange.getMessage().getBody() instanceof List<?>;
        if (!read) {
            unread(exchange, turn);
        }
        String next = exchange.getMessage().getHeader(NEXT, String.class);
        if (!read || next == null) {
            turn.close();
        } else {
            turn.next(next);
        }
        return turn.isOpen();
    }

    private static void unread(Exchange exchange, Turn turn) throws SQLException {
        warn(exchange, turn);
        Integer status = exchange.getMessage().getHeader(STATUS, Integer.class);
        if (turn.place() != null && status != null && FORGOTTEN.contains(status)) {
            LOG.warn("{} begins anew: the CRM does not know the place at which it was.", turn);
            turn.move(null);
        }
    }

    /** Whether a page of what changed came, which the route gets next unless it is empty. */
    public boolean isPage(Exchange exchange, String overlap) throws SQLException {
        Turn turn = turn(exchange);
        String next = exchange.getMessage().getHeader(NEXT, String.class);
        turn.next(next != null ? next : before(turn, overlap));
        if (next == null) {
            turn.close();
        }
        return isSomething(exchange, turn);
    }

    /** Whether deletes came, which the route gets next; the CRM has said up to when it told of them. */
    public boolean isTold(Exchange exchange) throws SQLException {
        Turn turn = turn(exchange);
        turn.next(exchange.getMessage().getHeader(COVERED, String.class));
        turn.close();
        return isSomething(exchange, turn);
    }

    private static boolean isSomething(Exchange exchange, Turn turn) throws SQLException {
        if (!(exchange.getMessage().getBody() instanceof List<?> page)) {
            warn(exchange, turn);
            turn.close();
            return false;
        }
        if (page.isEmpty()) {
            turn.reached();
        }
        return !page.isEmpty();
    }

    private static void warn(Exchange exchange, Turn turn) {
        THROTTLE.warn(LOG, turn.toString(), "{} can't be read: HTTP {}: {}. It is tried again from where it was.", turn,
                exchange.getMessage().getHeader(STATUS), Reason.shortened(exchange.getMessage().getBody(String.class)));
    }

    /** The route has brought it to its end. */
    public void reached(Exchange exchange) throws SQLException {
        turn(exchange).reached();
    }

    /** Gives the turn back. */
    public void end(Exchange exchange) throws SQLException {
        ((Turn) exchange.removeProperty(FOLLOWED)).end(Duration.ZERO);
    }

    private static Turn turn(Exchange exchange) {
        return exchange.getProperty(FOLLOWED, Turn.class);
    }
}
