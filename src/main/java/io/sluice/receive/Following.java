package io.sluice.receive;

import io.sluice.crm.Time;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of the source Kamelets that read on and on, for routes of one's own: whose turn it is, where the reading goes
 * on, and that it got there. The place is kept in {@code checkpoint} under the name of the source, so that it outlives the
 * process, and one replica reads at a time. What a route did not bring to its end is handed on to it again.
 */
public final class Following {

    private static final Logger LOG = LoggerFactory.getLogger(Following.class);
    private static final String FOLLOWED = "SluiceFollowed";
    private static final String STATUS = "SluiceStatus";
    private static final String NEXT = "SluiceNext";
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

    /** A turn of a source. */
    private static final class Turn {
        private final String account;
        private final String stream;
        private final Instant began;
        private String place;
        private String next;
        private boolean open;

        Turn(String account, String stream, Instant began, Optional<Offsets.Taken> taken) {
            this.account = account;
            this.stream = stream;
            this.began = began;
            this.open = taken.isPresent();
            this.place = taken.map(Offsets.Taken::offset).orElse(null);
        }
    }

    /** Takes the source's turn, unless another process has it. */
    public void begin(Exchange exchange, String account, String name) throws SQLException {
        String stream = "source:" + name;
        offsets.begin(account, stream);
        exchange.setProperty(FOLLOWED, new Turn(account, stream, clock.instant(), offsets.take(account, stream, HOLDING)));
    }

    /** Whether a page is left to be read. */
    public boolean isOpen(Exchange exchange) {
        return turn(exchange).open;
    }

    /** Where a journal's next file begins, as the body; nothing at its beginning. */
    public void afterFile(Exchange exchange) {
        exchange.getMessage().setBody(turn(exchange).place);
    }

    /** Where the next page of what changed begins, as the body; a source that never read begins now. */
    public void afterPage(Exchange exchange, String overlap) {
        Turn turn = turn(exchange);
        exchange.getMessage().setBody(turn.place != null ? turn.place : before(turn, overlap));
    }

    private static String before(Turn turn, String overlap) {
        return turn.began.minus(Time.of("overlap", overlap)).toString();
    }

    /** Whether a file came, which the route gets next. One that can't be read is read the next time. */
    public boolean isFile(Exchange exchange) throws SQLException {
        Turn turn = turn(exchange);
        turn.next = exchange.getMessage().getHeader(NEXT, String.class);
        if (!(exchange.getMessage().getBody() instanceof List<?>)) {
            unread(exchange, turn);
        }
        turn.open &= turn.next != null;
        return turn.open;
    }

    private void unread(Exchange exchange, Turn turn) throws SQLException {
        turn.next = null;
        Message message = exchange.getMessage();
        Integer status = message.getHeader(STATUS, Integer.class);
        LOG.warn("{} of account {} can't be read: HTTP {}: {}. It is tried again from where it was.", turn.stream,
                turn.account, status, message.getBody(String.class));
        if (turn.place != null && FORGOTTEN.contains(status)) {
            LOG.warn("{} of account {} begins anew: the CRM does not know the place at which it was.", turn.stream,
                    turn.account);
            offsets.move(turn.account, turn.stream, turn.place, null, HOLDING);
            turn.place = null;
        }
    }

    /** Whether a page of what changed came, which the route gets next unless it is empty. */
    public boolean isPage(Exchange exchange, String overlap) throws SQLException {
        Turn turn = turn(exchange);
        if (!(exchange.getMessage().getBody() instanceof List<?> page)) {
            LOG.warn("{} of account {} can't be read: HTTP {}: {}. It is tried again from where it was.", turn.stream,
                    turn.account, exchange.getMessage().getHeader(STATUS), exchange.getMessage().getBody(String.class));
            turn.open = false;
            return false;
        }
        String next = exchange.getMessage().getHeader(NEXT, String.class);
        turn.next = next != null ? next : before(turn, overlap);
        turn.open = next != null;
        if (page.isEmpty()) {
            move(turn);
        }
        return !page.isEmpty();
    }

    /** The route has brought it to its end. */
    public void reached(Exchange exchange) throws SQLException {
        move(turn(exchange));
    }

    private void move(Turn turn) throws SQLException {
        if (offsets.move(turn.account, turn.stream, turn.place, turn.next, HOLDING)) {
            turn.place = turn.next;
        } else {
            turn.open = false;
        }
    }

    /** Gives the turn back. */
    public void end(Exchange exchange) throws SQLException {
        Turn turn = (Turn) exchange.removeProperty(FOLLOWED);
        offsets.end(turn.account, turn.stream, turn.place, Duration.ZERO);
    }

    private static Turn turn(Exchange exchange) {
        return exchange.getProperty(FOLLOWED, Turn.class);
    }
}
