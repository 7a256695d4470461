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
 * The Vert.x under all HTTP ports. Camel makes its servers without time limits, so this one sets them: a connection that
 * sends no whole request in time is closed, whether it sends nothing at all or a byte now and then.
 */
public final class TimedVertx extends VertxWrapper {

    /** Longer than any answer of a route takes. */
    private static final int IDLE_SECONDS = 120;
    private static final int CHECKS = 4;

    private final Duration patience;
    private final Runnable beforeListening;
    private final Map<HttpConnection, Waiting> connections = new ConcurrentHashMap<>();

    /** Since when a connection owes a whole request, or that one is answered just now. */
    private static final class Waiting {
        private volatile long since = System.nanoTime();
        private volatile boolean answering;
    }

    /**
     * @param patience        until a request must have come whole
     * @param beforeListening runs before a server is made, when its router is known
     */
    public TimedVertx(Duration patience, Runnable beforeListening) {
        super((VertxInternal) Vertx.vertx());
        this.patience = patience;
        this.beforeListening = beforeListening;
        delegate.setPeriodic(Math.max(1, patience.toMillis() / CHECKS), timer -> closeSlow());
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
        // until its first byte a connection that may become HTTP/2 is shown to nobody
        options.setHttp2ClearTextEnabled(false);
        return delegate.createHttpServer(options).connectionHandler(connection -> {
            connections.put(connection, new Waiting());
            connection.closeHandler(closed -> connections.remove(connection));
        });
    }

    /** A request's head has come: its body must follow in time, and its answer may take longer. */
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
        long latest = System.nanoTime() - patience.toNanos();
        connections.forEach((connection, waiting) -> {
            if (!waiting.answering && waiting.since - latest < 0) {
                connection.close();
            }
        });
    }

    /** Camel closes it with its first server; the others still need it. It goes with {@link #shutDown}. */
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
