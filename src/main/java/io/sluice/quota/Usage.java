package io.sluice.quota;

import java.time.Duration;

/**
 * How full a limit is.
 *
 * @param used     calls in flight or completed within the window, or what the CRM says where that is more
 * @param reported what the CRM last said it counted, or null
 */
public record Usage(String name, long max, Duration window, long used, Long reported) {

    public long left() {
        return Math.max(0, max - used);
    }
}
