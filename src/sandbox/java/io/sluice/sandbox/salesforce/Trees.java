// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Serves {@code /composite/tree/X}: creates records with their children (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobject_tree.htm">sObject
 * Tree</a>): up to 200 in all, of up to five objects, five levels deep. A tree is atomic: 201 with the ids, or 400 with
 * the error of the first bad record. It counts as one call. Children may have any key; their type names their object,
 * and the first reference to the parent's object is set.
 */
final class Trees {

    private static final int MOST_RECORDS = 200;
    private static final int MOST_TYPES = 5;
    private static final int DEEPEST = 5;

    private final ApiCall call;
    private final RecordWriter writer;
    private final Map<String, String> ids = new LinkedHashMap<>();
    private final Set<String> types = new HashSet<>();

    private Trees(ApiCall call, RecordWriter writer) {
        this.call = call;
        this.writer = writer;
    }

    /** Ends the request with the bad record. */
    private static final class Failed extends RuntimeException {

        private final transient Outcome.Rejected outcome;

        Failed(String reference, Outcome.Rejected outcome) {
            super(reference);
            this.outcome = outcome;
        }
    }

    static Answer create(ApiCall call, Request.Attempt attempt) {
        Table table = call.table(2);
        JsonNode records = call.body().json().path("records");
        if (!records.isArray() || records.isEmpty()) {
            throw new RefusedException("JSON_PARSER_ERROR", "The records property is required");
        }
        return call.write(attempt, writer -> {
            Transaction.Savepoint before = writer.savepoint();
            Trees trees = new Trees(call, writer);
            try {
                trees.add(records, table, null, null, 1);
                return created(trees.ids);
            } catch (Failed e) {
                writer.backTo(before);
                return failed(e);
            } catch (RefusedException e) {
                writer.backTo(before);
                throw e;
            }
        });
    }

    private void add(JsonNode records, Table table, Table parent, String parentId, int level) {
        if (level > DEEPEST) {
            throw new RefusedException("INVALID_INPUT", "A tree has at most " + DEEPEST + " levels");
        }
        for (JsonNode record : records) {
            String reference = record.path("attributes").path("referenceId").asText();
            String type = record.path("attributes").path("type").asText();
            Table own = table != null
                    ? table
                    : call.store()
                            .table(type)
                            .orElseThrow(() -> new RefusedException(
                                    "INVALID_TYPE", "sObject type '" + type + "' is not supported."));
            check(own, type, reference);
            ObjectNode alone = alone(record);
            if (parent != null) {
                alone.put(referenceTo(own, parent).name(), parentId);
            }
            Outcome outcome = writer.create(own, new SentRecord.Json(alone));
            if (outcome instanceof Outcome.Rejected rejected) {
                throw new Failed(reference, rejected);
            }
            String id = ((Outcome.Saved) outcome).id();
            ids.put(reference, id);
            children(record).values().forEach(children -> add(children, null, own, id, level + 1));
        }
    }

    private void check(Table table, String type, String reference) {
        if (!table.type().name().equalsIgnoreCase(type)) {
            throw new RefusedException("INVALID_INPUT", "Record type does not match the type in the URI: " + type);
        }
        if (reference.isBlank() || ids.containsKey(reference)) {
            throw new RefusedException(
                    "INVALID_INPUT", "Each record needs a referenceId of its own: '" + reference + "'");
        }
        types.add(table.type().name());
        if (types.size() > MOST_TYPES || ids.size() == MOST_RECORDS) {
            throw new RefusedException(
                    "LIMIT_EXCEEDED",
                    "A request for trees has at most " + MOST_RECORDS + " records of " + MOST_TYPES + " types");
        }
    }

    private static Field referenceTo(Table children, Table parent) {
        return children.type().fields().stream()
                .filter(field -> field.createable() && parent.type().name().equals(field.referenceTo()))
                .findFirst()
                .orElseThrow(() -> new RefusedException(
                        "INVALID_FIELD",
                        "No such relationship from " + children.type().name() + " to "
                                + parent.type().name()));
    }

    private static Map<String, JsonNode> children(JsonNode record) {
        Map<String, JsonNode> children = new LinkedHashMap<>();
        record.properties().stream()
                .filter(member -> member.getValue().path("records").isArray())
                .forEach(member ->
                        children.put(member.getKey(), member.getValue().path("records")));
        return children;
    }

    /** Answers the record without its children. */
    private static ObjectNode alone(JsonNode record) {
        ObjectNode alone = record.deepCopy();
        Iterator<JsonNode> members = alone.elements();
        while (members.hasNext()) {
            if (members.next().path("records").isArray()) {
                members.remove();
            }
        }
        return alone;
    }

    private static Answer created(Map<String, String> ids) {
        ObjectNode answer = Answers.JSON.createObjectNode().put("hasErrors", false);
        ArrayNode results = answer.putArray("results");
        ids.forEach((reference, id) ->
                results.addObject().put("referenceId", reference).put("id", id));
        return Answers.json(201, answer);
    }

    private static Answer failed(Failed failure) {
        ObjectNode answer = Answers.JSON.createObjectNode().put("hasErrors", true);
        ObjectNode result = answer.putArray("results").addObject().put("referenceId", failure.getMessage());
        result.set("errors", failure.outcome.toJson(false).path("errors"));
        return Answers.json(400, answer);
    }
}
