package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Row;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code /query}, {@code /queryAll} and the pages that follow ("Query" in the REST API Developer Guide). A page has
 * 2,000 rows, or as many as {@code Sforce-Query-Options: batchSize=N} says, from 200 to 2,000.
 */
final class Queries {

    private static final Pattern BATCH_SIZE = Pattern.compile("batchSize\\s*=\\s*(\\d{1,5})", Pattern.CASE_INSENSITIVE);

    private final Cursors cursors;

    Queries(Cursors cursors) {
        this.cursors = cursors;
    }

    Answer query(ApiCall call, Request.Attempt attempt) {
        return run(call, false);
    }

    Answer queryAll(ApiCall call, Request.Attempt attempt) {
        return run(call, true);
    }

    Answer more(ApiCall call, Request.Attempt attempt) {
        return answer(call, cursors.next(call.account(), call.part(1)));
    }

    private Answer run(ApiCall call, boolean withDeleted) {
        String soql = call.parameter("q", null);
        if (soql == null) {
            throw new RefusedException("MALFORMED_QUERY", "A query string has to be specified");
        }
        return answer(call, cursors.first(call.account(), soql, withDeleted, pageSize(call)));
    }

    private static int pageSize(ApiCall call) {
        Matcher asked = BATCH_SIZE.matcher(call.headers().getOrDefault("sforce-query-options", ""));
        return asked.find() ? Integer.parseInt(asked.group(1)) : Cursors.LARGEST_PAGE;
    }

    private static Answer answer(ApiCall call, Cursors.Page page) {
        if (page.selection() == null) {
            ObjectNode count = Answers.JSON.createObjectNode();
            count.put("totalSize", page.total()).put("done", true).putArray("records");
            return Answers.json(200, count);
        }
        RecordJson writer = new RecordJson(call.store(), call.version());
        return Answers.streamed(200, json -> {
            json.writeStartObject();
            json.writeNumberField("totalSize", page.total());
            json.writeBooleanField("done", page.next() == null);
            if (page.next() != null) {
                json.writeStringField("nextRecordsUrl",
                        "/services/data/" + call.version() + "/query/" + page.next());
            }
            if ("true".equals(call.parameter("columns", ""))) {
                columns(json, page.selection());
            }
            json.writeArrayFieldStart("records");
            for (Row row : page.rows()) {
                writer.write(json, page.table(), row, page.selection());
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** What the vendor's command line asks for beside the rows. */
    private static void columns(JsonGenerator json, RecordJson.Selection selection) throws IOException {
        json.writeArrayFieldStart("columnMetadata");
        for (String name : selection.entries().keySet()) {
            json.writeStartObject();
            json.writeStringField("columnName", name);
            json.writeStringField("displayName", name);
            json.writeArrayFieldStart("joinColumns");
            json.writeEndArray();
            json.writeBooleanField("aggregate", false);
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
