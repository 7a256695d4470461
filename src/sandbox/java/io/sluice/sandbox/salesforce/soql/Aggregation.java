// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Column;
import io.sluice.sandbox.salesforce.soql.Query.Expression;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Groups rows and calculates their aggregates (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_groupby.htm">GROUP
 * BY</a>). A column without an alias is called {@code expr0}, {@code expr1} and so on when it is a function, and by its
 * field's name otherwise.
 */
public final class Aggregation {

    private final Scope scope;
    private final Query query;
    private final List<Operand<Row>> keys;
    private final Map<String, Operand<Group>> columns = new LinkedHashMap<>();

    /** Holds the rows that share one key, whose values are in comparable form. */
    private record Group(int number, List<Object> key, List<Row> rows) {}

    /**
     * @throws MalformedQueryException when a column is neither aggregated nor grouped by, or can't be
     */
    Aggregation(Scope scope, Query query) {
        this.scope = scope;
        this.query = query;
        this.keys = query.groupBy().stream().map(scope::grouped).toList();
        int unnamed = 0;
        for (Query.Selected selected : query.select()) {
            Column column = (Column) selected;
            Operand<Group> operand = operand(column.expression());
            String name = column.alias() != null
                    ? column.alias()
                    : column.expression().function() != null
                            ? "expr" + unnamed++
                            : operand.field().name();
            if (columns.put(name, operand) != null) {
                throw MalformedQueryException.malformed("duplicate alias: " + name);
            }
        }
        having();
        order();
    }

    /**
     * Describes a column of the answer.
     *
     * @param name     its alias, {@code expr0} or the field's name
     * @param field    what its values are like
     * @param function as the query has it, or its alias where it has one; null where the column is a field
     */
    public record Result(String name, Field field, String function) {}

    public List<Result> columns() {
        List<Result> results = new ArrayList<>();
        columns.forEach((name, operand) -> {
            Column column = (Column) query.select().get(results.size());
            Expression expression = column.expression();
            results.add(new Result(
                    name,
                    operand.field(),
                    expression.function() == null
                            ? null
                            : column.alias() != null
                                    ? column.alias()
                                    : expression.function() + "(" + expression.path() + ")"));
        });
        return results;
    }

    /** Answers the stored values of each group, in the order of the columns. */
    public List<List<Object>> of(List<Row> rows) {
        List<Group> groups = new ArrayList<>(groups(rows));
        groups.removeIf(having().negate());
        groups.sort(order());
        int from = Math.min(query.offset(), groups.size());
        int to = (int) Math.min(groups.size(), (long) query.offset() + query.limit());
        List<List<Object>> values = new ArrayList<>();
        for (Group group : groups.subList(from, to)) {
            List<Object> one = new ArrayList<>();
            columns.values().forEach(operand -> one.add(operand.reader().apply(group)));
            values.add(one);
        }
        return values;
    }

    private List<Group> groups(List<Row> rows) {
        if (keys.isEmpty()) {
            return List.of(new Group(0, List.of(), rows));
        }
        Map<List<Object>, Group> groups = new LinkedHashMap<>();
        for (Row row : rows) {
            List<Object> key = new ArrayList<>();
            keys.forEach(operand -> key.add(operand.comparable(row)));
            groups.computeIfAbsent(key, k -> new Group(groups.size(), k, new ArrayList<>()))
                    .rows()
                    .add(row);
        }
        return List.copyOf(groups.values());
    }

    private Predicate<Group> having() {
        return query.having()
                .map(new Filter<Group>(
                        this::operand,
                        joined -> {
                            throw MalformedQueryException.malformed("HAVING can't contain a semi join sub-select");
                        },
                        scope.store().now())::of)
                .orElse(group -> true);
    }

    private Comparator<Group> order() {
        return Sorting.of(query.orderBy(), this::operand, Comparator.comparingInt(Group::number));
    }

    /** Builds the operand of an expression: an aggregate of a group's rows, or a value that all of them share. */
    private Operand<Group> operand(Expression expression) {
        Path path = scope.path(expression.path());
        Field field = path.field();
        if (expression.isAggregate()) {
            Function function = expression.function();
            return new Operand<>(
                    function.result(field),
                    group -> function.aggregate(field, group.rows().stream().map(path::read)));
        }
        for (int i = 0; i < keys.size(); i++) {
            Expression grouped = query.groupBy().get(i);
            if (grouped.function() == expression.function()
                    && scope.path(grouped.path()).equals(path)) {
                Operand<Row> key = keys.get(i);
                return new Operand<>(
                        key.field(), group -> key.reader().apply(group.rows().get(0)));
            }
        }
        throw MalformedQueryException.malformed("Field must be grouped or aggregated: " + field.name());
    }
}
