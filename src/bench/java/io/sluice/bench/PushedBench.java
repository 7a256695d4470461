package io.sluice.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What 10,000 edits a minute cost in calls that read: none where each is told with its value, few where a tenth is new. */
public final class PushedBench implements Bench {

    private static final int EDITS = Integer.getInteger("bench.edits", 10_000);
    private static final int A_SECOND = 167;
    private static final int PEOPLE = 2_000;

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("goal", "at most 20 calls that read");
        System.out.printf("%-36s %8s %10s %8s%n", "", "seconds", "read calls", "differ");
        try (PushedScene scene = new PushedScene(work, PEOPLE)) {
            line(result, scene, "told with their values", i -> scene.edit(i, "City " + i));
            line(result, scene, "one in ten a new record", i -> {
                if (i % 10 == 0) {
                    scene.create(PEOPLE + i);
                } else {
                    scene.edit(i, "Town " + i);
                }
            });
        }
        return result;
    }

    private static void line(Map<String, Object> result, PushedScene scene, String what, PushedScene.Edit edit)
            throws Exception {
        String reads = "select count(*) from sluice.api_call where operation = 'read'";
        long before = scene.one(reads);
        long begin = System.nanoTime();
        ExecutorService editors = scene.edits(EDITS, A_SECOND, new AtomicInteger(), edit);
        editors.awaitTermination(10, TimeUnit.MINUTES);
        scene.awaitApplied();
        double seconds = (System.nanoTime() - begin) / 1e9;
        long calls = scene.one(reads) - before;
        int differ = scene.differing();
        System.out.printf("%-36s %8.1f %10d %8d%n", what, seconds, calls, differ);
        result.put(what, Map.of("edits", EDITS, "seconds", seconds, "readCalls", calls, "differ", differ));
    }
}
