package io.sluice.merge;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Compares the time of a CRM's change with the time of one of ours. Each CRM cuts its times to a unit, one to
 * seconds, another to milliseconds. So ours are cut to the same unit, and what is left equal is a tie: a change of ours at
 * 10:00:05.9 and one that a CRM of whole seconds dates 10:00:05 may have come in either order.
 *
 * @param unit to which the CRM cuts its times
 */
record TimePrecision(ChronoUnit unit) {

    static final TimePrecision SECONDS = new TimePrecision(ChronoUnit.SECONDS);

    /** Whether the CRM's change is certainly the earlier one. */
    boolean isEarlier(Instant crm, Instant ours) {
        return crm.isBefore(ours.truncatedTo(unit));
    }

    /** Whether the CRM's change is certainly the later one. */
    boolean isLater(Instant crm, Instant ours) {
        return crm.truncatedTo(unit).isAfter(ours.truncatedTo(unit));
    }
}
