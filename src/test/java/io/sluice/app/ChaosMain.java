// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Runs a chaos: {@code mvn -q -Pchaos verify -Dseed=N -Dminutes=M}. Prints a line, and the shortest history of a fault. */
public final class ChaosMain {

    private ChaosMain() {}

    /** @param args a seed (0: any), and minutes */
    public static void main(String[] args) throws Exception {
        long seed = Long.parseLong(args[0]) == 0 ? System.nanoTime() % 1_000_000 : Long.parseLong(args[0]);
        double minutes = Double.parseDouble(args[1]);
        Path home = Path.of("target", "chaos", "seed-" + seed).toAbsolutePath();
        empty(home);
        Files.createDirectories(home);
        List<ChaosChecks.Fault> faults = new ChaosRun(home, seed, minutes).run();
        if (!faults.isEmpty()) {
            throw new IllegalStateException("Chaos with seed " + seed + " found " + faults.size() + " faults.");
        }
        empty(home);
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
