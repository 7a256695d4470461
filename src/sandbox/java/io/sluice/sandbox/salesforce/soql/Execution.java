// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Among;
import io.sluice.sandbox.salesforce.soql.Query.And;
import io.sluice.sandbox.salesforce.soql.Query.Compare;
import io.sluice.sandbox.salesforce.soql.Query.Condition;
import io.sluice.sandbox.salesforce.soql.Query.Expression;
import io.sluice.sandbox.salesforce.soql.Query.Literal;
import io.sluice.sandbox.salesforce.soql.Query.Operator;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds the rows of a query, or its groups of rows. Required conditions on the id, a key field or a stamp narrow the
 * rows before they are tested; otherwise all rows are tested.
 */
public final class Execution {

    private static final Set<String> STAMPED_NOT_AFTER = Set.of("SystemModstamp", "LastModifiedDate", "CreatedDate");

    private final Store store;
    private final Table table;
    private final Query query;
    private final boolean withDeleted;
    private final Scope scope;

    /** @param withDeleted whether rows in the recycle bin take part, as in queryAll */
    public Execution(Store store, Table table, Query query, boolean withDeleted) {
        this.store = store;
        this.table = table;
        this.query = query;
        this.withDeleted = withDeleted;
        this.scope = new Scope(store, table, query.aliases());
    }

    public Table table() {
        return table;
    }

    /** Answers the rows in the requested order; for an aggregate query all those that meet its conditions. */
    public List<Row> rows() {
        Predicate<Row> there = withDeleted ? row -> !row.isPurged() : row -> !row.isDeleted();
        Predicate<Row> test = query.where().map(filter()::of).map(there::and).orElse(there);
        Candidates candidates = candidates();
        boolean isAggregate = query.isAggregate();
        long wanted = isAggregate ? Long.MAX_VALUE : (long) query.offset() + query.limit();
        List<Row> found = new ArrayList<>();
        Row last = null;
        for (Row row : candidates.rows()) {
            // rows that tie with the last one wanted still compete with it
            if (last != null && found.size() >= wanted && candidates.isPast(last, row)) {
                break;
            }
            if (test.test(row)) {
                found.add(row);
                last = row;
            }
        }
        if (isAggregate) {
            return found;
        }
        found.sort(order());
        int from = Math.min(query.offset(), found.size());
        return found.subList(from, (int) Math.min(found.size(), wanted));
    }

    /** Answers the test of the query's conditions, for rows that the caller has; deleted rows take part. */
    public Predicate<Row> condition() {
        return query.where().map(filter()::of).orElse(row -> true);
    }

    /** Answers the groups of an aggregate query: stored values by the columns' names, in the requested order. */
    public Aggregation aggregation() {
        return new Aggregation(scope, query);
    }

    /** Whether conditions on a key or on the stamps narrow the rows before they are tested. */
    public boolean usesIndex() {
        return candidates().isIndexed();
    }

    /** @throws MalformedQueryException when the query can't be run on this object */
    public void check() {
        query.where().ifPresent(filter()::of);
        if (query.isAggregate()) {
            aggregation();
        } else if (!query.isCount()) {
            select();
            order();
        }
    }

    private Filter<Row> filter() {
        return new Filter<>(scope::filtered, new Joins(scope, withDeleted)::of, store.now());
    }

    /** Selected item of each row. */
    public sealed interface Item permits Path, Children {}

    /**
     * Selects children of each row by a sub-query.
     *
     * @param name      of the relationship
     * @param reference by which the children refer to the row
     */
    public record Children(String name, Field reference, Execution execution) implements Item {

        /** Answers the children in their order, by the id of their parent. */
        public Map<Object, List<Row>> byParent() {
            Query sub = execution.query;
            Query all = new Query(
                    sub.select(),
                    sub.from(),
                    sub.aliases(),
                    sub.where(),
                    sub.groupBy(),
                    sub.having(),
                    sub.orderBy(),
                    Integer.MAX_VALUE,
                    0);
            Map<Object, List<Row>> children = new HashMap<>();
            for (Row row : new Execution(execution.store, execution.table, all, execution.withDeleted).rows()) {
                Object parent = reference.read(row);
                if (parent != null) {
                    children.computeIfAbsent(parent, id -> new ArrayList<>()).add(row);
                }
            }
            children.replaceAll((id, rows) -> rows.subList(Math.min(sub.offset(), rows.size()), (int)
                    Math.min(rows.size(), (long) sub.offset() + sub.limit())));
            children.values().removeIf(List::isEmpty);
            return children;
        }
    }

    /** Answers the select list, with its groups of fields expanded. */
    public List<Item> select() {
        List<Item> select = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Query.Selected selected : query.select()) {
            if (selected instanceof Query.FieldGroup group) {
                table.type().fields().stream()
                        .filter(field -> switch (group.kind()) {
                            case ALL -> true;
                            case STANDARD -> !field.custom();
                            case CUSTOM -> field.custom();
                        })
                        .forEach(field -> select.add(once(names, field.name(), new Path(store, List.of(), field))));
            } else if (selected instanceof Query.Children children) {
                Children found = children(children.query());
                select.add(once(names, found.name(), found));
            } else if (selected instanceof Query.Column column) {
                Path path = scope.path(column.expression().path());
                select.add(once(names, path.name(), path));
            }
        }
        return select;
    }

    private static Item once(Set<String> names, String name, Item item) {
        if (!names.add(name)) {
            throw new MalformedQueryException("INVALID_FIELD", "duplicate field selected: " + name);
        }
        return item;
    }

    private Children children(Query sub) {
        for (Table children : store.tables()) {
            for (Field field : children.type().fields()) {
                if (field.refersTo(table.type().name())
                        && field.reference().children() != null
                        && field.reference().children().equalsIgnoreCase(relationship(sub))) {
                    Execution execution = new Execution(store, children, sub, withDeleted);
                    execution.check();
                    return new Children(field.reference().children(), field, execution);
                }
            }
        }
        throw new MalformedQueryException(
                "INVALID_TYPE",
                "Didn't understand relationship '" + sub.from() + "' in FROM part of "
                        + "query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the "
                        + "custom relationship name. Please reference your WSDL or the describe call for the appropriate names.");
    }

    /**
     * Answers the relationship of a sub-query: {@code FROM Account.Contacts} and {@code FROM a.Contacts} mean {@code
     * FROM Contacts}.
     */
    private String relationship(Query sub) {
        int dot = sub.from().indexOf('.');
        String before = dot < 0 ? "" : sub.from().substring(0, dot).toLowerCase(Locale.ROOT);
        boolean isOwn = before.equalsIgnoreCase(table.type().name())
                || "".equals(query.aliases().get(before));
        return dot >= 0 && isOwn ? sub.from().substring(dot + 1) : sub.from();
    }

    private Comparator<Row> order() {
        return Sorting.of(query.orderBy(), scope::sorted, Comparator.comparingInt(Row::number));
    }

    /**
     * Holds the rows that can match.
     *
     * @param ordered whether they come in the order asked for, so that the search can end early
     */
    private record Candidates(Iterable<Row> rows, Ordered ordered) {

        enum Ordered {
            NO,
            BY_ID,
            BY_STAMP
        }

        boolean isIndexed() {
            return !(rows instanceof Scan);
        }

        /** Whether this row and all later ones follow the last one in the requested order. */
        boolean isPast(Row last, Row row) {
            return ordered == Ordered.BY_ID || ordered == Ordered.BY_STAMP && row.stamp() > last.stamp();
        }
    }

    /** Iterates over all rows of a table from one on. */
    private record Scan(Iterable<Row> rows) implements Iterable<Row> {
        @Override
        public Iterator<Row> iterator() {
            return rows.iterator();
        }
    }

    private Candidates candidates() {
        List<Condition> must = query.where()
                .map(where -> where instanceof And and ? and.all() : List.of(where))
                .orElse(List.of());
        long from = Long.MIN_VALUE;
        long to = Long.MAX_VALUE;
        int firstNumber = 1;
        for (Condition condition : must) {
            if (condition instanceof Among among && !among.negated() && !among.parts()) {
                Optional<List<Row>> rows = keyed(among.left(), among.literals());
                if (rows.isPresent()) {
                    return new Candidates(rows.get(), Candidates.Ordered.NO);
                }
            } else if (condition instanceof Compare compare) {
                if (compare.operator() == Operator.EQUAL) {
                    Optional<List<Row>> rows = keyed(compare.left(), List.of(compare.literal()));
                    if (rows.isPresent()) {
                        return new Candidates(rows.get(), Candidates.Ordered.NO);
                    }
                }
                from = Math.max(from, earliest(compare));
                to = Math.min(to, latest(compare));
                firstNumber = Math.max(firstNumber, firstNumber(compare));
            }
        }
        if (from == Long.MIN_VALUE && to == Long.MAX_VALUE) {
            return new Candidates(
                    new Scan(table.from(firstNumber)),
                    !query.isAggregate() && query.orderBy().isEmpty() || isFirst("Id")
                            ? Candidates.Ordered.BY_ID
                            : Candidates.Ordered.NO);
        }
        return new Candidates(
                store.stampedBetween(table, from, to),
                isFirst("SystemModstamp") ? Candidates.Ordered.BY_STAMP : Candidates.Ordered.NO);
    }

    /** Whether the order begins with this field, ascending. */
    private boolean isFirst(String field) {
        return !query.orderBy().isEmpty()
                && isField(query.orderBy().get(0).expression(), field)
                && !query.orderBy().get(0).descending();
    }

    private static boolean isField(Expression expression, String name) {
        return expression.function() == null && name.equalsIgnoreCase(expression.path());
    }

    /** Answers the object's own field, when the expression is one. */
    private Optional<Field> field(Expression expression) {
        return expression.function() == null ? table.type().field(expression.path()) : Optional.empty();
    }

    /** Answers the number of the first row whose id can match the comparison; ids rise with their numbers. */
    private int firstNumber(Compare compare) {
        boolean bounds = compare.operator() == Operator.GREATER || compare.operator() == Operator.GREATER_OR_EQUAL;
        return bounds && isField(compare.left(), "Id") && compare.literal().kind() == Literal.Kind.TEXT
                ? Math.max(
                        1,
                        RecordIds.number(
                                table.type().keyPrefix(), compare.literal().text()))
                : 1;
    }

    private Optional<List<Row>> keyed(Expression left, List<Literal> literals) {
        Field field = field(left).orElse(null);
        boolean isId = field != null && field.type() == FieldType.ID;
        if (field == null
                || !isId && (!field.indexed() || withDeleted)
                || literals.stream().anyMatch(l -> l.kind() == Literal.Kind.NULL)) {
            return Optional.empty();
        }
        Map<Integer, Row> rows = new HashMap<>();
        for (Literal literal : literals) {
            if (isId) {
                Row row = table.row(literal.text());
                if (row != null) {
                    rows.put(row.number(), row);
                }
            } else {
                Object value =
                        field.type().isText() ? literal.text() : field.type().parse(literal.text());
                store.find(table, field, value).forEach(row -> rows.put(row.number(), row));
            }
        }
        return Optional.of(new ArrayList<>(rows.values()));
    }

    /** Answers the earliest stamp in milliseconds that can match the comparison. */
    private long earliest(Compare compare) {
        boolean bounds =
                switch (compare.operator()) {
                    case EQUAL, GREATER, GREATER_OR_EQUAL -> true;
                    default -> false;
                };
        Field field = field(compare.left()).orElse(null);
        if (!bounds
                || field == null
                || !STAMPED_NOT_AFTER.contains(field.name())
                || compare.literal().kind() == Literal.Kind.NULL) {
            return Long.MIN_VALUE;
        }
        return (Long) Values.literal(field, compare.literal(), store.now()).first() * 1000;
    }

    private long latest(Compare compare) {
        boolean bounds =
                switch (compare.operator()) {
                    case EQUAL, LESS, LESS_OR_EQUAL -> true;
                    default -> false;
                };
        if (!bounds
                || !isField(compare.left(), "SystemModstamp")
                || compare.literal().kind() == Literal.Kind.NULL) {
            return Long.MAX_VALUE;
        }
        Field field = field(compare.left()).orElseThrow();
        return (Long) Values.literal(field, compare.literal(), store.now()).last() * 1000 + 999;
    }
}
