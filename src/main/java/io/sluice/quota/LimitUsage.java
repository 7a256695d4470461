package io.sluice.quota;

import io.sluice.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/**
 * How full a limit is.
 *
 * @param owner    the account or pool that has it
 * @param max      as it applies now: as the settings have it, or as the CRM reports it
 * @param used     calls in flight or completed within the window, or what the CRM says where that is more
 * @param reported what the CRM last said it counted, or null
 * @param percent  of what we may use that is used, by us or by everybody, whichever is more
 * @param spentAt  when it will be spent at the pace of the last hours; null where it will not, of a short limit too
 * @param stopped  the priorities that it stops now, and when each is worth asking for again
 */
public record LimitUsage(String owner, String name, long max, Duration window, long used, Long reported,
        int percent, Instant spentAt, Map<Priority, Instant> stopped) {

    /** @param usageHistory null of a short limit */
    static LimitUsage of(ScopedLimit scopedLimit, WindowUsage windowUsage, UsageHistory usageHistory) {
        Limit limit = scopedLimit.limit().corrected(windowUsage.reportedMax());
        Map<Priority, Instant> stopped = new EnumMap<>(Priority.class);
        for (Priority priority : Priority.values()) {
            WindowRule.place(scopedLimit.limit(), limit, windowUsage, priority, 1).ifPresent(hold -> stopped.put(priority, hold.until()));
        }
        return new LimitUsage(scopedLimit.owner(), limit.name(), limit.max(), limit.window(), windowUsage.total(), windowUsage.reported(),
                WindowRule.percent(limit, windowUsage),
                usageHistory == null ? null : Forecast.spent(limit, windowUsage, usageHistory).orElse(null), stopped);
    }

    public boolean isLong() {
        return window.compareTo(Limit.LONG) >= 0;
    }

    public long left() {
        return Math.max(0, max - used);
    }
}
