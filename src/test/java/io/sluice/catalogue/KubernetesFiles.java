// SPDX-License-Identifier: Apache-2.0
package io.sluice.catalogue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes those parts of {@code src/main/kubernetes} that repeat other files of the bundle, each from a line of its file to the end:
 * the lists of files for ConfigMaps, the syncs as the sources of Camel K's Integration, the list of its Kamelets, and the alert
 * rules. {@code mvn -q test-compile exec:java -Dexec.mainClass=io.sluice.catalogue.KubernetesFiles -Dexec.classpathScope=test}
 */
public final class KubernetesFiles {

    private static final Path FOLDER = Path.of("src/main/kubernetes");
    /** Path of the bundle from a folder two below {@link #FOLDER}'s parent. */
    private static final String BUNDLE = "../../../../";

    private KubernetesFiles() {}

    public static void main(String... none) throws IOException {
        for (Map.Entry<Path, String> file : contents().entrySet()) {
            Files.writeString(file.getKey(), file.getValue());
        }
    }

    /** Returns what the files should contain. */
    static Map<Path, String> contents() {
        Map<Path, String> contents = new LinkedHashMap<>();
        written(contents, "base/kustomization.yaml", "configMapGenerator:", configMaps());
        written(contents, "camel-k/kustomization.yaml", "resources:", camelKResources());
        written(contents, "camel-k/integration.yaml", "  sources:", sources());
        written(contents, "components/monitoring/prometheus-rule.yaml", "spec:", rules());
        return contents;
    }

    private static void written(Map<Path, String> contents, String name, String lastKey, String value) {
        Path file = FOLDER.resolve(name);
        String text = Yaml.text(file);
        int end = text.indexOf("\n" + lastKey + "\n");
        if (end < 0) {
            throw new IllegalStateException(file + " has no line '" + lastKey + "'");
        }
        contents.put(file, text.substring(0, end + 1) + lastKey + "\n" + value);
    }

    private static String configMaps() {
        return configMap("sluice-settings", List.of(Path.of("application.properties")))
                + configMap("sluice-syncs", files("routes/syncs", ".camel.yaml"))
                + configMap("sluice-routes", files("routes", ".camel.yaml"))
                + configMap("sluice-crm", files("routes/crm", ".camel.yaml"))
                + configMap("sluice-kamelets", files("kamelet-catalog", ".kamelet.yaml"));
    }

    private static String configMap(String name, List<Path> files) {
        return "  - name: " + name + "\n    files:\n" + lines(files, "      - " + BUNDLE);
    }

    private static String camelKResources() {
        return "  - integration.yaml\n  - pod-monitor.yaml\n"
                + lines(files("kamelet-catalog", ".kamelet.yaml"), "  - " + BUNDLE);
    }

    private static String lines(List<Path> files, String prefix) {
        return files.stream().map(file -> prefix + file + "\n").collect(Collectors.joining());
    }

    private static String sources() {
        return files("routes/syncs", ".camel.yaml").stream()
                .map(file -> "    - name: " + file.getFileName() + "\n      content: |\n"
                        + indented(Yaml.text(file).lines(), 8))
                .collect(Collectors.joining());
    }

    private static String rules() {
        return indented(
                Yaml.text(Path.of("src/main/monitoring/prometheus-rules.yaml"))
                        .lines()
                        .dropWhile(line -> line.startsWith("#")),
                2);
    }

    private static String indented(Stream<String> lines, int spaces) {
        return lines.map(line -> line.isEmpty() ? "\n" : " ".repeat(spaces) + line + "\n")
                .collect(Collectors.joining());
    }

    /** The files of a folder alone, without those of folders in it. */
    private static List<Path> files(String folder, String ending) {
        return Yaml.files(folder, ending).stream()
                .filter(file -> file.getParent().equals(Path.of(folder)))
                .toList();
    }
}
