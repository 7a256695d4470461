// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The usage of a long limit over time, in steps of a part of its window.
 *
 * @param ours       our calls, or their units, in each step back from now: {@link #STEPS} of the window and
 *                   {@link #RECENT} before it
 * @param since      time of the first of them, or null
 * @param reported   an older count by the CRM, or null
 * @param reportedAt time of that count
 */
record UsageHistory(List<Long> ours, Instant since, Long reported, Instant reportedAt) {

    /** The number of steps of a window: of a day, they are hours. */
    static final int STEPS = 24;

    /** The number of steps from which the pace is computed. */
    static final int RECENT = 3;

    static Duration step(Limit limit) {
        return limit.window().dividedBy(STEPS);
    }
}
