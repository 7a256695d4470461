// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/**
 * The current usage of a limit.
 *
 * @param owner    the account or pool that has the limit
 * @param max      maximum that applies now: that of the settings, or that of the CRM's report
 * @param used     calls in flight or completed within the window, or the CRM's own count where that is larger
 * @param reported the CRM's last count, or null
 * @param percent  used part of the calls that we may use, in percent: by us or by everybody, whichever is larger
 * @param spentAt  time of exhaustion at the pace of the last hours; null where that is far off, or for a short limit
 * @param stopped  priorities that are stopped now, each with the time from which a request is worthwhile
 */
public record LimitUsage(
        String owner,
        String name,
        long max,
        Duration window,
        long used,
        Long reported,
        int percent,
        Instant spentAt,
        Map<Priority, Instant> stopped) {

    /** @param usageHistory the history of a long limit; null for a short one */
    static LimitUsage of(ScopedLimit scopedLimit, WindowUsage windowUsage, UsageHistory usageHistory) {
        Limit limit = scopedLimit.limit().corrected(windowUsage.reportedMax());
        Map<Priority, Instant> stopped = new EnumMap<>(Priority.class);
        for (Priority priority : Priority.values()) {
            WindowRule.checkPlace(scopedLimit.limit(), limit, windowUsage, priority, 1)
                    .ifPresent(deferral -> stopped.put(priority, deferral.until()));
        }
        return new LimitUsage(
                scopedLimit.owner(),
                limit.name(),
                limit.max(),
                limit.window(),
                windowUsage.total(),
                windowUsage.reported(),
                WindowRule.percent(limit, windowUsage),
                usageHistory == null
                        ? null
                        : Forecast.exhaustedAt(limit, windowUsage, usageHistory).orElse(null),
                stopped);
    }

    public boolean isLong() {
        return window.compareTo(Limit.LONG) >= 0;
    }

    public long left() {
        return Math.max(0, max - used);
    }
}
