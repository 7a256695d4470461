// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** A sandbox in a process of its own with many contacts, made by bulk jobs over HTTP. */
final class FilledSandbox implements AutoCloseable {

    static final String COLUMNS = "Customer_No__c,LastName,FirstName,Email,Phone,MailingCity,Tier__c,Birthdate";

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JOBS = "/services/data/v62.0/jobs/ingest";
    private static final int JOB = 100_000;
    /** MiB at least, and KiB for each record that it comes to hold. */
    private static final int HEAP = 1024;

    private static final int RECORD = 2;

    private final Path work;
    private final int port = BackgroundProcess.freePort();
    private final BackgroundProcess process;
    private String token;

    /**
     * @param records that it has
     * @param more    that it has room for
     */
    FilledSandbox(Path work, int records, int more) throws IOException, InterruptedException {
        this.work = work;
        process = new BackgroundProcess(
                "io.sluice.sandbox.Sandbox",
                Map.of("sluice.sandbox.port", "" + port, "sluice.sandbox.data", ""),
                work.resolve("sandbox.log"),
                HEAP + (int) ((records + (long) more) * RECORD / 1024));
        login();
        for (int from = 0; from < records; from += JOB) {
            insert("Contact", COLUMNS, FilledSandbox::row, from, Math.min(records, from + JOB));
        }
    }

    /** Writes 100,000 leads: a CRM has been running for long when somebody loads into it, and compiles nothing any more. */
    void warm() throws IOException, InterruptedException {
        String job = insert(
                "Lead",
                "LastName,FirstName,Company,Email,Phone",
                n -> "Last" + n + ",Ann" + n % 1000 + ",Company " + n % 100 + ",ann" + n + "@example.org,+49 30 " + n,
                0,
                JOB);
        send("GET", job + "/successfulResults", "text/csv", BodyPublishers.noBody());
    }

    int port() {
        return port;
    }

    JsonNode referee() throws IOException, InterruptedException {
        return referee("salesforce");
    }

    JsonNode referee(String account) throws IOException, InterruptedException {
        return json("GET", "/sandbox/referee", "application/json", BodyPublishers.noBody())
                .path("accounts")
                .path(account);
    }

    /** Sets a limit of an account, in calls per ten seconds. */
    void limit(String account, String limit, int max) throws IOException, InterruptedException {
        send(
                "PUT",
                "/sandbox/limits/" + account,
                "application/json",
                BodyPublishers.ofString("{\"" + limit + "\":{\"max\":" + max + ",\"windowSeconds\":10}}"));
    }

    /** All records of an object, as they are. */
    Stream<JsonNode> records(String account, String object) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + "/sandbox/records/" + account + "/" + object))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofLines()).body().map(line -> {
            try {
                return JSON.readTree(line);
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        });
    }

    /** One record by one call, as a custom integration sends it. */
    void upsert(String key, Map<String, String> fields) throws IOException, InterruptedException {
        send(
                "PATCH",
                "/services/data/v62.0/sobjects/Contact/Customer_No__c/" + key,
                "application/json",
                BodyPublishers.ofString(JSON.writeValueAsString(fields)));
    }

    static String row(int n) {
        return "C-" + n + ",Last" + n + ",Ann" + n % 1000 + ",ann" + n + "@example.org,+49 30 " + n + ",City " + n % 100
                + "," + (n % 10 == 0 ? "gold" : "silver") + ",1980-02-" + (10 + n % 19);
    }

    private void login() throws IOException, InterruptedException {
        for (int i = 0; token == null; i++) {
            try {
                token = json(
                                "POST",
                                "/services/oauth2/token",
                                "application/x-www-form-urlencoded",
                                BodyPublishers.ofString(
                                        "grant_type=client_credentials&client_id=sluice&client_secret=sluice"))
                        .path("access_token")
                        .asText();
            } catch (IOException notYet) {
                process.requireAlive();
                if (i == 300) {
                    throw notYet;
                }
                Thread.sleep(100);
            }
        }
    }

    /** @return the path of the job */
    private String insert(String object, String columns, IntFunction<String> row, int from, int to)
            throws IOException, InterruptedException {
        Path file = work.resolve("records.csv");
        try (BufferedWriter csv = Files.newBufferedWriter(file)) {
            csv.write(columns + "\n");
            for (int n = from; n < to; n++) {
                csv.write(row.apply(n) + "\n");
            }
        }
        String job = JOBS + "/"
                + json(
                                "POST",
                                JOBS,
                                "application/json",
                                BodyPublishers.ofString("{\"object\":\"" + object + "\",\"operation\":\"insert\"}"))
                        .path("id")
                        .asText();
        send("PUT", job + "/batches", "text/csv", BodyPublishers.ofFile(file));
        send("PATCH", job, "application/json", BodyPublishers.ofString("{\"state\":\"UploadComplete\"}"));
        String state = "";
        while (!state.matches("JobComplete|Failed|Aborted")) {
            Thread.sleep(200);
            process.requireAlive();
            state = json("GET", job, "application/json", BodyPublishers.noBody())
                    .path("state")
                    .asText();
        }
        if (!state.equals("JobComplete")) {
            throw new IllegalStateException("The sandbox was not filled: the job ended as " + state);
        }
        return job;
    }

    private JsonNode json(String method, String path, String type, BodyPublisher body)
            throws IOException, InterruptedException {
        return JSON.readTree(send(method, path, type, body));
    }

    private String send(String method, String path, String type, BodyPublisher body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", type)
                .method(method, body);
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    @Override
    public void close() {
        process.close();
    }
}
