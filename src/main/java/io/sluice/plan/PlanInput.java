// SPDX-License-Identifier: Apache-2.0
package io.sluice.plan;

import io.sluice.Operation;
import io.sluice.Priority;
import java.time.Duration;

/**
 * The input of the planner.
 *
 * @param urgency   the priority of the most urgent record, without the steps gained by ageing
 * @param waiting   the number of records that could be sent together
 * @param age       the age of the oldest of them
 * @param callsLeft the number of calls that work of this urgency may still make in the long windows
 * @param scarce    whether so many of them are used that calls should be saved
 * @param jobsLeft  the number of jobs that may be begun beside the open ones
 * @param cooldownReason the reason why no job may be begun for the object now, or null
 */
public record PlanInput(
        Operation operation,
        Priority urgency,
        long waiting,
        Duration age,
        long callsLeft,
        boolean scarce,
        int jobsLeft,
        String cooldownReason) {}
