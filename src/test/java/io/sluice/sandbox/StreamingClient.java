// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;

/** Speaks Bayeux to a sandbox, message by message. */
final class StreamingClient {

    private final SalesforceClient crm;
    private String cookie = "";
    private String id = "none";

    StreamingClient(SalesforceClient crm) {
        this.crm = crm;
    }

    /** Shakes hands and makes the first connect, which is answered at once. */
    static StreamingClient connected(SalesforceClient crm) {
        StreamingClient client = new StreamingClient(crm);
        assertThat(client.handshake().path("successful").asBoolean()).isTrue();
        assertThat(client.connect()).hasSize(1);
        return client;
    }

    JsonNode handshake() {
        SalesforceClient.Reply reply = crm.send(request("[{\"channel\":\"/meta/handshake\",\"id\":\"1\","
                + "\"version\":\"1.0\",\"supportedConnectionTypes\":[\"long-polling\"],\"ext\":{\"replay\":true}}]"));
        if (reply.header("Set-Cookie") != null) {
            cookie = reply.header("Set-Cookie").split(";")[0];
        }
        JsonNode answer = reply.json().path(0);
        id = answer.path("clientId").asText();
        return answer;
    }

    void forgetCookie() {
        cookie = "";
    }

    String connectMessage() {
        return "{\"channel\":\"/meta/connect\",\"id\":\"2\",\"connectionType\":\"long-polling\",\"clientId\":\"" + id
                + "\"}";
    }

    /** Connects, and answers the messages. */
    JsonNode connect() {
        return send(connectMessage());
    }

    /** Connects, and answers at once what is due. */
    List<JsonNode> events() {
        JsonNode answer = send(connectMessage().replace("}", ",\"advice\":{\"timeout\":0}}"));
        List<JsonNode> events = events(answer);
        assertThat(answer.path(answer.size() - 1).path("successful").asBoolean())
                .as(answer.toString())
                .isTrue();
        return events;
    }

    /** Connects and waits for events. */
    CompletableFuture<List<JsonNode>> laterEvents() {
        return crm.later(request("/cometd/62.0/connect", "[" + connectMessage() + "]"))
                .thenApply(response -> events(read(response)));
    }

    JsonNode subscribe(String channel, String replayId) {
        return send("{\"channel\":\"/meta/subscribe\",\"id\":\"3\",\"clientId\":\"" + id + "\",\"subscription\":\""
                        + channel + "\",\"ext\":{\"replay\":{\"" + channel + "\":" + replayId + "}}}")
                .path(0);
    }

    JsonNode subscribe(String channel) {
        JsonNode answer = subscribe(channel, "-1");
        assertThat(answer.path("successful").asBoolean()).as(answer.toString()).isTrue();
        return answer;
    }

    JsonNode say(String kind) {
        return say(kind, "");
    }

    JsonNode say(String kind, String members) {
        return send("{\"channel\":\"/meta/" + kind + "\",\"id\":\"4\",\"clientId\":\"" + id + "\"" + members + "}")
                .path(0);
    }

    JsonNode send(String messages) {
        return crm.send(request("[" + messages + "]")).json();
    }

    private HttpRequest request(String body) {
        return request("/cometd/62.0", body);
    }

    HttpRequest request(String path, String body) {
        HttpRequest request = crm.request("POST", path, body);
        return cookie.isEmpty()
                ? request
                : HttpRequest.newBuilder(request, (name, value) -> true)
                        .header("Cookie", cookie)
                        .build();
    }

    private static List<JsonNode> events(JsonNode answer) {
        return StreamSupport.stream(answer.spliterator(), false)
                .filter(message -> message.has("data"))
                .map(message -> message.path("data"))
                .toList();
    }

    private static JsonNode read(HttpResponse<String> response) {
        try {
            return SalesforceClient.JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
