// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every route file and Kamelet as others see it: Camel, Kubernetes, Kaoto, a catalogue. */
class CatalogueTest {

    private static final Schemas SCHEMAS = new Schemas();
    private static final Pattern CALL = Pattern.compile("kamelet:([a-z0-9-]+)");

    static List<Path> routes() {
        return Yaml.files("routes", ".yaml");
    }

    static List<Path> kamelets() {
        return Yaml.files("kamelet-catalog", ".yaml");
    }

    @ParameterizedTest
    @MethodSource("routes")
    void aRouteFileIsWhatCamelsSchemaAllows(Path file) throws IOException {
        assertThat(SCHEMAS.camel(file.toString(), Yaml.read(Yaml.text(file)))).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("routes")
    void aRouteFileEndsSoThatCamelAndKaotoFindIt(Path file) {
        assertThat(file.getFileName().toString()).endsWith(".camel.yaml");
    }

    @Test
    void routesAreInCanonicalFormAndTheirIdsAreUnique() {
        Map<String, String> ids = new HashMap<>();
        List<String> problems = new ArrayList<>();
        routes().forEach(file -> problems.addAll(RouteRules.ofRoutes(file.toString(), Yaml.text(file), ids)));

        assertThat(problems).isEmpty();
        assertThat(ids).as("ids of the routes that move the data").containsKeys("wake", "send", "settle");
    }

    /** Camel takes a name that no configuration has for none, and the route's errors are then logged with a stack trace. */
    @Test
    void theConfigurationThatARouteNamesExists() throws IOException {
        List<String> named = new ArrayList<>();
        List<String> defined = new ArrayList<>();
        for (Path file : routes()) {
            for (JsonNode entry : Yaml.read(Yaml.text(file))) {
                named.addAll(entry.findValuesAsText("routeConfigurationId"));
                defined.add(entry.path("routeConfiguration").path("id").asText());
            }
        }
        assertThat(named).isNotEmpty();
        assertThat(defined).containsAll(named);
    }

    @ParameterizedTest
    @MethodSource("kamelets")
    void aKameletsTemplateIsWhatCamelsSchemaAllows(Path file) throws IOException {
        JsonNode kamelet = Yaml.read(Yaml.text(file));
        assertThat(SCHEMAS.camel(file.toString(), asRouteTemplate(kamelet))).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("kamelets")
    void aKameletIsWhatKubernetesAccepts(Path file) throws IOException {
        assertThat(SCHEMAS.kubernetes(file.toString(), Yaml.read(Yaml.text(file))))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("kamelets")
    void aKameletKeepsTheRulesOfCamelsCatalogue(Path file) {
        assertThat(KameletRules.problems(file.getFileName().toString(), Yaml.text(file)))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("kamelets")
    void everyStepOfAKameletHasAnIdOfItsOwn(Path file) throws IOException {
        JsonNode template = Yaml.read(Yaml.text(file)).path("spec").path("template");
        assertThat(RouteRules.ofTemplate(file.toString(), template, new HashMap<>()))
                .isEmpty();
    }

    @Test
    void noTwoKameletsShareATitleOrADescription() throws IOException {
        Map<String, List<String>> words = new TreeMap<>();
        for (Path file : kamelets()) {
            JsonNode definition = Yaml.read(Yaml.text(file)).path("spec").path("definition");
            for (String part : List.of("title", "description")) {
                words.computeIfAbsent(definition.path(part).asText(), word -> new ArrayList<>())
                        .add(file.toString());
            }
        }
        assertThat(words).isNotEmpty().allSatisfy((word, files) -> assertThat(files)
                .hasSize(1));
    }

    @Test
    void aKameletThatARouteOrAKameletCallsIsInTheCatalogue() {
        List<String> names = kamelets().stream()
                .map(file -> file.getFileName().toString().replace(KameletRules.ENDING, ""))
                .toList();
        List<Path> all = new ArrayList<>(routes());
        all.addAll(kamelets());
        List<String> problems = new ArrayList<>();
        int calls = 0;
        for (Path file : all) {
            Matcher call = CALL.matcher(Yaml.text(file));
            while (call.find()) {
                if (call.group(1).equals("source") || call.group(1).equals("sink")) {
                    continue;
                }
                calls++;
                if (!names.contains(call.group(1))) {
                    problems.add(file + ": calls kamelet:" + call.group(1) + ", which is not in kamelet-catalog");
                }
            }
        }
        assertThat(problems).isEmpty();
        assertThat(calls).as("calls found").isPositive();
    }

    /** A source passes each record once: every way to the route behind it leads through an idempotent consumer. */
    @ParameterizedTest
    @MethodSource("sources")
    void aSourcePassesEachRecordOnce(Path file) throws IOException {
        JsonNode template = Yaml.read(Yaml.text(file)).path("spec").path("template");
        List<JsonNode> consumers = template.findValues("idempotentConsumer");
        assertThat(consumers).isNotEmpty().allSatisfy(consumer -> {
            assertThat(consumer.path("idempotentRepository").asText()).isEqualTo("#sourceKeys");
            assertThat(consumer.path("removeOnFailure").asBoolean()).isTrue();
        });
        assertThat(consumers.stream().mapToLong(CatalogueTest::sinks).sum())
                .isEqualTo(sinks(template))
                .isPositive();
    }

    static List<Path> sources() {
        return kamelets().stream()
                .filter(file -> file.getFileName().toString().endsWith("-source" + KameletRules.ENDING))
                .toList();
    }

    private static long sinks(JsonNode steps) {
        return steps.findValues("uri").stream()
                .filter(uri -> uri.asText().equals("kamelet:sink"))
                .count();
    }

    /** Reads a Kamelet as Camel itself does: its template is a route template. */
    private static ArrayNode asRouteTemplate(JsonNode kamelet) {
        ObjectNode template = JsonNodeFactory.instance
                .objectNode()
                .put("id", kamelet.path("metadata").path("name").asText());
        template.setAll((ObjectNode) kamelet.path("spec").path("template"));
        ArrayNode file = JsonNodeFactory.instance.arrayNode();
        file.addObject().set("routeTemplate", template);
        return file;
    }
}
