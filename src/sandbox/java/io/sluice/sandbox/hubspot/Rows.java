// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.function.Function;

/** Serves {@code /objects/X} and {@code /objects/X/ID}: one record a call, and lists. */
final class Rows {

    private static final int USUAL_PAGE = 10;
    private static final int LARGEST_PAGE = 100;

    private Rows() {}

    /** Writes in a new transaction and commits it. */
    static <T> T write(ApiCall call, Table table, Request.Attempt attempt, Function<RecordWriter, T> work) {
        try (Transaction transaction = call.store().begin()) {
            T result = work.apply(new RecordWriter(call.account(), table, transaction, attempt, Origin.API));
            attempt.commit(transaction);
            return result;
        }
    }

    static Answer create(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        JsonNode body = call.body();
        Row row = write(call, table, attempt, writer -> writer.create(
                        body.path("properties"), Companions.of(call, table, body.path("associations")))
                .row());
        return Answers.json(201, RecordJson.whole(table, row));
    }

    static Answer read(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        Row row = "true".equals(call.parameter("archived"))
                ? archived(table.row(call.part(2)))
                : call.find(table, ApiCall.key(table, call.parameter("idProperty")), call.part(2));
        if (row == null) {
            throw HubspotError.noSuchRecord(call.part(2)).thrown();
        }
        return Answers.json(200, Shown.of(call).json(row));
    }

    static Answer update(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        JsonNode properties = call.body().path("properties");
        if (properties.isEmpty()) {
            // as recorded
            throw HubspotError.invalid("No properties found to update, please provide at least one.")
                    .thrown();
        }
        Field key = ApiCall.key(table, call.parameter("idProperty"));
        Row row = write(call, table, attempt, writer -> {
            if (!writer.exists(key, call.part(2))) {
                throw HubspotError.noSuchRecord(call.part(2)).thrown();
            }
            return writer.update(key, call.part(2), properties).row();
        });
        return Answers.json(200, RecordJson.whole(table, row));
    }

    static Answer archive(ApiCall call, Request.Attempt attempt) {
        write(call, call.table(), attempt, writer -> {
            writer.archive(call.part(2));
            return null;
        });
        return Answer.empty(204);
    }

    static Answer merge(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        JsonNode body = call.body();
        Row row = write(
                call,
                table,
                attempt,
                writer -> writer.merge(
                        body.path("primaryObjectId").asText(),
                        body.path("objectIdToMerge").asText(),
                        call.account().option(Account.MERGE_MINTS_ID)));
        return Answers.json(200, RecordJson.whole(table, row));
    }

    /** Deletes a record for good, archived or not: nobody can read or restore it. */
    static Answer forget(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        JsonNode body = call.body();
        Row row = call.find(
                table,
                ApiCall.key(table, body.path("idProperty").asText(null)),
                body.path("objectId").asText());
        write(call, table, attempt, writer -> {
            writer.forget(row == null ? body.path("objectId").asText() : row.id());
            return null;
        });
        return Answer.empty(204);
    }

    /** Lists a page by rising id; {@code after} is the first id of the next page. */
    static Answer list(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        Shown shown = Shown.of(call);
        int limit = limit(call.parameter("limit"), shown.history().isEmpty() ? LARGEST_PAGE : Shown.MOST_WITH_HISTORY);
        boolean archived = "true".equals(call.parameter("archived"));
        String after = call.parameter("after");
        if (after != null && !after.matches("\\d{1,18}")) {
            throw HubspotError.invalid("'after' is what a page's paging said, not '" + after + "'.")
                    .thrown();
        }
        int from = after == null ? 1 : Math.max(1, table.type().ids().number(after));
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        for (Row row : table.from(from)) {
            if (row.isDeleted() != archived || row.isPurged()) {
                continue;
            }
            if (results.size() == limit) {
                body.putObject("paging")
                        .putObject("next")
                        .put("after", row.id())
                        .put(
                                "link",
                                call.call().origin() + call.call().path() + "?limit=" + limit + "&after=" + row.id());
                break;
            }
            results.add(shown.json(row));
        }
        return Answers.json(200, body);
    }

    private static Row archived(Row row) {
        return row != null && row.isDeleted() && !row.isPurged() ? row : null;
    }

    static int limit(String text, int most) {
        int limit = text == null ? Math.min(USUAL_PAGE, most) : text.matches("\\d{1,4}") ? Integer.parseInt(text) : 0;
        if (limit < 1 || limit > most) {
            throw HubspotError.invalid("A limit lies between 1 and " + most + ".")
                    .thrown();
        }
        return limit;
    }
}
