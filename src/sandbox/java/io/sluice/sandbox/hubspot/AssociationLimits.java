// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Serves {@code /associations/definitions/configurations}: the maximum number of records that one record is associated
 * with by a type (<a
 * href="https://developers.hubspot.com/docs/api-reference/latest/crm/associations/overview">Associations</a>).
 */
final class AssociationLimits {

    private static final String KEPT = "hubspot.associationLimits";
    private static final String MAX = "userEnforcedMaxToObjectIds";

    private AssociationLimits() {}

    static OptionalInt of(Account account, Table from, Table to, AssociationType type) {
        JsonNode max = kept(account).path(key(from, to, type));
        return max.isInt() ? OptionalInt.of(max.asInt()) : OptionalInt.empty();
    }

    static Answer answer(ApiCall call) {
        String asked = call.call().method() + " "
                + String.join("/", call.path().subList(3, call.path().size()));
        if ("GET all".equals(asked)) {
            ArrayNode all = Answers.JSON.createArrayNode();
            List<Table> tables = call.store().tables().stream()
                    .filter(table -> StandardObjects.isObject(table.type()))
                    .toList();
            tables.forEach(from -> tables.forEach(to -> list(call, from, to).forEach(all::add)));
            return results(all);
        }
        Table from = call.table(call.part(3));
        Table to = call.table(call.part(4));
        return switch (asked.replaceFirst(" [^/]+/[^/]+", " ")) {
            case "GET " -> results(list(call, from, to));
            case "POST /batch/create" -> change(call, from, to, call.isDated() ? 200 : 201, false);
            case "POST /batch/update" -> change(call, from, to, 200, false);
            case "POST /batch/purge" -> change(call, from, to, call.isDated() ? 200 : 204, true);
            default -> throw Resources.nothing(call);
        };
    }

    private static Answer results(ArrayNode all) {
        ObjectNode body = Answers.JSON.createObjectNode();
        body.set("results", all);
        return Answers.json(200, body);
    }

    private static ArrayNode list(ApiCall call, Table from, Table to) {
        ArrayNode all = Answers.JSON.createArrayNode();
        AssociationTypes.between(call.store(), from, to)
                .forEach(type -> of(call.account(), from, to, type).ifPresent(max -> all.add(shown(type, max))));
        return all;
    }

    private static ObjectNode shown(AssociationType type, int max) {
        ObjectNode shown = Answers.JSON
                .createObjectNode()
                .put("category", type.category())
                .put("typeId", type.id())
                .put(MAX, max);
        return type.label() == null ? shown : shown.put("label", type.label());
    }

    private static Answer change(ApiCall call, Table from, Table to, int status, boolean purge) {
        synchronized (call.account()) {
            long started = call.store().now();
            ObjectNode kept = kept(call.account()).deepCopy();
            List<ObjectNode> results = new ArrayList<>();
            for (JsonNode input : Batches.inputs(call)) {
                HubspotError.require(input, "category", "typeId");
                AssociationType type = AssociationTypes.between(call.store(), from, to).stream()
                        .filter(one -> one.id() == input.path("typeId").asInt())
                        .findFirst()
                        .orElseThrow(() -> HubspotError.invalid("There is no association type "
                                        + input.path("typeId").asText() + " from "
                                        + from.type().name() + " to "
                                        + to.type().name() + ".")
                                .thrown());
                if (purge) {
                    kept.remove(key(from, to, type));
                } else {
                    HubspotError.require(input, "maxToObjectIds");
                    kept.put(key(from, to, type), input.path("maxToObjectIds").asInt());
                    results.add(shown(type, input.path("maxToObjectIds").asInt()));
                }
            }
            call.account().keep(KEPT, kept);
            return status == 204 ? Answer.empty(204) : Batches.answer(call, status, started, results, List.of());
        }
    }

    private static ObjectNode kept(Account account) {
        return account.kept(KEPT).map(ObjectNode.class::cast).orElseGet(Answers.JSON::createObjectNode);
    }

    private static String key(Table from, Table to, AssociationType type) {
        return from.type().name() + "/" + to.type().name() + "/" + type.id();
    }
}
