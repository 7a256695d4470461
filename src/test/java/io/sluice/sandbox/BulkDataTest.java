// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.BulkClient.INGEST;
import static io.sluice.sandbox.BulkClient.QUERY;
import static io.sluice.sandbox.BulkClient.upsertOf;
import static io.sluice.sandbox.BulkIngestTest.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BulkDataTest {

    private static final String CONTACTS = upsertOf("Contact", "Customer_No__c");
    private static final String HEADER = "Customer_No__c,LastName\n";

    @TempDir
    Path folder;

    @Test
    void finishedJobsAndTheirResultsSurviveARestart() throws Exception {
        Path data = folder.resolve("sandbox.ndjson");
        String id;
        String query;
        JsonNode before;
        String successes;
        JsonNode counted;
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            SalesforceClient crm = new SalesforceClient(sandbox.port()).login();
            BulkClient bulk = new BulkClient(crm);
            before = bulk.run(CONTACTS, HEADER + rows(300) + ",x\n");
            id = before.path("id").asText();
            String purged = bulk.rows(id, "successfulResults").get(0).get("sf__Id");
            bulk.run(BulkClient.job("Contact", "hardDelete"), "Id\n" + purged + "\n");
            query = bulk.query("query", "SELECT Customer_No__c FROM Contact")
                    .path("id")
                    .asText();
            successes = crm.get(INGEST + "/" + id + "/successfulResults").text();
            counted = crm.referee();
        }
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            SalesforceClient crm = new SalesforceClient(sandbox.port());
            assertThat(crm.referee()).isEqualTo(counted);
            crm.login();
            BulkClient bulk = new BulkClient(crm);
            assertThat(bulk.status(id)).isEqualTo(before);
            assertThat(crm.get(INGEST + "/" + id + "/successfulResults").text()).isEqualTo(successes);
            assertThat(bulk.rows(id, "failedResults")).hasSize(1);
            assertThat(BulkClient.csv(crm.get(QUERY + "/" + query + "/results").text()))
                    .hasSize(299);
            JsonNode all = bulk.query("queryAll", "SELECT Id FROM Contact");
            assertThat(all.path("numberRecordsProcessed").asInt()).isEqualTo(299);
            assertThat(bulk.create(CONTACTS)).isNotEqualTo(id).isNotEqualTo(query);
        }
    }

    @Test
    void aJobThatAKillCutGoesOnWhereItWas() throws Exception {
        Path data = folder.resolve("sandbox.ndjson");
        Process process = SandboxDataTest.run(data);
        SalesforceClient crm = new SalesforceClient(SandboxDataTest.port(process)).login();
        BulkClient bulk = new BulkClient(crm);
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"operation\":\"bulkJob\",\"delayMs\":20}");
        String open = bulk.create(CONTACTS);
        String id = bulk.create(CONTACTS);
        bulk.upload(id, HEADER + rows(20_000));
        bulk.close(id);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> bulk.status(id).path("numberRecordsProcessed").asInt() >= 1000);
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);

        try (Sandbox again = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            SalesforceClient later = new SalesforceClient(again.port()).login();
            BulkClient bulkLater = new BulkClient(later);
            JsonNode job = bulkLater.end(INGEST + "/" + id);
            assertThat(job.path("state").asText()).isEqualTo("JobComplete");
            assertThat(job.path("numberRecordsProcessed").asInt()).isEqualTo(20_000);
            assertThat(bulkLater.rows(id, "successfulResults").stream()
                            .map(row -> row.get("Customer_No__c"))
                            .distinct())
                    .hasSize(20_000);
            JsonNode counted = later.referee();
            assertThat(counted.path("recordsByObject").path("Contact").asInt()).isEqualTo(20_000);
            // the rows in hand when the process died may have been written twice
            assertThat(counted.path("writesByObject").path("Contact").asInt()).isBetween(20_000, 20_200);
            assertThat(bulkLater.status(open).path("state").asText()).isEqualTo("Open");
        }
    }

    @Test
    void aSandboxThatStopsInTheMiddleOfAJobStopsAtOnce() {
        Path data = folder.resolve("sandbox.ndjson");
        String id;
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            SalesforceClient crm = new SalesforceClient(sandbox.port()).login();
            BulkClient bulk = new BulkClient(crm);
            crm.post("/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"operation\":\"bulkJob\",\"delayMs\":60000}");
            id = bulk.create(CONTACTS);
            bulk.upload(id, HEADER + rows(500));
            bulk.close(id);
            await().atMost(Duration.ofSeconds(60)).until(() -> "InProgress"
                    .equals(bulk.status(id).path("state").asText()));
        }
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            BulkClient bulk = new BulkClient(new SalesforceClient(sandbox.port()).login());
            assertThat(bulk.end(INGEST + "/" + id)
                            .path("numberRecordsProcessed")
                            .asInt())
                    .isEqualTo(500);
        }
    }

    @Test
    void refusedUploadsAndDeletedJobsLeaveNothingOnDisk() {
        Path data = folder.resolve("sandbox.ndjson");
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            SalesforceClient crm = new SalesforceClient(sandbox.port()).login();
            BulkClient bulk = new BulkClient(crm);
            String id = bulk.run(CONTACTS, HEADER + rows(10)).path("id").asText();
            assertThat(bulk.upload(id, HEADER + rows(10)).status()).isEqualTo(400);
            crm.post("/sandbox/faults/salesforce", "{\"kind\":\"reset\",\"operation\":\"bulkUpload\",\"count\":1}");
            assertThatThrownBy(() -> bulk.upload(id, HEADER + rows(10))).isInstanceOf(UncheckedIOException.class);
            crm.delete(INGEST + "/" + id);
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                try (Stream<Path> files = Files.walk(folder.resolve("sandbox.ndjson.bulk"))) {
                    assertThat(files.filter(Files::isRegularFile)).isEmpty();
                }
            });
        }
    }
}
