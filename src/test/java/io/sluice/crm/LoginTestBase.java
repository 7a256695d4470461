// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.sandbox.Sandbox;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Starts a sandbox for tests that log in to one of its accounts. */
public abstract class LoginTestBase {

    protected static Sandbox sandbox;

    private final String account;
    private final String path;

    /** @param path a path that a valid token can read */
    protected LoginTestBase(String account, String path) {
        this.account = account;
        this.path = path;
    }

    @BeforeAll
    static void startTheSandbox() throws Exception {
        sandbox = Sandbox.start("127.0.0.1", 0);
    }

    @AfterAll
    static void stopTheSandbox() {
        sandbox.close();
    }

    protected static Set<String> inTwentyThreads(Callable<String> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(20);
        try {
            Set<String> results = new HashSet<>();
            List<Future<String>> all =
                    Stream.generate(() -> threads.submit(work)).limit(20).toList();
            for (Future<String> one : all) {
                results.add(one.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    protected boolean isGood(String token) throws Exception {
        return send(HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + token))
                        .statusCode()
                == 200;
    }

    /** Returns the number of requests to the token endpoint. */
    protected long logins() throws Exception {
        JsonNode referee = new ObjectMapper().readTree(control("GET", "/sandbox/referee", ""));
        return referee.path("accounts")
                .path(account)
                .path("byOperation")
                .path("token")
                .asLong();
    }

    protected String control(String method, String path, String body) throws Exception {
        return send(HttpRequest.newBuilder(uri(path))
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body)))
                .body();
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:" + sandbox.port() + path);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
