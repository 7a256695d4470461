// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.AccountControl;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Holds the event streams of all accounts, which the Pub/Sub API and the Streaming API deliver, the latter by CometD (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_streaming.meta/api_streaming/intro_stream.htm">Streaming
 * API Developer Guide</a>), and serves {@code /sandbox/streaming/{account}}: its settings, and what an administrator
 * selects in Setup.
 *
 * <pre>{@code
 * {"changeEvents":["Contact","Account"], "connectMs":110000, "reconnectMs":40000, "maxClients":20, "eventsKept":10000,
 *  "keepAliveMs":270000, "fetchMs":60000, "maxChanges":100000, "expireEvents":true, "dropClients":true}
 * }</pre>
 *
 * Events are kept in memory alone.
 */
public final class Streaming implements AccountControl {

    /** Allocation of deliveries of PushTopic events ("PushTopic Streaming Allocations": 10,000 in free orgs). */
    public static final String TOPIC_DELIVERIES = "topicDeliveries";
    /** Allocation of deliveries of change and platform events ("Change Data Capture Allocations": 10,000). */
    public static final String EVENT_DELIVERIES = "eventDeliveries";

    private final LongSupplier clockMicros;
    private final Map<Account, Org> orgs = new ConcurrentHashMap<>();
    private volatile BiPredicate<Account, String> spend = (account, allocation) -> true;

    /** Holds the parts of one account. */
    private record Org(EventStream stream, Publisher publisher, Bayeux bayeux, EventReader reader) {}

    /**
     * Represents the client program behind a request.
     *
     * @param version      of the API as in the address, such as 62.0; null when there is none
     * @param cookies      the header with its cookies
     * @param isAuthorized whether its token is still valid
     */
    public record Caller(String version, String cookies, BooleanSupplier isAuthorized) {}

    /** Holds the messages that answer a request, and a cookie to set or null. */
    public record Reply(ArrayNode messages, String cookie) {}

    /** @param clockMicros microseconds since 1970 */
    public Streaming(LongSupplier clockMicros) {
        this.clockMicros = clockMicros;
    }

    /** Spends allocations by this: it answers false when none is left. */
    public void spendBy(BiPredicate<Account, String> spender) {
        spend = spender;
    }

    /** Publishes the events of this account from now on. */
    public void attach(Account account) {
        EventStream stream = new EventStream(account, allocation -> spend.test(account, allocation), clockMicros);
        Publisher publisher = new Publisher(account, stream, clockMicros);
        orgs.put(
                account,
                new Org(
                        stream,
                        publisher,
                        new Bayeux(stream, account.store(), publisher::isTopic),
                        new EventReader(account.store(), stream, publisher)));
        account.add(stream);
        account.onCommit(publisher::committed);
        account.store().afterCommit(commit -> publisher.visible());
    }

    /** Answers the reader of an account's events, for the Pub/Sub API. */
    public EventReader reader(Account account) {
        return orgs.get(account).reader();
    }

    /** Answers the messages of a client that is logged in. */
    public CompletableFuture<Reply> answer(Account account, List<JsonNode> messages, Caller caller) {
        return orgs.get(account).bayeux().answer(messages, caller);
    }

    /** Answers the messages of a client that is not logged in. */
    public static ArrayNode denied(List<JsonNode> messages, boolean hasToken) {
        return Bayeux.denied(messages, hasToken);
    }

    @Override
    public JsonNode answer(Account account, String method, JsonNode body) {
        Org org = orgs.get(account);
        if (org == null) {
            throw new IllegalArgumentException("The CRM of " + account.name() + " has no Streaming API.");
        }
        if ("PUT".equals(method)) {
            change(org, body);
        } else if ("DELETE".equals(method)) {
            org.publisher().select(List.of());
            org.stream().clear();
        }
        ObjectNode shown = JsonNodeFactory.instance.objectNode();
        org.publisher().selected().forEach(shown.putArray("changeEvents")::add);
        StreamSettings settings = org.stream().settings();
        return shown.put("connectMs", settings.connectMillis())
                .put("reconnectMs", settings.reconnectMillis())
                .put("maxClients", settings.maxClients())
                .put("eventsKept", settings.eventsKept())
                .put("keepAliveMs", settings.keepAliveMillis())
                .put("fetchMs", settings.fetchMillis())
                .put("maxChanges", settings.mostChanges());
    }

    private static void change(Org org, JsonNode body) {
        if (body.has("changeEvents")) {
            List<String> objects = new ArrayList<>();
            body.path("changeEvents").forEach(name -> objects.add(name.asText()));
            org.publisher().select(objects);
        }
        org.stream().settings(body);
        if (body.path("expireEvents").asBoolean()) {
            org.stream().expireEvents();
        }
        if (body.path("dropClients").asBoolean()) {
            org.stream().dropClients();
        }
    }
}
