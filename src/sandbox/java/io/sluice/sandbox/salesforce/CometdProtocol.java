// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.sluice.sandbox.salesforce.streaming.Streaming;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Call;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Protocol;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.server.ResultsChange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Serves the Streaming API at {@code /cometd/VERSION}: authentication, and the operation of a request. Its requests
 * count apart from API calls; events are counted when they are delivered.
 */
final class CometdProtocol implements Protocol {

    private static final String OPERATION = "streaming";
    private static final String META = "/meta/";
    /** Maximum size of a request ("Streaming API Error Codes", 413). */
    private static final int LARGEST_REQUEST = 32_768;

    private final SalesforceProtocol rest;
    private final Sessions sessions;
    private final Streaming streaming;

    /** @param rest answers the faults of a whole request, in its words */
    CometdProtocol(SalesforceProtocol rest, Sessions sessions, Streaming streaming) {
        this.rest = rest;
        this.sessions = sessions;
        this.streaming = streaming;
    }

    /** Whether an operation is one of the Streaming API: no limit on API calls counts it. */
    static boolean isStreaming(String operation) {
        return operation.startsWith(OPERATION);
    }

    @Override
    public boolean serves(Call call) {
        return call.path().equals("/cometd") || call.path().startsWith("/cometd/");
    }

    @Override
    public Request open(Call call) {
        if (!"POST".equals(call.method())) {
            return nobodys(null, Answer.text(405, "text/plain;charset=UTF-8", "Bayeux messages are POST requests.\n"));
        }
        if (call.body().length > LARGEST_REQUEST) {
            return nobodys(null, Answer.text(413, "text/plain;charset=UTF-8", "413::Maximum Request Size Exceeded\n"));
        }
        List<JsonNode> messages;
        try {
            messages = messages(call);
        } catch (IOException e) {
            return nobodys(null, Answer.text(400, "text/plain;charset=UTF-8", "The body is no JSON.\n"));
        }
        Optional<String> token = SalesforceProtocol.token(call);
        Optional<Sessions.Session> session = token.flatMap(sessions::find);
        if (session.filter(Sessions.Session::valid).isEmpty()) {
            return nobodys(
                    session.map(Sessions.Session::account).orElse(null),
                    answer(Streaming.denied(messages, token.isPresent())));
        }
        return opened(session.get().account(), call, messages, token.get());
    }

    private Request opened(Account account, Call call, List<JsonNode> messages, String token) {
        List<String> path = call.segments();
        Streaming.Caller caller = new Streaming.Caller(
                path.size() > 1 ? path.get(1) : null,
                call.headers().getOrDefault("cookie", ""),
                () -> sessions.find(token).filter(Sessions.Session::valid).isPresent());
        return Request.waiting(account, operation(messages), attempt -> {
            var replies = streaming.answer(account, messages, caller);
            // by another thread, because events are delivered under the lock of their stream
            var answer = replies.thenApplyAsync(CometdProtocol::answer);
            // a client that goes ends its long poll
            answer.whenComplete((done, failure) -> {
                if (answer.isCancelled()) {
                    replies.cancel(false);
                }
            });
            return answer;
        });
    }

    private static List<JsonNode> messages(Call call) throws IOException {
        JsonNode body = Answers.JSON.readTree(call.body());
        List<JsonNode> messages = new ArrayList<>();
        if (body.isArray()) {
            body.forEach(messages::add);
        } else {
            messages.add(body);
        }
        return messages;
    }

    /** Answers the operation of the first message, such as {@code streamingConnect}. */
    private static String operation(List<JsonNode> messages) {
        String channel =
                messages.isEmpty() ? "" : messages.get(0).path("channel").asText();
        String name = channel.startsWith(META) ? channel.substring(META.length()) : "";
        return switch (name) {
            case "handshake", "connect", "subscribe", "unsubscribe", "disconnect" ->
                OPERATION + Character.toUpperCase(name.charAt(0)) + name.substring(1);
            default -> OPERATION + "Other";
        };
    }

    private static Answer answer(Streaming.Reply reply) {
        Answer answer = answer(reply.messages());
        return reply.cookie() == null ? answer : answer.with("Set-Cookie", reply.cookie());
    }

    private static Answer answer(ArrayNode messages) {
        return Answers.json(200, messages);
    }

    private static Request nobodys(Account account, Answer answer) {
        return new Request(account, Request.Kind.UNAUTHORIZED, "unauthorized", Set.of(), Set::of, attempt -> answer);
    }

    @Override
    public Answer refusal(Request request, String limit) {
        return rest.refusal(request, limit);
    }

    @Override
    public Answer unavailable(Fault fault) {
        return rest.unavailable(fault);
    }

    @Override
    public Answer error(Request request, Fault fault) {
        return rest.error(request, fault);
    }

    /** Loses, doubles or reorders the events of an answer. */
    @Override
    public Answer results(Request request, Answer answer, Fault fault) {
        List<JsonNode> events = new ArrayList<>();
        List<JsonNode> replies = new ArrayList<>();
        try {
            Answers.JSON.readTree(answer.body()).forEach(message -> (message.has("data") ? events : replies)
                    .add(message));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ArrayNode changed = Answers.JSON.createArrayNode();
        changed.addAll(new ResultsChange(fault).changed(events, UnaryOperator.identity()));
        return answer.with(Answers.json(200, changed.addAll(replies)).body());
    }

    @Override
    public Answer complete(Request request, Answer answer) {
        return answer;
    }
}
