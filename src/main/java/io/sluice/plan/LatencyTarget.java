// SPDX-License-Identifier: Apache-2.0
package io.sluice.plan;

import io.sluice.Priority;
import java.time.Duration;

/**
 * The maximum wait of a change, as long as the quota lasts. Critical and high changes are sent with the next call.
 *
 * @param normal the maximum wait of a change of normal priority
 * @param low    the maximum wait of a change of low priority
 */
public record LatencyTarget(Duration normal, Duration low) {

    private Duration maxWait(Priority urgency) {
        return switch (urgency) {
            case CRITICAL, HIGH -> Duration.ZERO;
            case NORMAL -> normal;
            case LOW -> low;
        };
    }

    /** Whether work of this age still meets the target if its sending takes so long. */
    boolean isMet(Priority urgency, Duration age, Duration takes) {
        return age.plus(takes).compareTo(maxWait(urgency)) <= 0;
    }
}
