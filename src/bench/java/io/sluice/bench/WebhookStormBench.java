package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * As many edits as HubSpot can tell of, some of them twice and in disorder: what each request is answered and when, while
 * PostgreSQL is there, while it stands still for a part of the time, and while it is shut down; and whether all that was
 * told is in the table in the end, once.
 */
public final class WebhookStormBench implements Bench {

    private static final int EDITS = Integer.getInteger("bench.edits", 50_000);
    /** Edits a second; the repeated ones come on top. */
    private static final int A_SECOND = Integer.getInteger("bench.pace", 5_400);
    private static final int AN_IMPORT = 500;
    private static final int PEOPLE = 2_000;
    private static final long AWAY_SECONDS = 5;

    /** What happens to PostgreSQL meanwhile. */
    private enum Weather {
        UP("up"), STILL("stands still"), DOWN("shut down");

        private final String words;

        Weather(String words) {
            this.words = words;
        }
    }

    private static final List<String> COUNTED = List.of("events", "duplicated", "shuffled", "requests", "retried",
            "delivered", "givenUp");

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Map<String, Object>> runs = new LinkedHashMap<>();
        try (PushedScene scene = new PushedScene(work, PEOPLE, false)) {
            scene.watchCities();
            // processes that have just begun are slow
            storm(scene, Weather.UP);
            for (Weather weather : Weather.values()) {
                runs.put(weather.words, storm(scene, weather));
            }
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("scene", "%,d edits of %,d people, %,d a second; PostgreSQL is away for %d s in their middle".formatted(
                EDITS, PEOPLE, A_SECOND, AWAY_SECONDS));
        result.putAll(runs);
        print(runs);
        return result;
    }

    private static Map<String, Object> storm(PushedScene scene, Weather weather) throws Exception {
        scene.execute("truncate arrival, sluice.inbox");
        scene.countFromZero();
        scene.fault("shuffleEvents", 0.3);
        scene.fault("duplicateEvents", 0.1);
        String value = weather + " ";
        long begun = System.nanoTime();
        CompletableFuture<Double> away = weather == Weather.UP ? CompletableFuture.completedFuture(0.0)
                : CompletableFuture.supplyAsync(() -> outage(scene, weather));
        for (int i = 0; i < EDITS; i += AN_IMPORT) {
            TimeUnit.NANOSECONDS.sleep(begun + i * 1_000_000_000L / A_SECOND - System.nanoTime());
            scene.edit(i, AN_IMPORT, value);
        }
        double edited = seconds(begun);
        double without = away.join();
        scene.awaitApplied();
        double equal = seconds(begun);
        scene.noFaults();

        JsonNode told = scene.referee().path("webhooks");
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("secondsOfEditing", edited);
        run.put("secondsOfFirstAttempts", told.path("sentWithinMs").asLong() / 1000.0);
        run.put("secondsWithoutPostgreSQL", without);
        run.put("secondsUntilEqual", equal);
        run.putAll(PushedScene.counts(told, COUNTED));
        told.path("answerTimes").properties().forEach(answer -> answer.getValue().properties().forEach(figure ->
                run.put(answer.getKey() + " " + figure.getKey(), figure.getValue().numberValue())));
        run.put("eventsKept", scene.one("select count(*) from sluice.inbox where value like '" + value + "%'"));
        run.put("eventsDone", scene.one("select count(*) from sluice.inbox where value like '" + value + "%'"
                + " and done_at is not null"));
        run.put("valuesAppliedTwice", scene.one("select count(*) - count(distinct (no, city)) from arrival"));
        run.put("peopleThatDiffer", scene.differing());
        run.put("callsToRead", scene.one("select count(*) from sluice.api_call where operation = 'read'"));
        run.put("peakMemoryMiB", scene.peakMemory());
        return run;
    }

    /** A while after the storm began PostgreSQL is away. @return seconds for which it was */
    private static double outage(PushedScene scene, Weather weather) {
        try {
            TimeUnit.SECONDS.sleep(2);
            long stopped = System.nanoTime();
            if (weather == Weather.STILL) {
                scene.freezeDatabase();
            } else {
                scene.stopDatabase();
            }
            TimeUnit.NANOSECONDS.sleep(TimeUnit.SECONDS.toNanos(AWAY_SECONDS) - (System.nanoTime() - stopped));
            if (weather == Weather.STILL) {
                scene.thawDatabase();
            } else {
                scene.startDatabase();
            }
            return seconds(stopped);
        } catch (Exception failed) {
            throw new IllegalStateException("PostgreSQL could not be taken away", failed);
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static void print(Map<String, Map<String, Object>> runs) {
        Set<String> names = new LinkedHashSet<>();
        runs.values().forEach(run -> names.addAll(run.keySet()));
        System.out.printf("%-28s" + " %14s".repeat(runs.size()) + "%n", line("PostgreSQL", new ArrayList<>(runs.keySet())));
        names.forEach(name -> System.out.printf("%-28s" + " %14s".repeat(runs.size()) + "%n",
                line(name, runs.values().stream().map(run -> shown(run.get(name))).toList())));
    }

    private static Object[] line(String name, List<String> values) {
        List<Object> line = new ArrayList<>(List.of(name));
        line.addAll(values);
        return line.toArray();
    }

    private static String shown(Object figure) {
        return figure == null ? "" : figure instanceof Double number ? "%.1f".formatted(number) : figure.toString();
    }
}
