package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.salesforce.soql.Execution;
import io.sluice.sandbox.salesforce.soql.MalformedQueryException;
import io.sluice.sandbox.salesforce.soql.Parser;
import io.sluice.sandbox.salesforce.soql.Path;
import io.sluice.sandbox.salesforce.soql.Query;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs queries and keeps what they found for the pages that follow, whichever API asks for them. A page has from 200 to
 * 2,000 rows. Ten result sets are kept; an older one's locator is INVALID_QUERY_LOCATOR.
 */
final class Cursors {

    static final int LARGEST_PAGE = 2000;
    private static final int SMALLEST_PAGE = 200;
    private static final int MOST_CURSORS = 10;

    private final Map<String, Cursor> cursors = new LinkedHashMap<>();
    private int made;

    /** The rows of one query as they were found, and how to write them. */
    private record Cursor(String account, Table table, List<Row> rows, RecordJson.Selection selection, int pageSize) { }

    /**
     * Some of a query's rows; of {@code COUNT()} only the number.
     *
     * @param total of all pages
     * @param next  the locator of the page that follows, or null after the last
     */
    record Page(Table table, RecordJson.Selection selection, List<Row> rows, int total, String next) { }

    /** The first page; MALFORMED_QUERY, INVALID_FIELD or INVALID_TYPE when the query can't be run. */
    Page first(Account account, String soql, boolean withDeleted, int pageSize) {
        try {
            Query query = Parser.parse(soql);
            Table table = account.store().table(query.from()).orElseThrow(() -> new RefusedException("INVALID_TYPE",
                    "\n" + soql + "\nsObject type '" + query.from() + "' is not supported. If you are attempting to use "
                    + "a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or "
                    + "the describe call for the appropriate names."));
            Execution execution = new Execution(account.store(), table, query, withDeleted);
            List<Row> rows = execution.rows();
            if (query.isCount()) {
                return new Page(table, null, List.of(), rows.size(), null);
            }
            Cursor cursor = new Cursor(account.name(), table, rows, selection(execution.select()),
                    Math.max(SMALLEST_PAGE, Math.min(LARGEST_PAGE, pageSize)));
            return page(cursor, rows.size() > cursor.pageSize() ? keep(cursor) : null, 0);
        } catch (MalformedQueryException e) {
            throw new RefusedException(e.code(), e.getMessage());
        }
    }

    /** The page that this locator stands for. */
    Page next(Account account, String locator) {
        int dash = locator.lastIndexOf('-');
        Cursor cursor;
        synchronized (cursors) {
            cursor = dash < 0 ? null : cursors.get(locator.substring(0, dash));
        }
        if (cursor == null || !cursor.account().equals(account.name())
                || !locator.substring(dash + 1).matches("\\d{1,9}")) {
            throw unknown();
        }
        return page(cursor, locator.substring(0, dash), Integer.parseInt(locator.substring(dash + 1)));
    }

    private static Page page(Cursor cursor, String id, int offset) {
        List<Row> rows = cursor.rows();
        if (offset > rows.size()) {
            throw unknown();
        }
        int end = Math.min(rows.size(), offset + cursor.pageSize());
        return new Page(cursor.table(), cursor.selection(), rows.subList(offset, end), rows.size(),
                end < rows.size() ? id + "-" + end : null);
    }

    private static RefusedException unknown() {
        return new RefusedException("INVALID_QUERY_LOCATOR", "invalid query locator");
    }

    private String keep(Cursor cursor) {
        synchronized (cursors) {
            String id = RecordIds.of("0r8", ++made);
            cursors.put(id, cursor);
            if (cursors.size() > MOST_CURSORS) {
                cursors.remove(cursors.keySet().iterator().next());
            }
            return id;
        }
    }

    private static RecordJson.Selection selection(Map<String, Path> paths) {
        RecordJson.Selection root = new RecordJson.Selection(new LinkedHashMap<>());
        paths.forEach((text, path) -> {
            RecordJson.Selection at = root;
            for (Path.Step step : path.parents()) {
                at = at.entries().computeIfAbsent(step.reference().relationship(), n -> new RecordJson.Selection.Entry(
                        step.reference(), new RecordJson.Selection(new LinkedHashMap<>()))).parent();
            }
            at.entries().put(path.field().name(), new RecordJson.Selection.Entry(path.field(), null));
        });
        return root;
    }
}
