// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices when the database's clock is set back, and sets the due times in the database back too: otherwise all that waits
 * would wait until the clock shows the earlier time again. All decisions about times use the database's clock, so that a
 * process's own clock does not matter.
 */
public final class ClockWatch {

    private static final Logger LOG = LoggerFactory.getLogger(ClockWatch.class);

    private static final String SET_BACK = "select sluice.clock_set_back(? * interval '1 millisecond')";

    /** Smaller steps are made by clock synchronisation and delay nothing that matters. */
    private static final Duration TOLERANCE = Duration.ofSeconds(5);

    private final Database database;
    private final LongSupplier nanos;
    private Instant last;
    private long lastNanos;

    public ClockWatch(Database database) {
        this(database, System::nanoTime);
    }

    /** @param nanos a clock that is never set, in nanoseconds */
    ClockWatch(Database database, LongSupplier nanos) {
        this.database = database;
        this.nanos = nanos;
    }

    /**
     * Begins to watch.
     *
     * @param lastSeen time at which a process last used the database, or null
     */
    public void start(Instant lastSeen) throws SQLException {
        last = lastSeen;
        lastNanos = nanos.getAsLong();
        check();
    }

    /**
     * Compares the database's clock with the time that has passed since the last check.
     *
     * @return by how much the clock was set back; zero if it was not
     */
    public Duration check() throws SQLException {
        long before = nanos.getAsLong();
        Instant now = database.first("select clock_timestamp() as now", row -> Database.instant(row, "now"))
                .orElseThrow();
        // the time that an answer takes does not count: a slow one would look like a clock that was set back
        long after = nanos.getAsLong();
        Instant expected = last == null ? now : last.plusNanos(before - lastNanos);
        Duration back = Duration.between(now, expected);
        boolean isSetBack = back.compareTo(TOLERANCE) > 0;
        if (isSetBack) {
            database.query(SET_BACK, row -> null, back.toMillis());
            LOG.warn(
                    "The database's clock was set back by {} s; all that was due by the earlier clock is due that much"
                            + " earlier now.",
                    back.toSeconds());
        }
        last = now;
        lastNanos = after;
        return isSetBack ? back : Duration.ZERO;
    }
}
