// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.Priority;
import java.time.Duration;
import java.util.Map;

/**
 * The settings of the alerts.
 *
 * @param beginDelay      time that a condition lasts before it is an alert, where it often ends by itself
 * @param endDelay        time that a condition is absent before its alert ends
 * @param stalledAfter    age at which captured changes or events count as stalled
 * @param forecastHorizon time before the exhaustion of a limit at which the alert begins
 * @param latencyTargets  maximum wait of a change by priority
 */
public record AlertThresholds(
        Duration beginDelay,
        Duration endDelay,
        Duration stalledAfter,
        Duration forecastHorizon,
        Map<Priority, Duration> latencyTargets) {

    public AlertThresholds {
        latencyTargets = Map.copyOf(latencyTargets);
    }
}
