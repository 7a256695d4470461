// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.ResultsChange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Applies a fault of kind {@code results} to HubSpot's answers: the results of a batch, a list, a search or a record.
 */
final class ChangedResults {

    private final ResultsChange change;

    private ChangedResults(Fault fault) {
        this.change = new ResultsChange(fault);
    }

    static Answer of(Answer answer, Fault fault) {
        return new ChangedResults(fault).changed(answer);
    }

    private Answer changed(Answer answer) {
        if (change.html()) {
            return Answer.text(
                    answer.status() == 204 ? 200 : answer.status(), "text/html;charset=UTF-8", ResultsChange.PAGE);
        }
        if (answer.status() == 204) {
            return archived(answer);
        }
        if (answer.body().length == 0 || !String.valueOf(answer.contentType()).startsWith("application/json")) {
            return answer; // another fault's page has no results
        }
        try {
            return changed(answer, Answers.JSON.readTree(answer.body()));
        } catch (IOException e) {
            throw new IllegalStateException("HubSpot answers JSON.", e);
        }
    }

    /** Changes the answer of an archive, which has no body unless the fault adds results. */
    private Answer archived(Answer answer) {
        if (change.errors() == 0 && !change.pending()) {
            return answer;
        }
        ObjectNode body = Answers.JSON.createObjectNode().put("status", change.pending() ? "PENDING" : "COMPLETE");
        body.putArray("results");
        List<ObjectNode> errors = new ArrayList<>();
        for (int i = 0; i < change.errors(); i++) {
            errors.add(error(Answers.JSON.createObjectNode()));
        }
        return answer(207, body, errors);
    }

    private Answer changed(Answer answer, JsonNode body) throws IOException {
        if (!body.path("results").isArray()) {
            List<JsonNode> alone = change.changed(List.of(one(body)), row -> row);
            return answer.with(
                    Answers.JSON.writeValueAsBytes(alone.isEmpty() ? Answers.JSON.createObjectNode() : alone.get(0)));
        }
        ObjectNode all = (ObjectNode) body;
        List<JsonNode> results = new ArrayList<>();
        List<ObjectNode> errors = new ArrayList<>();
        body.path("results").forEach(row -> {
            if (errors.size() < change.errors()) {
                errors.add(error(row));
            } else {
                results.add(one(row));
            }
        });
        ArrayNode changed = all.putArray("results");
        change.changed(results, row -> withOtherId(row.deepCopy())).forEach(changed::add);
        if (change.pending()) {
            all.put("status", "PENDING").remove("completedAt");
        }
        return errors.isEmpty() ? answer.with(Answers.JSON.writeValueAsBytes(all)) : answer(207, all, errors);
    }

    private static Answer answer(int status, ObjectNode body, List<ObjectNode> errors) {
        if (!errors.isEmpty()) {
            body.put("numErrors", body.path("numErrors").asInt() + errors.size());
            ArrayNode listed = body.withArray("errors");
            errors.forEach(listed::add);
        }
        return Answers.json(status, body);
    }

    /** Builds an error for the result's trace id, or for its id when its input had none. */
    private ObjectNode error(JsonNode result) {
        HubspotError error = HubspotError.of(400, change.errorCode("VALIDATION_ERROR"), change.message());
        String trace = result.path("objectWriteTraceId").asText(null);
        String id = result.path("id").asText(null);
        return Answers.item(
                trace != null
                        ? error.in(Map.of("objectWriteTraceId", List.of(trace)))
                        : id != null ? error.in(Map.of("ids", List.of(id))) : error);
    }

    private JsonNode one(JsonNode result) {
        if (result.has("new") && change.created() != null) {
            ((ObjectNode) result).put("new", change.created());
        }
        return change.otherId() ? withOtherId(result) : result;
    }

    /** Answers the result with the id of a record that does not exist, and with foreign key values and trace. */
    private JsonNode withOtherId(JsonNode result) {
        String id = result.path("id").asText();
        if (id.matches("\\d+")) {
            String other = String.valueOf(Long.parseLong(id) + 7_777_777_777L);
            ((ObjectNode) result).put("id", other);
            if (result.path("properties").has("hs_object_id")) {
                ((ObjectNode) result.path("properties")).put("hs_object_id", other);
            }
        }
        if (!change.otherId() && result.has("objectWriteTraceId")) {
            ((ObjectNode) result)
                    .put("objectWriteTraceId", result.path("objectWriteTraceId").asText() + "x");
        }
        return result;
    }
}
