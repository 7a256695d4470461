// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures 10,000 edits of HubSpot's users in a minute: the time until each is in the table and in Salesforce, the answer
 * times of HubSpot's requests, and the read calls. Events with values cost no read call; one new record in ten costs few.
 */
public final class PushedBench implements Bench {

    private static final int EDITS = Integer.getInteger("bench.edits", 10_000);
    private static final int A_SECOND = 167;
    private static final int WARMING_UP = 1_000;
    private static final int PEOPLE = 2_000;
    private static final String READS =
            """
            select count(*) from sluice.api_call where account = 'hubspot' and operation = 'read'""";

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put(
                "goal",
                "p99: in PostgreSQL 1,000 ms, in Salesforce 2,000 ms, answers 100 ms; at most 20 read calls"
                        + " for events with values");
        System.out.printf(
                "%-24s %8s %20s %20s %20s %6s %7s%n",
                "p50 / p99 in ms", "seconds", "in PostgreSQL", "in Salesforce", "answers", "reads", "differ");
        try (PushedScene scene = new PushedScene(work, PEOPLE, true)) {
            scene.watchCities();
            // processes that have just begun are slow
            scene.edits(WARMING_UP, A_SECOND, new AtomicInteger(), i -> scene.edit(i, "Warm " + i))
                    .awaitTermination(1, TimeUnit.MINUTES);
            scene.awaitApplied();
            line(result, scene, "events with values", "City ", false);
            line(result, scene, "one in ten a new record", "Town ", true);
        }
        return result;
    }

    private static void line(Map<String, Object> result, PushedScene scene, String what, String value, boolean withNew)
            throws Exception {
        scene.countFromZero();
        long before = scene.one(READS);
        Map<String, Long> edited = new ConcurrentHashMap<>();
        long begin = System.nanoTime();
        ExecutorService editors = scene.edits(EDITS, A_SECOND, new AtomicInteger(), i -> {
            if (withNew && i % 10 == 0) {
                scene.create(PEOPLE + i);
            } else {
                edited.put(i % PEOPLE + " " + value + i, System.currentTimeMillis());
                scene.edit(i, value + i);
            }
        });
        editors.awaitTermination(10, TimeUnit.MINUTES);
        scene.awaitApplied();
        double seconds = (System.nanoTime() - begin) / 1e9;
        Spread toTable = waits(edited, scene.firstSeen("arrival"));
        Spread toSalesforce = waits(edited, scene.firstSeen("settled"));
        var answers = scene.referee().at("/webhooks/answerTimes/204");
        long calls = scene.one(READS) - before;
        int differ = scene.differing();
        System.out.printf(
                "%-24s %8.1f %9.0f / %8.0f %9.0f / %8.0f %9.1f / %8.1f %6d %7d%n",
                what,
                seconds,
                toTable.median(),
                toTable.p99(),
                toSalesforce.median(),
                toSalesforce.p99(),
                answers.path("p50Ms").asDouble(),
                answers.path("p99Ms").asDouble(),
                calls,
                differ);
        result.put(
                what,
                Map.of(
                        "edits",
                        edited.size(),
                        "seconds",
                        seconds,
                        "inPostgreSQL",
                        toTable.json(),
                        "inSalesforce",
                        toSalesforce.json(),
                        "answers",
                        answers,
                        "readCalls",
                        calls,
                        "differ",
                        differ));
    }

    /** @throws IllegalStateException when an edit never came */
    private static Spread waits(Map<String, Long> edited, Map<String, Long> seen) {
        return Spread.of(edited.entrySet().stream()
                .map(edit -> {
                    Long at = seen.get(edit.getKey());
                    if (at == null) {
                        throw new IllegalStateException("An edit never came: " + edit.getKey());
                    }
                    return (double) (at - edit.getValue());
                })
                .toList());
    }
}
