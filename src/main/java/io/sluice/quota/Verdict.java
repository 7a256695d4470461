package io.sluice.quota;

import java.time.Duration;
import java.time.Instant;

/** The answer to a request for a permit. */
public sealed interface Verdict {

    record Granted(Permit permit) implements Verdict {
    }

    /** @param waitMillis by PostgreSQL's clock, after which asking again is worth it */
    record Held(Hold hold, long waitMillis) implements Verdict {

        static Held of(Hold hold, Instant now) {
            return new Held(hold, Math.max(1, Duration.between(now, hold.until()).toMillis()));
        }
    }
}
