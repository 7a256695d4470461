// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.time.Instant;

/**
 * The usage of a limit at one moment.
 *
 * @param now         PostgreSQL's clock
 * @param own         our calls in flight or completed within the window; for {@link Limit.Kind#AT_ONCE} in flight only
 * @param frees       time when the first completed call leaves the window, or null
 * @param lastGrant   time of the last grant to one of the accounts, or null
 * @param reportedMax the CRM's last reported maximum, or null when that is older than the window
 * @param reported    the CRM's last count, or null
 * @param reportedAt  time of that count
 * @param sinceReport our calls that the count can't include
 */
record WindowUsage(
        Instant now,
        long own,
        Instant frees,
        Instant lastGrant,
        Long reportedMax,
        Long reported,
        Instant reportedAt,
        long sinceReport) {

    /** Everybody's calls, as far as we know. */
    long total() {
        return reported == null ? own : Math.max(own, reported + sinceReport);
    }
}
