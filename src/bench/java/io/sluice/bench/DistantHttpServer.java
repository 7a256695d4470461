// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A {@link DistantServer} for several processes. The network's delay is on this side, so that a request which a process
 * sent before it was killed arrives all the same.
 */
final class DistantHttpServer implements AutoCloseable {

    static final String CALL = "/call";
    /** Is no call: it takes no time and is not counted. */
    static final String WARM_UP = "/warm-up";

    private final HttpServer http;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final DistantServer server;

    DistantHttpServer(DistantServer server) throws IOException {
        this.server = server;
        this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext(CALL, this::answer);
        http.createContext(WARM_UP, DistantHttpServer::answerAtOnce);
        http.setExecutor(threads);
        http.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.sendResponseHeaders(server.call(), -1);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the server stops");
        }
    }

    private static void answerAtOnce(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.sendResponseHeaders(DistantServer.ACCEPTED, -1);
        }
    }

    @Override
    public void close() {
        http.stop(0);
        threads.shutdownNow();
    }
}
