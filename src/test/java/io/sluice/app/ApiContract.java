// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Judges the answers of the API by its OpenAPI document, and remembers what of the document was seen. */
final class ApiContract {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private static final SchemaValidatorsConfig STRICT =
            SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();

    /** @param template path with parameters in braces */
    record Operation(String id, String method, String template, JsonNode node) {

        boolean serves(String method, String path) {
            return this.method.equals(method)
                    && path.matches(template.replaceAll("\\.", "\\\\.").replaceAll("\\{[^}]+}", "[^/]+"));
        }

        boolean documents(int status) {
            return node.path("responses").has(Integer.toString(status));
        }

        boolean changesSomething() {
            return !method.equals("GET");
        }
    }

    private final JsonNode document;
    private final List<Operation> operations = new ArrayList<>();
    private final Map<String, JsonSchema> schemas = new LinkedHashMap<>();
    private final Set<String> seen = new TreeSet<>();

    ApiContract(String document) throws JsonProcessingException {
        this.document = JSON.readTree(document);
        this.document.path("paths").properties().forEach(path -> path.getValue()
                .properties()
                .forEach(operation -> operations.add(new Operation(
                        operation.getValue().path("operationId").asText(),
                        operation.getKey().toUpperCase(Locale.ROOT),
                        path.getKey(),
                        operation.getValue()))));
        // a literal path before one with a parameter
        operations.sort(Comparator.comparing(Operation::template));
    }

    List<Operation> operations() {
        return operations;
    }

    /** Names in one sentence each what the document does not say of an answer. */
    List<String> problems(String method, String pathAndQuery, RawHttp.Answer answer) {
        String[] parts = pathAndQuery.split("\\?", 2);
        String call = method + " " + pathAndQuery + " " + answer.status() + ": ";
        Operation operation = operations.stream()
                .filter(one -> one.serves(method, parts[0]))
                .findFirst()
                .orElse(null);
        if (operation == null) {
            return List.of(call + "there is no such operation");
        }
        JsonNode response = resolved(operation.node().path("responses").path(Integer.toString(answer.status())));
        if (response.isMissingNode()) {
            return List.of(call + "there is no such status");
        }
        seen.add(operation.id() + " " + answer.status());
        List<String> problems = new ArrayList<>();
        if (answer.status() == 200 && parts.length == 2) {
            for (String parameter : parts[1].split("&")) {
                String name = parameter.split("=")[0];
                if (parameters(operation).contains(name)) {
                    seen.add(operation.id() + " ?" + name);
                } else {
                    problems.add(call + "there is no parameter " + name);
                }
            }
        }
        response.path("headers").fieldNames().forEachRemaining(name -> {
            if (!answer.headers().containsKey(name.toLowerCase(Locale.ROOT))) {
                problems.add(call + "header " + name + " is missing");
            }
        });
        content(response, answer).forEach(problem -> problems.add(call + problem));
        return problems;
    }

    private List<String> content(JsonNode response, RawHttp.Answer answer) {
        String type = answer.headers().get("content-type");
        if (!response.has("content")) {
            return type == null ? List.of() : List.of("there is no content, but it is " + type);
        }
        JsonNode content = response.path("content").path(String.valueOf(type));
        if (content.isMissingNode()) {
            return List.of("there is no content " + type);
        }
        try {
            return schema(content.path("schema")).validate(JSON.readTree(answer.body())).stream()
                    .map(message -> message.getInstanceLocation() + " " + message.getMessage())
                    .toList();
        } catch (JsonProcessingException broken) {
            return List.of("the body is no JSON: " + answer.body());
        }
    }

    private JsonSchema schema(JsonNode schema) {
        return schemas.computeIfAbsent(schema.toString(), text -> {
            ObjectNode whole = ((ObjectNode) schema).deepCopy();
            whole.set("components", document.path("components"));
            return SCHEMAS.getSchema(whole, STRICT);
        });
    }

    private Set<String> parameters(Operation operation) {
        Set<String> names = new TreeSet<>();
        operation.node().path("parameters").forEach(parameter -> {
            JsonNode one = resolved(parameter);
            if (one.path("in").asText().equals("query")) {
                names.add(one.path("name").asText());
            }
        });
        return names;
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    /** Lists what no answer has shown: operations with a status or a parameter. */
    Set<String> unseen() {
        Set<String> unseen = new TreeSet<>();
        for (Operation operation : operations) {
            operation
                    .node()
                    .path("responses")
                    .fieldNames()
                    .forEachRemaining(status -> unseen.add(operation.id() + " " + status));
            parameters(operation).forEach(name -> unseen.add(operation.id() + " ?" + name));
        }
        unseen.removeAll(seen);
        return unseen;
    }
}
