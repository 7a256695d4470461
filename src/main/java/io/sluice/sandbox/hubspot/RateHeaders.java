package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Limiter;

/** The headers that tell how much of the limits is left; those of a search tell the day's alone. */
final class RateHeaders {

    private static final String PREFIX = "X-HubSpot-RateLimit-";
    private static final int SECONDS = 10;

    private RateHeaders() { }

    static Answer on(Answer answer, Limiter limiter, boolean search) {
        Answer told = limiter.usage(Limiter.DAILY).map(daily -> answer
                .with(PREFIX + "Daily", String.valueOf(daily.max()))
                .with(PREFIX + "Daily-Remaining", String.valueOf(left(daily)))).orElse(answer);
        if (search) {
            return told;
        }
        return limiter.usage(HubspotDefaults.TEN_SECONDLY).map(ten -> told
                .with(PREFIX + "Interval-Milliseconds", String.valueOf(SECONDS * 1000))
                .with(PREFIX + "Max", String.valueOf(ten.max()))
                .with(PREFIX + "Remaining", String.valueOf(left(ten)))
                .with(PREFIX + "Secondly", String.valueOf(ten.max() / SECONDS))
                .with(PREFIX + "Secondly-Remaining", String.valueOf(Math.min(left(ten), ten.max() / SECONDS))))
                .orElse(told);
    }

    private static long left(Limiter.Usage usage) {
        return Math.max(0, usage.max() - usage.used());
    }
}
