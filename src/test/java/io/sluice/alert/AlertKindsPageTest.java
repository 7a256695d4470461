// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The table of the kinds of alerts in the manual, and their list in the API's document, are those of the code. {@code
 * -Dmatrix.write=true} renews the table.
 */
class AlertKindsPageTest {

    private static final Path PAGE = Path.of("src/site/markdown/alerts.md");
    private static final String BEGIN = "<!-- AlertKindsPageTest writes from here -->\n";
    private static final String END = "<!-- AlertKindsPageTest writes to here -->\n";

    @Test
    void theTableInTheManualHasEachKind() throws IOException {
        String page = Files.readString(PAGE);
        int begin = page.indexOf(BEGIN) + BEGIN.length();
        int end = page.indexOf(END);
        assertThat(begin).as("mark in " + PAGE).isGreaterThan(BEGIN.length()).isLessThanOrEqualTo(end);
        if (Boolean.getBoolean("matrix.write")) {
            Files.writeString(PAGE, page.substring(0, begin) + table() + page.substring(end));
        } else {
            assertThat(page.substring(begin, end)).isEqualTo(table());
        }
    }

    private static String table() {
        StringBuilder table = new StringBuilder("\n| kind | severity | is active while |\n|---|---|---|\n");
        for (AlertKind kind : AlertKind.values()) {
            table.append("| `%s` | %s | %s |%n".formatted(kind, kind.severity(), kind.begins()));
        }
        return table.append('\n').toString();
    }

    @Test
    void theDocumentOfTheApiHasEachKind() throws IOException {
        JsonNode document = new ObjectMapper().readTree(getClass().getResource("/io/sluice/operate/openapi.json"));
        List<String> kinds = new ArrayList<>();
        document.at("/components/schemas/Alert/properties/kind/enum").forEach(kind -> kinds.add(kind.asText()));

        assertThat(kinds)
                .containsExactlyElementsOf(Arrays.stream(AlertKind.values())
                        .map(AlertKind::toString)
                        .toList());
    }
}
