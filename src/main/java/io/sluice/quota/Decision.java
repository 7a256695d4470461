// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.time.Duration;
import java.time.Instant;

/** The answer to a request for a permit. */
public sealed interface Decision {

    record Granted(Permit permit) implements Decision {}

    /** @param retryAfterMillis the time, in milliseconds by PostgreSQL's clock, after which a new request is worthwhile */
    record Deferred(Deferral reason, long retryAfterMillis) implements Decision {

        static Deferred of(Deferral reason, Instant now) {
            return new Deferred(
                    reason, Math.max(1, Duration.between(now, reason.until()).toMillis()));
        }
    }
}
