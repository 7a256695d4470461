package io.sluice.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** As many edits as HubSpot can tell of, twice and in disorder, while PostgreSQL is away for a part of the time. */
public final class WebhookStormBench implements Bench {

    private static final int EDITS = Integer.getInteger("bench.edits", 50_000);
    private static final int PEOPLE = 2_000;

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        try (PushedScene scene = new PushedScene(work, PEOPLE)) {
            scene.fault("shuffleEvents", 0.3);
            scene.fault("duplicateEvents", 0.1);
            AtomicInteger done = new AtomicInteger();
            long begin = System.nanoTime();
            ExecutorService editors = scene.edits(EDITS, 1_000_000, done, i -> scene.edit(i, "City " + i));
            scene.await(() -> done.get() > EDITS / 3);
            scene.stopDatabase();
            long stopped = System.nanoTime();
            scene.await(() -> scene.referee().at("/webhooks/byStatus/503").asLong() > 200);
            scene.startDatabase();
            double away = (System.nanoTime() - stopped) / 1e9;
            editors.awaitTermination(10, TimeUnit.MINUTES);
            double told = (System.nanoTime() - begin) / 1e9;
            scene.awaitApplied();
            result.put("edits", EDITS);
            result.put("secondsOfEditing", told);
            result.put("secondsUntilApplied", (System.nanoTime() - begin) / 1e9);
            result.put("secondsWithoutDatabase", away);
            result.putAll(PushedScene.counts(scene.referee().path("webhooks"),
                    List.of("events", "duplicated", "shuffled", "requests", "retried", "givenUp", "delivered")));
            result.put("readCalls", scene.one("select count(*) from sluice.api_call where operation = 'read'"));
            result.put("peopleThatDiffer", scene.differing());
            result.put("peakMemoryMiB", scene.peakMemory());
        }
        result.forEach((name, value) -> System.out.printf("%-24s %s%n", name, value));
        return result;
    }
}
