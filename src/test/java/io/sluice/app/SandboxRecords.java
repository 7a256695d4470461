// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Fills a sandbox as another program does, before Sluice is started. */
final class SandboxRecords {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JOBS = "/services/data/v62.0/jobs/ingest";

    private final String base;
    private String token;

    SandboxRecords(int port) {
        this.base = "http://127.0.0.1:" + port;
    }

    /** Makes records of Salesforce's by a bulk job, whose CSV this is. */
    void salesforce(String object, String csv) throws Exception {
        token = json(call(
                        "POST",
                        "/services/oauth2/token",
                        "application/x-www-form-urlencoded",
                        "grant_type=client_credentials&client_id=sluice&client_secret=sluice"))
                .path("access_token")
                .asText();
        String job = JOBS + "/"
                + json(call(
                                "POST",
                                JOBS,
                                "application/json",
                                "{\"object\":\"" + object + "\",\"operation\":\"insert\"}"))
                        .path("id")
                        .asText();
        assertThat(call("PUT", job + "/batches", "text/csv", csv).statusCode()).isEqualTo(201);
        call("PATCH", job, "application/json", "{\"state\":\"UploadComplete\"}");
        JsonNode end = await().pollInterval(Duration.ofMillis(50))
                .atMost(Duration.ofSeconds(60))
                .until(
                        () -> json(call("GET", job, "application/json", "")),
                        it -> it.has("state") && !it.path("state").asText().matches("Open|UploadComplete|InProgress"));
        assertThat(end.path("state").asText()).isEqualTo("JobComplete");
        assertThat(end.path("numberRecordsFailed").asInt()).isZero();
    }

    /** Makes records of Salesforce's by an import of a CRM user, a line of JSON each; all of them bear one stamp. */
    void imported(String object, String lines) throws Exception {
        HttpResponse<String> answer =
                call("POST", "/sandbox/records/salesforce/" + object + "?oneStamp=true", "application/x-ndjson", lines);
        assertThat(answer.body().lines())
                .hasSize((int) lines.lines().count())
                .noneMatch(line -> line.contains("\"error\""));
    }

    /** Makes contacts of HubSpot's, a hundred at most. */
    void hubspot(String inputs) throws Exception {
        token = "pat-sandbox";
        assertThat(call(
                                "POST",
                                "/crm/v3/objects/contacts/batch/create",
                                "application/json",
                                "{\"inputs\":[" + inputs + "]}")
                        .statusCode())
                .isEqualTo(201);
    }

    private HttpResponse<String> call(String method, String path, String type, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Content-Type", type)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .timeout(Duration.ofSeconds(30));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> answer) throws IOException {
        return JSON.readTree(answer.body());
    }
}
