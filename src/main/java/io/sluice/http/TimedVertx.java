// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.impl.VertxInternal;
import io.vertx.core.impl.VertxWrapper;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Adds time limits to the Vert.x of all HTTP ports, since Camel creates its servers without them: a connection that sends no
 * complete request in time is closed, whether it sends nothing at all or a byte now and then.
 */
public final class TimedVertx extends VertxWrapper {

    /** Longer than any route takes to answer. */
    private static final int IDLE_SECONDS = 120;

    private static final int CHECKS = 4;

    private final Duration requestTimeout;
    private final Runnable beforeListening;
    private final Map<HttpConnection, Waiting> connections = new ConcurrentHashMap<>();

    /** State of a connection: the time since when a complete request is missing, or that a request is being answered. */
    private static final class Waiting {
        private volatile long since = System.nanoTime();
        private volatile boolean answering;
    }

    /**
     * @param requestTimeout  maximum time until a request has arrived completely
     * @param beforeListening action before a server is created, when its router exists
     */
    public TimedVertx(Duration requestTimeout, Runnable beforeListening) {
        super((VertxInternal) Vertx.vertx());
        this.requestTimeout = requestTimeout;
        this.beforeListening = beforeListening;
        delegate.setPeriodic(Math.max(1, requestTimeout.toMillis() / CHECKS), timer -> closeSlow());
    }

    @Override
    public HttpServer createHttpServer() {
        return createHttpServer(new HttpServerOptions());
    }

    @Override
    public HttpServer createHttpServer(HttpServerOptions options) {
        beforeListening.run();
        if (options.getIdleTimeout() == 0) {
            options.setIdleTimeout(IDLE_SECONDS).setIdleTimeoutUnit(TimeUnit.SECONDS);
        }
        // with clear-text HTTP/2 enabled a connection would be reported only after its first byte
        options.setHttp2ClearTextEnabled(false);
        return delegate.createHttpServer(options).connectionHandler(connection -> {
            connections.put(connection, new Waiting());
            connection.closeHandler(closed -> connections.remove(connection));
        });
    }

    /** Notes that the head of a request has arrived: its body must follow in time, but its answer may take longer. */
    void began(HttpServerRequest request, Future<?> answered) {
        Waiting waiting = connections.get(request.connection());
        if (waiting == null) {
            return;
        }
        answered.onComplete(end -> {
            waiting.since = System.nanoTime();
            waiting.answering = false;
        });
        if (request.isEnded()) {
            waiting.answering = true;
        } else {
            request.end().onComplete(whole -> waiting.answering = !answered.isComplete());
        }
    }

    private void closeSlow() {
        long latest = System.nanoTime() - requestTimeout.toNanos();
        connections.forEach((connection, waiting) -> {
            if (!waiting.answering && waiting.since - latest < 0) {
                connection.close();
            }
        });
    }

    /** Does nothing: Camel closes Vert.x with its first server, but the others still need it. {@link #shutDown} closes it. */
    @Override
    public Future<Void> close() {
        return Future.succeededFuture();
    }

    @Override
    public void close(Handler<AsyncResult<Void>> handler) {
        if (handler != null) {
            handler.handle(Future.succeededFuture());
        }
    }

    public void shutDown() {
        delegate.close();
    }
}
