// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Section;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Delivers an account's events to its app as HubSpot's webhooks do (<a
 * href="https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide">Webhooks API</a>): up to 100
 * events a request, a maximum number of concurrent requests, five seconds for an answer, and up to ten more attempts
 * within a day. Order and single delivery are not guaranteed. Undelivered events are lost with the process.
 */
public final class Courier implements Section {

    static final int LARGEST = 100;
    static final int MOST_RETRIES = 10;
    private static final long ANSWER_MILLIS = 5_000;
    /** Operation by which faults name deliveries. */
    private static final String OPERATION = "webhook";

    private static final String WRONG_SECRET = "not-the-secret";
    private static final long HELD_BACK = 300;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Longest delays before the attempts, in minutes; their sum is a day. */
    private static final int[] PAUSES = {1, 5, 15, 30, 60, 120, 180, 240, 360, 420};

    private final Vertx vertx;
    private final Account account;
    private final App app;
    private final long portalId;
    private final long appId;
    private final Context context;
    private final HttpClient http;
    private final Counts counts = new Counts();

    // all of these on the context's thread alone
    private final Deque<Event> ready = new ArrayDeque<>();
    private final Deque<Delivery> again = new ArrayDeque<>();
    private int underWay;
    private boolean gathering;
    private boolean lastWasNew;
    private long lastEventId = 900_000;

    /** Holds the events of a request; {@code attempt} is 0 for the first one. */
    private record Delivery(List<Event> events, int attempt) {}

    public Courier(Vertx vertx, Account account, App app, long portalId, long appId) {
        this.vertx = vertx;
        this.account = account;
        this.app = app;
        this.portalId = portalId;
        this.appId = appId;
        this.context = vertx.getOrCreateContext();
        this.http = vertx.createHttpClient(new HttpClientOptions()
                .setMaxPoolSize(200)
                .setConnectTimeout((int) ANSWER_MILLIS)
                .setKeepAliveTimeout(10));
    }

    @Override
    public String name() {
        return "webhooks";
    }

    @Override
    public ObjectNode describe() {
        return counts.describe();
    }

    @Override
    public void reset() {
        counts.reset();
    }

    /** Whether anything is subscribed. */
    public boolean hasSubscribers() {
        return app.settings().targetUrl() != null && !app.subscriptions().isEmpty();
    }

    /** Sends these changes to the subscriptions that select them; returns at once. */
    public void send(List<Change> changes) {
        List<Subscription> subscriptions = app.subscriptions();
        List<Object[]> wanted = new ArrayList<>();
        changes.forEach(change ->
                subscriptions.stream().filter(s -> s.wants(change)).forEach(s -> wanted.add(new Object[] {s, change})));
        if (!wanted.isEmpty()) {
            counts.add(Counts.Of.EVENTS, wanted.size());
            counts.wait(wanted.size());
            context.runOnContext(v ->
                    wanted.forEach(pair -> arrive(new Event(++lastEventId, (Subscription) pair[0], (Change) pair[1]))));
        }
    }

    private void arrive(Event event) {
        if (strike(Fault.Kind.DROP_EVENTS, event).isPresent()) {
            counts.add(Counts.Of.DROPPED, 1);
            counts.wait(-1);
            return;
        }
        if (strike(Fault.Kind.FORGE_EVENTS, event).isPresent()) {
            forge(event.forged());
        }
        strike(Fault.Kind.DUPLICATE_EVENTS, event).ifPresent(fault -> {
            counts.add(Counts.Of.DUPLICATED, 1);
            counts.wait(1);
            hold(event, random(fault.settings().path("delayMs").asLong(HELD_BACK)));
        });
        Optional<Fault> late = strike(Fault.Kind.LATE_EVENTS, event);
        Optional<Fault> shuffled = strike(Fault.Kind.SHUFFLE_EVENTS, event);
        if (late.isPresent()) {
            counts.add(Counts.Of.LATE, 1);
            hold(event, late.get().settings().path("delayMs").asLong(5_000));
        } else if (shuffled.isPresent()) {
            counts.add(Counts.Of.SHUFFLED, 1);
            hold(event, random(shuffled.get().settings().path("delayMs").asLong(HELD_BACK)));
        } else {
            enqueue(event);
        }
    }

    private Optional<Fault> strike(Fault.Kind kind, Event event) {
        return account.faults().strikeWork(kind, OPERATION, event.change().object(), false);
    }

    private static long random(long most) {
        return ThreadLocalRandom.current().nextLong(1, Math.max(2, most));
    }

    private void hold(Event event, long millis) {
        vertx.setTimer(Math.max(1, millis), t -> enqueue(event));
    }

    private void enqueue(Event event) {
        ready.add(event);
        if (!gathering) {
            gathering = true;
            vertx.setTimer(app.settings().batchMs(), t -> {
                gathering = false;
                send();
            });
        }
    }

    /** Sends as many requests as may run at once; retried and new ones alternate. */
    private void send() {
        Settings settings = app.settings();
        if (settings.targetUrl() == null) {
            counts.wait(-ready.size()
                    - again.stream()
                            .mapToInt(delivery -> delivery.events.size())
                            .sum());
            ready.clear();
            again.clear();
            return;
        }
        while (underWay < settings.maxConcurrentRequests() && (!again.isEmpty() || !ready.isEmpty())) {
            Delivery delivery = next();
            underWay++;
            if (delivery.attempt == 0) {
                counts.sent(System.nanoTime());
            } else {
                counts.add(Counts.Of.RETRIED, 1);
            }
            post(settings, settings.secret(), body(delivery)).onComplete(answered -> {
                underWay--;
                ended(delivery, answered.succeeded() && answered.result() / 100 == 2);
                send();
            });
        }
    }

    private Delivery next() {
        lastWasNew = again.isEmpty() || !ready.isEmpty() && !lastWasNew;
        return lastWasNew ? new Delivery(batch(), 0) : again.poll();
    }

    private List<Event> batch() {
        List<Event> events = new ArrayList<>();
        while (events.size() < LARGEST && !ready.isEmpty()) {
            events.add(ready.poll());
        }
        return events;
    }

    private void ended(Delivery delivery, boolean taken) {
        int events = delivery.events.size();
        if (taken) {
            counts.add(Counts.Of.ANSWERED, 1);
            counts.add(Counts.Of.DELIVERED, events);
            counts.wait(-events);
        } else if (delivery.attempt == MOST_RETRIES) {
            counts.add(Counts.Of.GIVEN_UP, events);
            counts.wait(-events);
        } else {
            double longest = PAUSES[delivery.attempt] * 60_000 / app.settings().timeScale();
            long pause = (long) (longest * ThreadLocalRandom.current().nextDouble(0.5, 1));
            vertx.setTimer(Math.max(1, pause), t -> {
                again.add(new Delivery(delivery.events, delivery.attempt + 1));
                send();
            });
        }
    }

    private void forge(Event event) {
        Settings settings = app.settings();
        if (settings.targetUrl() != null) {
            counts.add(Counts.Of.FORGED, 1);
            post(settings, WRONG_SECRET, body(new Delivery(List.of(event), 0))).onSuccess(status -> {
                if (status / 100 == 2) {
                    counts.add(Counts.Of.FORGED_ANSWERED, 1);
                }
            });
        }
    }

    private byte[] body(Delivery delivery) {
        ArrayNode array = JSON.createArrayNode();
        delivery.events.forEach(event -> array.add(event.json(portalId, appId, delivery.attempt)));
        try {
            return JSON.writeValueAsBytes(array);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sends a request; answers the status, or a failure when no answer comes in time. */
    private Future<Integer> post(Settings settings, String secret, byte[] body) {
        counts.begins();
        long begun = System.nanoTime();
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setAbsoluteURI(settings.targetUrl())
                .putHeader("Content-Type", "application/json")
                .putHeader("User-Agent", "Sluice sandbox (webhooks)");
        Signer.headers(settings, secret, body, System.currentTimeMillis()).forEach(options::putHeader);
        HttpClientRequest[] sent = new HttpClientRequest[1];
        // a client that was closed meanwhile throws: here that is a failure like others
        return Future.<Void>succeededFuture()
                .compose(v -> http.request(options))
                .compose(request -> {
                    sent[0] = request;
                    return request.send(Buffer.buffer(body));
                })
                .compose(response -> response.end().map(response.statusCode()))
                .timeout(ANSWER_MILLIS, TimeUnit.MILLISECONDS)
                .onComplete(answered -> {
                    if (answered.failed() && sent[0] != null) {
                        sent[0].reset();
                    }
                    counts.ends(
                            answered.succeeded()
                                    ? answered.result().toString()
                                    : answered.cause() instanceof TimeoutException ? "timeout" : "unreachable",
                            System.nanoTime() - begun);
                });
    }
}
