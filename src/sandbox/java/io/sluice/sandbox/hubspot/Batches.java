// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Serves {@code /objects/X/batch/...}: up to 100 records a call, answered in any order. Where each input carries its
 * own objectWriteTraceId, a bad input is reported beside the good ones; otherwise it fails the whole call and nothing
 * is written. An unknown record is reported by its id in either case.
 */
final class Batches {

    static final int LARGEST = 100;

    private Batches() {}

    /** Handles one input of a batch. */
    private interface Step {
        RecordWriter.Written take(RecordWriter writer, JsonNode input);
    }

    static Answer create(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        return write(
                call,
                attempt,
                201,
                false,
                (writer, input) -> writer.create(
                        input.path("properties"), Companions.of(call, table, input.path("associations"))));
    }

    static Answer update(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        return write(
                call,
                attempt,
                200,
                false,
                (writer, input) -> writer.update(key(table, input), id(input), input.path("properties")));
    }

    static Answer upsert(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        return write(
                call,
                attempt,
                200,
                true,
                (writer, input) -> writer.upsert(key(table, input), id(input), input.path("properties")));
    }

    static Answer archive(ApiCall call, Request.Attempt attempt) {
        List<JsonNode> inputs = inputs(call);
        Rows.write(call, call.table(), attempt, writer -> {
            inputs.forEach(input -> writer.archive(id(input)));
            return null;
        });
        return Answer.empty(204);
    }

    static Answer read(ApiCall call, Request.Attempt attempt) {
        Table table = call.table();
        JsonNode body = call.body();
        Field key = ApiCall.key(table, body.path("idProperty").asText(null));
        Shown shown = Shown.of(
                call,
                table,
                Shown.names(body.path("properties")),
                Shown.names(body.path("propertiesWithHistory")),
                List.of());
        boolean archived = "true".equals(call.parameter("archived"));
        long started = call.store().now();
        List<ObjectNode> results = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        Set<String> asked = new HashSet<>();
        Set<String> found = new HashSet<>();
        for (JsonNode input : inputs(body, shown.history().isEmpty() ? LARGEST : Shown.MOST_WITH_HISTORY)) {
            if (!asked.add(id(input))) {
                continue;
            }
            Row row = archived ? table.row(id(input)) : call.find(table, key, id(input));
            if (row == null || row.isDeleted() != archived || row.isPurged()) {
                unknown.add(id(input));
            } else if (found.add(row.id())) {
                // a merged id and its survivor's are one record
                results.add(shown.json(row));
            }
        }
        List<HubspotError> errors = unknown.isEmpty()
                ? List.of()
                : List.of(HubspotError.notFound("Could not get some "
                                + table.type().label().toUpperCase(Locale.ROOT)
                                + " objects, they may be deleted or not exist. Check "
                                + "that ids are valid.")
                        .in("ids", unknown));
        return answer(call, 200, started, results, items(errors));
    }

    private static Answer write(ApiCall call, Request.Attempt attempt, int status, boolean tellNew, Step step) {
        Table table = call.table();
        List<JsonNode> inputs = inputs(call);
        if (status == 200) {
            refuseDuplicates(inputs);
        }
        boolean traced = traced(inputs);
        List<ObjectNode> results = new ArrayList<>(inputs.size());
        List<HubspotError> errors = new ArrayList<>();
        long started = call.store().now();
        Rows.write(call, table, attempt, writer -> {
            for (JsonNode input : inputs) {
                try {
                    results.add(result(table, step.take(writer, input), input, tellNew));
                } catch (HubspotError.Thrown e) {
                    boolean missing = "OBJECT_NOT_FOUND".equals(e.error().category());
                    if (!traced && !missing || e.refusesAll()) {
                        throw e;
                    }
                    errors.add(traced ? e.error().alsoIn("objectWriteTraceId", List.of(traceId(input))) : e.error());
                }
            }
            return null;
        });
        return answer(call, status, started, results, items(errors));
    }

    private static List<ObjectNode> items(List<HubspotError> errors) {
        return errors.stream().map(Answers::item).toList();
    }

    private static ObjectNode result(Table table, RecordWriter.Written written, JsonNode input, boolean tellNew) {
        ObjectNode result = RecordJson.whole(table, written.row());
        if (tellNew) {
            result.put("new", written.created());
        }
        return traceId(input) == null ? result : result.put("objectWriteTraceId", traceId(input));
    }

    /** Builds the answer: the results in any order and the errors beside them, with 207 when there are errors. */
    static Answer answer(ApiCall call, int status, long started, List<ObjectNode> results, List<ObjectNode> errors) {
        ObjectNode body = Answers.JSON.createObjectNode().put("status", "COMPLETE");
        ArrayNode shown = body.putArray("results");
        shuffled(results).forEach(shown::add);
        if (!errors.isEmpty()) {
            body.put("numErrors", errors.size());
            ArrayNode listed = body.putArray("errors");
            errors.forEach(listed::add);
        }
        body.put("startedAt", Answers.moment(started))
                .put("completedAt", Answers.moment(call.store().now()));
        return Answers.json(errors.isEmpty() ? status : 207, body);
    }

    /** Shuffles the results, so that no client relies on the order of the inputs. */
    private static List<ObjectNode> shuffled(List<ObjectNode> results) {
        List<ObjectNode> shuffled = new ArrayList<>(results);
        Collections.shuffle(shuffled);
        if (shuffled.equals(results)) {
            Collections.rotate(shuffled, 1);
        }
        return shuffled;
    }

    static List<JsonNode> inputs(ApiCall call) {
        return inputs(call.body(), LARGEST);
    }

    static List<JsonNode> inputs(JsonNode body, int most) {
        if (!body.path("inputs").isArray()) {
            throw HubspotError.missing(List.of("inputs")).thrown();
        }
        if (body.path("inputs").size() > most) {
            throw HubspotError.invalid("Batch size of " + body.path("inputs").size() + " is over the limit of " + most
                            + " inputs.")
                    .thrown();
        }
        List<JsonNode> inputs = new ArrayList<>();
        body.path("inputs").forEach(inputs::add);
        return inputs;
    }

    private static void refuseDuplicates(List<JsonNode> inputs) {
        Set<String> seen = new HashSet<>();
        List<String> twice = inputs.stream()
                .filter(input -> !seen.add(
                        input.path("idProperty").asText() + "/" + id(input).toLowerCase(Locale.ROOT)))
                .map(Batches::id)
                .distinct()
                .toList();
        if (!twice.isEmpty()) {
            throw HubspotError.invalid("Duplicate IDs found in batch input: " + twice + ". IDs must be unique")
                    .in("ids", twice)
                    .thrown();
        }
    }

    private static boolean traced(List<JsonNode> inputs) {
        Set<String> seen = new HashSet<>();
        return inputs.stream().allMatch(input -> traceId(input) != null && seen.add(traceId(input)));
    }

    static Field key(Table table, JsonNode input) {
        return ApiCall.key(table, input.path("idProperty").asText(null));
    }

    static String id(JsonNode input) {
        return input.path("id").asText();
    }

    private static String traceId(JsonNode input) {
        return input.path("objectWriteTraceId").asText(null);
    }
}
