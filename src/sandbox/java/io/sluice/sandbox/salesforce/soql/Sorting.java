// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Expression;
import io.sluice.sandbox.salesforce.soql.Query.Order;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/** Sorts rows or groups in the requested order. */
final class Sorting {

    private Sorting() {}

    /** @param last decides between equals */
    static <T> Comparator<T> of(List<Order> keys, Function<Expression, Operand<T>> operands, Comparator<T> last) {
        Comparator<T> order = null;
        for (Order key : keys) {
            Operand<T> operand = operands.apply(key.expression());
            Comparator<Object> values = key.descending() ? (a, b) -> Values.compare(b, a) : Values::compare;
            Comparator<T> one = Comparator.comparing(
                    operand::comparable,
                    key.nullsFirst() ? Comparator.nullsFirst(values) : Comparator.nullsLast(values));
            order = order == null ? one : order.thenComparing(one);
        }
        return order == null ? last : order.thenComparing(last);
    }
}
