// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import java.util.List;

/**
 * Stores the definitions of properties beside the account's records: labels, groups, options and times. Unchanged
 * properties have HubSpot's own definitions (<a
 * href="https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide">Properties</a>).
 */
final class PropertyDefinitions {

    private static final String SINCE = "2026-01-01T00:00:00.000Z";
    private static final List<String> TEXTS = List.of(
            "label",
            "description",
            "groupName",
            "fieldType",
            "createdAt",
            "updatedAt",
            "archivedAt",
            "calculationFormula",
            "referencedObjectType",
            "dataSensitivity");
    private static final List<String> FLAGS = List.of("hidden", "formField", "externalOptions", "archived");

    private PropertyDefinitions() {}

    static ObjectNode describe(Account account, ObjectType type, Field field) {
        boolean hubspots = StandardObjects.isHubspots(type, field.name());
        boolean calculated = field.source() != null;
        PropertyType kind = PropertyType.of(field.type());
        ObjectNode property = Answers.JSON
                .createObjectNode()
                .put("updatedAt", SINCE)
                .put("createdAt", SINCE)
                .put("name", field.name())
                .put("label", field.label())
                .put("type", kind.wireName())
                .put("fieldType", kind.control())
                .put("description", "")
                .put("groupName", Groups.first(type))
                .put("displayOrder", -1)
                .put("calculated", calculated)
                .put("externalOptions", isOwner(field.name()))
                .put("archived", false)
                .put("hasUniqueValue", field.unique())
                .put("hidden", false)
                .put("hubspotDefined", hubspots)
                .put("formField", !calculated && type.keyPrefix().equals("0-1"))
                .put("dataSensitivity", "non_sensitive");
        if (isOwner(field.name())) {
            property.put("referencedObjectType", "OWNER");
        }
        property.set("options", options(account, type, kind, field));
        property.putObject("modificationMetadata")
                .put("archivable", !hubspots)
                .put("readOnlyDefinition", hubspots)
                .put("readOnlyOptions", isPipeline(type, field.name()))
                .put("readOnlyValue", !field.updateable());
        own(account, type, field.name()).properties().stream()
                .filter(entry -> entry.getValue().isArray()
                        || TEXTS.contains(entry.getKey())
                        || FLAGS.contains(entry.getKey())
                        || "displayOrder".equals(entry.getKey()))
                .filter(entry -> !"options".equals(entry.getKey()) || !isPipeline(type, field.name()))
                .forEach(entry -> property.set(entry.getKey(), entry.getValue()));
        return property;
    }

    /** Finds the definition of an archived property, or nothing. */
    static JsonNode archived(Account account, ObjectType type, String name) {
        for (JsonNode one : allArchived(account, type)) {
            if (one.path("name").asText().equals(name)) {
                return one;
            }
        }
        return MissingNode.getInstance();
    }

    static ArrayNode allArchived(Account account, ObjectType type) {
        return account.kept(archiveKey(type))
                .map(kept -> (ArrayNode) kept.deepCopy())
                .orElseGet(Answers.JSON::createArrayNode);
    }

    /** Stores the definition of an archived property. */
    static void archive(Account account, ObjectType type, ObjectNode definition, long now) {
        forget(account, type, definition.path("name").asText());
        account.keep(
                archiveKey(type),
                allArchived(account, type)
                        .add(definition.put("archived", true).put("archivedAt", Answers.moment(now))));
        account.keep(key(type, definition.path("name").asText()), Answers.JSON.createObjectNode());
    }

    /** Removes the archived definition of a property that exists again. */
    static void forget(Account account, ObjectType type, String name) {
        ArrayNode left = Answers.JSON.createArrayNode();
        allArchived(account, type).forEach(one -> {
            if (!one.path("name").asText().equals(name)) {
                left.add(one);
            }
        });
        account.keep(archiveKey(type), left);
    }

    /** Stores the members that a body sends for a property over the stored ones. */
    static void keep(Account account, ObjectType type, String name, JsonNode said, long now) {
        ObjectNode kept = own(account, type, name).deepCopy();
        said.properties().forEach(entry -> kept.set(entry.getKey(), entry.getValue()));
        if (said.path("options").isArray()) {
            kept.set("options", options(said.path("options")));
        }
        kept.put("updatedAt", Answers.moment(now));
        if (!kept.has("createdAt") && !StandardObjects.isHubspots(type, name)) {
            kept.put("createdAt", Answers.moment(now));
        }
        account.keep(key(type, name), kept);
    }

    /** Whether the property's options are the pipelines or stages of {@link Pipelines}. */
    static boolean isPipeline(ObjectType type, String name) {
        return Pipelines.names(type.name())
                .filter(names -> names.pipeline().equals(name) || names.stage().equals(name))
                .isPresent();
    }

    static boolean isOwner(String name) {
        return StandardObjects.OWNER.equals(name);
    }

    private static ObjectNode own(Account account, ObjectType type, String name) {
        return account.kept(key(type, name)).map(ObjectNode.class::cast).orElseGet(Answers.JSON::createObjectNode);
    }

    private static ArrayNode options(Account account, ObjectType type, PropertyType kind, Field field) {
        if (isPipeline(type, field.name())) {
            return Pipelines.names(type.name()).orElseThrow().stage().equals(field.name())
                    ? Pipelines.stageOptions(account, type.name())
                    : Pipelines.pipelineOptions(account, type.name());
        }
        ArrayNode options = Answers.JSON.createArrayNode();
        if (kind == PropertyType.BOOL) {
            option(options, "Yes", "true");
            option(options, "No", "false");
        }
        field.options().values().forEach(value -> option(options, StandardObjects.optionLabel(value), value));
        return options;
    }

    private static void option(ArrayNode options, String label, String value) {
        options.addObject()
                .put("label", label)
                .put("value", value)
                .put("displayOrder", options.size() - 1)
                .put("hidden", false);
    }

    /** Completes the sent options with all of their members. */
    private static ArrayNode options(JsonNode sent) {
        ArrayNode options = Answers.JSON.createArrayNode();
        sent.forEach(one -> {
            ObjectNode option = options.addObject()
                    .put("label", one.path("label").asText())
                    .put("value", one.path("value").asText())
                    .put("displayOrder", one.path("displayOrder").asInt(options.size() - 1))
                    .put("hidden", one.path("hidden").asBoolean());
            if (one.hasNonNull("description")) {
                option.put("description", one.path("description").asText());
            }
        });
        return options;
    }

    private static String key(ObjectType type, String name) {
        return "hubspot.property/" + type.name() + "/" + name;
    }

    private static String archiveKey(ObjectType type) {
        return "hubspot.archivedProperties/" + type.name();
    }
}
