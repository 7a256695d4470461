// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.bulk.BulkJobState;
import io.sluice.crm.Crm;
import io.sluice.crm.CrmCall;
import io.sluice.snapshot.SnapshotState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that routes/crm makes every call that the core can ask for, and that an editor sees each Kamelet. */
class CrmRoutesTest {

    private static final Pattern METHOD = Pattern.compile("\\$\\{variable\\.call\\.method} == '([a-z-]+)'");
    private static final Pattern VALUE = Pattern.compile("\\$\\{variable\\.call\\.([a-zA-Z]+)}");
    private static final Map<String, Class<?>> CALLS = Arrays.stream(CrmCall.class.getPermittedSubclasses())
            .collect(toMap(CrmRoutesTest::kind, Function.identity()));

    static Stream<Crm> crms() {
        return ServiceLoader.load(Crm.class).stream().map(ServiceLoader.Provider::get);
    }

    /** The kind of a call, from an instance that has no other value. */
    private static String kind(Class<?> call) {
        try {
            Class<?>[] types = Arrays.stream(call.getRecordComponents())
                    .map(RecordComponent::getType)
                    .toArray(Class<?>[]::new);
            Object[] values = Arrays.stream(types)
                    .map(type -> type == int.class ? 0 : type == Map.class ? Map.of() : null)
                    .toArray();
            return ((CrmCall) call.getDeclaredConstructor(types).newInstance(values)).kind();
        } catch (ReflectiveOperationException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** The methods of each kind of call that the core asks this CRM for. */
    private static Map<String, Set<String>> expected(Crm crm) {
        Map<String, Set<String>> expected = new LinkedHashMap<>();
        expected.put("write", new TreeSet<>(Set.of("upsert", "delete")));
        if (crm.collectionsACall() > 1) {
            expected.get("write").add("composite");
        }
        if (crm.bulk().isPresent()) {
            expected.put("bulk", words(BulkJobState.values()));
        }
        expected.put("read", Set.of("delta", "deleted"));
        // without events, only records that may have been deleted are read back
        expected.put(
                "read-back",
                crm.sendsWebhooks() || crm.hasJournal() || crm.hasEventStream()
                        ? Set.of("read", "lookup")
                        : Set.of("lookup"));
        Set<String> snapshot = words(SnapshotState.values());
        snapshot.remove(SnapshotState.DONE.toString());
        expected.put("snapshot", crm.bulkQuery().isPresent() ? snapshot : Set.of(SnapshotState.PAGES.toString()));
        expected.put("describe", Set.of());
        expected.put("objects", Set.of());
        if (crm.sendsWebhooks()) {
            expected.put("webhook", Set.of());
        }
        if (crm.hasJournal()) {
            expected.put("journal", Set.of());
        }
        if (crm.hasEventStream()) {
            expected.put("events", Set.of());
        }
        return expected;
    }

    private static Set<String> words(Object[] states) {
        Set<String> words = new TreeSet<>();
        Arrays.stream(states).forEach(state -> words.add(state.toString()));
        return words;
    }

    /** The routes of a CRM's file, by kind. */
    private static Map<String, JsonNode> routes(Crm crm) throws IOException {
        Map<String, JsonNode> routes = new LinkedHashMap<>();
        Yaml.read(Yaml.text(Path.of("routes/crm", crm.name() + ".camel.yaml"))).forEach(entry -> {
            JsonNode route = entry.path("route");
            assertThat(route.path("id").asText()).startsWith(crm.name() + "-");
            routes.put(route.path("id").asText().substring(crm.name().length() + 1), route);
        });
        return routes;
    }

    @ParameterizedTest
    @MethodSource("crms")
    void aCrmHasARouteForEachKindOfCallAndABranchForEachMethod(Crm crm) throws IOException {
        Map<String, JsonNode> routes = routes(crm);
        assertThat(routes.keySet()).isEqualTo(expected(crm).keySet());
        assertThat(CALLS.keySet()).containsAll(routes.keySet());
        expected(crm).forEach((kind, methods) -> {
            Set<String> left = new HashSet<>(methods);
            Matcher branch = METHOD.matcher(routes.get(kind).toString());
            while (branch.find()) {
                assertThat(left.remove(branch.group(1)))
                        .as("%s-%s asks for the method %s, which exists once", crm.name(), kind, branch.group(1))
                        .isTrue();
            }
            assertThat(left)
                    .as("%s-%s: methods without a branch; 'otherwise' makes the last one", crm.name(), kind)
                    .hasSizeLessThanOrEqualTo(1);
        });
    }

    @ParameterizedTest
    @MethodSource("crms")
    void aCallToAKameletIsStaticAndHasEachRequiredParameter(Crm crm) throws IOException {
        for (Map.Entry<String, JsonNode> route : routes(crm).entrySet()) {
            assertThat(route.getValue().findValues("toD"))
                    .as(crm.name() + "-" + route.getKey())
                    .isEmpty();
            List<JsonNode> calls = route.getValue().findValues("to");
            assertThat(calls).isNotEmpty();
            for (JsonNode call : calls) {
                String uri = call.path("uri").asText();
                assertThat(uri).startsWith("kamelet:" + crm.name() + "-");
                Set<String> given = new TreeSet<>();
                call.path("parameters").fieldNames().forEachRemaining(given::add);
                assertThat(given).as(uri).contains("account").containsAll(required(uri.substring(8)));
            }
        }
    }

    private static List<String> required(String kamelet) throws IOException {
        List<String> required = new ArrayList<>();
        Yaml.read(Yaml.text(Path.of("kamelet-catalog", kamelet + KameletRules.ENDING)))
                .path("spec")
                .path("definition")
                .path("required")
                .forEach(name -> required.add(name.asText()));
        return required;
    }

    @ParameterizedTest
    @MethodSource("crms")
    void aRouteUsesOnlyValuesThatItsCallHas(Crm crm) throws IOException {
        for (Map.Entry<String, JsonNode> route : routes(crm).entrySet()) {
            List<String> values = Arrays.stream(CALLS.get(route.getKey()).getRecordComponents())
                    .map(RecordComponent::getName)
                    .toList();
            Matcher value = VALUE.matcher(route.getValue().toString());
            while (value.find()) {
                assertThat(values).as(crm.name() + "-" + route.getKey()).contains(value.group(1));
            }
        }
    }

    @Test
    void theOnlyDynamicStepOfThePipelineChoosesTheCrm() throws IOException {
        List<String> dynamic = new ArrayList<>();
        for (Path file : Yaml.files("routes", ".yaml")) {
            for (JsonNode step : Yaml.read(Yaml.text(file)).findValues("toD")) {
                assertThat(step.path("description").asText())
                        .as("why a step of %s is dynamic", file)
                        .startsWith("Dynamic, because ");
                dynamic.add(step.path("uri").asText());
            }
        }
        assertThat(dynamic).containsExactly("direct:${variable.call.crm}-${variable.call.kind}");
    }

    @Test
    void noJavaCodeNamesAKamelet() {
        List<String> places = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
                if (Files.readString(file).contains("kamelet:")) {
                    places.add(file.toString());
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        assertThat(places).isEmpty();
    }
}
