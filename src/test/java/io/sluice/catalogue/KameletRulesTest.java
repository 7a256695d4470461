// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule reports the Kamelet that breaks it, alone, and names the file. */
class KameletRulesTest {

    private static final String FILE = "acme-upsert-sink.kamelet.yaml";

    private static final String GOOD =
            """
            apiVersion: camel.apache.org/v1
            kind: Kamelet
            metadata:
              name: acme-upsert-sink
              annotations:
                camel.apache.org/kamelet.support.level: Preview
                camel.apache.org/catalog.version: 0.1.0
                camel.apache.org/kamelet.icon: data:image/svg+xml;base64,PHN2Zy8+
                camel.apache.org/provider: Sluice
                camel.apache.org/kamelet.group: Acme
                camel.apache.org/kamelet.namespace: Sluice
              labels:
                camel.apache.org/kamelet.type: sink
            spec:
              definition:
                title: Acme Upsert Sink
                description: Writes records.
                type: object
                required:
                  - object
                properties:
                  object:
                    title: Object
                    description: Name of the object
                    type: string
                  token:
                    title: Token
                    description: What lets us in
                    type: string
                    format: password
                    x-descriptors:
                      - urn:camel:group:credentials
              types:
                in:
                  mediaType: application/json
              dependencies:
                - "camel:http"
                - "mvn:io.sluice:sluice:0.1.0"
              template:
                beans:
                  - name: writer
                    type: "#class:io.sluice.Sync"
                from:
                  uri: kamelet:source
                  steps:
                    - setHeader:
                        id: authorization
                        name: Authorization
                        expression:
                          simple:
                            expression: "Bearer {{?token}}"
                    - bean:
                        id: write
                        ref: "{{writer}}"
                    - to:
                        id: call
                        uri: "http://localhost/{{object}}"
            """;

    static Stream<Arguments> brokenSamples() {
        return Stream.of(
                arguments("file name is metadata.name", "  name: acme-upsert-sink", "  name: acme-write-sink"),
                arguments("kamelet.type label is source, sink or action", "kamelet.type: sink", "kamelet.type: drain"),
                arguments("title ends in its type", "title: Acme Upsert Sink", "title: Acme Upsert"),
                arguments(
                        "apiVersion and kind",
                        "apiVersion: camel.apache.org/v1",
                        "apiVersion: camel.apache.org/v1alpha1"),
                arguments("apiVersion and kind", "kind: Kamelet", "kind: Pipe"),
                arguments("annotations are there", "    camel.apache.org/provider: Sluice\n", ""),
                arguments("annotations are there", "    camel.apache.org/catalog.version: 0.1.0\n", ""),
                arguments("annotations are there", "    camel.apache.org/kamelet.support.level: Preview\n", ""),
                arguments("annotations are there", "    camel.apache.org/kamelet.group: Acme\n", ""),
                arguments("annotations are there", "    camel.apache.org/kamelet.namespace: Sluice\n", ""),
                arguments(
                        "annotations are there",
                        "    camel.apache.org/kamelet.icon: data:image/svg+xml;base64,PHN2Zy8+\n",
                        ""),
                arguments("icon is embedded", "data:image/svg+xml;base64,PHN2Zy8+", "https://example.org/icon.svg"),
                arguments("icon is embedded", "PHN2Zy8+", "bm90aGluZw=="),
                arguments("definition.type is object", "    type: object\n", ""),
                arguments("definition has a description", "    description: Writes records.\n", ""),
                arguments("properties have title, description and type", "        title: Object\n", ""),
                arguments(
                        "properties have title, description and type", "        description: Name of the object\n", ""),
                arguments(
                        "properties have title, description and type",
                        "Name of the object\n        type: string\n",
                        "Name of the object\n"),
                arguments("required properties are declared", "      - object\n", "      - object\n      - owner\n"),
                arguments("required properties are named once", "      - object\n", "      - object\n      - object\n"),
                arguments("properties are used", "http://localhost/{{object}}", "http://localhost"),
                arguments(
                        "placeholders are declared",
                        "http://localhost/{{object}}",
                        "http://localhost/{{object}}/{{owner}}"),
                arguments("placeholders are declared", "ref: \"{{writer}}\"", "ref: \"{{reader}}\""),
                arguments(
                        "placeholders are declared",
                        "localhost/{{object}}",
                        "localhost/{{object}}?a={{?owner:nobody}}"),
                arguments("types are there", "  types:\n    in:\n      mediaType: application/json\n", ""),
                arguments("types are in and out, each with a media type", "application/json", "json"),
                arguments("types are in and out, each with a media type", "application/json", "[application/json]"),
                arguments("step ids are nouns", "id: authorization", "id: say-who-it-is"),
                arguments("credentials are formatted", "        format: password\n", ""),
                arguments(
                        "credentials are formatted",
                        "          - urn:camel:group:credentials\n",
                        "          - other\n"),
                arguments("dependencies are camel:name or mvn:group:artifact:version", "camel:http", "camel-http"),
                arguments(
                        "dependencies are camel:name or mvn:group:artifact:version",
                        "mvn:io.sluice:sluice:0.1.0",
                        "mvn:io.sluice:sluice"),
                arguments(
                        "dependencies are there",
                        "  dependencies:\n    - \"camel:http\"\n    - \"mvn:io.sluice:sluice:0.1.0\"\n",
                        ""),
                arguments("a sink or an action starts at kamelet:source", "uri: kamelet:source", "uri: direct:source"),
                arguments("is YAML", "kind: Kamelet", "kind: [Kamelet"),
                arguments("is YAML", "kind: Kamelet", "kind: Kamelet\nkind: Kamelet"));
    }

    @Test
    void aGoodKameletHasNoProblem() {
        assertThat(KameletRules.problems(FILE, GOOD)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("brokenSamples")
    void aBrokenKameletIsReportedWithItsFileAndTheRule(String rule, String good, String bad) {
        assertThat(GOOD).contains(good);

        assertThat(KameletRules.problems(FILE, GOOD.replace(good, bad)))
                .singleElement()
                .asString()
                .startsWith(FILE + ": " + rule + ": ");
    }

    @Test
    void aNameThatDoesNotEndInItsTypeIsReported() {
        String action =
                GOOD.replace("kamelet.type: sink", "kamelet.type: action").replace("Upsert Sink", "Upsert Action");

        assertThat(KameletRules.problems(FILE, action))
                .singleElement()
                .asString()
                .startsWith(FILE + ": name ends in its type: ");
    }

    @Test
    void aCredentialWithoutAnyFormatBreaksTheRuleTwice() {
        String bare = GOOD.replace(
                "        format: password\n        x-descriptors:\n" + "          - urn:camel:group:credentials\n", "");

        assertThat(KameletRules.problems(FILE, bare))
                .hasSize(2)
                .allMatch(it -> it.contains("credentials are formatted"));
    }

    @Test
    void aSourceMustEndAtItsCaller() {
        String source = GOOD.replace("acme-upsert-sink", "acme-upsert-source")
                .replace("type: sink", "type: source")
                .replace("Upsert Sink", "Upsert Source")
                .replace("    in:\n", "    out:\n")
                .replace("uri: kamelet:source", "uri: \"timer:{{object}}\"");
        String file = FILE.replace("sink", "source");

        assertThat(KameletRules.problems(file, source.replace("http://localhost/{{object}}", "kamelet:sink")))
                .isEmpty();
        assertThat(KameletRules.problems(file, source))
                .singleElement()
                .asString()
                .contains("a source ends in kamelet:sink");
    }
}
