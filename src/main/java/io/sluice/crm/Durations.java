// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.time.Duration;
import org.apache.camel.util.TimeUtils;

/** Parses durations of settings and Kamelets, because Camel itself ignores a duration that it can't parse. */
public final class Durations {

    private Durations() {}

    /**
     * Parses a duration.
     *
     * @param what the name of the setting, for the message
     * @param text the duration, such as 500ms, 10s, 5m, 2h or 1d
     * @throws IllegalArgumentException describing the expected form
     */
    public static Duration of(String what, String text) {
        if (!text.matches("(\\d{1,10}(ms|s|m|h|d)){1,5}")) {
            throw new IllegalArgumentException(what + " must be a duration such as 10s, 5m or 2h, not '" + text + "'");
        }
        return Duration.ofMillis(TimeUtils.toMilliSeconds(text));
    }
}
