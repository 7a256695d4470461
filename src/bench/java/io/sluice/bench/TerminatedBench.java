// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Ends a process in the middle of its calls, in turns by SIGTERM and by SIGKILL, and starts another one once it is gone: the time
 * until the process is gone, until the other one is ready, and until everything is settled.
 */
public final class TerminatedBench implements Bench {

    private static final int ROWS = 5_000;
    private static final int ROUNDS = Integer.getInteger("bench.rounds", 5);
    private static final List<String> JVM = List.of("-Xmx512m");

    /** 200 records a call, each of which takes half a second. */
    private static final String SLOW =
            "{\"kind\":\"slow\",\"operation\":[\"composite\",\"collectionsUpsert\",\"collectionsUpdate\"],\"delayMs\":500}";

    private static final Map<String, String> SETTINGS =
            Map.of("sluice.composite.max-collections", "1", "sluice.bulk.max-records", "0");

    private final Map<String, Object> result = new LinkedHashMap<>();

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, List<Double>> times = new LinkedHashMap<>();
        try (ReplicaScene scene = new ReplicaScene(work, ROWS)) {
            ReplicaScene.Replica replica = scene.start(SETTINGS, JVM);
            try {
                replica.awaitReady();
                scene.awaitSettled(replica);
                scene.fault(SLOW);
                for (int round = 0; round < 2 * ROUNDS; round++) {
                    boolean terminated = round % 2 == 0;
                    scene.execute("update public.customer set phone = 'round " + round + "'");
                    scene.await(
                            replica,
                            () -> scene.number("select count(*) from sluice.outbox where lease is not null") > 0);
                    long begin = System.nanoTime();
                    double gone;
                    if (terminated) {
                        gone = replica.process().terminate();
                    } else {
                        replica.process().kill();
                        gone = (System.nanoTime() - begin) / 1e9;
                    }
                    long left = scene.number("select count(*) from sluice.outbox where lease is not null");
                    long start = System.nanoTime();
                    replica = scene.start(SETTINGS, JVM);
                    replica.awaitReady();
                    double ready = (System.nanoTime() - start) / 1e9;
                    scene.awaitSettled(replica);
                    double settled = (System.nanoTime() - begin) / 1e9;
                    String signal = terminated ? "SIGTERM" : "SIGKILL";
                    add(times, signal + ": s until the process is gone", gone);
                    add(times, signal + ": records left in flight", (double) left);
                    add(times, signal + ": s until all is settled", settled);
                    add(times, "s from the start until ready", ready);
                }
            } finally {
                replica.process().close();
            }
        }
        times.forEach((what, values) -> {
            double max = values.stream().mapToDouble(it -> it).max().orElseThrow();
            System.out.printf(
                    "%-40s median %8.1f  max %8.1f  (%d)%n", what, ReplicaScene.median(values), max, values.size());
            result.put(what, Map.of("median", ReplicaScene.median(values), "max", max, "values", values));
        });
        return result;
    }

    private static void add(Map<String, List<Double>> times, String what, double value) {
        times.computeIfAbsent(what, first -> new ArrayList<>()).add(value);
    }
}
