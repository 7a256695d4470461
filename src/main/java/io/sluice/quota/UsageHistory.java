package io.sluice.quota;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What was spent of a long limit, by steps of a part of its window.
 *
 * @param ours       our calls, or their units, in each step back from now: {@link #STEPS} of the window and
 *                   {@link #RECENT} before it
 * @param since      when the first of them was made, or null
 * @param reported   an older word of the CRM's on how many were used, or null
 * @param reportedAt when it said so
 */
record UsageHistory(List<Long> ours, Instant since, Long reported, Instant reportedAt) {

    /** Of a window: of a day, they are hours. */
    static final int STEPS = 24;

    /** From which the pace is taken. */
    static final int RECENT = 3;

    static Duration step(Limit limit) {
        return limit.window().dividedBy(STEPS);
    }
}
