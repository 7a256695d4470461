// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.Priority;
import io.sluice.outbox.Pause;
import io.sluice.quota.LimitUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The state from which alerts are computed, at one moment.
 *
 * @param now       PostgreSQL's clock
 * @param syncs     configured syncs by name
 * @param limits    use of each limit of each account, by account
 * @param pauses    present pauses
 * @param waiting   changes that wait to be sent, by sync and priority
 * @param findings  what processes observed outside the database
 * @param entries   counts and ages of the other tables, by their kind of alert
 */
record ObservedState(
        Instant now,
        Map<String, SyncRef> syncs,
        Map<String, List<LimitUsage>> limits,
        List<Pause> pauses,
        List<Waiting> waiting,
        List<Finding> findings,
        List<Entry> entries) {

    /** A configured sync. */
    record SyncRef(String account, String table) {}

    /**
     * Changes of one priority that wait to be sent. Those of an initial export and those of records in an update loop do not
     * count.
     *
     * @param priority priority before ageing
     * @param oldest   age of the oldest
     */
    record Waiting(String sync, Priority priority, long count, Duration oldest) {}

    /**
     * Count of something, with its age.
     *
     * @param kind   kind of alert for which it counts
     * @param owner  account, sync or table, depending on the kind
     * @param detail a qualifier, such as the kind of a throttling, or ""
     * @param age    age of the oldest, or zero
     * @param until  time until which it lasts, or null
     * @param text   message, or null
     */
    record Entry(
            AlertKind kind,
            String owner,
            String detail,
            long number,
            long other,
            Duration age,
            Instant until,
            String text) {}
}
