// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** The schemas by which others judge our files: Camel's of its YAML, and that of Kubernetes' resource Kamelet. */
final class Schemas {

    private static final String PRESERVE = "x-kubernetes-preserve-unknown-fields";

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[^{}]+}}");

    private final JsonSchema camel =
            JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4).getSchema(resource("schema/camelYamlDsl.json"));
    private final JsonSchema kubernetes = kubernetes();

    /** Validates a YAML file against Camel's schema. */
    List<String> camel(String file, JsonNode content) {
        return problems(file, "Camel YAML DSL schema", camel, content);
    }

    /** Validates as Kubernetes' API server does, unknown fields included, as kubectl asks it to. */
    List<String> kubernetes(String file, JsonNode content) {
        return problems(file, "Kamelet resource schema", kubernetes, content);
    }

    /** One sentence per violation: a wrong leaf makes everything around it wrong too, and only the leaf helps. */
    static List<String> problems(String file, String rule, JsonSchema schema, JsonNode content) {
        List<ValidationMessage> found = schema.validate(content).stream()
                .filter(it -> !isFilledByCamel(it))
                .toList();
        return found.stream()
                .filter(it -> found.stream().noneMatch(other -> isInside(other, it)))
                .map(it -> file + ": " + rule + ": " + it.getMessage())
                .sorted()
                .distinct()
                .toList();
    }

    private static boolean isInside(ValidationMessage inner, ValidationMessage outer) {
        String in = inner.getInstanceLocation().toString();
        String out = outer.getInstanceLocation().toString();
        return in.startsWith(out + ".") || in.startsWith(out + "[");
    }

    /** A placeholder may stand where a number or a flag is wanted: Camel fills it in before it looks. */
    private static boolean isFilledByCamel(ValidationMessage message) {
        return message.getType().equals("type")
                && PLACEHOLDER.matcher(message.getInstanceNode().asText()).matches();
    }

    private static JsonSchema kubernetes() {
        try {
            JsonNode crd = Yaml.read(resource("camel.apache.org_kamelets.yaml"));
            for (JsonNode version : crd.path("spec").path("versions")) {
                if (version.path("name").asText().equals("v1")) {
                    JsonNode schema = version.path("schema").path("openAPIV3Schema");
                    // the API server knows metadata by itself
                    ((ObjectNode) schema.path("properties"))
                            .putObject("metadata")
                            .put("type", "object");
                    closed(schema);
                    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4)
                            .getSchema(schema);
                }
            }
            throw new IllegalStateException("The resource definition of Kamelet has no version v1");
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Kubernetes knows no field that a structural schema does not name, where JSON Schema takes any. */
    static void closed(JsonNode schema) {
        if (schema instanceof ObjectNode object
                && object.path("properties").isObject()
                && !object.path(PRESERVE).asBoolean()) {
            object.put("additionalProperties", false);
        }
        schema.path("properties").forEach(Schemas::closed);
        closedIfThere(schema.path("items"));
        closedIfThere(schema.path("additionalProperties"));
    }

    private static void closedIfThere(JsonNode schema) {
        if (schema.isObject()) {
            closed(schema);
        }
    }

    private static String resource(String name) {
        try (InputStream stream = Schemas.class.getClassLoader().getResourceAsStream(name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
