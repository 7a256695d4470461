// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Expression;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.Locale;
import java.util.Map;

/**
 * Looks up the paths of a query in its object.
 *
 * @param aliases as the query has them
 */
record Scope(Store store, Table table, Map<String, String> aliases) {

    /** Maximum length of a text that can be filtered, grouped or sorted ("Long text areas"). */
    private static final int LONGEST_FILTERED = 4000;

    /** @throws MalformedQueryException INVALID_FIELD when there is no such field or relationship */
    Path path(String text) {
        int dot = text.indexOf('.');
        String meant = dot < 0 ? null : aliases.get(text.substring(0, dot).toLowerCase(Locale.ROOT));
        String rest = text.substring(dot + 1);
        return Path.resolve(store, table, meant == null ? text : meant.isEmpty() ? rest : meant + "." + rest);
    }

    /** Finds a path, or a part of a date, by which rows are filtered. */
    Operand<Row> filtered(Expression expression) {
        return operand(expression, "filtered");
    }

    Operand<Row> sorted(Expression expression) {
        return operand(expression, "sorted");
    }

    /** Finds a path, or a part of a date, by which rows are grouped. */
    Operand<Row> grouped(Expression expression) {
        Field field = path(expression.path()).field();
        boolean groups = expression.function() != null
                || switch (field.type()) {
                    case DATETIME, TIME, ADDRESS, MULTIPICKLIST, DOUBLE, CURRENCY, PERCENT -> false;
                    default -> field.length() <= LONGEST_FILTERED;
                };
        if (!groups) {
            throw MalformedQueryException.malformed("field '" + field.name() + "' can not be grouped in a query call");
        }
        return operand(expression, "grouped");
    }

    private Operand<Row> operand(Expression expression, String use) {
        if (expression.isAggregate()) {
            throw MalformedQueryException.malformed(
                    "The aggregate " + expression.function() + "(" + expression.path() + ") can't be " + use + " here");
        }
        Path path = path(expression.path());
        Field field = path.field();
        boolean isChoices = field.type() == FieldType.MULTIPICKLIST && expression.function() == null;
        if (field.type() == FieldType.ADDRESS
                || isChoices && "sorted".equals(use)
                || field.length() > LONGEST_FILTERED && field.type() != FieldType.MULTIPICKLIST) {
            throw new MalformedQueryException(
                    "INVALID_FIELD", "field '" + field.name() + "' can not be " + use + " in a query call");
        }
        Function function = expression.function();
        return function == null
                ? new Operand<>(field, path::read)
                : new Operand<>(function.result(field), row -> function.part(field, path.read(row)));
    }
}
