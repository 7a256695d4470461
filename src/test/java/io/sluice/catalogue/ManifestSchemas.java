// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The schemas of the Kubernetes resources that Sluice ships, as {@code src/test/resources/kubernetes/README.md} lists them. They
 * refuse unknown fields, as {@code kubectl apply --validate=strict} does.
 */
final class ManifestSchemas {

    private static final Path FOLDER = Path.of("src/test/resources/kubernetes");
    private static final String API = "io.k8s.apimachinery.pkg.";
    private static final List<String> CUSTOM =
            List.of("integration", "scaled-object", "service-monitor", "pod-monitor", "prometheus-rule");

    private final Map<String, JsonSchema> whole = new HashMap<>();
    private final Map<String, JsonSchema> partial = new HashMap<>();

    ManifestSchemas() {
        JsonNode definitions = read("kubernetes").path("definitions");
        definitions.properties().forEach(definition -> definition
                .getValue()
                .path("x-kubernetes-group-version-kind")
                .forEach(it -> add(
                        it,
                        JsonNodeFactory.instance.objectNode().put("$ref", "#/definitions/" + definition.getKey()),
                        definitions)));
        for (String name : CUSTOM) {
            JsonNode resource = read(name);
            ObjectNode schema = (ObjectNode) resource.path("schema");
            // the API server knows metadata by itself
            ((ObjectNode) schema.path("properties"))
                    .putObject("metadata")
                    .put("$ref", "#/definitions/" + API + "apis.meta.v1.ObjectMeta");
            add(resource, schema, definitions);
        }
    }

    private void add(JsonNode kind, ObjectNode schema, JsonNode definitions) {
        ObjectNode closed = schema.deepCopy();
        ObjectNode shared = definitions.deepCopy();
        // the document says string, and Kubernetes takes numbers too
        orNumber((ObjectNode) shared.path(API + "util.intstr.IntOrString"));
        orNumber((ObjectNode) shared.path(API + "api.resource.Quantity"));
        closed.set("definitions", shared);
        Schemas.closed(closed);
        shared.forEach(Schemas::closed);
        String group = kind.path("group").asText();
        String version =
                (group.isEmpty() ? "" : group + "/") + kind.path("version").asText();
        String name = version + " " + kind.path("kind").asText();
        whole.put(name, schema(closed));
        withoutRequired(closed);
        partial.put(name, schema(closed));
    }

    private static void orNumber(ObjectNode schema) {
        schema.remove("format");
        schema.putArray("type").add("string").add("number");
    }

    private static void withoutRequired(JsonNode node) {
        if (node instanceof ObjectNode object && object.path("required").isArray()) {
            object.remove("required");
        }
        node.forEach(ManifestSchemas::withoutRequired);
    }

    private static JsonSchema schema(JsonNode content) {
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4).getSchema(content.deepCopy());
    }

    private static JsonNode read(String name) {
        try {
            return new ObjectMapper().readTree(FOLDER.resolve(name + ".json").toFile());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Validates a resource; one sentence per violation. */
    List<String> validate(String file, JsonNode resource) {
        return problems(file, resource, whole);
    }

    /** Validates a patch, which has only some of the fields of its resource. */
    List<String> validatePatch(String file, JsonNode patch) {
        return problems(file, patch, partial);
    }

    private static List<String> problems(String file, JsonNode resource, Map<String, JsonSchema> schemas) {
        String kind = resource.path("apiVersion").asText() + " "
                + resource.path("kind").asText();
        JsonSchema schema = schemas.get(kind);
        return schema == null
                ? List.of(file + ": no schema of '" + kind + "'")
                : Schemas.problems(file, kind, schema, resource);
    }
}
