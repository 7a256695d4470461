// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A client of the sandbox's HubSpot with the private app's token. */
final class HubspotClient {

    static final ObjectMapper JSON = new ObjectMapper();
    static final String CONTACTS = "/crm/v3/objects/contacts";

    private final HttpClient http = HttpClient.newHttpClient();
    private final int port;
    private String token = "pat-sandbox";

    HubspotClient(int port) {
        this.port = port;
    }

    record Reply(int status, String text, HttpResponse<String> response) {

        JsonNode json() {
            try {
                return JSON.readTree(text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Optional<String> header(String name) {
            return response.headers().firstValue(name);
        }
    }

    HubspotClient with(String otherToken) {
        token = otherToken;
        return this;
    }

    Reply get(String path) {
        return send("GET", path, null);
    }

    Reply post(String path, String body) {
        return send("POST", path, body);
    }

    Reply put(String path, String body) {
        return send("PUT", path, body);
    }

    Reply patch(String path, String body) {
        return send("PATCH", path, body);
    }

    Reply delete(String path) {
        return send("DELETE", path, null);
    }

    Reply call(String method, String path, String body) {
        return send(method, path, body);
    }

    JsonNode referee() {
        return get("/sandbox/referee").json().path("accounts").path("hubspot");
    }

    Reply upsertContacts(String... inputs) {
        return post(CONTACTS + "/batch/upsert", inputs(inputs));
    }

    /** Contacts C-from to C-(from+count-1), upserted in one batch. */
    Reply upsertContacts(int from, int count) {
        return post(
                CONTACTS + "/batch/upsert",
                IntStream.range(from, from + count)
                        .mapToObj(n -> contact("C-" + n, "\"lastname\":\"Name " + n + "\""))
                        .collect(Collectors.joining(",", "{\"inputs\":[", "]}")));
    }

    static String inputs(String... inputs) {
        return "{\"inputs\":[" + String.join(",", inputs) + "]}";
    }

    static String contact(String number, String properties) {
        return "{\"id\":\"" + number + "\",\"idProperty\":\"customer_no\",\"properties\":{" + properties + "}}";
    }

    static String traced(String trace, String number, String properties) {
        return contact(number, properties).replaceFirst("\\{", "{\"objectWriteTraceId\":\"" + trace + "\",");
    }

    private Reply send(String method, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            return new Reply(response.statusCode(), response.body(), response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
