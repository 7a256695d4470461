// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import java.time.Duration;

/**
 * The minimum time between two writes of a record, so that a row that changes many times a second costs one call in that
 * time and not one per change. The first change after a quiet time is sent at once.
 */
public record WriteDebounce(Duration critical, Duration other) {

    public static final WriteDebounce NONE = new WriteDebounce(Duration.ZERO, Duration.ZERO);

    /** Uses a quarter of the time for critical records. */
    public static WriteDebounce of(Duration interval) {
        return new WriteDebounce(interval.dividedBy(4), interval);
    }
}
