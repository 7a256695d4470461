// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.Priority;
import io.sluice.quota.LimitUsage;
import java.time.Instant;
import java.util.Map;

/** The usage of a limit, as the API and the page show it. */
record LimitStatus(
        String name,
        long max,
        long windowMs,
        long used,
        long left,
        Long reportedByCrm,
        int percent,
        Instant spentAt,
        Map<Priority, Instant> stoppedUntil) {

    static LimitStatus of(LimitUsage usage) {
        return new LimitStatus(
                usage.name(),
                usage.max(),
                usage.window().toMillis(),
                usage.used(),
                usage.left(),
                usage.reported(),
                usage.percent(),
                usage.spentAt(),
                usage.stopped());
    }
}
