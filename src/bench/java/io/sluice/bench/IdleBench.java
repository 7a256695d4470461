// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures what idle replicas cost, one and ten: transactions by {@code pg_stat_database}, connections, memory and processor
 * time; and how soon a change is on its way then, from its commit to the permit of its call.
 */
public final class IdleBench implements Bench {

    private static final int ROWS = 1_000;
    private static final int MANY = 10;
    private static final int CHANGES = 40;
    private static final Duration WATCHED = Duration.ofSeconds(Integer.getInteger("bench.seconds", 60));
    /** The interval of the polls has grown to its maximum by then. */
    private static final Duration GROWN = Duration.ofSeconds(Integer.getInteger("bench.grown", 150));

    private static final List<String> JVM =
            List.of(System.getProperty("bench.jvm", "-Xmx512m").split(" "));

    private static final String TRANSACTIONS =
            "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()";
    private static final String CONNECTIONS =
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'sluice'";
    private static final String PERMIT =
            """
            select coalesce((extract(epoch from min(granted_at) - '%1$s'::timestamptz) * 1000000)::bigint, -1)
            from sluice.api_call where granted_at >= '%1$s'::timestamptz and operation <> 'query'""";

    private final Map<String, Object> result = new LinkedHashMap<>();

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        try (ReplicaScene scene = new ReplicaScene(work, ROWS)) {
            List<ReplicaScene.Replica> replicas = new ArrayList<>();
            try {
                for (int count : List.of(1, MANY)) {
                    while (replicas.size() < count) {
                        replicas.add(scene.start(Map.of(), JVM));
                        replicas.get(replicas.size() - 1).awaitReady();
                    }
                    scene.awaitSettled(replicas.get(0));
                    Thread.sleep(GROWN.toMillis());
                    idle(scene, replicas);
                    delays(scene, replicas);
                }
            } finally {
                replicas.forEach(replica -> replica.process().close());
            }
        }
        return result;
    }

    private void idle(ReplicaScene scene, List<ReplicaScene.Replica> replicas)
            throws SQLException, IOException, InterruptedException {
        long before = scene.number(TRANSACTIONS);
        double cpuBefore = cpu(replicas);
        long begin = System.nanoTime();
        Thread.sleep(WATCHED.toMillis());
        double seconds = (System.nanoTime() - begin) / 1e9;
        double cpu = (cpu(replicas) - cpuBefore) / seconds / replicas.size();
        print(replicas, "transactions a second", (scene.number(TRANSACTIONS) - before) / seconds);
        print(replicas, "connections of a replica", (double) scene.number(CONNECTIONS) / replicas.size());
        print(replicas, "% of a core, a replica", 100 * cpu);
        double memory = 0;
        for (ReplicaScene.Replica replica : replicas) {
            memory += replica.process().memory();
        }
        print(replicas, "MiB of a replica", memory / replicas.size());
    }

    private static double cpu(List<ReplicaScene.Replica> replicas) throws IOException {
        double seconds = 0;
        for (ReplicaScene.Replica replica : replicas) {
            seconds += replica.process().cpuSeconds();
        }
        return seconds;
    }

    private void delays(ReplicaScene scene, List<ReplicaScene.Replica> replicas) throws Exception {
        List<Double> delays = new ArrayList<>();
        for (int i = 0; i < CHANGES; i++) {
            scene.execute("update public.customer set phone = '" + replicas.size() + "-" + i + "' where no = 'C-"
                    + (1 + i) + "'");
            String committed = scene.text("select clock_timestamp()::text");
            long[] delay = {-1};
            scene.await(replicas.get(0), () -> {
                delay[0] = scene.number(PERMIT.formatted(committed));
                return delay[0] >= 0;
            });
            delays.add(delay[0] / 1_000.0);
            scene.awaitSettled(replicas.get(0));
            Thread.sleep(1_500);
        }
        print(replicas, "ms from commit to permit, median", ReplicaScene.median(delays));
        print(
                replicas,
                "ms from commit to permit, max",
                delays.stream().mapToDouble(it -> it).max().orElseThrow());
    }

    private void print(List<ReplicaScene.Replica> replicas, String what, double value) {
        String name = replicas.size() + (replicas.size() == 1 ? " replica: " : " replicas: ") + what;
        System.out.printf("%-50s %8.1f%n", name, value);
        result.put(name, value);
    }
}
