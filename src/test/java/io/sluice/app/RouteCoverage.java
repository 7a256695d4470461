package io.sluice.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which routes and Kamelets the tests have entered, gathered from the metrics of every process they started. */
final class RouteCoverage {

    static final Path FOLDER = Path.of("target", "route-coverage");
    private static final Pattern ENTERED = Pattern.compile("camel_exchanges_total\\{[^}]*routeId=\"([^\"]+)\"[^}]*} (\\S+)");

    private RouteCoverage() {
    }

    static void gather(String metrics) {
        Set<String> entered = new TreeSet<>();
        Matcher matcher = ENTERED.matcher(metrics);
        while (matcher.find()) {
            if (Double.parseDouble(matcher.group(2)) > 0) {
                entered.add(matcher.group(1));
            }
        }
        try {
            Files.createDirectories(FOLDER);
            Files.write(Files.createTempFile(FOLDER, "process-", ".txt"), entered);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }
}
