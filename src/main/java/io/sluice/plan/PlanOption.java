// SPDX-License-Identifier: Apache-2.0
package io.sluice.plan;

import java.time.Duration;

/**
 * One way to send the waiting records.
 *
 * @param calls    the number of calls for all of them
 * @param duration the time until the last record is written, as long as the quota lasts
 * @param obstacle the reason why this way is impossible, or null
 */
public record PlanOption(SendMethod.Way way, long calls, Duration duration, String obstacle) {}
