// SPDX-License-Identifier: Apache-2.0
package io.sluice.idle;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows which parts of the pipeline may have work, so that the others do not ask the database. One statement waits in the server
 * until a part gets work ({@code sluice.await_parts}); an idle process makes one such transaction in two seconds. The routes of
 * which an application feels each millisecond wait here for work; while there is some, they poll as ever.
 *
 * <p>In doubt there may be work: before the first answer, if the last one is old, and while the database does not answer.
 */
public final class PendingWork implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PendingWork.class);

    private static final String AWAIT =
            """
            select captured, queued, in_flight, received, snapshot, polls, notifications
            from sluice.await_parts(?, ?, ?::text[]::xid8[], ?, ? * interval '1 millisecond', ? * interval '1 millisecond')""";

    /** Maximum time that the server waits for work. */
    static final Duration MAX_WAIT = Duration.ofSeconds(2);
    /** The same while a part has work, because the end of that must be seen soon. */
    private static final Duration BUSY_WAIT = Duration.ofMillis(200);
    /** Time between two looks of the server. */
    private static final Duration STEP = Duration.ofMillis(20);
    /** Age from which an answer is old. */
    private static final Duration MAX_AGE = MAX_WAIT.multipliedBy(3);

    /** Time that the end waits for a cancelled statement. */
    private static final Duration LAST_WAIT = Duration.ofSeconds(1);

    /** Maximum time for which a route waits for work, so that it ends soon when Sluice stops. */
    private static final Duration ROUTE_WAIT = Duration.ofMillis(500);

    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

    /** A part of the pipeline; its name in lower case is that of the server's function. */
    public enum Part {
        /** Changes in the change log. */
        CAPTURED,
        /** Records in the outbox that wait to be sent, and bulk jobs. */
        QUEUED,
        /** Records in calls that are not answered. */
        IN_FLIGHT,
        /** Events in the inbox. */
        RECEIVED,
        /** Initial snapshots. */
        SNAPSHOT,
        /** Polls of a CRM that are due. */
        POLLS,
        /** Messages of alerts. */
        NOTIFICATIONS
    }

    /** The parts whose work may wait for long, such as a poll of a paused account, and whose end need not be seen soon. */
    private static final Set<Part> PATIENT = EnumSet.of(Part.POLLS, Part.NOTIFICATIONS);

    /**
     * Where the change log of a table is searched.
     *
     * @param table        name as {@code schema.table}
     * @param floor        sequence number from which it is searched
     * @param transactions ids of transactions under way whose changes may have lower numbers
     */
    public record LogPosition(String table, long floor, List<Long> transactions) {}

    private record Reading(Set<Part> parts, long atNanos) {}

    private final Database database;
    private final Supplier<List<LogPosition>> log;
    private final Duration routeWait;
    private final LongSupplier nanos;
    private final Thread thread = new Thread(this::run, "sluice-pending-work");
    private volatile Reading last;
    private volatile boolean closed;
    /** The connection whose statement waits in the server, or null. */
    private volatile Connection waiting;

    public PendingWork(Database database, Supplier<List<LogPosition>> log) {
        this(database, log, ROUTE_WAIT, System::nanoTime);
    }

    /**
     * @param log       the positions in the change log of all captured tables
     * @param routeWait maximum time for which a route waits for work
     * @param nanos     clock in nanoseconds
     */
    PendingWork(Database database, Supplier<List<LogPosition>> log, Duration routeWait, LongSupplier nanos) {
        this.database = database;
        this.log = log;
        this.routeWait = routeWait;
        this.nanos = nanos;
        thread.setDaemon(true);
    }

    /** Starts to wait for work, once; the schema must be up to date. */
    public synchronized void start() {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    /** Waits for half a second at most until the change log may have rows. @return whether it may */
    public boolean awaitCaptured() {
        return awaitPart(Part.CAPTURED);
    }

    /** Waits for half a second at most until the outbox may have records to send, or an account a bulk job. @return whether it may */
    public boolean awaitQueued() {
        return awaitPart(Part.QUEUED);
    }

    /** Whether leases may expire. */
    public boolean inFlight() {
        return mayHave(Part.IN_FLIGHT);
    }

    /** Waits for half a second at most until the inbox may have events that are due. @return whether it may */
    public boolean awaitReceived() {
        return awaitPart(Part.RECEIVED);
    }

    /** Whether an initial snapshot may be running. */
    public boolean snapshot() {
        return mayHave(Part.SNAPSHOT);
    }

    /** Whether a poll may be due. */
    public boolean polls() {
        return mayHave(Part.POLLS);
    }

    /** Whether messages of alerts may wait. */
    public boolean notifications() {
        return mayHave(Part.NOTIFICATIONS);
    }

    private synchronized boolean awaitPart(Part part) {
        long begin = System.nanoTime();
        long left = routeWait.toNanos();
        try {
            while (!mayHave(part) && !closed && left > 0) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
                left = routeWait.toNanos() - (System.nanoTime() - begin);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        return mayHave(part);
    }

    private synchronized void set(Reading reading) {
        last = reading;
        notifyAll();
    }

    private boolean mayHave(Part part) {
        Reading reading = last;
        return reading == null
                || reading.parts.contains(part)
                || nanos.getAsLong() - reading.atNanos > MAX_AGE.toNanos();
    }

    private void run() {
        while (!closed) {
            try {
                await();
            } catch (SQLException | RuntimeException failure) {
                if (closed) {
                    return;
                }
                set(null);
                LOG.debug("It is not known what work there is, so every part asks for itself", failure);
                pause(AFTER_FAILURE);
            }
        }
    }

    /** Waits until a part that had no work has some, for {@link #MAX_WAIT} at most. */
    void await() throws SQLException {
        Reading before = last;
        EnumSet<Part> awaited = EnumSet.allOf(Part.class);
        if (before != null) {
            awaited.removeAll(before.parts);
        }
        List<LogPosition> positions = log.get();
        Duration maxWait = maxWait();
        Set<Part> parts = database.transaction(connection -> {
            waiting = connection;
            try {
                return closed ? Set.of() : await(connection, positions, awaited, maxWait);
            } finally {
                waiting = null;
            }
        });
        set(new Reading(parts, nanos.getAsLong()));
    }

    /** The maximum time for which the server waits next. */
    Duration maxWait() {
        Reading before = last;
        return before == null ? Duration.ZERO : PATIENT.containsAll(before.parts) ? MAX_WAIT : BUSY_WAIT;
    }

    private static Set<Part> await(
            Connection connection, List<LogPosition> positions, Set<Part> awaited, Duration maxWait)
            throws SQLException {
        return Database.query(
                        connection,
                        AWAIT,
                        row -> {
                            EnumSet<Part> parts = EnumSet.noneOf(Part.class);
                            for (Part part : Part.values()) {
                                if (row.getBoolean(name(part))) {
                                    parts.add(part);
                                }
                            }
                            return parts;
                        },
                        Database.texts(connection, positions, LogPosition::table),
                        connection.createArrayOf(
                                "bigint",
                                positions.stream().map(LogPosition::floor).toArray()),
                        connection.createArrayOf(
                                "text",
                                positions.stream()
                                        .flatMap(position -> position.transactions().stream())
                                        .distinct()
                                        .map(Object::toString)
                                        .toArray()),
                        connection.createArrayOf(
                                "text", awaited.stream().map(PendingWork::name).toArray()),
                        maxWait.toMillis(),
                        STEP.toMillis())
                .get(0);
    }

    private static String name(Part part) {
        return part.name().toLowerCase(Locale.ROOT);
    }

    private void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    /** Ends the statement that waits in the server, so that no connection is cut off when the pool closes. */
    @Override
    public void close() {
        closed = true;
        set(last);
        thread.interrupt();
        Connection connection = waiting;
        if (connection != null) {
            try {
                connection.unwrap(PGConnection.class).cancelQuery();
            } catch (SQLException away) {
                LOG.debug("The statement that waits for work could not be cancelled", away);
            }
        }
        try {
            thread.join(LAST_WAIT.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
