// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.List;

/**
 * Serves {@code /sobjects/X/updated} and {@code /deleted} (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getupdated.htm">Get
 * Updated</a> and <a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm">Get
 * Deleted</a>). {@code latestDateCovered} is the time up to which the answer is complete: while a transaction is held
 * back, that transaction's beginning.
 */
final class Replication {

    private static final int MOST_IDS = 600_000;
    private static final long DAY = 86_400_000;

    private Replication() {}

    private record Span(long start, long end, long covered) {}

    static Answer updated(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        Span span = span(call, 30);
        List<Row> rows = call.store().stampedBetween(table, span.start, span.end - 1);
        ObjectNode answer = Answers.JSON.createObjectNode();
        ArrayNode ids = answer.putArray("ids");
        rows.stream().filter(row -> !row.isDeleted()).forEach(row -> ids.add(row.id()));
        if (ids.size() > MOST_IDS) {
            throw new RefusedException("EXCEEDED_ID_LIMIT", "Too many records were updated in this span");
        }
        return Answers.json(200, answer.put("latestDateCovered", written(span.covered)));
    }

    static Answer deleted(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        Span span = span(call, 15);
        ObjectNode answer = Answers.JSON.createObjectNode();
        ArrayNode deleted = answer.putArray("deletedRecords");
        call.store().stampedBetween(table, span.start, span.end - 1).stream()
                .filter(Row::isDeleted)
                .forEach(row -> deleted.addObject()
                        .put("deletedDate", written(row.stamp()))
                        .put("id", row.id()));
        return Answers.json(
                200,
                answer.put("earliestDateAvailable", written(call.store().now() - 15 * DAY))
                        .put("latestDateCovered", written(span.covered)));
    }

    private static Span span(ApiCall call, int daysBack) {
        long covered = call.store().covered();
        long start = moment(call, "start");
        long end = moment(call, "end");
        if (start >= end) {
            throw new RefusedException("INVALID_REPLICATION_DATE", "endDate is before or the same as startDate");
        }
        if (start < call.store().now() - daysBack * DAY) {
            throw new RefusedException(
                    "INVALID_REPLICATION_DATE", "startDate cannot be more than " + daysBack + " days ago");
        }
        return new Span(start, end, Math.min(end, covered));
    }

    /** Parses a time and drops its seconds, because the span is counted in minutes. */
    private static long moment(ApiCall call, String parameter) {
        // a plus sign that was not encoded arrives as a blank
        String text = call.parameter(parameter, "").replace(' ', '+');
        try {
            return (Long) FieldType.DATETIME.parse(text) / 60_000 * 60_000;
        } catch (IllegalArgumentException e) {
            throw new RefusedException("INVALID_FIELD", "The " + parameter + " parameter is no date and time: " + text);
        }
    }

    private static String written(long moment) {
        return (String) FieldType.DATETIME.toWire(moment);
    }
}
