// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Serves {@code /composite/sobjects}: up to 200 records a call (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm">sObject
 * Collections</a>). The answer is 200 with one row per record in the order of the request, also when rows fail; a
 * malformed call is 400.
 */
final class Collections {

    static final int MOST_RECORDS = 200;
    private static final int MOST_TYPE_CHANGES = 10;
    private static final int MOST_READ = 2000;

    private Collections() {}

    static Answer create(ApiCall call, Request.Attempt attempt) {
        List<JsonNode> records = records(call);
        return answer(call, attempt, records.size(), false, (writer, i) -> {
            JsonNode record = records.get(i);
            return typed(call, record, table -> writer.create(table, new SentRecord.Json(record)));
        });
    }

    static Answer update(ApiCall call, Request.Attempt attempt) {
        List<JsonNode> records = records(call);
        Set<String> twice = KeyedRows.repeated(records, KeyedRows::idOf);
        return answer(call, attempt, records.size(), false, (writer, i) -> {
            JsonNode record = records.get(i);
            return typed(call, record, table -> KeyedRows.update(writer, table, new SentRecord.Json(record), twice));
        });
    }

    static Answer upsert(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(2);
        String keyName = call.part(3);
        Field key = table.type()
                .field(keyName)
                .filter(f -> f.externalId() || f.type() == FieldType.ID)
                .orElseThrow(() -> new RefusedException(
                        "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + keyName));
        List<JsonNode> records = records(call);
        for (JsonNode record : records) {
            String type = record.path("attributes").path("type").asText();
            if (!table.type().name().equalsIgnoreCase(type)) {
                throw new RefusedException("INVALID_INPUT", "Record type does not match the type in the URI: " + type);
            }
        }
        Set<String> twice = KeyedRows.repeated(records, record -> KeyedRows.keyOf(record, key));
        return answer(
                call,
                attempt,
                records.size(),
                true,
                (writer, i) -> KeyedRows.upsert(writer, table, key, new SentRecord.Json(records.get(i)), twice));
    }

    static Answer delete(ApiCall call, Request.Attempt attempt) {
        List<String> ids = ids(call.parameter("ids", ""), MOST_RECORDS);
        boolean allOrNone = Boolean.parseBoolean(call.parameter("allOrNone", "false"));
        return answer(call, attempt, ids.size(), false, allOrNone, (writer, i) -> {
            String id = ids.get(i);
            Optional<Table> table = call.store().tables().stream()
                    .filter(t -> id.startsWith(t.type().keyPrefix()))
                    .findFirst();
            return table.map(t -> writer.delete(t, id))
                    .orElseGet(() -> Outcome.Rejected.because("MALFORMED_ID", "malformed id " + id));
        });
    }

    static Answer read(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(2);
        List<String> ids;
        String fields;
        if ("POST".equals(call.method())) {
            ids = new ArrayList<>();
            call.body().json().path("ids").forEach(id -> ids.add(id.asText()));
            List<String> names = new ArrayList<>();
            call.body().json().path("fields").forEach(name -> names.add(name.asText()));
            fields = String.join(",", names);
            checkCount(ids.size(), MOST_READ);
        } else {
            ids = ids(call.parameter("ids", ""), MOST_READ);
            fields = call.parameter("fields", "");
        }
        if (fields.isEmpty()) {
            throw new RefusedException("MISSING_ARGUMENT", "The fields parameter is required");
        }
        RecordJson.Selection selection = Rows.selection(table, fields);
        RecordJson writer = new RecordJson(call.store(), call.version());
        return Answers.streamed(200, json -> {
            json.writeStartArray();
            for (String id : ids) {
                Row row = table.row(id);
                if (row == null || row.isDeleted()) {
                    json.writeNull();
                } else {
                    writer.write(json, table, row, selection);
                }
            }
            json.writeEndArray();
        });
    }

    /** Answers the records of the body, for the referee. */
    static List<JsonNode> records(ApiCall call) {
        JsonNode array = call.body().json().path("records");
        if (!array.isArray()) {
            throw new RefusedException("JSON_PARSER_ERROR", "The records property is required");
        }
        List<JsonNode> records = new ArrayList<>(array.size());
        int changes = 0;
        String last = null;
        for (JsonNode record : array) {
            String type = record.path("attributes").path("type").asText(null);
            if (type == null) {
                throw new RefusedException("INVALID_INPUT", "Include an attributes.type for each record");
            }
            changes += type.equals(last) ? 0 : 1;
            last = type;
            records.add(record);
        }
        checkCount(records.size(), MOST_RECORDS);
        if (changes > MOST_TYPE_CHANGES) {
            throw new RefusedException(
                    "INVALID_INPUT", "The records have more than 10 chunks of one type each; sort " + "them by type");
        }
        return records;
    }

    private interface OneRecord {
        Outcome write(RecordWriter writer, int index);
    }

    private static Answer answer(ApiCall call, Request.Attempt attempt, int count, boolean tellCreated, OneRecord one) {
        boolean allOrNone = call.body().json().path("allOrNone").asBoolean();
        return answer(call, attempt, count, tellCreated, allOrNone, one);
    }

    private static Answer answer(
            ApiCall call, Request.Attempt attempt, int count, boolean tellCreated, boolean allOrNone, OneRecord one) {
        List<Outcome> outcomes =
                call.write(attempt, writer -> written(writer, count, allOrNone, i -> one.write(writer, i)));
        ArrayNode rows = Answers.JSON.createArrayNode();
        outcomes.forEach(outcome -> rows.add(outcome.toJson(tellCreated)));
        return Answers.json(200, rows);
    }

    /** Writes records one by one; with {@code allOrNone} one rejected record rolls all back. */
    static List<Outcome> written(RecordWriter writer, int count, boolean allOrNone, IntFunction<Outcome> one) {
        Transaction.Savepoint before = writer.savepoint();
        List<Outcome> outcomes = IntStream.range(0, count).mapToObj(one).toList();
        if (!allOrNone || outcomes.stream().allMatch(Outcome.Saved.class::isInstance)) {
            return outcomes;
        }
        writer.backTo(before);
        return outcomes.stream()
                .map(outcome -> outcome instanceof Outcome.Saved
                        ? Outcome.Rejected.because(
                                "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                                "Record rolled back because not all records were valid and the request was using AllOrNone header")
                        : outcome)
                .toList();
    }

    private static Outcome typed(ApiCall call, JsonNode record, Function<Table, Outcome> write) {
        String type = record.path("attributes").path("type").asText();
        return call.store()
                .table(type)
                .map(write)
                .orElseGet(() ->
                        Outcome.Rejected.because("INVALID_TYPE", "sObject type '" + type + "' is not supported."));
    }

    private static List<String> ids(String list, int most) {
        List<String> ids = Arrays.stream(list.split(","))
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .toList();
        if (ids.isEmpty()) {
            throw new RefusedException("MISSING_ARGUMENT", "The ids parameter is required");
        }
        checkCount(ids.size(), most);
        return ids;
    }

    private static void checkCount(int count, int most) {
        if (count > most) {
            throw new RefusedException(
                    "EXCEEDED_ID_LIMIT",
                    "record limit reached. cannot submit more than " + most + " records into this call");
        }
    }
}
