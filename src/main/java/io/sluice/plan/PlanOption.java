package io.sluice.plan;

import java.time.Duration;

/**
 * One way to send what waits.
 *
 * @param calls   that it takes for all of it
 * @param takes   until the last record is written, as long as the quota lasts
 * @param against why it is out of the question, or null
 */
public record PlanOption(SendMethod.Way way, long calls, Duration takes, String against) {
}
