// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.sandbox.salesforce.soql.Aggregation;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.FieldType;
import java.io.IOException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Serves {@code /query}, {@code /queryAll} and their following pages (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm">Query</a>). A
 * page has 2,000 rows, or as many as {@code Sforce-Query-Options: batchSize=N} says, from 200 to 2,000.
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
        if (call.query().containsKey("explain")) {
            return cursors.explained(call.account(), call.parameter("explain", ""));
        }
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
        return Answers.streamed(200, json -> {
            json.writeStartObject();
            if ("true".equals(call.parameter("columns", ""))) {
                columns(json, page);
            }
            new RecordJson(call.store(), call.version()).page(json, page);
            json.writeEndObject();
        });
    }

    /** Writes the columnMetadata that the vendor's command line asks for beside the rows, or without them. */
    private static void columns(JsonGenerator json, Cursors.Page page) throws IOException {
        json.writeArrayFieldStart("columnMetadata");
        if (page.selection() != null) {
            columns(json, page.selection());
        } else if (page.groups() != null) {
            for (Aggregation.Result column : page.groups().columns()) {
                column(
                        json,
                        column.name(),
                        column.function() == null ? column.name() : column.function(),
                        column.function() != null,
                        RecordJson.Selection.Entry.of(column.field()));
            }
        }
        json.writeEndArray();
    }

    private static void columns(JsonGenerator json, RecordJson.Selection selection) throws IOException {
        for (Map.Entry<String, RecordJson.Selection.Entry> entry :
                selection.entries().entrySet()) {
            column(json, entry.getKey(), entry.getKey(), entry.getValue().children() != null, entry.getValue());
        }
    }

    /** @param aggregate whether it is a function or the children of a sub-query, which has columns of its own */
    private static void column(
            JsonGenerator json, String name, String display, boolean aggregate, RecordJson.Selection.Entry entry)
            throws IOException {
        FieldType type = entry.field() == null ? null : entry.field().type();
        json.writeStartObject();
        json.writeBooleanField("aggregate", aggregate);
        json.writeBooleanField("booleanType", type == FieldType.BOOLEAN);
        json.writeStringField("columnName", name);
        json.writeBooleanField("custom", entry.field() != null && entry.field().custom());
        json.writeStringField("displayName", display);
        json.writeArrayFieldStart("joinColumns");
        RecordJson.Selection inner =
                entry.children() == null ? entry.parent() : entry.children().selection();
        if (inner != null) {
            columns(json, inner);
        }
        json.writeEndArray();
        json.writeBooleanField("numberType", type == FieldType.INT || type != null && type.isDecimal());
        json.writeBooleanField("textType", type != null && type.isText());
        json.writeEndObject();
    }
}
