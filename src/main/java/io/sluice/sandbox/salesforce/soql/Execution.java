package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.Among;
import io.sluice.sandbox.salesforce.soql.Query.And;
import io.sluice.sandbox.salesforce.soql.Query.Compare;
import io.sluice.sandbox.salesforce.soql.Query.Condition;
import io.sluice.sandbox.salesforce.soql.Query.Literal;
import io.sluice.sandbox.salesforce.soql.Query.Operator;
import io.sluice.sandbox.salesforce.soql.Query.Order;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds the rows of a query. Conditions on the id, on a key field or on a stamp, when the query insists on them, narrow
 * the rows before they are tested; otherwise all rows are.
 */
public final class Execution {

    private static final Set<String> STAMPED_NOT_AFTER = Set.of("SystemModstamp", "LastModifiedDate", "CreatedDate");

    private final Store store;
    private final Table table;
    private final Query query;
    private final boolean withDeleted;

    /** @param withDeleted whether rows in the recycle bin take part, as in queryAll */
    public Execution(Store store, Table table, Query query, boolean withDeleted) {
        this.store = store;
        this.table = table;
        this.query = query;
        this.withDeleted = withDeleted;
    }

    /** The rows in the order asked for. */
    public List<Row> rows() {
        Predicate<Row> there = withDeleted ? row -> !row.isPurged() : row -> !row.isDeleted();
        Predicate<Row> test = query.where().map(new Filter(store, table)::of).map(there::and).orElse(there);
        Candidates candidates = candidates();
        long wanted = (long) query.offset() + query.limit();
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
        found.sort(order());
        int from = Math.min(query.offset(), found.size());
        return found.subList(from, (int) Math.min(found.size(), wanted));
    }

    /** @throws MalformedQueryException when the query can't be run on this object */
    public void check() {
        query.where().map(new Filter(store, table)::of);
        select();
        order();
    }

    /** The paths of the select list. */
    public Map<String, Path> select() {
        Map<String, Path> select = new LinkedHashMap<>();
        query.select().forEach(text -> select.put(text, Path.resolve(store, table, text)));
        return select;
    }

    private Comparator<Row> order() {
        Comparator<Row> order = null;
        for (Order key : query.orderBy()) {
            Path path = Path.resolve(store, table, key.path());
            Comparator<Object> values = key.descending() ? (a, b) -> Values.compare(b, a) : Values::compare;
            Comparator<Row> one = Comparator.comparing(row -> Values.comparable(path.field(), path.read(row)),
                    key.nullsFirst() ? Comparator.nullsFirst(values) : Comparator.nullsLast(values));
            order = order == null ? one : order.thenComparing(one);
        }
        return order == null ? Comparator.comparingInt(Row::number) : order.thenComparingInt(Row::number);
    }

    /**
     * Rows among which all the wanted ones are.
     *
     * @param ordered whether they come in the order asked for, so that the search can end early
     */
    private record Candidates(Iterable<Row> rows, Ordered ordered) {

        enum Ordered { NO, BY_ID, BY_STAMP }

        /** Whether this row and all after it come after the last one in the order asked for. */
        boolean isPast(Row last, Row row) {
            return ordered == Ordered.BY_ID || ordered == Ordered.BY_STAMP && row.stamp() > last.stamp();
        }
    }

    private Candidates candidates() {
        List<Condition> must = query.where().map(where -> where instanceof And and ? and.all() : List.of(where))
                .orElse(List.of());
        long from = Long.MIN_VALUE;
        long to = Long.MAX_VALUE;
        int firstNumber = 1;
        for (Condition condition : must) {
            if (condition instanceof Among among && !among.negated() && !among.parts()) {
                Optional<List<Row>> rows = keyed(among.path(), among.literals());
                if (rows.isPresent()) {
                    return new Candidates(rows.get(), Candidates.Ordered.NO);
                }
            } else if (condition instanceof Compare compare) {
                if (compare.operator() == Operator.EQUAL) {
                    Optional<List<Row>> rows = keyed(compare.path(), List.of(compare.literal()));
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
            return new Candidates(table.from(firstNumber), query.orderBy().isEmpty() || isFirst("Id")
                    ? Candidates.Ordered.BY_ID : Candidates.Ordered.NO);
        }
        return new Candidates(store.stampedBetween(table, from, to), isFirst("SystemModstamp")
                ? Candidates.Ordered.BY_STAMP : Candidates.Ordered.NO);
    }

    /** Whether the order begins with this field, rising. */
    private boolean isFirst(String field) {
        return !query.orderBy().isEmpty() && field.equalsIgnoreCase(query.orderBy().get(0).path())
                && !query.orderBy().get(0).descending();
    }

    /** The number of the first row whose id can meet the comparison; ids rise with their numbers. */
    private int firstNumber(Compare compare) {
        boolean bounds = compare.operator() == Operator.GREATER || compare.operator() == Operator.GREATER_OR_EQUAL;
        return bounds && "Id".equalsIgnoreCase(compare.path()) && compare.literal().kind() == Literal.Kind.TEXT
                ? Math.max(1, RecordIds.number(table.type().keyPrefix(), compare.literal().text())) : 1;
    }

    private Optional<List<Row>> keyed(String path, List<Literal> literals) {
        Field field = table.type().field(path).orElse(null);
        boolean isId = field != null && field.type() == FieldType.ID;
        if (field == null || !isId && (!field.indexed() || withDeleted)
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
                Object value = field.type().isText() ? literal.text() : field.type().parse(literal.text());
                store.find(table, field, value).forEach(row -> rows.put(row.number(), row));
            }
        }
        return Optional.of(new ArrayList<>(rows.values()));
    }

    /** The earliest stamp, in milliseconds, that a row which meets the comparison can bear. */
    private long earliest(Compare compare) {
        boolean bounds = switch (compare.operator()) {
            case EQUAL, GREATER, GREATER_OR_EQUAL -> true;
            default -> false;
        };
        Field field = table.type().field(compare.path()).orElse(null);
        if (!bounds || field == null || !STAMPED_NOT_AFTER.contains(field.name())
                || compare.literal().kind() == Literal.Kind.NULL) {
            return Long.MIN_VALUE;
        }
        return (Long) Values.literal(field, compare.literal(), store.now()).first() * 1000;
    }

    private long latest(Compare compare) {
        boolean bounds = switch (compare.operator()) {
            case EQUAL, LESS, LESS_OR_EQUAL -> true;
            default -> false;
        };
        if (!bounds || !"SystemModstamp".equalsIgnoreCase(compare.path())
                || compare.literal().kind() == Literal.Kind.NULL) {
            return Long.MAX_VALUE;
        }
        Field field = table.type().field(compare.path()).orElseThrow();
        return (Long) Values.literal(field, compare.literal(), store.now()).last() * 1000 + 999;
    }
}
