// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.salesforce.soql.Aggregation;
import io.sluice.sandbox.salesforce.soql.Execution;
import io.sluice.sandbox.salesforce.soql.MalformedQueryException;
import io.sluice.sandbox.salesforce.soql.Parser;
import io.sluice.sandbox.salesforce.soql.Path;
import io.sluice.sandbox.salesforce.soql.Query;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs queries and keeps their results for the following pages, for all APIs. A page has 200 to 2,000 rows. Ten results
 * are kept; the locator of an older one is INVALID_QUERY_LOCATOR.
 */
final class Cursors {

    static final int LARGEST_PAGE = 2000;
    private static final int SMALLEST_PAGE = 200;
    private static final int MOST_CURSORS = 10;

    /** Maximum number of results of sub-queries, which are kept apart. */
    private static final int MOST_CHILD_CURSORS = 1000;

    private final Map<String, Cursor> cursors = new LinkedHashMap<>();
    private final Map<String, Cursor> childCursors = new LinkedHashMap<>();
    private int made;

    /** Holds the rows of one query and the selection to write. */
    private record Cursor(String account, Table table, List<Row> rows, RecordJson.Selection selection, int pageSize) {}

    /**
     * Represents some of a query's rows; for {@code COUNT()} only the number, for an aggregate query its groups.
     *
     * @param groups null unless the query is an aggregate one
     * @param total  of all pages
     * @param next   the locator of the page that follows, or null after the last
     */
    record Page(Table table, RecordJson.Selection selection, List<Row> rows, Groups groups, int total, String next) {}

    /** Holds the groups of an aggregate query: the columns, and the values of each group in their order. */
    record Groups(List<Aggregation.Result> columns, List<List<Object>> values) {}

    /** Answers the first page; MALFORMED_QUERY, INVALID_FIELD or INVALID_TYPE when the query is invalid. */
    Page first(Account account, String soql, boolean withDeleted, int pageSize) {
        try {
            Query query = Parser.parse(soql);
            Table table = account.store()
                    .table(query.from())
                    .orElseThrow(() -> MalformedQueryException.noSuchObject(query.from()));
            Execution execution = new Execution(account.store(), table, query, withDeleted);
            if (query.isCount()) {
                return new Page(table, null, List.of(), null, execution.rows().size(), null);
            }
            if (query.isAggregate()) {
                return groups(table, execution);
            }
            int size = Math.max(SMALLEST_PAGE, Math.min(LARGEST_PAGE, pageSize));
            RecordJson.Selection selection = selection(account, execution.select(), size);
            return page(new Cursor(account.name(), table, execution.rows(), selection, size), cursors, MOST_CURSORS);
        } catch (MalformedQueryException e) {
            throw new RefusedException(e.code(), e.getMessage());
        }
    }

    /** Explains how a query would run ("Query Plan"): by an index of a key or of the stamps, or by a table scan. */
    Answer explained(Account account, String soql) {
        try {
            Query query = Parser.parse(soql);
            Table table = account.store()
                    .table(query.from())
                    .orElseThrow(() -> MalformedQueryException.noSuchObject(query.from()));
            Execution execution = new Execution(account.store(), table, query, false);
            execution.check();
            boolean usesIndex = execution.usesIndex();
            int found = execution.rows().size();
            ObjectNode plan = Answers.JSON
                    .createObjectNode()
                    .put("cardinality", found)
                    .put("leadingOperationType", usesIndex ? "Index" : "TableScan")
                    .put("relativeCost", usesIndex ? 0.1 : 1.0)
                    .put("sobjectCardinality", table.live())
                    .put("sobjectType", table.type().name());
            plan.putArray("fields");
            plan.putArray("notes");
            ObjectNode answer = Answers.JSON.createObjectNode();
            answer.putArray("plans").add(plan);
            return Answers.json(200, answer.put("sourceQuery", soql));
        } catch (MalformedQueryException e) {
            throw new RefusedException(e.code(), e.getMessage());
        }
    }

    private static Page groups(Table table, Execution execution) {
        Aggregation aggregation = execution.aggregation();
        List<List<Object>> values = aggregation.of(execution.rows());
        if (values.size() > LARGEST_PAGE) {
            throw new RefusedException(
                    "EXCEEDED_ID_LIMIT",
                    "Aggregate query does not support queryMore(), use LIMIT to "
                            + "restrict the results to a single batch");
        }
        return new Page(table, null, List.of(), new Groups(aggregation.columns(), values), values.size(), null);
    }

    /** Answers the page of a locator. */
    Page next(Account account, String locator) {
        int dash = locator.lastIndexOf('-');
        Cursor cursor;
        synchronized (cursors) {
            String id = dash < 0 ? "" : locator.substring(0, dash);
            cursor = cursors.getOrDefault(id, childCursors.get(id));
        }
        if (cursor == null
                || !cursor.account().equals(account.name())
                || !locator.substring(dash + 1).matches("\\d{1,9}")) {
            throw unknown();
        }
        return page(cursor, locator.substring(0, dash), Integer.parseInt(locator.substring(dash + 1)));
    }

    /** Answers the first page of a result, and keeps the result when another page follows. */
    private Page page(Cursor cursor, Map<String, Cursor> among, int most) {
        return page(cursor, cursor.rows().size() > cursor.pageSize() ? keep(cursor, among, most) : null, 0);
    }

    private static Page page(Cursor cursor, String id, int offset) {
        List<Row> rows = cursor.rows();
        if (offset > rows.size()) {
            throw unknown();
        }
        int end = Math.min(rows.size(), offset + cursor.pageSize());
        return new Page(
                cursor.table(),
                cursor.selection(),
                rows.subList(offset, end),
                null,
                rows.size(),
                end < rows.size() ? id + "-" + end : null);
    }

    private static RefusedException unknown() {
        return new RefusedException("INVALID_QUERY_LOCATOR", "invalid query locator");
    }

    private String keep(Cursor cursor, Map<String, Cursor> among, int most) {
        synchronized (cursors) {
            String id = RecordIds.of("0r8", ++made);
            among.put(id, cursor);
            if (among.size() > most) {
                among.remove(among.keySet().iterator().next());
            }
            return id;
        }
    }

    private RecordJson.Selection selection(Account account, List<Execution.Item> items, int pageSize) {
        RecordJson.Selection root = new RecordJson.Selection(new LinkedHashMap<>());
        for (Execution.Item item : items) {
            if (item instanceof Execution.Children children) {
                root.entries().put(children.name(), RecordJson.Selection.Entry.of(pages(account, children, pageSize)));
            } else if (item instanceof Path path) {
                RecordJson.Selection at = root;
                for (Path.Step step : path.parents()) {
                    at = at.entries()
                            .computeIfAbsent(
                                    step.reference().relationship(),
                                    n -> RecordJson.Selection.Entry.of(
                                            step.reference(), new RecordJson.Selection(new LinkedHashMap<>())))
                            .parent();
                }
                at.entries().put(path.field().name(), RecordJson.Selection.Entry.of(path.field()));
            }
        }
        return root;
    }

    /** Answers the first page of each row's children, which are all looked up when the first row is written. */
    private RecordJson.ChildPages pages(Account account, Execution.Children children, int pageSize) {
        RecordJson.Selection selection = selection(account, children.execution().select(), pageSize);
        return new RecordJson.ChildPages() {
            private Map<Object, List<Row>> byParent;

            @Override
            public RecordJson.Selection selection() {
                return selection;
            }

            @Override
            public synchronized Page of(Row parent) {
                if (byParent == null) {
                    byParent = children.byParent();
                }
                List<Row> rows = byParent.get(parent.id());
                return rows == null
                        ? null
                        : page(
                                new Cursor(account.name(), children.execution().table(), rows, selection, pageSize),
                                childCursors,
                                MOST_CHILD_CURSORS);
            }
        };
    }
}
