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
 * The steps of the source Kamelets that read all records of an object by a job, again and again, for routes of one's own.
 * The job and the page are kept in {@code checkpoint} under the name of the source, so that a reading outlives the process
 * and goes on with the page that the route did not bring to its end.
 */
public final class BulkQuerySource {

    private static final Logger LOG = LoggerFactory.getLogger(BulkQuerySource.class);
    private static final LogThrottle THROTTLE = new LogThrottle();
    private static final String FOLLOWED = "SluiceFollowedJob";
    private static final String JOB = "SluiceJob";
    private static final String STATUS = "SluiceStatus";
    private static final String REFUSED = "SluiceThrottled";
    private static final String NEXT = "SluiceNext";
    /** Longer than a page takes to come; while the route works on it, each part says that it goes on. */
    private static final Duration HOLDING = Duration.ofMinutes(2);
    private static final Duration FIRST_LOOK = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    /** Records that the route gets at once: a page has many more. */
    private static final int PART = 2000;
    /** What a CRM may say of a job or a page that it does not know, or no longer. */
    private static final Set<Integer> FORGOTTEN = Set.of(400, 404, 410);

    private final StreamOffsets streamOffsets;
    private final InstantSource clock;

    public BulkQuerySource(Database database, InstantSource clock) {
        this.streamOffsets = new StreamOffsets(database);
        this.clock = clock;
    }

    /** A turn, and how long until the next. */
    private static final class Reading {
        private final SourceLease turn;
        private Duration pause = LONGEST_PAUSE;

        Reading(SourceLease turn) {
            this.turn = turn;
        }

        BulkQueryOffset place() {
            return BulkQueryOffset.of(turn.place());
        }

        void rest(Duration until) {
            pause = until;
            turn.close();
        }
    }

    /** Takes the source's turn, unless it is not due or another process has it. */
    public void begin(Exchange exchange, String account, String name) throws SQLException {
        exchange.setProperty(FOLLOWED, new Reading(SourceLease.take(streamOffsets, account, name, clock.instant(), HOLDING)));
    }

    /** Whether a call is left to be made. */
    public boolean isOpen(Exchange exchange) {
        return reading(exchange).turn.isOpen();
    }

    /** The job and the page that the next call is about: nothing where there is no job yet. */
    public void where(Exchange exchange) {
        BulkQueryOffset place = reading(exchange).place();
        exchange.getMessage().setHeader(JOB, place.job());
        exchange.getMessage().setBody(place.page());
    }

    /** Whether there is no job yet. */
    public boolean isNew(Exchange exchange) {
        return reading(exchange).place().job() == null;
    }

    /** Whether the CRM is still at work, as far as is known. */
    public boolean isUnderWay(Exchange exchange) {
        return !reading(exchange).place().complete();
    }

    /** Whether a page came, which the route gets next, part by part. */
    public boolean isPage(Exchange exchange) throws SQLException {
        Reading reading = reading(exchange);
        Message message = exchange.getMessage();
        if (message.getBody() instanceof Stream<?>) {
            String next = message.getHeader(NEXT, String.class);
            reading.turn.next(next == null ? null : reading.place().at(next).text());
            return true;
        }
        if (message.getBody() instanceof CrmJob crmJob) {
            told(reading, crmJob);
        } else {
            unread(message, reading);
        }
        return false;
    }

    /** The page in lists that the route gets one after the other. */
    public ListChunks parts(@Body Stream<?> records) {
        return new ListChunks(records, PART);
    }

    private void told(Reading reading, CrmJob crmJob) throws SQLException {
        if (reading.place().job() == null) {
            reading.turn.move(BulkQueryOffset.begun(crmJob.id(), clock.instant()).text());
            reading.rest(FIRST_LOOK);
            return;
        }
        switch (crmJob.stage()) {
            case OPEN, WORKING -> reading.rest(pause(reading.place().since(), clock.instant()));
            case COMPLETE -> reading.turn.move(reading.place().completed().text());
            case FAILED, ABORTED -> anew(reading, "its job has ended as " + crmJob.stage().name().toLowerCase(Locale.ROOT)
                    + (crmJob.message() == null ? "" : ": " + crmJob.message()));
        }
    }

    /** Half as long again as it has taken: what takes long is asked for seldom, and few seconds are lost. */
    static Duration pause(Instant since, Instant now) {
        Duration half = Duration.between(since, now).dividedBy(2);
        return half.compareTo(FIRST_LOOK) < 0 ? FIRST_LOOK : half.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : half;
    }

    private static void unread(Message message, Reading reading) throws SQLException {
        Integer status = message.getHeader(STATUS, Integer.class);
        THROTTLE.warn(LOG, reading.turn.toString(), "{} can't be read: HTTP {}: {}. It is tried again from where it was.", reading.turn, status,
                RootCause.shortened(message.getBody(String.class)));
        boolean refused = Boolean.TRUE.equals(message.getHeader(REFUSED, Boolean.class));
        if (reading.place().job() != null && !refused && status != null && FORGOTTEN.contains(status)) {
            anew(reading, "the CRM does not know its job any more");
        }
        reading.rest(LONGEST_PAUSE);
    }

    private static void anew(Reading reading, String why) throws SQLException {
        LOG.warn("{} begins anew: {}.", reading.turn, why);
        reading.turn.move(null);
        reading.rest(LONGEST_PAUSE);
    }

    /** The route is done with a part, and others follow. */
    public void goesOn(Exchange exchange) throws SQLException {
        reading(exchange).turn.hold();
    }

    /**
     * The route has brought the page to its end.
     *
     * @param period ms from the end of a reading to the next
     */
    public void reached(Exchange exchange, long period) throws SQLException {
        Reading reading = reading(exchange);
        reading.turn.reached();
        if (reading.turn.place() == null) {
            reading.rest(Duration.ofMillis(period));
        }
    }

    /** Gives the turn back. */
    public void end(Exchange exchange) throws SQLException {
        Reading reading = (Reading) exchange.removeProperty(FOLLOWED);
        reading.turn.end(reading.pause);
    }

    private static Reading reading(Exchange exchange) {
        return exchange.getProperty(FOLLOWED, Reading.class);
    }
}
