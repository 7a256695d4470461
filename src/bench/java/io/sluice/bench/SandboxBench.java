// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.sandbox.Sandbox;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Fills the sandbox with a million contacts over HTTP, 200 a call, and prints the time of a call and the memory that
 * the records take. Arguments: number of records (1000000), data file (none). Run it with {@code -Xmx2g} to see that
 * they fit, and with 5000000 and {@code -Xmx6g}.
 */
public final class SandboxBench {

    private static final int BATCH = 200;

    private final HttpClient client = HttpClient.newHttpClient();
    private final String base;
    private final String token;

    private SandboxBench(String base) throws IOException, InterruptedException {
        this.base = base;
        String answer = client.send(
                        HttpRequest.newBuilder(URI.create(base + "/services/oauth2/token"))
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "grant_type=client_credentials&client_id=sluice&client_secret=sluice"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        this.token = answer.replaceAll(".*\"access_token\":\"([^\"]+)\".*", "$1");
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int records = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
        Optional<Path> data = arguments.length > 1 ? Optional.of(Path.of(arguments[1])) : Optional.empty();
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, data)) {
            SandboxBench bench = new SandboxBench("http://127.0.0.1:" + sandbox.port());
            bench.send("PUT", "/sandbox/limits/salesforce", "{\"daily\":{\"max\":900000,\"windowSeconds\":86400}}");
            double[] creates = bench.upserts(records, "new");
            System.out.println("created " + records + ": " + summary(creates));
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            System.out.printf("heap held: %d MiB%n", (runtime.totalMemory() - runtime.freeMemory()) >> 20);
            System.out.println("updates: " + summary(bench.upserts(Math.min(records, 200_000), "changed")));
            bench.timed("COUNT() over a full scan", "SELECT COUNT() FROM Contact WHERE Tier__c = 'gold'");
            bench.timed("first page of all", "SELECT Id, LastName FROM Contact");
            bench.timed(
                    "delta of the last minute, a page",
                    "SELECT Id FROM Contact WHERE SystemModstamp >= "
                            + java.time.Instant.now()
                                    .minusSeconds(60)
                                    .truncatedTo(java.time.temporal.ChronoUnit.SECONDS)
                            + " ORDER BY SystemModstamp, Id LIMIT 2000");
            bench.timed("by key", "SELECT Id FROM Contact WHERE Customer_No__c = 'C-4711'");
        }
    }

    private double[] upserts(int records, String word) throws IOException, InterruptedException {
        double[] millis = new double[records / BATCH];
        for (int call = 0; call < millis.length; call++) {
            String body = body(call * BATCH, word);
            long start = System.nanoTime();
            send("PATCH", "/services/data/v62.0/composite/sobjects/Contact/Customer_No__c", body);
            millis[call] = (System.nanoTime() - start) / 1e6;
        }
        return millis;
    }

    private static String body(int from, String word) {
        StringBuilder body = new StringBuilder("{\"allOrNone\":false,\"records\":[");
        for (int i = from; i < from + BATCH; i++) {
            body.append(i == from ? "" : ",")
                    .append("{\"attributes\":{\"type\":\"Contact\"},\"Customer_No__c\":\"C-")
                    .append(i)
                    .append("\",\"LastName\":\"")
                    .append(word)
                    .append(i)
                    .append("\",\"FirstName\":\"Ann")
                    .append(i % 1000)
                    .append("\",\"Email\":\"ann")
                    .append(i)
                    .append("@example.org\",\"Phone\":\"+49 30 ")
                    .append(i)
                    .append("\",\"Tier__c\":\"")
                    .append(i % 10 == 0 ? "gold" : "basic")
                    .append("\",\"Newsletter__c\":true,\"Birthdate\":\"1980-02-03\",\"MailingCity\":\"Berlin\"}");
        }
        return body.append("]}").toString();
    }

    private void timed(String what, String soql) throws IOException, InterruptedException {
        double[] millis = new double[5];
        for (int i = 0; i < millis.length; i++) {
            long start = System.nanoTime();
            send(
                    "GET",
                    "/services/data/v62.0/query?q="
                            + java.net.URLEncoder.encode(soql, java.nio.charset.StandardCharsets.UTF_8),
                    "");
            millis[i] = (System.nanoTime() - start) / 1e6;
        }
        System.out.println(what + ": " + summary(millis));
    }

    private void send(String method, String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create(base + path))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IllegalStateException(
                    method + " " + path + " answered " + answer.statusCode() + " " + answer.body());
        }
    }

    private static String summary(double[] millis) {
        double[] sorted = millis.clone();
        Arrays.sort(sorted);
        return "median %.1f ms, 99 %% %.1f ms, most %.1f ms"
                .formatted(sorted[sorted.length / 2], sorted[(int) (sorted.length * 0.99)], sorted[sorted.length - 1]);
    }
}
