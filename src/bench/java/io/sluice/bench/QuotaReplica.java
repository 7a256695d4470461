// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.quota.Limit;
import io.sluice.store.Database;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;

/**
 * One process of several that share a quota. It says {@link #READY}, begins when it is sent a line, and ends when its
 * input does, so that it never outlives the one that started it.
 */
final class QuotaReplica {

    static final String READY = "ready";

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private QuotaReplica() {}

    /** @param args the database's JDBC URL, the account, the limit, the server's URI */
    @SuppressWarnings("try")
    public static void main(String[] args) throws Exception {
        try (Database database = Database.of(args[0], "sluice", null, Callers.THREADS);
                BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            SluiceLimiter limiter = new SluiceLimiter(database, args[1], Limit.parse("short", args[2]));
            limiter.warmUp();
            post(args[3] + DistantHttpServer.WARM_UP, Duration.ofSeconds(30)).call();
            System.out.println(READY);
            if (orders.readLine() == null) {
                return;
            }
            try (Callers callers =
                    new Callers(limiter, post(args[3] + DistantHttpServer.CALL, SluiceLimiter.CALL_TIMEOUT))) {
                while (orders.readLine() != null) {
                    continue;
                }
            }
        }
    }

    /** A POST, since Java's client repeats a GET by itself, which no permit covers. */
    private static Callable<Integer> post(String uri, Duration timeout) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(uri))
                .timeout(timeout)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        return () ->
                CLIENT.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
