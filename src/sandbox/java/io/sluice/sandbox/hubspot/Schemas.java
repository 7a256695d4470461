// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;

/**
 * Serves {@code /schemas}: the custom objects, and any object by any of its names (<a
 * href="https://developers.hubspot.com/docs/api-reference/crm-schemas-v3/guide">Custom objects</a>).
 */
final class Schemas {

    private static final String CUSTOM = "2-";
    private static final int FIRST_CUSTOM = 2_000_000;
    private static final int RADIX = 36;
    private static final String SINCE = "2026-01-01T00:00:00.000Z";
    private static final List<String> LISTS =
            List.of("requiredProperties", "searchableProperties", "secondaryDisplayProperties");
    private static final List<String> ASSOCIATED = List.of(
            StandardObjects.CONTACTS, "companies", "deals", "tickets", "notes", "tasks", "calls", "emails", "meetings");

    private final Accounts accounts;
    private final PropertyRoutes properties;

    Schemas(Accounts accounts, PropertyRoutes properties) {
        this.accounts = accounts;
        this.properties = properties;
    }

    /** Lists the custom objects. */
    Answer list(ApiCall call) {
        boolean archived = "true".equals(call.parameter("archived"));
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        call.store().tables().stream()
                .map(Table::type)
                .filter(Schemas::isCustom)
                .filter(type -> isArchived(call.account(), type) == archived)
                .forEach(type -> results.add(describe(call, type)));
        return Answers.json(200, body);
    }

    Answer read(ApiCall call) {
        return Answers.json(200, describe(call, call.table().type()));
    }

    Answer batch(ApiCall call) {
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        call.body()
                .path("inputs")
                .forEach(input ->
                        results.add(describe(call, call.table(input.asText()).type())));
        return Answers.json(200, body);
    }

    Answer create(ApiCall call) {
        synchronized (call.account()) {
            JsonNode body = call.body();
            HubspotError.require(body, "name", "labels", "properties", "requiredProperties");
            String name = body.path("name").asText();
            if (!name.matches("[A-Za-z][A-Za-z0-9_-]{0,49}")) {
                throw HubspotError.invalid(
                                "An object's name begins with a letter and has letters, digits, '_' and '-'.")
                        .thrown();
            }
            if (call.store().table(name).isPresent()) {
                throw HubspotError.of(409, "OBJECT_ALREADY_EXISTS", "An object named '" + name + "' already exists.")
                        .thrown();
            }
            named(body);
            accounts.declareObject(
                    call.account(),
                    name,
                    Answers.JSON
                            .createObjectNode()
                            .put("label", body.at("/labels/singular").asText(name))
                            .put("keyPrefix", nextPrefix(call)));
            Table table = call.store().table(name).orElseThrow();
            for (JsonNode property : body.path("properties")) {
                properties.create(call.account(), table, property, false);
            }
            ObjectNode kept = Answers.JSON.createObjectNode();
            keep(call, table.type(), kept, body);
            return Answers.json(201, describe(call, table.type()));
        }
    }

    Answer update(ApiCall call) {
        synchronized (call.account()) {
            ObjectType type = custom(call);
            keep(call, type, own(call.account(), type).deepCopy(), call.body());
            ObjectNode definition = describe(call, type);
            definition.remove(List.of("properties", "associations", "createdByUserId", "updatedByUserId"));
            return Answers.json(200, definition.put("portalId", Resources.PORTAL));
        }
    }

    /** Archives an object, which must have no records. */
    Answer archive(ApiCall call) {
        synchronized (call.account()) {
            ObjectType type = custom(call);
            if (call.table().live() > 0) {
                throw HubspotError.invalid(
                                "The object " + fullName(type) + " has records, which must be archived first.")
                        .thrown();
            }
            call.account().keep(key(type), own(call.account(), type).deepCopy().put("archived", true));
            return Answer.empty(204);
        }
    }

    /** Declares an association of two objects. Any two can be associated here; a named association is a label. */
    Answer associate(ApiCall call) {
        JsonNode body = call.body();
        HubspotError.require(body, "fromObjectTypeId", "toObjectTypeId");
        Table from = call.table(body.path("fromObjectTypeId").asText());
        Table to = call.table(body.path("toObjectTypeId").asText());
        return Answers.json(201, association(call, from.type(), to.type()));
    }

    static boolean isArchived(Account account, ObjectType type) {
        return own(account, type).path("archived").asBoolean();
    }

    /** Answers the names of the properties that a new record of an object requires. */
    static List<String> required(Account account, ObjectType type) {
        return Shown.names(own(account, type).path("requiredProperties"));
    }

    /** Answers the names of the properties that a search's {@code query} covers. */
    static List<String> searchable(Account account, ObjectType type) {
        return Shown.names(own(account, type).path("searchableProperties"));
    }

    /** Answers a custom object's name with the portal's id before it. */
    static String fullName(ObjectType type) {
        return isCustom(type) ? "p" + Resources.PORTAL + "_" + type.name() : type.name();
    }

    static boolean isCustom(ObjectType type) {
        return StandardObjects.isObject(type) && type.keyPrefix().startsWith(CUSTOM);
    }

    private static ObjectType custom(ApiCall call) {
        ObjectType type = call.table().type();
        if (!isCustom(type)) {
            throw HubspotError.invalid("The object " + type.name() + " is HubSpot's own.")
                    .thrown();
        }
        return type;
    }

    /** Checks that a body defines every property that it names elsewhere. */
    private static void named(JsonNode body) {
        List<String> declared = new ArrayList<>();
        body.path("properties")
                .forEach(property -> declared.add(property.path("name").asText()));
        List<String> named = new ArrayList<>();
        LISTS.forEach(list -> named.addAll(Shown.names(body.path(list))));
        if (body.hasNonNull("primaryDisplayProperty")) {
            named.add(body.path("primaryDisplayProperty").asText());
        }
        named.removeAll(declared);
        if (!named.isEmpty()) {
            throw HubspotError.invalid("Properties that do not exist: " + named).thrown();
        }
    }

    private static void keep(ApiCall call, ObjectType type, ObjectNode kept, JsonNode body) {
        String now = Answers.moment(call.store().now());
        if (body.path("labels").isObject()) {
            kept.set("labels", body.path("labels"));
        }
        for (String text : List.of("primaryDisplayProperty", "description")) {
            if (body.hasNonNull(text)) {
                kept.put(text, body.path(text).asText());
            }
        }
        if (body.path("clearDescription").asBoolean()) {
            kept.remove("description");
        }
        LISTS.stream().filter(list -> body.path(list).isArray()).forEach(list -> kept.set(list, body.path(list)));
        kept.put("updatedAt", now).put("createdAt", kept.path("createdAt").asText(now));
        call.account().keep(key(type), kept);
    }

    private static String nextPrefix(ApiCall call) {
        int last = call.store().tables().stream()
                .map(Table::type)
                .filter(Schemas::isCustom)
                .mapToInt(type -> Integer.parseInt(type.keyPrefix().substring(CUSTOM.length())) - FIRST_CUSTOM)
                .max()
                .orElse(0);
        String prefix = Integer.toString(last + 1, RADIX);
        return "0".repeat(3 - prefix.length()) + prefix;
    }

    private static ObjectNode describe(ApiCall call, ObjectType type) {
        ObjectNode own = own(call.account(), type);
        ObjectNode schema = Answers.JSON
                .createObjectNode()
                .put("id", type.keyPrefix().substring(CUSTOM.length()))
                .put("objectTypeId", type.keyPrefix())
                .put("name", type.name())
                .put("fullyQualifiedName", fullName(type))
                .put("createdAt", own.path("createdAt").asText(SINCE))
                .put("updatedAt", own.path("updatedAt").asText(SINCE))
                .put("archived", own.path("archived").asBoolean())
                .put("allowsSensitiveProperties", false);
        schema.putObject("labels")
                .put("singular", own.at("/labels/singular").asText(type.label()))
                .put("plural", own.at("/labels/plural").asText(type.plural()));
        for (String text : List.of("primaryDisplayProperty", "description")) {
            if (own.hasNonNull(text)) {
                schema.put(text, own.path(text).asText());
            }
        }
        LISTS.forEach(
                list -> schema.set(list, own.path(list).isArray() ? own.path(list) : Answers.JSON.createArrayNode()));
        ArrayNode all = schema.putArray("properties");
        if (!"false".equals(call.parameter("includePropertyDefinitions"))) {
            type.fields().stream()
                    .filter(RecordJson::isProperty)
                    .forEach(field -> all.add(PropertyDefinitions.describe(call.account(), type, field)));
        }
        ArrayNode associations = schema.putArray("associations");
        if (isCustom(type) && !"false".equals(call.parameter("includeAssociationDefinitions"))) {
            ASSOCIATED.forEach(other ->
                    associations.add(association(call, type, call.table(other).type())));
        }
        return schema;
    }

    private static ObjectNode association(ApiCall call, ObjectType from, ObjectType to) {
        AssociationType type = AssociationTypes.unlabelled(
                AssociationTypes.between(call.store(), call.table(from.name()), call.table(to.name())));
        return Answers.JSON
                .createObjectNode()
                .put("id", String.valueOf(type.id()))
                .put("fromObjectTypeId", from.keyPrefix())
                .put("toObjectTypeId", to.keyPrefix())
                .put("name", from.name() + "_to_" + to.name());
    }

    private static ObjectNode own(Account account, ObjectType type) {
        return account.kept(key(type)).map(ObjectNode.class::cast).orElseGet(Answers.JSON::createObjectNode);
    }

    private static String key(ObjectType type) {
        return "hubspot.schema/" + type.name();
    }
}
