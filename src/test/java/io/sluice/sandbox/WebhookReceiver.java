// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;

/** Receives webhooks, keeps the requests and answers as the test says. */
final class WebhookReceiver implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ConcurrentLinkedQueue<Delivery> deliveries = new ConcurrentLinkedQueue<>();
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();
    private volatile ToIntFunction<Delivery> status = delivery -> 204;

    /** A request: headers by names of which the case does not matter. */
    record Delivery(Map<String, String> headers, byte[] body, JsonNode events) {}

    WebhookReceiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::take);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/hear?of=us%3Aand%20more";
    }

    WebhookReceiver answering(ToIntFunction<Delivery> answer) {
        status = answer;
        return this;
    }

    private void take(HttpExchange exchange) throws IOException {
        mostAtOnce.accumulateAndGet(underWay.incrementAndGet(), Math::max);
        try (exchange) {
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
            byte[] body = exchange.getRequestBody().readAllBytes();
            Delivery delivery = new Delivery(headers, body, JSON.readTree(body));
            int answer = status.applyAsInt(delivery);
            deliveries.add(delivery);
            underWay.decrementAndGet();
            exchange.sendResponseHeaders(answer, -1);
        }
    }

    List<Delivery> deliveries() {
        return List.copyOf(deliveries);
    }

    /** All events in the order in which they came. */
    List<JsonNode> events() {
        List<JsonNode> events = new ArrayList<>();
        deliveries.forEach(delivery -> delivery.events().forEach(events::add));
        return events;
    }

    List<JsonNode> events(String type) {
        return events().stream()
                .filter(event -> event.path("subscriptionType").asText().equals(type))
                .toList();
    }

    int mostAtOnce() {
        return mostAtOnce.get();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
