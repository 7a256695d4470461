// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs the measurement of a name, {@code month-end} for {@link MonthEndBench}, and keeps its result as JSON. */
public final class BenchMain {

    private static final Path RESULTS = Path.of("target", "bench");

    private BenchMain() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 1 || args[0].isBlank() || args[0].equals("none")) {
            throw new IllegalArgumentException("Name a measurement: mvn -q -Pbench verify -Dbench=capture");
        }
        String name = args[0];
        Bench bench = bench(name);
        Path work = RESULTS.resolve(name + "-work");
        empty(work);
        Map<String, Object> result;
        try {
            result = bench.run(Files.createDirectories(work));
        } finally {
            empty(work);
        }
        Path file = RESULTS.resolve(name + ".json");
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), result);
        System.out.println("Written to " + file);
    }

    private static Bench bench(String name) throws ReflectiveOperationException {
        String type = BenchMain.class.getPackageName() + "."
                + Arrays.stream(name.split("-"))
                        .map(word -> Character.toUpperCase(word.charAt(0)) + word.substring(1))
                        .collect(Collectors.joining())
                + "Bench";
        try {
            return (Bench) Class.forName(type).getDeclaredConstructor().newInstance();
        } catch (ClassNotFoundException unknown) {
            throw new IllegalArgumentException("There is no measurement '" + name + "': no class " + type, unknown);
        }
    }

    private static void empty(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
