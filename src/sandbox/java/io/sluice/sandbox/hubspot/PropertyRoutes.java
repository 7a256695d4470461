// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Serves {@code /properties/X}: the properties of an object, new ones, and changes of their definitions. */
final class PropertyRoutes {

    private static final int MOST_UNIQUE = 10;
    private static final String CALCULATED = "calculation_equation";
    private static final String MANY = "checkbox";

    /**
     * Controls that a type allows ("Property type and fieldType values", <a
     * href="https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide">Properties</a>).
     */
    private static final Map<PropertyType, Set<String>> CONTROLS = Map.of(
            PropertyType.BOOL,
            Set.of("booleancheckbox", CALCULATED),
            PropertyType.ENUMERATION,
            Set.of("booleancheckbox", MANY, "radio", "select", CALCULATED),
            PropertyType.DATE,
            Set.of("date"),
            PropertyType.DATETIME,
            Set.of("date"),
            PropertyType.STRING,
            Set.of("file", "text", "textarea", CALCULATED, "html", "phonenumber"),
            PropertyType.NUMBER,
            Set.of("number", CALCULATED),
            PropertyType.PHONE,
            Set.of("phonenumber"));

    private final Accounts accounts;

    PropertyRoutes(Accounts accounts) {
        this.accounts = accounts;
    }

    Answer list(ApiCall call) {
        ObjectType type = call.table().type();
        ObjectNode body = Answers.JSON.createObjectNode();
        ArrayNode results = body.putArray("results");
        if ("true".equals(call.parameter("archived"))) {
            results.addAll(PropertyDefinitions.allArchived(call.account(), type));
        } else {
            type.fields().stream()
                    .filter(RecordJson::isProperty)
                    .forEach(field -> results.add(PropertyDefinitions.describe(call.account(), type, field)));
        }
        return Answers.json(200, body);
    }

    Answer read(ApiCall call) {
        return Answers.json(200, read(call, call.part(2), "true".equals(call.parameter("archived"))));
    }

    private static JsonNode read(ApiCall call, String name, boolean archived) {
        ObjectType type = call.table().type();
        if (archived) {
            JsonNode definition = PropertyDefinitions.archived(call.account(), type, name);
            if (definition.isMissingNode()) {
                throw missing(name).thrown();
            }
            return definition;
        }
        return PropertyDefinitions.describe(call.account(), type, field(type, name));
    }

    private static Field field(ObjectType type, String name) {
        return type.field(name).filter(RecordJson::isProperty).orElseThrow(() -> missing(name)
                .thrown());
    }

    static HubspotError missing(String name) {
        return HubspotError.notFound("Property " + name + " does not exist");
    }

    Answer create(ApiCall call) {
        return Answers.json(201, create(call.account(), call.table(), call.body(), true));
    }

    /** @param grouped whether the body must say in which group the property stands */
    ObjectNode create(Account account, Table table, JsonNode body, boolean grouped) {
        synchronized (account) {
            ObjectType type = table.type();
            HubspotError.require(body, "name", "label", "type", "fieldType");
            if (grouped) {
                HubspotError.require(body, "groupName");
            }
            String name = body.path("name").asText();
            if (!name.matches("[a-z][a-z0-9_]{0,99}")) {
                throw HubspotError.invalid(
                                "A property's name begins with a letter and has lower-case letters, digits and "
                                        + "'_'.")
                        .thrown();
            }
            if (type.field(name).isPresent()) {
                throw HubspotError.of(409, "OBJECT_ALREADY_EXISTS", "A property named '" + name + "' already exists.")
                        .in("name", List.of(name))
                        .thrown();
            }
            if (body.hasNonNull("groupName")
                    && !Groups.exists(account, type, body.path("groupName").asText())) {
                throw HubspotError.invalid(
                                "Property group '" + body.path("groupName").asText() + "' does not exist.")
                        .thrown();
            }
            PropertyType kind = kind(body.path("type").asText());
            control(kind, body.path("fieldType").asText());
            options(kind, body);
            if (body.path("hasUniqueValue").asBoolean()) {
                unique(type, kind);
            }
            accounts.declareField(
                    account,
                    type.name(),
                    name,
                    spec(kind, body, body.path("hasUniqueValue").asBoolean()));
            PropertyDefinitions.forget(account, type, name);
            PropertyDefinitions.keep(account, type, name, body, account.store().now());
            return PropertyDefinitions.describe(account, type, field(type, name));
        }
    }

    Answer update(ApiCall call) {
        synchronized (call.account()) {
            ObjectType type = call.table().type();
            Field field = field(type, call.part(2));
            ObjectNode body = ((ObjectNode) call.body()).deepCopy();
            // neither is changed once a property is there
            body.remove(List.of("name", "hasUniqueValue"));
            boolean definition = List.of("label", "description", "type", "fieldType").stream()
                    .anyMatch(body::has);
            if (StandardObjects.isHubspots(type, field.name()) && definition
                    || PropertyDefinitions.isPipeline(type, field.name()) && body.has("options")) {
                throw HubspotError.invalid("The property '" + field.name()
                                + "' is HubSpot's own; its definition can't be " + "changed.")
                        .thrown();
            }
            if (body.hasNonNull("groupName")
                    && !Groups.exists(
                            call.account(), type, body.path("groupName").asText())) {
                throw HubspotError.invalid(
                                "Property group '" + body.path("groupName").asText() + "' does not exist.")
                        .thrown();
            }
            ObjectNode whole = PropertyDefinitions.describe(call.account(), type, field);
            body.properties().forEach(entry -> whole.set(entry.getKey(), entry.getValue()));
            PropertyType kind = kind(whole.path("type").asText());
            control(kind, whole.path("fieldType").asText());
            options(kind, whole);
            if (!StandardObjects.isHubspots(type, field.name()) || body.has("options")) {
                accounts.declareField(call.account(), type.name(), field.name(), spec(kind, whole, field.unique()));
            }
            PropertyDefinitions.keep(
                    call.account(), type, field.name(), body, call.store().now());
            return Answers.json(200, PropertyDefinitions.describe(call.account(), type, field(type, field.name())));
        }
    }

    Answer archive(ApiCall call) {
        archive(call, call.part(2));
        return Answer.empty(204);
    }

    private void archive(ApiCall call, String name) {
        synchronized (call.account()) {
            ObjectType type = call.table().type();
            Field field = field(type, name);
            if (StandardObjects.isHubspots(type, field.name())) {
                throw HubspotError.invalid(
                                "The property '" + field.name() + "' is HubSpot's own and can't be archived.")
                        .thrown();
            }
            PropertyDefinitions.archive(
                    call.account(),
                    type,
                    PropertyDefinitions.describe(call.account(), type, field),
                    call.store().now());
            accounts.retireField(call.account(), type.name(), field.name());
        }
    }

    Answer batch(ApiCall call) {
        return switch (call.part(3)) {
            case "read" -> {
                JsonNode body = call.body();
                boolean archived = body.path("archived").asBoolean();
                yield each(
                        call, body, 200, input -> read(call, input.path("name").asText(), archived));
            }
            // the dated versions answer 200, by their OpenAPI description
            case "create" ->
                each(
                        call,
                        call.body(),
                        call.isDated() ? 200 : 201,
                        input -> create(call.account(), call.table(), input, true));
            case "archive" -> {
                Batches.inputs(call).forEach(input -> {
                    if (call.table().type().field(input.path("name").asText()).isPresent()) {
                        archive(call, input.path("name").asText());
                    }
                });
                yield Answer.empty(204);
            }
            default -> throw Resources.nothing(call);
        };
    }

    private static Answer each(ApiCall call, JsonNode body, int status, Function<JsonNode, JsonNode> step) {
        long started = call.store().now();
        List<ObjectNode> results = new ArrayList<>();
        List<ObjectNode> errors = new ArrayList<>();
        for (JsonNode input : Batches.inputs(body, Batches.LARGEST)) {
            try {
                results.add((ObjectNode) step.apply(input));
            } catch (HubspotError.Thrown e) {
                errors.add(Answers.item(
                        e.error().context().isEmpty()
                                ? e.error()
                                        .in("name", List.of(input.path("name").asText()))
                                : e.error()));
            }
        }
        return Batches.answer(call, status, started, results, errors);
    }

    private static PropertyType kind(String wireName) {
        try {
            return PropertyType.ofWireName(wireName);
        } catch (IllegalArgumentException e) {
            throw HubspotError.invalid(
                            "Invalid input JSON on line 1, column 2: Cannot deserialize value of type `PropertyType` "
                                    + "from String \"" + wireName + "\": not one of the values accepted.")
                    .thrown();
        }
    }

    private static void control(PropertyType kind, String fieldType) {
        if (!CONTROLS.getOrDefault(kind, Set.of()).contains(fieldType)) {
            throw HubspotError.invalid("A property of type '" + kind.wireName() + "' can't have the fieldType '"
                            + fieldType + "'.")
                    .thrown();
        }
    }

    private static void options(PropertyType kind, JsonNode body) {
        if (kind != PropertyType.ENUMERATION
                || body.path("externalOptions").asBoolean()
                || body.hasNonNull("referencedObjectType")
                || CALCULATED.equals(body.path("fieldType").asText())) {
            return;
        }
        if (body.path("options").isEmpty()) {
            throw HubspotError.invalid("A property of type 'enumeration' has options.")
                    .thrown();
        }
        Set<String> values = new HashSet<>();
        for (JsonNode option : body.path("options")) {
            HubspotError.require(option, "label", "value");
            if (!values.add(option.path("value").asText())) {
                throw HubspotError.invalid("The option '" + option.path("value").asText() + "' is there twice.")
                        .thrown();
            }
        }
    }

    private static void unique(ObjectType type, PropertyType kind) {
        if (kind != PropertyType.STRING && kind != PropertyType.NUMBER) {
            throw HubspotError.invalid("A property of type '" + kind.wireName() + "' can't have unique values.")
                    .thrown();
        }
        if (type.fields().stream().filter(Field::unique).count() >= MOST_UNIQUE) {
            throw HubspotError.invalid("An object has no more than " + MOST_UNIQUE + " unique properties.")
                    .thrown();
        }
    }

    private static ObjectNode spec(PropertyType kind, JsonNode body, boolean unique) {
        FieldType type = MANY.equals(body.path("fieldType").asText()) ? FieldType.MULTIPICKLIST : kind.field();
        ObjectNode spec = Answers.JSON
                .createObjectNode()
                .put("label", body.path("label").asText())
                .put("type", type.wireName())
                .put("unique", unique);
        if (kind == PropertyType.ENUMERATION && !body.path("options").isEmpty()) {
            spec.set("options", body.path("options"));
        }
        return spec;
    }
}
