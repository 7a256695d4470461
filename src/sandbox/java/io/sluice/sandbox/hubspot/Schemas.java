package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.ObjectType;

/** {@code /schemas}: the custom objects, and any object by any of its names ("Custom objects"). */
final class Schemas {

    private static final String CUSTOM = "2-";

    private Schemas() { }

    /** The custom ones. */
    static Answer list(ApiCall call) {
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        call.store().tables().stream().map(table -> table.type())
                .filter(type -> StandardObjects.isObject(type) && type.keyPrefix().startsWith(CUSTOM))
                .forEach(type -> results.add(describe(type)));
        return Answers.json(200, body);
    }

    static Answer read(ApiCall call) {
        return Answers.json(200, describe(call.table().type()));
    }

    /** A custom object's name with the portal's number before it. */
    static String fullName(ObjectType type) {
        return type.keyPrefix().startsWith(CUSTOM) ? "p" + Resources.PORTAL + "_" + type.name() : type.name();
    }

    private static ObjectNode describe(ObjectType type) {
        ObjectNode schema = Answers.JSON.createObjectNode().put("id", type.keyPrefix().substring(2))
                .put("objectTypeId", type.keyPrefix()).put("name", type.name()).put("fullyQualifiedName", fullName(type))
                .put("archived", false);
        schema.putObject("labels").put("singular", type.label()).put("plural", type.plural());
        ArrayNode properties = schema.putArray("properties");
        type.fields().stream().filter(RecordJson::isProperty).map(PropertyRoutes::describe).forEach(properties::add);
        return schema;
    }
}
