// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.store.Field;
import java.util.function.Function;

/**
 * Represents the value that a condition or an order looks at.
 *
 * @param field  what the value is like
 * @param reader reads the kept value
 */
record Operand<T>(Field field, Function<T, Object> reader) {

    /** Answers the value in comparable form, or null. */
    Object comparable(T of) {
        return Values.comparable(field, reader.apply(of));
    }
}
