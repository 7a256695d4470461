// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import java.util.ArrayList;
import java.util.List;

/** Serves {@code /crm/v3/associations/X/Y/...}: version 3, whose types have names instead of ids. */
final class OlderAssociations {

    private OlderAssociations() {}

    static Answer create(ApiCall call, Request.Attempt attempt) {
        Associations.Objects objects = Associations.Objects.of(call, call.part(1), call.part(2));
        return Associations.write(call, attempt, 201, Associations.MOST_CREATED, (transaction, input) -> {
            HubspotError.require(input, "from", "to", "type");
            AssociationType type = named(objects, input.path("type").asText());
            objects.associate(
                    transaction,
                    attempt,
                    Associations.id(input.path("from")),
                    Associations.id(input.path("to")),
                    List.of(type));
            ObjectNode result = Answers.JSON.createObjectNode();
            result.putObject("from").put("id", Associations.id(input.path("from")));
            result.putObject("to").put("id", Associations.id(input.path("to")));
            return result.put("type", input.path("type").asText());
        });
    }

    static Answer archive(ApiCall call, Request.Attempt attempt) {
        Associations.Objects objects = Associations.Objects.of(call, call.part(1), call.part(2));
        return Associations.remove(
                call,
                attempt,
                204,
                (transaction, input) -> objects.part(
                        transaction,
                        Associations.id(input.path("from")),
                        Associations.id(input.path("to")),
                        List.of()));
    }

    static Answer read(ApiCall call, Request.Attempt attempt) {
        Associations.Objects objects = Associations.Objects.of(call, call.part(1), call.part(2));
        long started = call.store().now();
        List<ObjectNode> results = new ArrayList<>();
        List<ObjectNode> errors = new ArrayList<>();
        for (JsonNode input : Batches.inputs(call.body(), Associations.MOST_READ)) {
            List<Links.Link> links = objects.links(Associations.id(input));
            if (links.isEmpty()) {
                errors.add(objects.nothing(Associations.id(input)));
                continue;
            }
            ObjectNode result = Answers.JSON.createObjectNode();
            result.putObject("from").put("id", Associations.id(input));
            ArrayNode to = result.putArray("to");
            links.forEach(link -> link.types().forEach(type -> to.addObject()
                    .put("id", link.otherId())
                    .put("type", AssociationTypes.name(call.store(), objects.from(), objects.to(), type))));
            results.add(result);
        }
        return Batches.answer(call, 200, started, results, errors);
    }

    static Answer types(ApiCall call) {
        Associations.Objects objects = Associations.Objects.of(call, call.part(1), call.part(2));
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        objects.types().forEach(type -> results.addObject()
                .put("id", String.valueOf(type.id()))
                .put("name", AssociationTypes.name(call.store(), objects.from(), objects.to(), type)));
        return Answers.json(200, body);
    }

    private static AssociationType named(Associations.Objects objects, String name) {
        return objects.types().stream()
                .filter(type -> String.valueOf(type.id()).equals(name)
                        || AssociationTypes.name(objects.call().store(), objects.from(), objects.to(), type)
                                .equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> HubspotError.invalid("There is no association type " + name + " from "
                                + objects.from().type().name() + " to "
                                + objects.to().type().name() + ".")
                        .thrown());
    }
}
