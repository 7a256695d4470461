package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Table;

import java.util.List;

/** {@code /properties/X}: what an object's properties are, and new ones. */
final class PropertyRoutes {

    private static final int MOST_UNIQUE = 10;

    private final Accounts accounts;

    PropertyRoutes(Accounts accounts) {
        this.accounts = accounts;
    }

    Answer list(ApiCall call) {
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        call.table().type().fields().stream().filter(RecordJson::isProperty).map(PropertyRoutes::describe)
                .forEach(results::add);
        return Answers.json(200, body);
    }

    Answer read(ApiCall call) {
        return Answers.json(200, describe(call.table().type().field(call.part(2)).filter(RecordJson::isProperty)
                .orElseThrow(() -> HubspotError.notFound("Property " + call.part(2) + " does not exist").thrown())));
    }

    Answer create(ApiCall call) {
        Table table = call.table();
        JsonNode body = call.body();
        String name = body.path("name").asText();
        if (!name.matches("[a-z][a-z0-9_]{0,99}")) {
            throw HubspotError.invalid("A property's name begins with a letter and has lower-case letters, digits and "
                    + "'_'.").thrown();
        }
        if (table.type().field(name).isPresent()) {
            throw HubspotError.of(409, "OBJECT_ALREADY_EXISTS", "A property named '" + name + "' already exists.")
                    .thrown();
        }
        boolean unique = body.path("hasUniqueValue").asBoolean();
        if (unique && table.type().fields().stream().filter(Field::unique).count() >= MOST_UNIQUE) {
            throw HubspotError.invalid("An object has no more than " + MOST_UNIQUE + " unique properties.").thrown();
        }
        ObjectNode spec = Answers.JSON.createObjectNode().put("label", body.path("label").asText(name))
                .put("type", type(body).field().wireName()).put("unique", unique);
        if (body.path("options").isArray()) {
            spec.set("options", body.path("options"));
        }
        return Answers.json(201, describe(accounts.declareField(call.account(), table.type().name(), name, spec)));
    }

    private static PropertyType type(JsonNode body) {
        try {
            return PropertyType.ofWireName(body.path("type").asText());
        } catch (IllegalArgumentException e) {
            throw HubspotError.invalid(List.of(new HubspotError.Detail("INVALID_TYPE", "There is no type '"
                    + body.path("type").asText() + "'", "type"))).thrown();
        }
    }

    static ObjectNode describe(Field field) {
        PropertyType type = PropertyType.of(field.type());
        ObjectNode property = Answers.JSON.createObjectNode().put("name", field.name()).put("label", field.label())
                .put("type", type.wireName()).put("fieldType", type.control())
                .put("hasUniqueValue", field.unique()).put("hidden", false).put("archived", false)
                .put("calculated", field.source() != null);
        ArrayNode options = property.putArray("options");
        field.options().values().forEach(value -> options.addObject().put("label", value).put("value", value)
                .put("displayOrder", options.size() - 1).put("hidden", false));
        property.putObject("modificationMetadata").put("readOnlyValue", !field.updateable());
        return property;
    }
}
