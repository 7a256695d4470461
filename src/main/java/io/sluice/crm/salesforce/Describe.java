// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.ObjectShape.Facts;
import io.sluice.crm.ObjectShape.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the answer of describe ("sObject Describe" in the REST API Developer Guide; the properties of a field are those
 * of <a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm">
 * DescribeSObjectResult</a>).
 */
final class Describe {

    private Describe() {}

    /**
     * Returns the shape of an object. A reference field is listed under its own name and under that of its
     * relationship.
     */
    static ObjectShape shape(String object, JsonNode description) {
        Map<String, ObjectShape.Field> fields = new HashMap<>();
        description.path("fields").forEach(field -> {
            String name = field.path("name").asText();
            boolean writable = field.path("createable").asBoolean()
                    || field.path("updateable").asBoolean();
            boolean text =
                    field.path("scale").asInt() == 0 && field.path("length").asInt() > 0;
            fields.put(
                    name,
                    new ObjectShape.Field(
                            name,
                            field.path("type").asText(),
                            writable,
                            field.path("externalId").asBoolean()
                                    || field.path("idLookup").asBoolean(),
                            List.of(),
                            field.path("extraTypeInfo").asText(""),
                            text
                                    ? field.path("length").asInt()
                                    : field.path("scale").asInt(),
                            facts(field)));
            String relationship = field.path("relationshipName").asText("");
            if (!relationship.isEmpty()) {
                List<String> objects = new ArrayList<>();
                field.path("referenceTo").forEach(named -> objects.add(named.asText()));
                fields.put(
                        relationship,
                        new ObjectShape.Field(relationship, "reference", writable, false, objects, facts(field)));
            }
        });
        return new ObjectShape(description.path("name").asText(object), fields);
    }

    private static Facts facts(JsonNode field) {
        boolean createable = field.path("createable").asBoolean();
        boolean updateable = field.path("updateable").asBoolean();
        List<String> options = new ArrayList<>();
        if (field.path("restrictedPicklist").asBoolean()) {
            field.path("picklistValues").forEach(option -> {
                if (option.path("active").asBoolean(true)) {
                    options.add(option.path("value").asText());
                }
            });
        }
        return new Facts(
                kind(field.path("type").asText()),
                field.path("length").asInt(),
                options,
                field.path("unique").asBoolean(),
                readOnly(field, createable || updateable),
                createable && !updateable,
                updateable && !createable);
    }

    private static String readOnly(JsonNode field, boolean writable) {
        if (writable) {
            return null;
        }
        if (field.path("autoNumber").asBoolean()) {
            return "is an auto number";
        }
        return field.path("calculated").asBoolean() ? "is a formula" : null;
    }

    private static Kind kind(String type) {
        return switch (type) {
            case "string", "textarea", "email", "phone", "url", "encryptedstring" -> Kind.TEXT;
            case "picklist", "combobox" -> Kind.CHOICE;
            case "multipicklist" -> Kind.CHOICES;
            case "boolean" -> Kind.BOOLEAN;
            case "int", "long" -> Kind.INTEGER;
            case "double", "currency", "percent" -> Kind.NUMBER;
            case "date" -> Kind.DATE;
            case "datetime" -> Kind.DATETIME;
            case "time" -> Kind.TIME;
            case "reference", "id" -> Kind.REFERENCE;
            case "address", "location", "base64", "complexvalue" -> Kind.COMPOUND;
            default -> Kind.OTHER;
        };
    }
}
