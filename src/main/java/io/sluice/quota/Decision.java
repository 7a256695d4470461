package io.sluice.quota;

import java.time.Duration;
import java.time.Instant;

/** The answer to a request for a permit. */
public sealed interface Decision {

    record Granted(Permit permit) implements Decision {
    }

    /** @param waitMillis by PostgreSQL's clock, after which asking again is worth it */
    record Held(Deferral hold, long waitMillis) implements Decision {

        static Held of(Deferral hold, Instant now) {
            return new Held(hold, Math.max(1, Duration.between(now, hold.until()).toMillis()));
        }
    }
}
