// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.time.Duration;

/**
 * Stretches intervals as a day's quota shrinks. With up to half of the quota used a poll of 10 s stays at 10 s; with 75 %
 * used it becomes 20 s, and with 90 % or more 50 s.
 */
public final class Backpressure {

    /** The used part of the quota above which intervals stretch; with a tenth left they are five times as long. */
    private static final double STRETCH_ABOVE = 0.5;

    private static final double MIN_LEFT = 0.1;

    private Backpressure() {}

    /** @param used the used part of the account's day, 0 to 1 and beyond */
    public static Duration stretched(Duration time, double used) {
        return used <= STRETCH_ABOVE
                ? time
                : Duration.ofMillis(Math.round(time.toMillis() * (1 - STRETCH_ABOVE) / Math.max(MIN_LEFT, 1 - used)));
    }
}
