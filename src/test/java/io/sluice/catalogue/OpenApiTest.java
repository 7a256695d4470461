// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swagger.v3.parser.OpenAPIV3Parser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The OpenAPI document of the API, as its readers and the routes see it. */
class OpenApiTest {

    private static final Set<String> VERBS = Set.of("get", "post", "put", "patch", "delete", "head");

    private static String text() throws IOException {
        try (var document = OpenApiTest.class.getResourceAsStream("/io/sluice/operate/openapi.json")) {
            return new String(document.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void theDocumentIsOpenApi() throws IOException {
        assertThat(problems(text())).isEmpty();
        assertThat(problems(text().replace("operationId", "operation")))
                .as("what the parser sees")
                .isNotEmpty();
    }

    private static List<String> problems(String text) {
        var read = new OpenAPIV3Parser().readContents(text);
        assertThat(read.getOpenAPI().getPaths()).isNotEmpty();
        return read.getMessages();
    }

    @Test
    void theDocumentAndTheRoutesDescribeTheSameOperations() throws IOException {
        Map<String, String> documented = documented(new ObjectMapper().readTree(text()));

        assertThat(documented).hasSizeGreaterThan(10);
        assertThat(served(Yaml.read(Yaml.text(Path.of("routes/9-operate.camel.yaml")))))
                .containsExactlyInAnyOrderEntriesOf(documented);
    }

    /** Method and path to id, description and parameters. */
    private static Map<String, String> documented(JsonNode document) {
        Map<String, String> operations = new TreeMap<>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(verb -> {
                    Set<String> parameters = new TreeSet<>();
                    verb.getValue().path("parameters").forEach(one -> {
                        JsonNode parameter = one.has("$ref")
                                ? document.at(one.path("$ref").asText().substring(1))
                                : one;
                        if (parameter.path("in").asText().equals("query")) {
                            parameters.add(parameter(
                                    parameter,
                                    parameter.path("schema").path("type").asText()));
                        }
                    });
                    operations.put(
                            verb.getKey() + " " + path.getKey(),
                            operation(verb.getValue().path("operationId"), verb.getValue(), parameters));
                }));
        return operations;
    }

    /** The same of the REST DSL; the description of an operation is that of its route. */
    private static Map<String, String> served(JsonNode file) {
        Map<String, JsonNode> routes = new TreeMap<>();
        file.forEach(entry -> routes.put(entry.path("route").path("id").asText(), entry.path("route")));
        Map<String, String> operations = new TreeMap<>();
        file.forEach(entry -> entry.path("rest").properties().stream()
                .filter(part -> VERBS.contains(part.getKey()))
                .forEach(verb -> verb.getValue().forEach(one -> {
                    Set<String> parameters = new TreeSet<>();
                    one.path("param")
                            .forEach(parameter -> parameters.add(parameter(
                                    parameter, parameter.path("dataType").asText("string"))));
                    JsonNode route = routes.get(
                            one.path("to").path("parameters").path("name").asText());
                    operations.put(
                            verb.getKey() + " "
                                    + entry.path("rest").path("path").asText()
                                    + one.path("path").asText(),
                            operation(one.path("id"), route, parameters));
                })));
        return operations;
    }

    private static String operation(JsonNode id, JsonNode described, Set<String> parameters) {
        return id.asText() + ": " + described.path("description").asText().strip() + " " + parameters;
    }

    private static String parameter(JsonNode parameter, String type) {
        return parameter.path("name").asText() + " (" + type + ", "
                + (parameter.path("required").asBoolean() ? "required" : "optional") + "): "
                + parameter.path("description").asText();
    }
}
