// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.Arrays;
import java.util.List;

/**
 * Serves {@code /sobjects/X} and below: one record a call (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_retrieve.htm">sObject
 * Rows</a> and sObject Rows by External ID).
 */
final class Rows {

    private static final double UPSERT_ANSWERS_200_FROM = 46;

    private Rows() {}

    static Answer create(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        JsonNode record = call.body().json();
        Outcome outcome = call.write(attempt, writer -> writer.create(table, new SentRecord.Json(record)));
        return outcome instanceof Outcome.Saved saved ? saved(call, table, saved, 201, false) : rejected(outcome);
    }

    static Answer read(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        return record(call, table, existing(call, table));
    }

    static Answer update(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        Row row = existing(call, table);
        JsonNode record = call.body().json();
        Outcome outcome = call.write(attempt, writer -> writer.update(table, row.id(), new SentRecord.Json(record)));
        return outcome instanceof Outcome.Saved ? Answer.empty(204) : rejected(outcome);
    }

    static Answer delete(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        Row row = existing(call, table);
        Outcome outcome = call.write(attempt, writer -> writer.delete(table, row.id()));
        return outcome instanceof Outcome.Saved ? Answer.empty(204) : rejected(outcome);
    }

    static Answer readByKey(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        List<Row> rows = byKey(call, table);
        return rows.size() > 1 ? choices(call, table, rows) : record(call, table, only(rows));
    }

    static Answer upsert(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        Field key = key(table, call.part(2));
        JsonNode record = call.body().json();
        if (record.has(key.name())) {
            throw new RefusedException(
                    "INVALID_FIELD", "The " + key.name() + " field should not be specified in the sobject data.");
        }
        List<Row> rows = byKey(call, table);
        if (rows.size() > 1) {
            return choices(call, table, rows);
        }
        if (rows.isEmpty() && Boolean.parseBoolean(call.parameter("updateOnly", "false"))) {
            throw new RefusedException(SalesforceError.notFound());
        }
        Outcome outcome =
                call.write(attempt, writer -> writer.upsert(table, key, call.part(3), new SentRecord.Json(record)));
        if (!(outcome instanceof Outcome.Saved saved)) {
            return rejected(outcome);
        }
        boolean bare = !saved.created() && Double.parseDouble(call.version().substring(1)) < UPSERT_ANSWERS_200_FROM;
        return bare ? Answer.empty(204) : saved(call, table, saved, saved.created() ? 201 : 200, true);
    }

    static Answer deleteByKey(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(1);
        List<Row> rows = byKey(call, table);
        if (rows.size() > 1) {
            return choices(call, table, rows);
        }
        Row row = only(rows);
        Outcome outcome = call.write(attempt, writer -> writer.delete(table, row.id()));
        return outcome instanceof Outcome.Saved ? Answer.empty(204) : rejected(outcome);
    }

    /** Finds the external id field of this name; an error like NOT_FOUND when the object has none. */
    static Field key(Table table, String name) {
        return table.type()
                .field(name)
                .filter(Field::externalId)
                .orElseThrow(() -> new RefusedException(
                        "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + name));
    }

    static RecordJson.Selection selection(Table table, String fields) {
        if (fields == null) {
            return RecordJson.Selection.of(table.type().fields());
        }
        return RecordJson.Selection.of(Arrays.stream(fields.split(","))
                .map(String::strip)
                .map(name -> table.type()
                        .field(name)
                        .orElseThrow(() -> new RefusedException(
                                SalesforceError.noSuchColumn(name, table.type().name()))))
                .toList());
    }

    private static Row existing(ApiCall call, Table table) {
        String id = call.part(2);
        Row row =
                call.transaction() == null ? table.row(id) : call.transaction().row(table, id);
        if (row == null) {
            throw RecordIds.isWellFormed(id) && !id.startsWith(table.type().keyPrefix())
                    ? new RefusedException("MALFORMED_ID", "bad id " + id)
                    : new RefusedException(SalesforceError.notFound());
        }
        if (row.isDeleted()) {
            throw new RefusedException("ENTITY_IS_DELETED", "entity is deleted");
        }
        return row;
    }

    private static List<Row> byKey(ApiCall call, Table table) {
        Field key = key(table, call.part(2));
        Object value;
        try {
            value = key.type().parse(call.part(3));
        } catch (IllegalArgumentException e) {
            throw new RefusedException(SalesforceError.notFound());
        }
        return call.transaction() == null
                ? call.store().find(table, key, value)
                : call.transaction().find(table, key, value);
    }

    private static Row only(List<Row> rows) {
        if (rows.isEmpty()) {
            throw new RefusedException(SalesforceError.notFound());
        }
        return rows.get(0);
    }

    private static Answer record(ApiCall call, Table table, Row row) {
        RecordJson.Selection selection = selection(table, call.parameter("fields", null));
        return Answers.streamed(
                200, json -> new RecordJson(call.store(), call.version()).write(json, table, row, selection));
    }

    /** Answers 300 with the records that share the external id. */
    private static Answer choices(ApiCall call, Table table, List<Row> rows) {
        ArrayNode urls = Answers.JSON.createArrayNode();
        rows.forEach(row -> urls.add(
                "/services/data/" + call.version() + "/sobjects/" + table.type().name() + "/" + row.id()));
        return Answers.json(300, urls);
    }

    private static Answer saved(ApiCall call, Table table, Outcome.Saved saved, int status, boolean tellCreated) {
        ObjectNode body = saved.toJson(tellCreated);
        return Answers.json(status, body)
                .with(
                        "Location",
                        "/services/data/" + call.version() + "/sobjects/"
                                + table.type().name() + "/" + saved.id());
    }

    private static Answer rejected(Outcome outcome) {
        List<SalesforceError> errors = ((Outcome.Rejected) outcome).errors();
        return Answers.error(errors.get(0).status(), errors);
    }
}
