// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Serves {@code /property-validations/X}: the rules that admins give to properties, which every write through the API
 * obeys (<a
 * href="https://developers.hubspot.com/changelog/upcoming-property-validations-rules-will-be-enforced-for-apis-and-integrations"
 * >announcement</a>). They are kept beside the account's records.
 */
final class PropertyValidations {

    private static final String RULE_TYPE = "rule-type";

    private PropertyValidations() {}

    static Answer answer(ApiCall call) {
        ObjectType type = call.table().type();
        ObjectNode rules = of(call.account(), type);
        return switch (call.call().method() + call.path().size()) {
            case "GET2" -> list(rules);
            case "GET3" -> {
                ObjectNode body = Answers.JSON.createObjectNode();
                body.set("results", shown(rules.path(property(call, type).name())));
                yield Answers.json(200, body);
            }
            case "GET5" -> {
                JsonNode one =
                        rules.path(property(call, type).name()).path(rule(call).name());
                if (one.isMissingNode()) {
                    throw HubspotError.notFound("resource not found").thrown();
                }
                yield Answers.json(200, one);
            }
            case "PUT5" -> set(call, type, property(call, type), rule(call));
            default -> throw Resources.nothing(call);
        };
    }

    /** Answers the rules of an object: by property, then by rule. */
    static ObjectNode of(Account account, ObjectType type) {
        return account.kept(key(type)).map(ObjectNode.class::cast).orElseGet(Answers.JSON::createObjectNode);
    }

    /**
     * Finds the rules that a value breaks.
     *
     * @param rules those of the object
     * @param now   milliseconds since 1970
     */
    static List<HubspotError.Detail> broken(ObjectNode rules, Field field, String value, long now) {
        List<HubspotError.Detail> broken = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : rules.path(field.name()).properties()) {
            PropertyRule rule = PropertyRule.valueOf(entry.getKey());
            List<String> arguments = arguments(entry.getValue());
            if (!rule.passes(arguments, value, now)) {
                broken.add(rule.broken(arguments, field.name()));
            }
        }
        return broken;
    }

    private static Answer list(ObjectNode rules) {
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        rules.properties().forEach(entry -> results.addObject()
                .put("propertyName", entry.getKey())
                .set("propertyValidationRules", shown(entry.getValue())));
        return Answers.json(200, body);
    }

    private static ArrayNode shown(JsonNode rules) {
        ArrayNode shown = Answers.JSON.createArrayNode();
        rules.forEach(shown::add);
        return shown;
    }

    private static Answer set(ApiCall call, ObjectType type, Field field, PropertyRule rule) {
        JsonNode body = call.body();
        HubspotError.require(body, "ruleArguments");
        PropertyType kind = PropertyType.of(field.type());
        if (!rule.appliesTo(kind)) {
            throw HubspotError.invalid("The rule " + rule + " does not apply to properties of type " + kind.wireName())
                    .thrown();
        }
        if (!rule.takes(arguments(body))) {
            throw HubspotError.invalid(
                            "The rule " + rule + " does not take the arguments " + body.path("ruleArguments"))
                    .thrown();
        }
        synchronized (call.account()) {
            ObjectNode changed = of(call.account(), type).deepCopy();
            ObjectNode one = changed.withObject("/" + field.name()).putObject(rule.name());
            one.put("ruleType", rule.name());
            one.set("ruleArguments", body.path("ruleArguments"));
            one.put(
                    "shouldApplyNormalization",
                    body.path("shouldApplyNormalization").asBoolean());
            call.account().keep(key(type), changed);
        }
        return Answer.empty(204);
    }

    private static Field property(ApiCall call, ObjectType type) {
        return type.field(call.part(2))
                .filter(RecordJson::isProperty)
                .orElseThrow(() -> PropertyRoutes.missing(call.part(2)).thrown());
    }

    private static PropertyRule rule(ApiCall call) {
        return Arrays.stream(PropertyRule.values())
                .filter(rule -> RULE_TYPE.equals(call.part(3)) && rule.name().equals(call.part(4)))
                .findFirst()
                .orElseThrow(() -> Resources.nothing(call));
    }

    private static List<String> arguments(JsonNode rule) {
        List<String> arguments = new ArrayList<>();
        rule.path("ruleArguments").forEach(one -> arguments.add(one.asText()));
        return arguments;
    }

    private static String key(ObjectType type) {
        return "hubspot.propertyValidations/" + type.name();
    }
}
