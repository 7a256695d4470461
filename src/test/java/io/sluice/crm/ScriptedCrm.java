// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/** Runs a server that answers a login and every call as a test says, and records the requests. */
public final class ScriptedCrm implements AutoCloseable {

    /**
     * Represents an answer: a null body, and a status of 200 without one, stand for a good login or an empty result.
     */
    public record Reply(int status, Map<String, String> headers, String body) {

        public Reply(int status, String body, String... headers) {
            this(status, map(headers), body);
        }

        private static Map<String, String> map(String... headers) {
            Map<String, String> map = new LinkedHashMap<>();
            for (int i = 0; i < headers.length; i += 2) {
                map.put(headers[i], headers[i + 1]);
            }
            return map;
        }
    }

    private final HttpServer server;
    public volatile Reply login;
    public volatile Reply call;
    /** "POST /path token", in the order in which they came; a login's form behind it. */
    public final List<String> asked = new CopyOnWriteArrayList<>();

    public ScriptedCrm() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    public long logins() {
        return asked.stream().filter(one -> one.contains("/oauth")).count();
    }

    public long calls() {
        return asked.stream().filter(one -> !one.contains("/oauth")).count();
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        boolean isLogin = exchange.getRequestURI().getPath().contains("/oauth");
        asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                + (isLogin
                        ? new String(body, StandardCharsets.UTF_8)
                        : String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"))));
        Reply reply = isLogin ? login : call;
        if (reply == null) {
            exchange.close();
            return;
        }
        reply.headers().forEach((name, value) -> exchange.getResponseHeaders().add(name, value));
        byte[] bytes = reply.body() == null
                ? new byte[0]
                : reply.body()
                        .replace("-token\"", "-token-" + asked.size() + System.nanoTime() + "\"")
                        .getBytes(StandardCharsets.UTF_8);
        if (!reply.headers().containsKey("Content-Type")) {
            exchange.getResponseHeaders().add("Content-Type", "application/json");
        }
        exchange.sendResponseHeaders(reply.status(), bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
