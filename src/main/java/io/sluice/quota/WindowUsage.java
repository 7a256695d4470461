package io.sluice.quota;

import java.time.Instant;

/**
 * What a limit has counted at one moment.
 *
 * @param now         PostgreSQL's clock
 * @param own         our calls in flight or completed within the window; in flight only, where that is the limit
 * @param frees       when the first of those that are completed leaves the window, or null
 * @param lastGrant   when one of the accounts was last granted a call, or null
 * @param reportedMax what the CRM last said its limit is, or null when that is older than the window
 * @param reported    what it said it had counted, or null
 * @param reportedAt  when it said so
 * @param sinceReport our calls that it can't have counted then
 */
record WindowUsage(Instant now, long own, Instant frees, Instant lastGrant, Long reportedMax, Long reported,
        Instant reportedAt, long sinceReport) {

    /** Everybody's calls, as far as we know. */
    long total() {
        return reported == null ? own : Math.max(own, reported + sinceReport);
    }
}
