// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.salesforce.soql.Query.And;
import io.sluice.sandbox.salesforce.soql.Query.Column;
import io.sluice.sandbox.salesforce.soql.Query.Condition;
import io.sluice.sandbox.salesforce.soql.Query.Joined;
import io.sluice.sandbox.salesforce.soql.Query.Not;
import io.sluice.sandbox.salesforce.soql.Query.Or;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Runs semi-joins and anti-joins, within the vendor's limits (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_comparisonoperators.htm">Comparison
 * Operators</a>): two at most, none beneath OR or NOT, none within another, ids against ids of another object. The
 * words of the errors are not the vendor's.
 */
final class Joins {

    private static final int MOST = 2;

    private final Scope scope;
    private final boolean withDeleted;

    Joins(Scope scope, boolean withDeleted) {
        this.scope = scope;
        this.withDeleted = withDeleted;
    }

    /** @throws MalformedQueryException when a condition has more or others than may be */
    static void check(Condition where) {
        List<Condition> top = where instanceof And and ? and.all() : List.of(where);
        if (top.stream().filter(Joined.class::isInstance).count() > MOST) {
            throw MalformedQueryException.malformed(
                    "Maximum of " + MOST + " semi join sub-selects are allowed in a WHERE clause");
        }
        if (top.stream().filter(condition -> !(condition instanceof Joined)).anyMatch(Joins::holdsOne)) {
            throw MalformedQueryException.malformed(
                    "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE "
                            + "expressions");
        }
    }

    private static boolean holdsOne(Condition condition) {
        return condition instanceof Joined
                || condition instanceof Not not && holdsOne(not.condition())
                || condition instanceof And and && and.all().stream().anyMatch(Joins::holdsOne)
                || condition instanceof Or or && or.any().stream().anyMatch(Joins::holdsOne);
    }

    Predicate<Row> of(Joined joined) {
        Operand<Row> left = scope.filtered(joined.left());
        Query query = joined.query();
        Store store = scope.store();
        Table inner = store.table(query.from()).orElseThrow(() -> MalformedQueryException.noSuchObject(query.from()));
        if (inner == scope.table() && left.field().type() == FieldType.ID) {
            throw MalformedQueryException.malformed(
                    "The inner and outer selects should not be on the same object type");
        }
        if (query.select().size() != 1
                || !(query.select().get(0) instanceof Column column)
                || column.alias() != null
                || column.expression().function() != null
                || !query.groupBy().isEmpty()) {
            throw MalformedQueryException.malformed("A semi join sub-select selects one id or reference field");
        }
        if (!query.orderBy().isEmpty() || query.isLimited() || query.offset() > 0) {
            throw MalformedQueryException.malformed("A semi join sub-select can't have ORDER BY, LIMIT or OFFSET");
        }
        if (query.where().filter(Joins::holdsOne).isPresent()) {
            throw MalformedQueryException.malformed("Nesting of semi join sub-selects is not supported");
        }
        Path path = new Scope(store, inner, query.aliases())
                .path(column.expression().path());
        if (!isId(left.field()) || !isId(path.field())) {
            throw MalformedQueryException.malformed("Semi join sub-selects compare ids: "
                    + left.field().name() + " and " + path.field().name() + " must be id or reference fields");
        }
        return new Predicate<>() {
            private Set<Object> ids;

            /** Tests a row; the first test runs the sub-select. */
            @Override
            public boolean test(Row row) {
                if (ids == null) {
                    ids = new HashSet<>();
                    new Execution(store, inner, query, withDeleted).rows().forEach(found -> ids.add(path.read(found)));
                    ids.remove(null);
                }
                Object value = left.comparable(row);
                return joined.negated() != ids.contains(value);
            }
        };
    }

    private static boolean isId(Field field) {
        return field.type() == FieldType.ID || field.type() == FieldType.REFERENCE;
    }
}
