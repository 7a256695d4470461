// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.List;

/**
 * Rejects a record whose fields equal those of another record, as a duplicate rule of Salesforce does.
 *
 * @param fields     the fields that must all be equal and not empty; texts are compared without regard to case
 * @param allowsSave whether the rule only alerts, so that a client may save the record all the same
 * @param message    the error's message
 */
public record DuplicateRule(List<Field> fields, boolean allowsSave, String message) {

    /** Whether both records are the same thing to this rule. */
    public boolean matches(Row one, Row other) {
        return one.number() != other.number()
                && !other.isDeleted()
                && fields.stream().allMatch(field -> isEqual(field.read(one), field.read(other)));
    }

    private static boolean isEqual(Object one, Object other) {
        return one instanceof String text && other instanceof String
                ? text.equalsIgnoreCase((String) other)
                : one != null && one.equals(other);
    }
}
