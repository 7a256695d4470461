// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.List;

/**
 * Holds the customer's rules for the records of one object.
 *
 * @param assignments   in their order: the first that matches gives a record its owner
 * @param triggerMillis milliseconds that a trigger takes for each record written
 */
public record Rules(
        List<ValidationRule> validations,
        List<DuplicateRule> duplicates,
        List<AssignmentRule> assignments,
        long triggerMillis) {

    public static final Rules NONE = new Rules(List.of(), List.of(), List.of(), 0);
}
