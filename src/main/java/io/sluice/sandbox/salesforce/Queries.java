package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.salesforce.soql.Execution;
import io.sluice.sandbox.salesforce.soql.MalformedQueryException;
import io.sluice.sandbox.salesforce.soql.Parser;
import io.sluice.sandbox.salesforce.soql.Path;
import io.sluice.sandbox.salesforce.soql.Query;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code /query}, {@code /queryAll} and the pages that follow ("Query" in the REST API Developer Guide). A page has
 * 2,000 rows, or as many as {@code Sforce-Query-Options: batchSize=N} says, from 200 to 2,000. Ten result sets are kept;
 * an older one's locator is INVALID_QUERY_LOCATOR.
 */
final class Queries {

    private static final int PAGE = 2000;
    private static final int SMALLEST_PAGE = 200;
    private static final int MOST_CURSORS = 10;
    private static final Pattern BATCH_SIZE = Pattern.compile("batchSize\\s*=\\s*(\\d{1,5})", Pattern.CASE_INSENSITIVE);

    private final Map<String, Cursor> cursors = new LinkedHashMap<>();
    private int cursorsMade;

    /** The rows of one query as they were found, and how to write them. */
    private record Cursor(String account, Table table, List<Row> rows, RecordJson.Selection selection, int pageSize) { }

    Answer query(ApiCall call, Request.Attempt attempt) {
        return run(call, false);
    }

    Answer queryAll(ApiCall call, Request.Attempt attempt) {
        return run(call, true);
    }

    Answer more(ApiCall call, Request.Attempt attempt) {
        String locator = call.part(1);
        int dash = locator.lastIndexOf('-');
        Cursor cursor;
        synchronized (cursors) {
            cursor = dash < 0 ? null : cursors.get(locator.substring(0, dash));
        }
        if (cursor == null || !cursor.account().equals(call.account().name())
                || !locator.substring(dash + 1).matches("\\d{1,9}")) {
            throw new RefusedException("INVALID_QUERY_LOCATOR", "invalid query locator");
        }
        return page(call, cursor, locator.substring(0, dash), Integer.parseInt(locator.substring(dash + 1)));
    }

    private Answer run(ApiCall call, boolean withDeleted) {
        String soql = call.parameter("q", null);
        if (soql == null) {
            throw new RefusedException("MALFORMED_QUERY", "A query string has to be specified");
        }
        try {
            Query query = Parser.parse(soql);
            Table table = call.store().table(query.from()).orElseThrow(() -> new RefusedException("INVALID_TYPE",
                    "\n" + soql + "\nsObject type '" + query.from() + "' is not supported. If you are attempting to use "
                    + "a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or "
                    + "the describe call for the appropriate names."));
            Execution execution = new Execution(call.store(), table, query, withDeleted);
            if (query.isCount()) {
                ObjectNode count = Answers.JSON.createObjectNode();
                count.put("totalSize", execution.rows().size()).put("done", true).putArray("records");
                return Answers.json(200, count);
            }
            RecordJson.Selection selection = selection(execution.select());
            Cursor cursor = new Cursor(call.account().name(), table, execution.rows(), selection, pageSize(call));
            return page(call, cursor, cursor.rows().size() > cursor.pageSize() ? keep(cursor) : null, 0);
        } catch (MalformedQueryException e) {
            throw new RefusedException(e.code(), e.getMessage());
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

    private static int pageSize(ApiCall call) {
        Matcher asked = BATCH_SIZE.matcher(call.headers().getOrDefault("sforce-query-options", ""));
        return asked.find() ? Math.max(SMALLEST_PAGE, Math.min(PAGE, Integer.parseInt(asked.group(1)))) : PAGE;
    }

    private String keep(Cursor cursor) {
        synchronized (cursors) {
            String id = RecordIds.of("0r8", ++cursorsMade);
            cursors.put(id, cursor);
            if (cursors.size() > MOST_CURSORS) {
                cursors.remove(cursors.keySet().iterator().next());
            }
            return id;
        }
    }

    private static Answer page(ApiCall call, Cursor cursor, String id, int offset) {
        List<Row> rows = cursor.rows();
        int end = Math.min(rows.size(), offset + cursor.pageSize());
        if (offset > rows.size()) {
            throw new RefusedException("INVALID_QUERY_LOCATOR", "invalid query locator");
        }
        RecordJson writer = new RecordJson(call.store(), call.version());
        return Answers.streamed(200, json -> {
            json.writeStartObject();
            json.writeNumberField("totalSize", rows.size());
            json.writeBooleanField("done", end == rows.size());
            if (end < rows.size()) {
                json.writeStringField("nextRecordsUrl",
                        "/services/data/" + call.version() + "/query/" + id + "-" + end);
            }
            if ("true".equals(call.parameter("columns", ""))) {
                columns(json, cursor);
            }
            json.writeArrayFieldStart("records");
            for (Row row : rows.subList(offset, end)) {
                writer.write(json, cursor.table(), row, cursor.selection());
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** What the vendor's command line asks for beside the rows. */
    private static void columns(JsonGenerator json, Cursor cursor) throws IOException {
        json.writeArrayFieldStart("columnMetadata");
        for (Map.Entry<String, RecordJson.Selection.Entry> entry : cursor.selection().entries().entrySet()) {
            json.writeStartObject();
            json.writeStringField("columnName", entry.getKey());
            json.writeStringField("displayName", entry.getKey());
            json.writeArrayFieldStart("joinColumns");
            json.writeEndArray();
            json.writeBooleanField("aggregate", false);
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
