// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Speaks to a sandbox over HTTP as a program of its own would. */
final class SalesforceClient {

    static final ObjectMapper JSON = new ObjectMapper();
    static final String API = "/services/data/v62.0";

    private final HttpClient http = HttpClient.newHttpClient();
    private final String base;
    private String token;

    SalesforceClient(int port) {
        this.base = "http://127.0.0.1:" + port;
    }

    /** Represents an answer. */
    record Reply(int status, String text, HttpResponse<String> response) {

        JsonNode json() {
            try {
                return JSON.readTree(text);
            } catch (JsonProcessingException e) {
                throw new UncheckedIOException(e);
            }
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse(null);
        }

        String errorCode() {
            return json().path(0).path("errorCode").asText();
        }
    }

    String base() {
        return base;
    }

    SalesforceClient login() {
        return login("sluice");
    }

    SalesforceClient login(String clientId) {
        token = form("grant_type=client_credentials&client_id=" + clientId + "&client_secret=sluice")
                .json()
                .path("access_token")
                .asText();
        return this;
    }

    String token() {
        return token;
    }

    void useToken(String otherToken) {
        token = otherToken;
    }

    Reply form(String body) {
        return send(HttpRequest.newBuilder(URI.create(base + "/services/oauth2/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    Reply get(String path) {
        return call("GET", path, "");
    }

    Reply post(String path, String body) {
        return call("POST", path, body);
    }

    Reply patch(String path, String body) {
        return call("PATCH", path, body);
    }

    Reply put(String path, String body) {
        return call("PUT", path, body);
    }

    Reply delete(String path) {
        return call("DELETE", path, "");
    }

    Reply query(String soql) {
        return get(API + "/query?q=" + encoded(soql));
    }

    /** Upserts contacts: each is the JSON of a record's fields without braces. */
    Reply upsertContacts(String... fields) {
        return patch(API + "/composite/sobjects/Contact/Customer_No__c", records("Contact", false, fields));
    }

    static String records(String type, boolean allOrNone, String... fields) {
        StringBuilder body = new StringBuilder("{\"allOrNone\":" + allOrNone + ",\"records\":[");
        for (int i = 0; i < fields.length; i++) {
            body.append(i == 0 ? "" : ",")
                    .append("{\"attributes\":{\"type\":\"")
                    .append(type)
                    .append("\"},")
                    .append(fields[i])
                    .append('}');
        }
        return body.append("]}").toString();
    }

    static String contact(String key, String lastName) {
        return "\"Customer_No__c\":\"" + key + "\",\"LastName\":\"" + lastName + "\"";
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    JsonNode referee() {
        return get("/sandbox/referee").json().path("accounts").path("salesforce");
    }

    Reply call(String method, String path, String body) {
        return send(request(method, path, body));
    }

    /** Posts with one header more. */
    Reply postWith(String header, String value, String path, String body) {
        return send(HttpRequest.newBuilder(request("POST", path, body), (name, old) -> true)
                .header(header, value)
                .build());
    }

    Reply call(String method, String path, String body, String contentType) {
        return send(request(method, path, HttpRequest.BodyPublishers.ofString(body), contentType));
    }

    CompletableFuture<HttpResponse<String>> later(String method, String path, String body) {
        return http.sendAsync(request(method, path, body), HttpResponse.BodyHandlers.ofString());
    }

    /** Sends a request without waiting for the answer. */
    CompletableFuture<HttpResponse<String>> later(HttpRequest request) {
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }

    HttpRequest request(String method, String path, String body) {
        return request(method, path, HttpRequest.BodyPublishers.ofString(body), "application/json");
    }

    HttpRequest request(String method, String path, HttpRequest.BodyPublisher body, String contentType) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Content-Type", contentType)
                .method(method, body);
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return request.build();
    }

    /** The lines of a long body, as they come. */
    Stream<String> lines(String path) {
        try {
            return http.send(request("GET", path, ""), HttpResponse.BodyHandlers.ofLines())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    Reply send(HttpRequest request) {
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
