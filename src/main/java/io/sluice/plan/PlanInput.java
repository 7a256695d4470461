package io.sluice.plan;

import io.sluice.Operation;
import io.sluice.Priority;
import java.time.Duration;

/**
 * What a plan depends on.
 *
 * @param urgency   of the most urgent record, by its own priority: what it gained by waiting makes no hurry
 * @param waiting   records that could go together
 * @param age       of the oldest of them
 * @param callsLeft that work of this urgency may still make in the long windows
 * @param scarce    whether so much of them is spent that calls are to be saved
 * @param jobsLeft  that may be begun beside those that are open
 * @param barred    why no job is to be begun for the object at present, or null
 */
public record PlanInput(Operation operation, Priority urgency, long waiting, Duration age, long callsLeft,
        boolean scarce, int jobsLeft, String barred) {
}
