// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Measures the cost of a permit in PostgreSQL: the time between two grants of one account, for one and for many
 * callers.
 */
public final class GrantBench implements Bench {

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        try (EmbeddedDatabase server = EmbeddedDatabase.start(work, 0);
                Database database = Database.of(server.url(), "sluice", null, GrantCost.ASKERS)) {
            database.migrate();
            System.out.printf(
                    "%-34s %16s %16s %20s%n",
                    "ms per transaction", "1 asker", GrantCost.ASKERS + " askers", "PostgreSQL's own");
            Map<String, Object> figures = new LinkedHashMap<>();
            for (GrantCost.Figure figure : new GrantCost(database).measure()) {
                System.out.printf(
                        "%-34s %16.2f %16.2f %20.2f%n",
                        figure.what(), figure.alone(), figure.together(), figure.server());
                figures.put(
                        figure.what(),
                        Map.of(
                                "alone",
                                figure.alone(),
                                "together",
                                figure.together(),
                                "serverProcessorTime",
                                figure.server()));
            }
            return Map.of(
                    "goal",
                    "1 ms of PostgreSQL's time per grant with " + GrantCost.ASKERS + " askers",
                    "msPerTransaction",
                    figures);
        }
    }
}
