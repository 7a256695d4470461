package io.sluice.plan;

import java.util.List;

/**
 * What the planner chose.
 *
 * @param why     in words
 * @param options that it had
 */
public record Plan(Method method, String why, List<Option> options) {
}
