// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Measures the cost of a permit in PostgreSQL, with few and with very many calls in the window. */
public final class GrantBench implements Bench {

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        try (EmbeddedDatabase server = EmbeddedDatabase.start(work, 0);
                Database database = Database.of(server.url(), "sluice", null, GrantCost.ASKERS)) {
            database.migrate();
            System.out.printf(
                    "%-60s %10s %10s %22s %18s%n",
                    "ms", "grant", "report", "between 2 of " + GrantCost.ASKERS + " askers", "PostgreSQL's own");
            Map<String, Object> figures = new LinkedHashMap<>();
            for (GrantCost.Figure figure : new GrantCost(database).measure()) {
                System.out.printf(
                        "%-60s %10.2f %10.2f %22.2f %18.2f%n",
                        figure.what(), figure.grant(), figure.report(), figure.together(), figure.server());
                figures.put(
                        figure.what(),
                        Map.of(
                                "grant",
                                figure.grant(),
                                "report",
                                figure.report(),
                                "together",
                                figure.together(),
                                "serverProcessorTime",
                                figure.server()));
            }
            return Map.of("goal", "a grant takes at most 1 ms with 1,000,000 calls in the window", "ms", figures);
        }
    }
}
