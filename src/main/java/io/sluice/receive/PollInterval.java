// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.quota.Backpressure;
import java.time.Duration;

/**
 * Computes the interval between two polls of a sync: the minimum after a poll that found something, twice the last one after
 * a poll that found nothing, longer after a poll that took many calls, and longer the less of the quota is left. For example,
 * with 5 s and 60 s the intervals after polls without a result are 10 s, 20 s, 40 s and 60 s.
 *
 * @param min minimum interval, {@code sluice.poll.min-interval}
 * @param max maximum interval, {@code sluice.poll.max-interval}
 */
public record PollInterval(Duration min, Duration max) {

    public PollInterval {
        if (min.isZero() || min.compareTo(max) > 0) {
            throw new IllegalArgumentException(
                    "application.properties: sluice.poll.min-interval must be more than 0 and"
                            + " at most sluice.poll.max-interval, but they are " + min + " and " + max);
        }
    }

    /**
     * Computes the next interval, before backpressure.
     *
     * @param last  interval before this poll
     * @param found whether the poll found something
     * @param calls number of calls that the poll took. During an initial export its echoes fill pages, and each poll within
     *              the overlap reads them again; those calls are better spent on sending
     * @return the interval with an unspent quota; pass it as {@code last} after the next poll
     */
    Duration next(Duration last, boolean found, int calls) {
        Duration least = min.multipliedBy(Math.max(1, calls - 1));
        Duration interval = found ? least : larger(least, last.multipliedBy(2));
        return interval.compareTo(max) > 0 ? max : interval;
    }

    private static Duration larger(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? other : one;
    }

    /** @param used used share of the account's daily limit, from 0; 1 is all of it */
    Duration stretched(Duration interval, double used) {
        return Backpressure.stretched(interval, used);
    }
}
