// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The reference of all Kamelets in the manual is what the catalogue says. {@code -Dmatrix.write=true} renews it after a change of
 * the catalogue.
 */
class KameletsPageTest {

    private static final Path PAGE = Path.of("src/site/markdown/kamelets.md");
    private static final String BEGIN = "<!-- KameletsPageTest writes from here -->\n";
    private static final String END = "<!-- KameletsPageTest writes to here -->\n";

    @Test
    void theReferenceInTheManualIsWhatTheCatalogueSays() throws IOException {
        String page = Files.readString(PAGE);
        int begin = page.indexOf(BEGIN) + BEGIN.length();
        int end = page.indexOf(END);
        assertThat(begin).as("mark in " + PAGE).isGreaterThan(BEGIN.length()).isLessThanOrEqualTo(end);
        if (Boolean.getBoolean("matrix.write")) {
            Files.writeString(PAGE, page.substring(0, begin) + reference() + page.substring(end));
        } else {
            assertThat(page.substring(begin, end)).isEqualTo(reference());
        }
    }

    private static String reference() throws IOException {
        StringBuilder text = new StringBuilder();
        for (Path file : Yaml.files("kamelet-catalog", ".yaml")) {
            JsonNode kamelet = Yaml.read(Yaml.text(file));
            JsonNode definition = kamelet.path("spec").path("definition");
            text.append("### ")
                    .append(kamelet.path("metadata").path("name").asText())
                    .append("\n\n")
                    .append(definition.path("description").asText().strip())
                    .append("\n\n")
                    .append(types(kamelet.path("spec").path("types")));
            if (!definition.path("properties").isEmpty()) {
                properties(definition, text);
            }
        }
        return text.toString();
    }

    /** The media types of the body; {@code application/x-java-object} is a Java object or a list of them. */
    private static String types(JsonNode types) {
        String text = types.properties().stream()
                .map(side -> side.getKey() + ": `"
                        + side.getValue().path("mediaType").asText() + "`")
                .collect(Collectors.joining(", "));
        return "Body " + text + "\n\n";
    }

    private static void properties(JsonNode definition, StringBuilder text) {
        Set<String> required = new HashSet<>();
        definition.path("required").forEach(name -> required.add(name.asText()));
        text.append("| property | type | default | |\n|---|---|---|---|\n");
        definition.path("properties").properties().forEach(property -> {
            JsonNode schema = property.getValue();
            String fallback = schema.has("default")
                    ? "`" + schema.path("default").asText() + "`"
                    : required.contains(property.getKey()) ? "required" : "";
            text.append("| `")
                    .append(property.getKey())
                    .append("` | ")
                    .append(schema.path("type").asText())
                    .append(" | ")
                    .append(fallback)
                    .append(" | ")
                    .append(cell(schema.path("description").asText()))
                    .append(" |\n");
        });
        text.append('\n');
    }

    private static String cell(String description) {
        return description.strip().replaceAll("\\s*\\R\\s*", " ").replace("|", "\\|");
    }
}
