package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.crm.ObjectShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The answer of describe ("sObject Describe" in the REST API Developer Guide). */
final class Describe {

    private Describe() {
    }

    /** A field that names another record is there under its own name and under that of the relationship. */
    static ObjectShape shape(String object, JsonNode description) {
        Map<String, ObjectShape.Field> fields = new HashMap<>();
        description.path("fields").forEach(field -> {
            String name = field.path("name").asText();
            boolean writable = field.path("createable").asBoolean() || field.path("updateable").asBoolean();
            String type = field.path("type").asText();
            boolean text = field.path("scale").asInt() == 0 && field.path("length").asInt() > 0;
            fields.put(name, new ObjectShape.Field(name, type, writable,
                    field.path("externalId").asBoolean() || field.path("idLookup").asBoolean(), List.of(),
                    field.path("extraTypeInfo").asText(""), text ? field.path("length").asInt() : field.path("scale").asInt()));
            String relationship = field.path("relationshipName").asText("");
            if (!relationship.isEmpty()) {
                List<String> objects = new ArrayList<>();
                field.path("referenceTo").forEach(named -> objects.add(named.asText()));
                fields.put(relationship, new ObjectShape.Field(relationship, "reference", writable, false, objects));
            }
        });
        return new ObjectShape(object, fields);
    }
}
