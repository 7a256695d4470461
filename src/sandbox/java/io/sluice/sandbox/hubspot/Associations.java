// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Serves {@code /associations/X/Y/...}: many associations a call, answered in any order (<a
 * href="https://developers.hubspot.com/docs/api-reference/latest/crm/associations/overview">Associations v4</a>). The
 * answer lists the associations that failed beside those that were created.
 */
final class Associations {

    static final int MOST_CREATED = 2_000;
    static final int MOST_READ = 1_000;
    static final int MOST_ARCHIVED = 100;
    /** Maximum number of associations of one record in an answer. */
    static final int PAGE = 500;

    private Associations() {}

    /** Handles one input. */
    interface Step {
        ObjectNode take(Transaction transaction, JsonNode input);
    }

    static Answer create(ApiCall call, Request.Attempt attempt) {
        Objects objects = Objects.of(call, call.part(1), call.part(2));
        return write(
                call,
                attempt,
                call.isDated() ? 200 : 201,
                MOST_CREATED,
                (transaction, input) -> objects.associate(
                        transaction,
                        attempt,
                        id(input.path("from")),
                        id(input.path("to")),
                        objects.named(input.path("types"), true)));
    }

    /** Creates unlabelled associations and answers the type that was used. */
    static Answer createDefault(ApiCall call, Request.Attempt attempt) {
        Objects objects = Objects.of(call, call.part(1), call.part(2));
        return write(
                call,
                attempt,
                200,
                MOST_CREATED,
                (transaction, input) ->
                        objects.associateByDefault(transaction, attempt, id(input.path("from")), id(input.path("to"))));
    }

    /**
     * Answers the status of a success: 200 in the dated versions, 201 or 204 in version 4, by their OpenAPI
     * descriptions.
     */
    private static int done(ApiCall call) {
        return call.isDated() ? 200 : 204;
    }

    static Answer archive(ApiCall call, Request.Attempt attempt) {
        Objects objects = Objects.of(call, call.part(1), call.part(2));
        return remove(call, attempt, done(call), (transaction, input) -> input.path("to")
                .forEach(to -> objects.part(transaction, id(input.path("from")), id(to), List.of())));
    }

    static Answer archiveLabels(ApiCall call, Request.Attempt attempt) {
        Objects objects = Objects.of(call, call.part(1), call.part(2));
        return remove(
                call,
                attempt,
                done(call),
                (transaction, input) -> objects.part(
                        transaction,
                        id(input.path("from")),
                        id(input.path("to")),
                        objects.named(input.path("types"), true)));
    }

    static Answer read(ApiCall call, Request.Attempt attempt) {
        Objects objects = Objects.of(call, call.part(1), call.part(2));
        long started = call.store().now();
        List<ObjectNode> results = new ArrayList<>();
        List<ObjectNode> errors = new ArrayList<>();
        for (JsonNode input : Batches.inputs(call.body(), MOST_READ)) {
            List<Links.Link> links = objects.links(id(input));
            if (links.isEmpty()) {
                errors.add(objects.nothing(id(input)));
                continue;
            }
            ObjectNode result = Answers.JSON.createObjectNode();
            result.putObject("from").put("id", id(input));
            page(call, result, "to", links, input.path("after").asText(null));
            results.add(result);
        }
        return Batches.answer(call, 200, started, results, errors);
    }

    static Answer renameLabel(ApiCall call, Request.Attempt attempt) {
        AssociationTypes.rename(call, attempt, call.table(call.part(1)), call.table(call.part(2)));
        return Answer.empty(204);
    }

    static Answer deleteLabel(ApiCall call, Request.Attempt attempt) {
        AssociationTypes.delete(call, attempt, call.table(call.part(1)), call.table(call.part(2)));
        return Answer.empty(204);
    }

    static Answer labels(ApiCall call) {
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        AssociationTypes.between(call.store(), call.table(call.part(1)), call.table(call.part(2)))
                .forEach(type -> results.add(type.json()));
        return Answers.json(200, body);
    }

    static Answer createLabel(ApiCall call, Request.Attempt attempt) {
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        AssociationTypes.create(call, attempt, call.table(call.part(1)), call.table(call.part(2)))
                .forEach(type -> results.add(type.json()));
        return Answers.json(200, body);
    }

    /** Writes a page of a record's associations; {@code after} is the index of the last one before it. */
    static void page(ApiCall call, ObjectNode body, String name, List<Links.Link> links, String after) {
        int last = after != null && after.matches("\\d{1,9}") ? Integer.parseInt(after) : 0;
        List<Links.Link> left =
                links.stream().filter(link -> link.number() > last).toList();
        ArrayNode shown = body.putArray(name);
        left.stream().limit(PAGE).forEach(link -> {
            ObjectNode one = shown.addObject();
            record(call, one, "toObjectId", link.otherId());
            ArrayNode types = one.putArray("associationTypes");
            link.types().forEach(type -> types.add(type.json()));
        });
        if (left.size() > PAGE) {
            String next = String.valueOf(left.get(PAGE - 1).number());
            body.putObject("paging")
                    .putObject("next")
                    .put("after", next)
                    .put("link", call.call().origin() + call.call().path() + "?after=" + next);
        }
    }

    /** Writes a record's id: a number in version 4, a text in the dated versions, by their OpenAPI descriptions. */
    private static void record(ApiCall call, ObjectNode node, String name, String id) {
        if (call.isDated()) {
            node.put(name, id);
        } else {
            node.put(name, Long.parseLong(id));
        }
    }

    static String id(JsonNode node) {
        return node.path("id").asText();
    }

    static Answer write(ApiCall call, Request.Attempt attempt, int status, int most, Step step) {
        List<JsonNode> inputs = Batches.inputs(call.body(), most);
        long started = call.store().now();
        List<ObjectNode> results = new ArrayList<>();
        List<ObjectNode> errors = new ArrayList<>();
        try (Transaction transaction = call.store().begin()) {
            for (JsonNode input : inputs) {
                try {
                    results.add(step.take(transaction, input));
                } catch (HubspotError.Thrown e) {
                    if (e.refusesAll()) {
                        throw e;
                    }
                    errors.add(Answers.item(e.error()));
                }
            }
            attempt.commit(transaction);
        }
        return Batches.answer(call, status, started, results, errors);
    }

    /** @param status 204, or 200 with a body that says no more than that it is done */
    static Answer remove(ApiCall call, Request.Attempt attempt, int status, BiConsumer<Transaction, JsonNode> step) {
        List<JsonNode> inputs = Batches.inputs(call.body(), MOST_ARCHIVED);
        inputs.forEach(input -> HubspotError.require(input, "from", "to"));
        long started = call.store().now();
        try (Transaction transaction = call.store().begin()) {
            inputs.forEach(input -> step.accept(transaction, input));
            attempt.commit(transaction);
        }
        return status == 204 ? Answer.empty(204) : Batches.answer(call, status, started, List.of(), List.of());
    }

    /** Holds the two objects of a call; the first is the one the call looks from. */
    record Objects(ApiCall call, Table from, Table to, List<AssociationType> types) {

        Objects(ApiCall call, Table from, Table to) {
            this(call, from, to, AssociationTypes.between(call.store(), from, to));
        }

        static Objects of(ApiCall call, String from, String to) {
            return new Objects(call, call.table(from), call.table(to));
        }

        /** Reads the types that a body names. Throws when types are required and the body names none. */
        List<AssociationType> named(JsonNode specs, boolean required) {
            if (!specs.isArray() || required && specs.isEmpty()) {
                throw HubspotError.missing(List.of("types")).thrown();
            }
            List<AssociationType> named = new ArrayList<>();
            specs.forEach(spec -> named.add(
                    types.stream().filter(type -> type.is(spec)).findFirst().orElseThrow(() -> HubspotError.invalid(
                                    "There is no association type "
                                            + spec.path("associationCategory").asText() + " "
                                            + spec.path("associationTypeId").asText()
                                            + " from " + from.type().name() + " to "
                                            + to.type().name() + ".")
                            .thrown())));
            return named;
        }

        ObjectNode associate(
                Transaction transaction,
                Request.Attempt attempt,
                String fromId,
                String toId,
                List<AssociationType> asked) {
            Links links = link(transaction, attempt, fromId, toId, asked);
            ObjectNode result = Answers.JSON
                    .createObjectNode()
                    .put("fromObjectTypeId", from.type().keyPrefix());
            record(call, result, "fromObjectId", end(from, fromId).row().id());
            result.put("toObjectTypeId", to.type().keyPrefix());
            record(call, result, "toObjectId", end(to, toId).row().id());
            ArrayNode labels = result.putArray("labels");
            links.types(transaction, end(from, fromId), end(to, toId)).stream()
                    .map(AssociationType::label)
                    .filter(label -> label != null)
                    .forEach(labels::add);
            return result;
        }

        ObjectNode associateByDefault(Transaction transaction, Request.Attempt attempt, String fromId, String toId) {
            AssociationType type = AssociationTypes.unlabelled(types);
            link(transaction, attempt, fromId, toId, List.of(type));
            ObjectNode result = Answers.JSON.createObjectNode();
            result.putObject("from").put("id", fromId);
            result.putObject("to").put("id", toId);
            result.putObject("associationSpec")
                    .put("associationCategory", type.category())
                    .put("associationTypeId", type.id());
            return result;
        }

        private Links link(
                Transaction transaction,
                Request.Attempt attempt,
                String fromId,
                String toId,
                List<AssociationType> asked) {
            Links.End one = end(from, fromId);
            Links.End other = end(to, toId);
            attempt.rowFaults()
                    .strike(Links.ASSOCIATIONS, Set.of(fromId + "/" + toId, fromId))
                    .ifPresent(fault -> {
                        throw HubspotError.thrown(
                                fault, Map.of("fromObjectId", List.of(fromId), "toObjectId", List.of(toId)));
                    });
            Links links = new Links(call.store());
            asked.forEach(
                    type -> AssociationLimits.of(call.account(), from, to, type).ifPresent(max -> {
                        long others = links.of(one, to).stream()
                                .filter(link ->
                                        !link.otherId().equals(other.row().id()))
                                .filter(link -> link.types().contains(type))
                                .count();
                        if (others >= max) {
                            throw HubspotError.invalid("The record " + fromId + " is associated with " + others
                                            + " records by the type " + type.id() + "; the limit is " + max + ".")
                                    .thrown();
                        }
                    }));
            links.add(transaction, one, other, asked, Origin.API);
            return links;
        }

        void part(Transaction transaction, String fromId, String toId, List<AssociationType> asked) {
            Row one = ApiCall.live(from, fromId);
            Row other = ApiCall.live(to, toId);
            if (one != null && other != null) {
                new Links(call.store())
                        .remove(transaction, new Links.End(from, one), new Links.End(to, other), asked, Origin.API);
            }
        }

        List<Links.Link> links(String fromId) {
            Row row = ApiCall.live(from, fromId);
            return row == null ? List.of() : new Links(call.store()).of(new Links.End(from, row), to);
        }

        /** Builds the answer for a record that has no association or that does not exist. */
        ObjectNode nothing(String fromId) {
            String one = from.type().label().toLowerCase(Locale.ROOT);
            String other = to.type().label().toLowerCase(Locale.ROOT);
            ObjectNode item = Answers.item(
                    HubspotError.notFound("No " + other + " is associated with " + one + " " + fromId + ".")
                            .in(Map.of(
                                    "fromObjectId",
                                    List.of(fromId),
                                    "fromObjectType",
                                    List.of(one),
                                    "toObjectType",
                                    List.of(other))));
            return item.put("subCategory", "crm.associations.NO_ASSOCIATIONS_FOUND");
        }

        static Links.End end(Table table, String id) {
            Row row = ApiCall.live(table, id);
            if (row == null) {
                String kind = table.type().label().toUpperCase(Locale.ROOT);
                throw HubspotError.invalid("One or more associations are invalid")
                        .in(Map.of(
                                "INVALID_OBJECT_IDS",
                                List.of(kind + "=" + id + " is not valid"),
                                "objectId",
                                List.of(id),
                                "objectType",
                                List.of(kind)))
                        .thrown();
            }
            return new Links.End(table, row);
        }
    }
}
