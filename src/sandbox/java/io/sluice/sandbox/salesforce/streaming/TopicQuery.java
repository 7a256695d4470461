// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import io.sluice.sandbox.salesforce.soql.Execution;
import io.sluice.sandbox.salesforce.soql.MalformedQueryException;
import io.sluice.sandbox.salesforce.soql.Parser;
import io.sluice.sandbox.salesforce.soql.Path;
import io.sluice.sandbox.salesforce.soql.Query;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Represents the query of a PushTopic: an object, the fields that notifications hold, and the condition of the records
 * (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_streaming.meta/api_streaming/unsupported_soql_statements.htm">Unsupported
 * PushTopic Queries</a>).
 *
 * @param select fields of the select list
 * @param where  fields of the condition
 */
public record TopicQuery(Store store, Table table, Query query, Set<Field> select, Set<Field> where) {

    /**
     * Reads a query.
     *
     * @throws InvalidTopicException when it is no SOQL, or SOQL that a PushTopic can't have
     */
    public static TopicQuery of(Store store, String soql) {
        try {
            Query query = Parser.parse(soql);
            Table table =
                    store.table(query.from()).orElseThrow(() -> MalformedQueryException.noSuchObject(query.from()));
            checkShape(query);
            Execution execution = new Execution(store, table, query, false);
            execution.check();
            Set<Field> select = execution.select().stream()
                    .map(TopicQuery::ownField)
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            if (select.stream().noneMatch(field -> "Id".equals(field.name()))) {
                throw invalid("Id is missing in the select list");
            }
            Set<Field> where = new LinkedHashSet<>();
            query.where().ifPresent(condition -> collect(condition, store, table, where));
            return new TopicQuery(store, table, query, select, where);
        } catch (MalformedQueryException e) {
            throw new InvalidTopicException(e.code(), e.getMessage());
        }
    }

    /** Answers the test of the condition, as of now. */
    Predicate<Row> condition() {
        return new Execution(store, table, query, true).condition();
    }

    private static void checkShape(Query query) {
        if (query.isCount() || query.isAggregate() || query.having().isPresent()) {
            throw invalid("Aggregate queries are not supported");
        }
        if (!query.orderBy().isEmpty()) {
            throw invalid("'ORDER BY' clause is not allowed");
        }
        if (query.limit() < Integer.MAX_VALUE || query.offset() > 0) {
            throw invalid("'" + (query.offset() > 0 ? "OFFSET" : "LIMIT") + "' is not allowed");
        }
    }

    private static Field ownField(Execution.Item item) {
        if (item instanceof Path path && path.parents().isEmpty()) {
            return path.field();
        }
        throw invalid("relationships are not supported");
    }

    private static void collect(Query.Condition condition, Store store, Table table, Set<Field> fields) {
        if (condition instanceof Query.And and) {
            and.all().forEach(one -> collect(one, store, table, fields));
        } else if (condition instanceof Query.Or or) {
            or.any().forEach(one -> collect(one, store, table, fields));
        } else if (condition instanceof Query.Not) {
            throw invalid("'NOT' is not supported");
        } else if (condition instanceof Query.Compare compare) {
            fields.add(ownField(Path.resolve(store, table, compare.left().path())));
        } else if (condition instanceof Query.Among among) {
            fields.add(ownField(Path.resolve(store, table, among.left().path())));
        } else {
            throw invalid("semi/anti join sub-selects are not supported");
        }
    }

    private static InvalidTopicException invalid(String why) {
        return new InvalidTopicException("INVALID_FIELD", why);
    }
}
