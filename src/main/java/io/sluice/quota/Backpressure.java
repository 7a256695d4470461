package io.sluice.quota;

import java.time.Duration;

/** The less of a day's calls is left, the longer what costs calls may take. */
public final class Backpressure {

    /** Above this part of the quota times stretch; with a tenth left they are five times as long. */
    private static final double CALM = 0.5;
    private static final double LEAST_LEFT = 0.1;

    private Backpressure() {
    }

    /** @param used the part of the account's day that is used, 0 to 1 and beyond */
    public static Duration stretched(Duration time, double used) {
        return used <= CALM ? time
                : Duration.ofMillis(Math.round(time.toMillis() * (1 - CALM) / Math.max(LEAST_LEFT, 1 - used)));
    }
}
