// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How long a table takes into an empty CRM, and a CRM's records into an empty table, at a sync's first start: in how many
 * calls and how much memory, beside a plain COPY of the same rows. {@code bench.direction} out or in leaves the other out.
 */
public final class LoadBench implements Bench {

    private static final int RECORDS = Integer.getInteger("bench.records", 500_000);
    private static final String DIRECTION = System.getProperty("bench.direction", "both");
    /** Rows sent one by one, as the usual custom integration does. */
    private static final int NAIVE = 2_000;

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        String scene = "%,d records of 8 fields, the bundle in %d MiB of heap".formatted(RECORDS, LoadScene.HEAP);
        result.put("scene", scene);
        result.put("goal", "out: at most 60 calls; each direction at most 60 times a plain COPY");
        result.put(
                "machine",
                "%d processors, for all processes; load %.1f before"
                        .formatted(
                                Runtime.getRuntime().availableProcessors(),
                                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        System.out.println(scene + ". " + result.get("machine"));
        if (!DIRECTION.equals("in")) {
            result.put("out", described("from the table into an empty CRM", out(work.resolve("out"))));
        }
        if (!DIRECTION.equals("out")) {
            result.put("in", described("from the CRM into an empty table", in(work.resolve("in"))));
        }
        return result;
    }

    private static Map<String, Object> described(String what, Map<String, Object> figures) {
        System.out.println(what);
        figures.forEach((name, value) -> System.out.printf("  %-24s %s%n", name, value));
        return figures;
    }

    private static Map<String, Object> out(Path work) throws Exception {
        try (LoadScene scene = new LoadScene(work, RECORDS);
                FilledSandbox sandbox = new FilledSandbox(work, 0, RECORDS)) {
            scene.copyIn("copied");
            scene.copyIn("customer");
            scene.execute("analyze public.customer");
            double copy = scene.copyOut("customer");
            sandbox.warm();
            JsonNode before = sandbox.referee();
            Map<String, Object> figures;
            try (BackgroundProcess sluice = scene.bundle("table", sandbox.port())) {
                figures = figures(
                        scene.sent(sluice),
                        copy,
                        sandbox.referee(),
                        before.path("accepted").asLong(),
                        sluice);
            }
            figures.put(
                    "byOperation",
                    since(before.path("byOperation"), sandbox.referee().path("byOperation")));
            scene.bringBack(sandbox);
            figures.put("rowsThatDiffer", scene.differing("copied", "arrived"));
            double naive = naive(sandbox) / NAIVE;
            figures.put("aCallARowSeconds", naive * RECORDS);
            figures.put("timesFasterThanThat", naive * RECORDS / (double) figures.get("seconds"));
            return figures;
        }
    }

    private static Map<String, Object> in(Path work) throws Exception {
        try (LoadScene scene = new LoadScene(work, RECORDS);
                FilledSandbox sandbox = new FilledSandbox(work, RECORDS, 0)) {
            double copy = scene.copyIn("copied");
            long before = sandbox.referee().path("accepted").asLong();
            try (BackgroundProcess sluice = scene.bundle("both", sandbox.port())) {
                LoadScene.Reading reading = scene.read(sluice);
                Map<String, Object> figures = figures(reading.seconds(), copy, sandbox.referee(), before, sluice);
                figures.put("callsOfTheReading", reading.calls());
                figures.put("rowsThatDiffer", scene.differing("copied", "customer"));
                return figures;
            }
        }
    }

    private static Map<String, Long> since(JsonNode before, JsonNode now) {
        Map<String, Long> calls = new TreeMap<>();
        now.properties().forEach(entry -> {
            long more = entry.getValue().asLong() - before.path(entry.getKey()).asLong();
            if (more > 0) {
                calls.put(entry.getKey(), more);
            }
        });
        return calls;
    }

    private static Map<String, Object> figures(
            double seconds, double copy, JsonNode referee, long before, BackgroundProcess sluice) throws IOException {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("seconds", seconds);
        figures.put("rowsASecond", Math.round(RECORDS / seconds));
        figures.put("callsCountedByTheCrm", referee.path("accepted").asLong() - before);
        figures.put("refused", referee.path("refused").asLong());
        figures.put("peakMemoryMiB", sluice.peakMemory());
        figures.put("copySeconds", copy);
        figures.put("timesOfCopy", seconds / copy);
        return figures;
    }

    /** @return seconds for {@link #NAIVE} rows, a call each, one after the other */
    private static double naive(FilledSandbox sandbox) throws Exception {
        long begin = System.nanoTime();
        for (int n = 0; n < NAIVE; n++) {
            sandbox.upsert(
                    "N-" + n,
                    Map.of(
                            "LastName",
                            "Last" + n,
                            "FirstName",
                            "Ann",
                            "Email",
                            "n" + n + "@example.org",
                            "Phone",
                            "+49 30 " + n,
                            "MailingCity",
                            "City",
                            "Tier__c",
                            "silver",
                            "Birthdate",
                            "1980-02-10"));
        }
        return (System.nanoTime() - begin) / 1e9;
    }
}
