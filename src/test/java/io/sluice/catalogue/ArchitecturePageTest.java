// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that the traces of the architecture page name files that exist, and as many as they say. */
class ArchitecturePageTest {

    private static final Pattern FILE = Pattern.compile("`([a-zA-Z0-9/.-]+\\.(java|yaml))`");
    private static final Pattern COUNT = Pattern.compile("through (\\d+) files:");

    @Test
    void theTracesNameFilesThatExistAndAtMostTwenty() {
        String page = Yaml.text(Path.of("src/site/markdown/architecture.md"));
        Set<String> names = Stream.of("src/main/java", "routes", "kamelet-catalog")
                .flatMap(folder -> Stream.of(".java", ".yaml").flatMap(ending -> Yaml.files(folder, ending).stream()))
                .map(file -> file.getFileName().toString())
                .collect(Collectors.toSet());
        List<String> traces =
                List.of(page.substring(page.indexOf("## Three traces")).split("\n(?=A (change|webhook|permit)\\b)"));

        assertThat(traces).as("the heading and the traces").hasSize(4);
        for (String trace : traces.subList(1, 4)) {
            Set<String> files = new LinkedHashSet<>();
            Matcher file = FILE.matcher(trace);
            while (file.find()) {
                files.add(file.group(1));
                assertThat(names).contains(Path.of(file.group(1)).getFileName().toString());
                assertThat(!file.group(1).startsWith("routes/") || Files.exists(Path.of(file.group(1))))
                        .as(file.group(1))
                        .isTrue();
            }
            assertThat(files).hasSizeBetween(4, 20);
            Matcher count = COUNT.matcher(trace);
            if (count.find()) {
                assertThat(files).hasSize(Integer.parseInt(count.group(1)));
            }
        }
    }
}
