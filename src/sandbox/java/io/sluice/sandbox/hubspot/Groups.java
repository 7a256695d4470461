// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.ObjectType;
import java.util.Locale;

/** Serves {@code /properties/X/groups}: the headings under which users see an object's properties. */
final class Groups {

    private Groups() {}

    /** Answers the group of a property whose definition names none, such as contactinformation. */
    static String first(ObjectType type) {
        return type.keyPrefix().startsWith("0-")
                ? type.label().toLowerCase(Locale.ROOT).replace(" ", "") + "information"
                : type.name() + "_information";
    }

    static boolean exists(Account account, ObjectType type, String name) {
        for (JsonNode group : all(account, type)) {
            if (group.path("name").asText().equals(name)) {
                return true;
            }
        }
        return false;
    }

    static Answer answer(ApiCall call) {
        synchronized (call.account()) {
            ObjectType type = call.table().type();
            ArrayNode all = all(call.account(), type);
            return switch (call.call().method() + call.path().size()) {
                case "GET3" -> {
                    ObjectNode body = Answers.JSON.createObjectNode();
                    body.set("results", all);
                    yield Answers.json(200, body);
                }
                case "POST3" -> {
                    JsonNode body = call.body();
                    HubspotError.require(body, "name", "label");
                    String name = body.path("name").asText();
                    if (exists(call.account(), type, name)) {
                        throw HubspotError.of(
                                        409,
                                        "OBJECT_ALREADY_EXISTS",
                                        "A property group named '" + name + "' already exists.")
                                .thrown();
                    }
                    ObjectNode group = changed(group(all, name, name), body);
                    call.account().keep(key(type), all);
                    yield Answers.json(201, group);
                }
                case "GET4" -> Answers.json(200, find(all, call.part(3)));
                case "PATCH4" -> {
                    ObjectNode group = changed(find(all, call.part(3)), call.body());
                    call.account().keep(key(type), all);
                    yield Answers.json(200, group);
                }
                case "DELETE4" -> {
                    ObjectNode group = find(all, call.part(3));
                    if (group.path("name").asText().equals(first(type))) {
                        throw HubspotError.invalid("HubSpot's own property groups can't be archived.")
                                .thrown();
                    }
                    for (int i = 0; i < all.size(); i++) {
                        if (all.get(i) == group) {
                            all.remove(i);
                        }
                    }
                    call.account().keep(key(type), all);
                    yield Answer.empty(204);
                }
                default -> throw Resources.nothing(call);
            };
        }
    }

    private static ArrayNode all(Account account, ObjectType type) {
        return account.kept(key(type)).map(kept -> (ArrayNode) kept.deepCopy()).orElseGet(() -> {
            ArrayNode all = Answers.JSON.createArrayNode();
            group(all, first(type), type.label() + " information");
            return all;
        });
    }

    private static ObjectNode group(ArrayNode all, String name, String label) {
        return all.addObject()
                .put("name", name)
                .put("label", label)
                .put("displayOrder", all.size() - 1)
                .put("archived", false);
    }

    private static ObjectNode changed(ObjectNode group, JsonNode body) {
        if (body.hasNonNull("label")) {
            group.put("label", body.path("label").asText());
        }
        if (body.hasNonNull("displayOrder")) {
            group.put("displayOrder", body.path("displayOrder").asInt());
        }
        return group;
    }

    private static ObjectNode find(ArrayNode all, String name) {
        for (JsonNode group : all) {
            if (group.path("name").asText().equals(name)) {
                return (ObjectNode) group;
            }
        }
        throw HubspotError.notFound("resource not found").thrown();
    }

    private static String key(ObjectType type) {
        return "hubspot.groups/" + type.name();
    }
}
