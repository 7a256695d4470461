// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Answers Bayeux messages in Salesforce's words (<a
 * href="https://developer.salesforce.com/docs/platform/api-streaming/guide/streaming-error-codes.html">Streaming API
 * Error Codes</a>, <a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_streaming.meta/api_streaming/streaming_handling_errors.htm">Handling
 * Streaming API Errors</a>).
 */
final class Bayeux {

    static final String HANDSHAKE = "/meta/handshake";
    static final String CONNECT = "/meta/connect";
    static final String OVER_ALLOCATION = "403::Organization total events daily limit exceeded";

    private static final String LONG_POLLING = "long-polling";
    private static final String COOKIE = "BAYEUX_BROWSER";
    private static final int OLDEST_VERSION = 37;
    private static final int NEWEST_VERSION = 67;

    private final EventStream stream;
    private final Store store;
    private final Predicate<String> isTopic;

    /** @param isTopic whether there is an active PushTopic of this channel */
    Bayeux(EventStream stream, Store store, Predicate<String> isTopic) {
        this.stream = stream;
        this.store = store;
        this.isTopic = isTopic;
    }

    /** Holds the replies to a request; {@code cookie} is set by a handshake, or null. */
    private static final class Replies {
        private final ArrayNode all = JsonNodeFactory.instance.arrayNode();
        private String cookie;
    }

    /**
     * Answers the messages of one request; a connect that comes alone may wait.
     *
     * <p>As in CometD's own server, a connect that comes with other messages, and the first one of a client, are
     * answered at once.
     */
    CompletableFuture<Streaming.Reply> answer(List<JsonNode> messages, Streaming.Caller caller) {
        Replies replies = new Replies();
        List<CompletableFuture<Void>> open = new ArrayList<>();
        for (JsonNode message : messages) {
            switch (message.path("channel").asText()) {
                case HANDSHAKE -> handshake(message, caller, replies);
                case CONNECT -> open.add(connect(message, caller, messages.size() == 1, replies));
                case "/meta/subscribe" -> replies.all.add(known(message, caller, client -> subscribe(message, client)));
                case "/meta/unsubscribe" ->
                    replies.all.add(known(message, caller, client -> unsubscribe(message, client)));
                case "/meta/disconnect" ->
                    replies.all.add(known(message, caller, client -> disconnect(message, client)));
                default -> replies.all.add(failed(message, "403::Restricted channel"));
            }
        }
        if (open.size() != 1) {
            return CompletableFuture.allOf(open.toArray(CompletableFuture[]::new))
                    .thenApply(done -> new Streaming.Reply(replies.all, replies.cookie));
        }
        CompletableFuture<Void> connect = open.get(0);
        CompletableFuture<Streaming.Reply> reply =
                connect.thenApply(done -> new Streaming.Reply(replies.all, replies.cookie));
        cancelWith(reply, connect);
        return reply;
    }

    /** Answers the messages of a client that is not logged in. */
    static ArrayNode denied(List<JsonNode> messages, boolean hasToken) {
        String reason = hasToken ? "401::Authentication invalid" : "401::Request requires authentication";
        ArrayNode replies = JsonNodeFactory.instance.arrayNode();
        for (JsonNode message : messages) {
            replies.add(
                    HANDSHAKE.equals(message.path("channel").asText())
                            ? handshakeDenied(message, reason)
                            : ended(message, reason));
        }
        return replies;
    }

    private void handshake(JsonNode message, Streaming.Caller caller, Replies replies) {
        Optional<String> refused = unservable(message, caller.version());
        Optional<Subscriber> client = refused.isPresent() ? Optional.empty() : stream.handshake();
        if (client.isEmpty()) {
            replies.all.add(
                    handshakeDenied(message, refused.orElse("403::Organization concurrent user limit exceeded")));
            return;
        }
        replies.cookie = COOKIE + "=" + client.get().cookie() + "; Path=/; HttpOnly";
        ObjectNode reply = reply(message, true)
                .put("clientId", client.get().id())
                .put("version", "1.0")
                .put("minimumVersion", "1.0");
        reply.putArray("supportedConnectionTypes").add(LONG_POLLING);
        reply.putObject("ext").put("replay", true).put("payload.format", true);
        replies.all.add(reply);
    }

    private static Optional<String> unservable(JsonNode message, String version) {
        String format = "URI format: '/cometd/" + NEWEST_VERSION + ".0'";
        if (version == null) {
            return Optional.of("400::API version in the URI is mandatory. " + format);
        }
        if (!version.matches("\\d{2}\\.0") || Integer.parseInt(version.substring(0, 2)) < OLDEST_VERSION) {
            return Optional.of("400::Unsupported API version. Only API versions '" + OLDEST_VERSION
                    + ".0' and above are supported. " + format);
        }
        JsonNode types = message.path("supportedConnectionTypes");
        for (JsonNode type : types) {
            if (LONG_POLLING.equals(type.asText())) {
                return Optional.empty();
            }
        }
        return Optional.of("400::Invalid connection type " + types);
    }

    private CompletableFuture<Void> connect(
            JsonNode message, Streaming.Caller caller, boolean mayWait, Replies replies) {
        Optional<Subscriber> found = stream.client(message.path("clientId").asText());
        String type = message.path("connectionType").asText();
        if (found.isEmpty() || !LONG_POLLING.equals(type) || isForeign(found.get(), caller)) {
            replies.all.add(
                    found.isEmpty()
                            ? unknown(message)
                            : LONG_POLLING.equals(type)
                                    ? withoutCookie(message)
                                    : failed(message, "400::Invalid connection type {" + type + "}"));
            return CompletableFuture.completedFuture(null);
        }
        Subscriber client = found.get();
        boolean first = client.connects();
        long most = stream.settings().connectMillis();
        long wanted = message.path("advice").path("timeout").asLong(most);
        CompletableFuture<Delivery> poll =
                stream.connect(client, first || !mayWait ? 0 : Math.min(most, Math.max(0, wanted)));
        CompletableFuture<Void> done = poll.thenAccept(delivery -> {
            ObjectNode reply = connected(message, caller, client, delivery);
            if (reply.path("successful").asBoolean()) {
                delivery.messages().forEach(replies.all::add);
                if (first) {
                    advice(reply, "retry").put("timeout", most);
                }
            } else {
                stream.remove(client);
            }
            replies.all.add(reply);
        });
        cancelWith(done, poll);
        return done;
    }

    private static ObjectNode connected(
            JsonNode message, Streaming.Caller caller, Subscriber client, Delivery delivery) {
        if (!caller.isAuthorized().getAsBoolean()) {
            return ended(message, "401::Authentication invalid");
        }
        if (delivery.error() != null) {
            return ended(message, delivery.error());
        }
        return reply(message, true).put("clientId", client.id());
    }

    /** Cancels what a future depends on when the future is cancelled. */
    private static void cancelWith(CompletableFuture<?> cancelled, CompletableFuture<?> source) {
        cancelled.whenComplete((value, failure) -> {
            if (cancelled.isCancelled()) {
                source.cancel(false);
            }
        });
    }

    private interface Step {
        ObjectNode answer(Subscriber client);
    }

    private ObjectNode known(JsonNode message, Streaming.Caller caller, Step step) {
        if (!message.hasNonNull("clientId")) {
            return failed(message, "403::Client has not completed handshake");
        }
        Optional<Subscriber> client = stream.client(message.path("clientId").asText());
        if (client.isEmpty()) {
            return unknown(message);
        }
        if (isForeign(client.get(), caller)) {
            return withoutCookie(message);
        }
        stream.answered(client.get());
        return step.answer(client.get()).put("clientId", client.get().id());
    }

    private static boolean isForeign(Subscriber client, Streaming.Caller caller) {
        return !caller.cookies().contains(COOKIE + "=" + client.cookie());
    }

    private static ObjectNode withoutCookie(JsonNode message) {
        String id = message.path("clientId").asText();
        return failed(message, "400::Client " + id + " has established a session, but no " + COOKIE + " cookie present")
                .put("clientId", id);
    }

    private ObjectNode subscribe(JsonNode message, Subscriber client) {
        List<String> channels = channels(message);
        if (channels.isEmpty()) {
            return failed(message, "400::Channel name not specified");
        }
        for (String channel : channels) {
            Optional<String> refused = refused(channel);
            if (refused.isPresent()) {
                return subscription(message, failed(message, refused.get()));
            }
            long replayId = replayId(message, channel);
            if (!stream.subscribe(client, channel, replayId)) {
                return subscription(
                        message,
                        failed(
                                message,
                                "400::The replayId {" + replayId + "} you provided was invalid.  Please provide a "
                                        + "valid ID, -2 to replay all events, or -1 to replay only new events."));
            }
        }
        return subscription(message, reply(message, true));
    }

    private Optional<String> refused(String channel) {
        if (!channel.startsWith("/")) {
            return Optional.of("400::Channel subscriptions must start with a leading '/'");
        }
        if (Channel.isTopic(channel) ? !isTopic.test(channel) : !Channel.exists(store, channel)) {
            return Optional.of("400::The channel you requested to subscribe to does not exist {" + channel + "}");
        }
        return stream.isExhausted(channel) ? Optional.of(OVER_ALLOCATION) : Optional.empty();
    }

    /** Reads {@code "ext":{"replay":{"/topic/Names":-2}}}; without it new events alone are wanted. */
    private static long replayId(JsonNode message, String channel) {
        return message.path("ext").path("replay").path(channel).asLong(-1);
    }

    private ObjectNode unsubscribe(JsonNode message, Subscriber client) {
        channels(message).forEach(channel -> stream.unsubscribe(client, channel));
        return subscription(message, reply(message, true));
    }

    private ObjectNode disconnect(JsonNode message, Subscriber client) {
        stream.remove(client);
        return reply(message, true);
    }

    private static List<String> channels(JsonNode message) {
        JsonNode subscription = message.path("subscription");
        List<String> channels = new ArrayList<>();
        if (subscription.isArray()) {
            subscription.forEach(one -> channels.add(one.asText()));
        } else if (!subscription.asText().isEmpty()) {
            channels.add(subscription.asText());
        }
        return channels;
    }

    private static ObjectNode subscription(JsonNode message, ObjectNode reply) {
        reply.set("subscription", message.path("subscription"));
        return reply;
    }

    private static ObjectNode unknown(JsonNode message) {
        ObjectNode reply = failed(message, "403::Unknown client");
        advice(reply, "handshake");
        return reply;
    }

    /** Answers an error after which the client does not shake hands again by itself. */
    private static ObjectNode ended(JsonNode message, String error) {
        ObjectNode reply = failed(message, error);
        if (message.hasNonNull("clientId")) {
            reply.set("clientId", message.path("clientId"));
        }
        advice(reply, "none");
        return reply;
    }

    private static ObjectNode handshakeDenied(JsonNode message, String reason) {
        ObjectNode reply = failed(message, "403::Handshake denied");
        ObjectNode ext = reply.putObject("ext");
        ext.putObject("sfdc").put("failureReason", reason);
        ext.put("replay", true).put("payload.format", true);
        reply.putObject("advice").put("reconnect", "none");
        return reply;
    }

    private static ObjectNode advice(ObjectNode reply, String reconnect) {
        return reply.putObject("advice").put("reconnect", reconnect).put("interval", 0);
    }

    private static ObjectNode failed(JsonNode message, String error) {
        return reply(message, false).put("error", error);
    }

    private static ObjectNode reply(JsonNode message, boolean successful) {
        ObjectNode reply = JsonNodeFactory.instance.objectNode();
        reply.put("channel", message.path("channel").asText());
        if (message.hasNonNull("id")) {
            reply.set("id", message.path("id"));
        }
        return reply.put("successful", successful);
    }
}
