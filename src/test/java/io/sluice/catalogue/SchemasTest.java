// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests that the schemas reject errors: otherwise {@link CatalogueTest} would pass with any file. */
class SchemasTest {

    private static final Schemas SCHEMAS = new Schemas();

    @Test
    void camelsSchemaRefusesAStepThatDoesNotExist() throws IOException {
        assertThat(
                        camel(
                                """
                - route:
                    id: a
                    from:
                      uri: direct:a
                      steps:
                        - teleport:
                            id: b
                """))
                .singleElement()
                .asString()
                .startsWith("a.yaml: Camel YAML DSL schema: ")
                .contains("teleport");
    }

    @Test
    void camelsSchemaRefusesAMisspeltOption() throws IOException {
        assertThat(
                        camel(
                                """
                - route:
                    id: a
                    from:
                      uri: direct:a
                      steps:
                        - to:
                            id: b
                            url: direct:b
                """))
                .isNotEmpty()
                .anyMatch(problem -> problem.contains("url"));
    }

    @Test
    void camelsSchemaTakesAPlaceholderButNoOtherTextForANumber() throws IOException {
        String breaker =
                """
                - route:
                    id: a
                    from:
                      uri: direct:a
                      steps:
                        - circuitBreaker:
                            id: b
                            resilience4jConfiguration:
                              slidingWindowSize: "SIZE"
                            steps: []
                """;

        assertThat(camel(breaker.replace("SIZE", "{{size}}"))).isEmpty();
        assertThat(camel(breaker.replace("SIZE", "many")))
                .singleElement()
                .asString()
                .contains("slidingWindowSize");
    }

    @Test
    void kubernetesRefusesAFieldThatTheResourceDoesNotHave() throws IOException {
        assertThat(
                        kubernetes(
                                """
                apiVersion: camel.apache.org/v1
                kind: Kamelet
                metadata: {name: a-sink}
                spec:
                  flow: {}
                """))
                .singleElement()
                .asString()
                .contains("flow");
    }

    @Test
    void kubernetesRefusesAFieldOfTheWrongTypeInAProperty() throws IOException {
        assertThat(
                        kubernetes(
                                """
                apiVersion: camel.apache.org/v1
                kind: Kamelet
                metadata: {name: a-sink}
                spec:
                  definition:
                    properties:
                      account: {title: Account, minimum: 3}
                """))
                .singleElement()
                .asString()
                .contains("minimum");
    }

    @Test
    void kubernetesTakesAnyTemplate() throws IOException {
        assertThat(
                        kubernetes(
                                """
                apiVersion: camel.apache.org/v1
                kind: Kamelet
                metadata: {name: a-sink, labels: {any: thing}}
                spec:
                  template: {from: {uri: "kamelet:source", steps: []}}
                """))
                .isEmpty();
    }

    private static List<String> camel(String text) throws IOException {
        return SCHEMAS.camel("a.yaml", Yaml.read(text));
    }

    private static List<String> kubernetes(String text) throws IOException {
        return SCHEMAS.kubernetes("a.yaml", Yaml.read(text));
    }
}
