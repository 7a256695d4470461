// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A table into an empty HubSpot under the limits of its tiers, and back from it into an empty table: calls, rows a second,
 * refusals.
 */
public final class HubspotLoadBench implements Bench {

    private static final int RECORDS = Integer.getInteger("bench.records", 100_000);
    /** Calls in ten seconds: Starter, Professional and Enterprise, with one API limit increase. */
    private static final List<Integer> TIERS = List.of(100, 190, 250);

    private static final LoadScene.Contacts CONTACTS = new LoadScene.Contacts(
            "hubspot",
            "contacts",
            List.of("customer_no", "lastname", "firstname", "email", "phone", "city", "tier", "birthdate"));

    private final Map<String, Object> result = new LinkedHashMap<>();

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        String scene = "%,d contacts of 8 properties, the bundle in %d MiB of heap".formatted(RECORDS, LoadScene.HEAP);
        result.put("scene", scene);
        result.put("goal", "out: a call for each 100 records and 10 more; 0 refused");
        System.out.println(scene);
        System.out.printf(
                "%-28s %8s %12s %8s %8s %8s %8s%n", "", "seconds", "rows a sec.", "calls", "refused", "differ", "MiB");
        for (int max : TIERS) {
            Path folder = Files.createDirectories(work.resolve("out-" + max));
            try (FilledSandbox sandbox = new FilledSandbox(folder, 0, RECORDS)) {
                sandbox.limit("hubspot", "tenSecondly", max);
                out(folder, sandbox, max);
                if (max == TIERS.get(TIERS.size() - 1)) {
                    in(Files.createDirectories(work.resolve("in")), sandbox, max);
                }
            }
        }
        return result;
    }

    private void out(Path work, FilledSandbox sandbox, int max) throws Exception {
        try (LoadScene scene = new LoadScene(work, RECORDS)) {
            scene.copyIn("customer");
            scene.execute("analyze public.customer");
            double seconds;
            long memory;
            try (BackgroundProcess sluice = scene.bundle(CONTACTS, "table", account(sandbox, max))) {
                seconds = scene.sent(sluice);
                memory = sluice.peakMemory();
            }
            JsonNode referee = sandbox.referee("hubspot");
            scene.bringBack(sandbox, CONTACTS);
            line(
                    "out, " + max + " per 10 s",
                    seconds,
                    referee.path("accepted").asLong(),
                    referee.path("refused").asLong(),
                    scene.differing("customer", "arrived"),
                    memory);
        }
    }

    private void in(Path work, FilledSandbox sandbox, int max) throws Exception {
        try (LoadScene scene = new LoadScene(work, RECORDS)) {
            scene.copyIn("copied");
            long before = sandbox.referee("hubspot").path("accepted").asLong();
            double seconds;
            long memory;
            try (BackgroundProcess sluice = scene.bundle(CONTACTS, "both", account(sandbox, max))) {
                seconds = scene.read(sluice).seconds();
                memory = sluice.peakMemory();
            }
            JsonNode referee = sandbox.referee("hubspot");
            line(
                    "in, by search",
                    seconds,
                    referee.path("accepted").asLong() - before,
                    referee.path("refused").asLong(),
                    scene.differing("copied", "customer"),
                    memory);
        }
    }

    private static Map<String, String> account(FilledSandbox sandbox, int max) {
        String name = "sluice.account.hubspot.";
        return Map.of(
                name + "crm",
                "hubspot",
                name + "url",
                "http://127.0.0.1:" + sandbox.port(),
                name + "access-token",
                "pat-sandbox",
                name + "limit.burst",
                max + " per 10s, for write upsert delete deleted read describe",
                name + "limit.search",
                "5 per 1s, for search query",
                name + "limit.daily",
                "250000 per 24h");
    }

    private void line(String what, double seconds, long calls, long refused, long differ, long memory)
            throws IOException {
        System.out.printf(
                "%-28s %8.1f %12.0f %8d %8d %8d %8d%n",
                what, seconds, RECORDS / seconds, calls, refused, differ, memory);
        result.put(
                what,
                Map.of(
                        "seconds",
                        seconds,
                        "rowsASecond",
                        RECORDS / seconds,
                        "calls",
                        calls,
                        "refused",
                        refused,
                        "rowsThatDiffer",
                        differ,
                        "peakMemoryMiB",
                        memory));
    }
}
