// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The what-if replay against reality: two bundles get the same changes at the same moments, one under wide limits and one
 * under narrow ones. The replay of the first one's calls under the limits of the second predicts what the second does.
 */
public final class WhatIfBench implements Bench {

    private static final String ONLY = System.getProperty("bench.scenario", "");

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put(
                "goal",
                "calls within 2 %, resume times of stops of 10 s and more within 5 % of the time since the start");
        result.put(
                "machine",
                "%d processors, for all processes; load %.1f before"
                        .formatted(
                                Runtime.getRuntime().availableProcessors(),
                                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        System.out.println(result.get("goal") + ". " + result.get("machine"));
        for (WhatIfRun.Scenario scenario : scenarios()) {
            if (ONLY.isEmpty() || ONLY.equals(scenario.name())) {
                WhatIfRun.Figures figures = new WhatIfRun(work.resolve(scenario.name()), scenario).run();
                figures.print();
                result.put(scenario.name(), figures.json());
            }
        }
        return result;
    }

    private static List<WhatIfRun.Scenario> scenarios() {
        return List.of(
                new WhatIfRun.Scenario(
                        "minute",
                        60,
                        Duration.ofSeconds(60),
                        0,
                        "out",
                        "low",
                        "low",
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        schedule(List.of(
                                every("deal", 0, 100_000, 900),
                                every("customer", 350, 100_000, 700),
                                every("alarm", 1_100, 100_000, 2_500),
                                every("alarm", 15_000, 25_000, 300),
                                List.of(
                                        new WhatIfRun.Change(20_050, "deal", 300),
                                        new WhatIfRun.Change(30_050, "customer", 250))))),
                new WhatIfRun.Scenario(
                        "hour",
                        200,
                        Duration.ofHours(1),
                        120,
                        "both",
                        "normal",
                        "low",
                        Map.of(),
                        Map.of("sluice.composite.max-collections", "1"),
                        Map.of("batchSize", 200, "priorities", Map.of("deals", "low")),
                        hour()),
                new WhatIfRun.Scenario(
                        "ageing",
                        200,
                        Duration.ofHours(1),
                        120,
                        "both",
                        "low",
                        "low",
                        Map.of("sluice.ageing.interval", "20s", "sluice.composite.max-collections", "1"),
                        Map.of(),
                        Map.of(),
                        hour()));
    }

    /** Changes under a limit of an hour of which most is used; from 75 s on, calls leave the window. */
    private static List<WhatIfRun.Change> hour() {
        return schedule(List.of(
                every("deal", 0, 115_000, 2_000),
                every("customer", 20_350, 115_000, 1_000),
                every("alarm", 1_100, 115_000, 4_000),
                List.of(new WhatIfRun.Change(30_050, "deal", 300), new WhatIfRun.Change(40_050, "customer", 250))));
    }

    private static List<WhatIfRun.Change> every(String table, long from, long to, long millis) {
        List<WhatIfRun.Change> changes = new ArrayList<>();
        for (long at = from; at < to; at += millis) {
            changes.add(new WhatIfRun.Change(at, table, 1));
        }
        return changes;
    }

    private static List<WhatIfRun.Change> schedule(List<List<WhatIfRun.Change>> parts) {
        return parts.stream()
                .flatMap(List::stream)
                .sorted((one, other) -> Long.compare(one.atMillis(), other.atMillis()))
                .toList();
    }
}
