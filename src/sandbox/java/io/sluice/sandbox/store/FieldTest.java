// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.function.Predicate;

/**
 * Tests the value of one field, as a rule of the customer does.
 *
 * @param test takes the value as the API shows it, null where the field is empty
 */
public record FieldTest(Field field, Predicate<Object> test) {

    /** Whether a stored value of the field passes the test; HubSpot's values are stored as the API shows them. */
    public boolean matches(Object value) {
        return test.test(value instanceof String ? value : field.type().toWire(value));
    }
}
