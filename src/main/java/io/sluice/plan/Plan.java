package io.sluice.plan;

import java.util.List;

/**
 * What the planner chose.
 *
 * @param why     in words
 * @param options that it had
 */
public record Plan(SendMethod method, String why, List<PlanOption> options) {
}
