// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Reads the table of the metrics in the page about operations. */
public final class MetricsPage {

    private static final Path PAGE = Path.of("src/site/markdown/operations.md");
    private static final String HEADER = "| metric | type | unit | tags | shows |";

    /**
     * A row of the table.
     *
     * @param name Prometheus' name
     * @param type gauge, counter or histogram
     * @param unit base unit, or "-"
     */
    public record Metric(String name, String type, String unit, Set<String> tags, String shows) {

        static Metric of(String row) {
            String[] cells = row.split("\\|");
            return new Metric(
                    cells[1].strip().replace("`", ""),
                    cells[2].strip(),
                    cells[3].strip(),
                    Arrays.stream(cells[4].strip().split(", *"))
                            .filter(tag -> !tag.equals("-"))
                            .collect(Collectors.toCollection(TreeSet::new)),
                    cells[5].strip());
        }
    }

    private MetricsPage() {}

    /** Returns the metrics of the page, in the order of their names. */
    public static Collection<Metric> metrics() {
        try {
            return Files.readString(PAGE)
                    .lines()
                    .dropWhile(line -> !line.equals(HEADER))
                    .skip(2)
                    .takeWhile(line -> line.startsWith("|"))
                    .map(Metric::of)
                    .collect(Collectors.toMap(Metric::name, metric -> metric, (one, other) -> one, TreeMap::new))
                    .values();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
