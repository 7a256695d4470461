package io.sluice.outbox;

import java.time.Duration;

/**
 * How long a record rests after a write before its next one, so that a row that changes many times a second costs one
 * call a rest and not one a change. The first change of a record that rested leaves at once.
 */
public record Pause(Duration critical, Duration other) {

    public static final Pause NONE = new Pause(Duration.ZERO, Duration.ZERO);

    /** Critical records rest for a quarter of the time. */
    public static Pause of(Duration pause) {
        return new Pause(pause.dividedBy(4), pause);
    }
}
