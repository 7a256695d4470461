// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RouteRulesTest {

    private static final String FILE = "routes/sample.camel.yaml";

    private static final String GOOD =
            """
            - route:
                id: sample
                description: Shows the form.
                from:
                  id: start
                  uri: direct
                  parameters:
                    name: sample
                  steps:
                    - choice:
                        id: choose
                        when:
                          - id: first
                            expression:
                              simple:
                                expression: "${body} == 1"
                            steps:
                              - log:
                                  id: say
                                  message: one
                        otherwise:
                          id: rest
                          steps:
                            - doTry:
                                id: try
                                steps:
                                  - stop:
                                      id: end
                                doCatch:
                                  - id: catch
                                    exception:
                                      - java.lang.Exception
                                    steps: []
            """;

    static Stream<Arguments> brokenSamples() {
        return Stream.of(
                arguments("steps have an id: route", "    id: sample\n", ""),
                arguments("steps have an id: from", "      id: start\n", ""),
                arguments("steps have an id: choice", "            id: choose\n", ""),
                arguments("steps have an id: when", "- id: first\n                expression", "- expression"),
                arguments("steps have an id: log", "                      id: say\n", ""),
                arguments("steps have an id: otherwise", "              id: rest\n", ""),
                arguments("steps have an id: doTry", "                    id: try\n", ""),
                arguments(
                        "steps have an id: stop",
                        "                          id: end\n",
                        "                          {}\n"),
                arguments("steps have an id: doCatch", "- id: catch\n                        exception", "- exception"),
                arguments("routes have a description", "    description: Shows the form.\n", ""),
                arguments("ids are unique", "id: say", "id: choose"),
                arguments("is a list", "- route:", "route:"),
                arguments("is YAML", "message: one", "message: [one"));
    }

    @Test
    void theCanonicalFormHasNoProblem() {
        assertThat(problems(GOOD)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("brokenSamples")
    void aBrokenRouteIsReportedWithItsFileAndTheRule(String rule, String good, String bad) {
        assertThat(GOOD).contains(good);

        assertThat(problems(GOOD.replace(good, bad))).singleElement().asString().startsWith(FILE + ": " + rule);
    }

    @Test
    void aTopLevelFromIsReported() {
        assertThat(problems("- from: {uri: 'direct:a', steps: []}"))
                .singleElement()
                .asString()
                .contains("no top-level from");
    }

    @Test
    void anOperationOfARestServiceWithoutAnIdIsReported() {
        assertThat(problems("- rest: {id: api, get: [{path: /a, to: 'direct:a'}]}"))
                .singleElement()
                .asString()
                .startsWith(FILE + ": steps have an id: get");
    }

    @Test
    void aRouteFileThatLooksLikeAKameletIsReported() {
        assertThat(RouteRules.ofRoutes("routes/a.kamelet.d/b.camel.yaml", GOOD, new HashMap<>()))
                .singleElement()
                .asString()
                .contains("no .kamelet in the path");
    }

    @Test
    void anIdThatTwoFilesUseIsReportedWithBoth() {
        Map<String, String> ids = new HashMap<>();
        RouteRules.ofRoutes("routes/other.camel.yaml", GOOD, ids);

        assertThat(RouteRules.ofRoutes(FILE, GOOD, ids))
                .contains(FILE + ": ids are unique: 'say' stands in routes/other.camel.yaml too");
    }

    @Test
    void aStepOfAKameletWithoutAnIdIsReported() throws IOException {
        var template = Yaml.read("from: {uri: 'kamelet:source', steps: [{log: {message: hello}}]}");

        assertThat(RouteRules.ofTemplate("a-sink.kamelet.yaml", template, new HashMap<>()))
                .singleElement()
                .asString()
                .startsWith("a-sink.kamelet.yaml: steps have an id: log");
    }

    private static List<String> problems(String text) {
        return RouteRules.ofRoutes(FILE, text, new HashMap<>());
    }
}
