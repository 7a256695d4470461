// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Compares the time of a change in a CRM with that of a change of ours. Each CRM truncates its times to a unit, one to seconds,
 * another to milliseconds. Our times are truncated to the same unit, and equal times are a tie. For example, a change of ours
 * at 10:00:05.9 and one that a CRM with whole seconds dates 10:00:05 may have happened in either order.
 *
 * @param unit unit to which the CRM truncates its times
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
