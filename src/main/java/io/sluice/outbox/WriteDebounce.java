package io.sluice.outbox;

import java.time.Duration;

/**
 * How long a record rests after a write before its next one, so that a row that changes many times a second costs one
 * call a rest and not one a change. The first change of a record that rested leaves at once.
 */
public record WriteDebounce(Duration critical, Duration other) {

    public static final WriteDebounce NONE = new WriteDebounce(Duration.ZERO, Duration.ZERO);

    /** Critical records rest for a quarter of the time. */
    public static WriteDebounce of(Duration rest) {
        return new WriteDebounce(rest.dividedBy(4), rest);
    }
}
