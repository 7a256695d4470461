package io.sluice.receive;

import io.sluice.quota.Backpressure;
import java.time.Duration;

/**
 * How long a sync waits before it looks into the CRM again: the shortest time after it found something, twice as long
 * each time it found nothing, longer after a look that took many calls, and longer the less of the quota is left.
 */
public record PollInterval(Duration shortest, Duration longest) {

    public PollInterval {
        if (shortest.isZero() || shortest.compareTo(longest) > 0) {
            throw new IllegalArgumentException("application.properties: sluice.poll.min-interval must be more than 0 and"
                    + " at most sluice.poll.max-interval, but they are " + shortest + " and " + longest);
        }
    }

    /**
     * @param last  the pause before this look
     * @param found whether it brought anything
     * @param calls that it took. While a whole table is on its way out its echoes come by the page, and again with every
     *              look that reaches back to them; the calls are better spent on what is sent
     * @return the pause as it would be with the quota unspent: what {@code last} is the next time
     */
    Duration next(Duration last, boolean found, int calls) {
        Duration least = shortest.multipliedBy(Math.max(1, calls - 1));
        Duration pause = found ? least : longer(least, last.multipliedBy(2));
        return pause.compareTo(longest) > 0 ? longest : pause;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? other : one;
    }

    /** @param used the part of the account's day that is used, 0 to 1 and beyond */
    Duration stretched(Duration pause, double used) {
        return Backpressure.stretched(pause, used);
    }
}
