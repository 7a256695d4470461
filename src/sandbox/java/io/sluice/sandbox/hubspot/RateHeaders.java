// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Limiter;

/** Adds the rate limit headers. Answers of searches carry the daily ones alone, answers to OAuth apps all but these. */
final class RateHeaders {

    private static final String PREFIX = "X-HubSpot-RateLimit-";
    private static final int SECONDS = 10;

    private RateHeaders() {}

    /**
     * @param day   whether they tell the day's, which all private apps share
     * @param burst whether they tell the ten seconds'
     */
    static Answer on(Answer answer, Limiter limiter, boolean day, boolean burst) {
        Answer counted = limiter.usage(Limiter.DAILY)
                .filter(daily -> day)
                .map(daily -> answer.with(PREFIX + "Daily", String.valueOf(daily.max()))
                        .with(PREFIX + "Daily-Remaining", String.valueOf(left(daily))))
                .orElse(answer);
        if (!burst) {
            return counted;
        }
        return limiter.usage(HubspotDefaults.TEN_SECONDLY)
                .map(ten -> counted.with(PREFIX + "Interval-Milliseconds", String.valueOf(SECONDS * 1000))
                        .with(PREFIX + "Max", String.valueOf(ten.max()))
                        .with(PREFIX + "Remaining", String.valueOf(left(ten)))
                        .with(PREFIX + "Secondly", String.valueOf(ten.max() / SECONDS))
                        .with(PREFIX + "Secondly-Remaining", String.valueOf(Math.min(left(ten), ten.max() / SECONDS))))
                .orElse(counted);
    }

    private static long left(Limiter.Usage usage) {
        return Math.max(0, usage.max() - usage.used());
    }
}
