// SPDX-License-Identifier: Apache-2.0
package io.sluice.plan;

import java.util.List;

/**
 * The planner's choice.
 *
 * @param why     the reason, as a sentence
 * @param options all ways that were compared
 */
public record Plan(SendMethod method, String why, List<PlanOption> options) {}
