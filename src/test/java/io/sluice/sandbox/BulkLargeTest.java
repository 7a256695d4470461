// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.BulkClient.INGEST;
import static io.sluice.sandbox.BulkClient.upsertOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BulkLargeTest {

    private static final String CONTACTS = upsertOf("Contact", "Customer_No__c");

    /** A heap smaller than the file holds neither the upload nor the results, so both must pass through. */
    @Test
    void aFileLargerThanTheMemoryIsTakenAndGivenBack() throws Exception {
        Process process = SandboxDataTest.run("-Xmx80m");
        try {
            SalesforceClient crm = new SalesforceClient(SandboxDataTest.port(process)).login();
            String wide = "x".repeat(3500);
            JsonNode job = run(
                    crm,
                    30_000,
                    "Customer_No__c,LastName,Description\n",
                    i -> "K-" + i % 200 + ",Name" + i / 200 + "," + wide + "\n");
            assertThat(job.path("state").asText()).isEqualTo("JobComplete");
            assertThat(job.path("numberRecordsProcessed").asInt()).isEqualTo(30_000);
            assertThat(job.path("numberRecordsFailed").asInt()).isZero();
            assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                    .isEqualTo(200);
            assertThat(crm.lines(INGEST + "/" + job.path("id").asText() + "/successfulResults")
                            .count())
                    .isEqualTo(30_001);
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    @Test
    void aHundredThousandNewRecordsAreEachThereOnce() {
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0)) {
            SalesforceClient crm = new SalesforceClient(sandbox.port()).login();
            JsonNode job = run(crm, 100_000, "Customer_No__c,LastName\n", i -> "K-" + i + ",Name" + i + "\n");
            assertThat(job.path("numberRecordsProcessed").asInt()).isEqualTo(100_000);
            assertThat(job.path("numberRecordsFailed").asInt()).isZero();
            assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                    .isEqualTo(100_000);
            assertThat(crm.referee().path("accepted").asInt()).isLessThan(3000);
            Set<String> keys = crm.lines(INGEST + "/" + job.path("id").asText() + "/successfulResults")
                    .skip(1)
                    .map(line -> line.split(",")[2])
                    .collect(Collectors.toSet());
            assertThat(keys).hasSize(100_000).contains("\"K-0\"", "\"K-99999\"");
        }
    }

    private static JsonNode run(SalesforceClient crm, int rows, String header, IntFunction<String> row) {
        BulkClient bulk = new BulkClient(crm);
        String id = bulk.create(CONTACTS);
        Iterable<byte[]> csv = () -> IntStream.range(-1, rows / 100)
                .mapToObj(chunk -> chunk < 0
                        ? header
                        : IntStream.range(chunk * 100, chunk * 100 + 100)
                                .mapToObj(row)
                                .collect(Collectors.joining()))
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .iterator();
        assertThat(crm.send(crm.request(
                                "PUT",
                                INGEST + "/" + id + "/batches",
                                HttpRequest.BodyPublishers.ofByteArrays(csv),
                                "text/csv"))
                        .status())
                .isEqualTo(201);
        bulk.close(id);
        return bulk.end(INGEST + "/" + id);
    }
}
