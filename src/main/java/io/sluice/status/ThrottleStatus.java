// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.quota.ThrottleState;
import java.time.Instant;

/** A limit that the CRM enforced although our count was below it, as the API and the page show it. */
record ThrottleStatus(String kind, int times, Instant since, Instant triedAgainAt) {

    static ThrottleStatus of(ThrottleState throttle) {
        return new ThrottleStatus(throttle.kind(), throttle.step(), throttle.since(), throttle.until());
    }
}
