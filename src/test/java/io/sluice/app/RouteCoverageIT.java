// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks, after all other tests, that at least one of them entered every route and every Kamelet. */
class RouteCoverageIT {

    private static final Pattern ROUTE = Pattern.compile("(?m)^- route:\\s*\\n\\s+id: (\\S+)");

    @Test
    void everyRouteAndEveryKameletWasEntered() throws IOException {
        Set<String> entered = new TreeSet<>();
        for (Path file : files(RouteCoverage.FOLDER, ".txt")) {
            // a Kamelet's route is named after it, with a number
            Files.readAllLines(file).forEach(id -> entered.add(id.replaceAll("-\\d+$", "")));
        }
        Set<String> expected = new TreeSet<>();
        for (Path file : files(Path.of("routes"), ".camel.yaml")) {
            Matcher matcher = ROUTE.matcher(Files.readString(file));
            while (matcher.find()) {
                expected.add(matcher.group(1));
            }
        }
        for (Path file : files(Path.of("kamelet-catalog"), ".kamelet.yaml")) {
            expected.add(file.getFileName().toString().replace(".kamelet.yaml", ""));
        }
        assertThat(expected).isNotEmpty();
        assertThat(entered).containsAll(expected);
    }

    private static List<Path> files(Path folder, String suffix) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }
}
