// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How long an urgent change takes from its commit to the CRM when the queue is full and calls are scarce, beside the
 * same without priorities: first in, first out.
 */
public final class UrgentBench implements Bench {

    private final Map<String, Object> result = new LinkedHashMap<>();

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        String scene =
                ("%,d normal changes kept waiting, by changing as many rows again as were sent; %d calls per %d s,"
                                + " 200 records a call; %,d urgent changes in %d s, a transaction each")
                        .formatted(
                                UrgentRun.BACKLOG,
                                UrgentRun.MAX,
                                UrgentRun.WINDOW_SECONDS,
                                UrgentRun.URGENT,
                                UrgentRun.DURATION.toSeconds());
        result.put("scene", scene);
        OperatingSystemMXBean machine = ManagementFactory.getOperatingSystemMXBean();
        result.put(
                "machine",
                "%d processors, for all processes; load %.1f before"
                        .formatted(machine.getAvailableProcessors(), machine.getSystemLoadAverage()));
        result.put("goal", "p99 from commit to the CRM under 300 ms plus the CRM's answer time; 0 refused");
        System.out.println(scene + ". " + result.get("machine"));
        System.out.printf(
                "%-24s %24s %20s %6s %8s %6s %16s%n", "", "commit to CRM, ms", "permit to answer, ms", "", "", "", "");
        System.out.printf(
                "%-24s %8s %7s %7s %12s %7s %6s %8s %6s %16s%n",
                "", "p50", "p99", "max", "p50", "p99", "calls", "refused", "peak", "waiting");
        line("urgent first", new UrgentRun(Files.createDirectories(work.resolve("urgent")), true));
        line("first in, first out", new UrgentRun(Files.createDirectories(work.resolve("fifo")), false));
        return result;
    }

    private void line(String name, UrgentRun run) throws Exception {
        UrgentRun.Figures figures = run.run();
        System.out.printf(
                "%-24s %8.0f %7.0f %7.0f %12.0f %7.0f %6d %8d %6d %16s%n",
                name,
                figures.urgent().median(),
                figures.urgent().p99(),
                figures.urgent().most(),
                figures.answer().median(),
                figures.answer().p99(),
                figures.calls(),
                figures.refused(),
                figures.peak(),
                "%d-%d k".formatted(figures.least() / 1000, figures.most() / 1000));
        result.put(name, figures.json());
    }
}
