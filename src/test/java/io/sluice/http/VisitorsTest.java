// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Asks again and again, during one answer, whether its reader may read on. */
class VisitorsTest {

    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong clock = new AtomicLong();
    private final Visitors visitors = new Visitors(
            new Users(Map.of()),
            new Visitors.Proxy("X-Forwarded-User", EnumSet.of(Caller.Role.READ)),
            new PublicAddress("127.0.0.1"),
            clock::get);

    private HttpServer server;

    @BeforeEach
    void start() throws Exception {
        Router router = Router.router(vertx);
        router.get("/").handler(context -> visitors.remains(context).compose(first -> {
            clock.addAndGet(Duration.ofMinutes(4).toNanos());
            return visitors.remains(context).compose(second -> {
                clock.addAndGet(Duration.ofMinutes(1).toNanos());
                return visitors.remains(context).onSuccess(third -> context.end(first + " " + second + " " + third));
            });
        }));
        server = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get();
    }

    @AfterEach
    void stop() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get();
    }

    private String remains(String header) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort() + "/"))
                .header(header, "anna")
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void aPersonWhomAProxyHasLoggedInReadsForSomeMinutes() throws Exception {
        assertThat(remains("X-Forwarded-User")).isEqualTo("true true false");
    }

    @Test
    void whoSendsATokenReadsOn() throws Exception {
        assertThat(remains("Authorization")).isEqualTo("true true true");
    }
}
