// SPDX-License-Identifier: Apache-2.0
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
 * Measures a storm of webhooks at HubSpot's maximum rate, some of them doubled and out of order: status and time of each
 * answer while PostgreSQL runs, while it hangs for a part of the time, and while it is shut down; and whether all events
 * are in the table in the end, once. Measures the answer times also at a fifth of that rate, alone and while the table
 * changes and the CRM answers slowly.
 */
public final class WebhookStormBench implements Bench {

    private static final int EDITS = Integer.getInteger("bench.edits", 50_000);
    /** Edits a second, without the repeated ones. */
    private static final int A_SECOND = Integer.getInteger("bench.pace", 5_400);

    private static final int CALM = 5;
    private static final int AN_IMPORT = 100;
    private static final int PEOPLE = 2_000;
    private static final long AWAY_SECONDS = 5;
    private static final String READS = "select count(*) from sluice.api_call where operation = 'read'";

    /** Condition of PostgreSQL and the CRM during a run. */
    private enum Condition {
        CALM("a fifth"),
        BUSY("a fifth, busy"),
        UP("up"),
        STILL("stands still"),
        DOWN("shut down");

        private final String words;

        Condition(String words) {
            this.words = words;
        }

        /** Answers the divisor of the number of edits and of the rate. */
        int part() {
            return this == CALM || this == BUSY ? WebhookStormBench.CALM : 1;
        }
    }

    private static final List<String> COUNTED =
            List.of("events", "duplicated", "shuffled", "requests", "retried", "delivered", "givenUp");

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Map<String, Object>> runs = new LinkedHashMap<>();
        try (PushedScene scene = new PushedScene(work, PEOPLE, false)) {
            scene.watchCities();
            // processes that have just begun are slow
            storm(scene, Condition.UP);
            for (Condition condition : Condition.values()) {
                runs.put(condition.words, storm(scene, condition));
            }
        }
        String scene =
                ("%,d edits of %,d people, %,d a second, or a fifth of it in the same time; PostgreSQL is up, or away for"
                                + " %d s in their middle. Busy: all people change in the table once a second, and the CRM takes 3 s a call")
                        .formatted(EDITS, PEOPLE, A_SECOND, AWAY_SECONDS);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("scene", scene);
        result.put(
                "goal",
                "p99 of what is answered 2xx: 100 ms; the first attempts within 10 s; nobody differs, nothing given up");
        result.putAll(runs);
        System.out.println(scene);
        print(runs);
        return result;
    }

    private static Map<String, Object> storm(PushedScene scene, Condition condition) throws Exception {
        scene.execute("truncate arrival, sluice.inbox");
        scene.settledLongAgo();
        scene.countFromZero();
        long read = scene.one(READS);
        scene.fault("shuffleEvents", 0.3);
        scene.fault("duplicateEvents", 0.1);
        String value = condition + " ";
        long begun = System.nanoTime();
        CompletableFuture<Double> beside = CompletableFuture.supplyAsync(() -> beside(scene, condition));
        for (int i = 0; i < EDITS / condition.part(); i += AN_IMPORT) {
            TimeUnit.NANOSECONDS.sleep(begun + i * 1_000_000_000L * condition.part() / A_SECOND - System.nanoTime());
            scene.edit(i, AN_IMPORT, value);
        }
        double edited = seconds(begun);
        double without = beside.join();
        scene.noFaults();
        scene.awaitApplied();
        double equal = seconds(begun);

        JsonNode webhooks = scene.referee().path("webhooks");
        Map<String, Object> run = new LinkedHashMap<>();
        run.put("secondsOfEditing", edited);
        run.put("secondsOfFirstAttempts", webhooks.path("sentWithinMs").asLong() / 1000.0);
        run.put("secondsWithoutPostgreSQL", without);
        run.put("secondsUntilEqual", equal);
        run.putAll(PushedScene.counts(webhooks, COUNTED));
        webhooks.path("answerTimes").properties().forEach(answer -> answer.getValue()
                .properties()
                .forEach(figure -> run.put(
                        answer.getKey() + " " + figure.getKey(),
                        figure.getValue().numberValue())));
        run.put("eventsKept", scene.one("select count(*) from sluice.inbox where value like '" + value + "%'"));
        run.put(
                "eventsDone",
                scene.one("select count(*) from sluice.inbox where value like '" + value + "%'"
                        + " and done_at is not null"));
        run.put("valuesAppliedTwice", scene.one("select count(*) - count(distinct (no, city)) from arrival"));
        run.put("peopleThatDiffer", scene.differing());
        run.put("callsToRead", scene.one(READS) - read);
        run.put("peakMemoryMiB", scene.peakMemory());
        return run;
    }

    /** @return seconds for which PostgreSQL was away */
    private static double beside(PushedScene scene, Condition condition) {
        try {
            return switch (condition) {
                case CALM, UP -> 0;
                case BUSY -> busy(scene);
                case STILL, DOWN -> outage(scene, condition);
            };
        } catch (Exception failed) {
            throw new IllegalStateException("What happens beside the storm did not: " + condition, failed);
        }
    }

    /** All people change in the table once a second, and each call to the CRM takes three seconds. */
    private static double busy(PushedScene scene) throws Exception {
        scene.slowCrm(3_000);
        for (int second = 0; second < 9; second++) {
            scene.execute("update person set last_name = 'Name ' || no || ' " + second + "'");
            TimeUnit.SECONDS.sleep(1);
        }
        return 0;
    }

    /** A while after the storm began PostgreSQL is away. */
    private static double outage(PushedScene scene, Condition condition) throws Exception {
        TimeUnit.SECONDS.sleep(2);
        long stopped = System.nanoTime();
        if (condition == Condition.STILL) {
            scene.freezeDatabase();
        } else {
            scene.stopDatabase();
        }
        TimeUnit.NANOSECONDS.sleep(TimeUnit.SECONDS.toNanos(AWAY_SECONDS) - (System.nanoTime() - stopped));
        if (condition == Condition.STILL) {
            scene.thawDatabase();
        } else {
            scene.startDatabase();
        }
        return seconds(stopped);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static void print(Map<String, Map<String, Object>> runs) {
        Set<String> names = new LinkedHashSet<>();
        runs.values().forEach(run -> names.addAll(run.keySet()));
        System.out.printf("%-28s" + " %14s".repeat(runs.size()) + "%n", line("", new ArrayList<>(runs.keySet())));
        names.forEach(name -> System.out.printf(
                "%-28s" + " %14s".repeat(runs.size()) + "%n",
                line(
                        name,
                        runs.values().stream().map(run -> shown(run.get(name))).toList())));
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
