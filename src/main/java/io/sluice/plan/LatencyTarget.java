package io.sluice.plan;

import io.sluice.Priority;
import java.time.Duration;

/**
 * How long a change waits at most, as long as the quota lasts. Critical and high changes are promised the next call.
 *
 * @param normal of a change of normal priority
 * @param low    of one of low priority
 */
public record LatencyTarget(Duration normal, Duration low) {

    private Duration to(Priority urgency) {
        return switch (urgency) {
            case CRITICAL, HIGH -> Duration.ZERO;
            case NORMAL -> normal;
            case LOW -> low;
        };
    }

    /** Whether work of this age is still in time when it is done after so long. */
    boolean keeps(Priority urgency, Duration age, Duration takes) {
        return age.plus(takes).compareTo(to(urgency)) <= 0;
    }
}
