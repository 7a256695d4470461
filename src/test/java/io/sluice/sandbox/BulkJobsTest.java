// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.BulkClient.INGEST;
import static io.sluice.sandbox.BulkClient.job;
import static io.sluice.sandbox.BulkClient.upsertOf;
import static io.sluice.sandbox.BulkIngestTest.rows;
import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BulkJobsTest extends SandboxTestBase {

    private static final String CONTACTS = upsertOf("Contact", "Customer_No__c");
    private static final String HEADER = "Customer_No__c,LastName\n";
    private static final String FAULTS = "/sandbox/faults/salesforce";

    private BulkClient bulk;

    @BeforeEach
    void bulk() {
        bulk = new BulkClient(crm);
    }

    @Test
    void nobodyTouchesAJobWithoutAToken() {
        String id = bulk.create(CONTACTS);
        crm.useToken("00D!nothing");
        assertThat(crm.post(INGEST, CONTACTS).status()).isEqualTo(401);
        assertThat(bulk.upload(id, HEADER).status()).isEqualTo(401);
        assertThat(bulk.close(id).status()).isEqualTo(401);
        assertThat(crm.get(INGEST + "/" + id + "/failedResults").errorCode()).isEqualTo("INVALID_SESSION_ID");
        crm.login();
        assertThat(bulk.status(id).path("state").asText()).isEqualTo("Open");
    }

    @Test
    void anotherAccountsJobIsNotFound() {
        String id = bulk.create(CONTACTS);
        crm.put("/sandbox/accounts/second", "{\"crm\":\"salesforce\"}");
        SalesforceClient second = new SalesforceClient(sandbox.port()).login("sluice-second");
        assertThat(second.get(INGEST + "/" + id).status()).isEqualTo(404);
        assertThat(second.get(INGEST).json().path("records")).isEmpty();
        assertThat(crm.get(INGEST + "/750XX0000000099").status()).isEqualTo(404);
        assertThat(crm.get(BulkClient.QUERY + "/" + id).status()).isEqualTo(404);
    }

    @Test
    void dataIsUploadedOnceAndAsCsv() {
        String id = bulk.create(CONTACTS);
        assertThat(crm.put(INGEST + "/" + id + "/batches", HEADER).status()).isEqualTo(415);
        SalesforceClient.Reply first = bulk.upload(id, HEADER + "C-1,a\n");
        assertThat(first.status()).isEqualTo(201);
        assertThat(first.text()).isEmpty();
        SalesforceClient.Reply second = bulk.upload(id, HEADER + "C-2,b\n");
        assertThat(second.status()).isEqualTo(400);
        assertThat(second.errorCode()).isEqualTo("INVALIDJOB");
        assertThat(second.text()).contains("make sure you only do 'PUT' once");
        bulk.close(id);
        assertThat(bulk.end(INGEST + "/" + id).path("numberRecordsProcessed").asInt())
                .isOne();
        assertThat(bulk.upload(id, HEADER).errorCode()).isEqualTo("INVALIDJOBSTATE");
    }

    @Test
    void anUploadOfMoreThan150MegabytesIsRefusedAndTheJobStaysOpen() {
        String id = bulk.create(CONTACTS);
        SalesforceClient.Reply reply = crm.send(crm.request(
                "PUT",
                INGEST + "/" + id + "/batches",
                HttpRequest.BodyPublishers.ofByteArrays(() ->
                        Stream.generate(() -> new byte[50_000]).limit(3001).iterator()),
                "text/csv"));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.text()).contains("150 MB");
        assertThat(bulk.status(id).path("state").asText()).isEqualTo("Open");
        assertThat(bulk.upload(id, HEADER).status()).isEqualTo(201);
    }

    @Test
    void aJobMovesForwardOnly() {
        String id = bulk.create(CONTACTS);
        assertThat(bulk.close(id).errorCode()).isEqualTo("INVALIDJOB");
        assertThat(crm.patch(INGEST + "/" + id, "{\"state\":\"JobComplete\"}").status())
                .isEqualTo(400);
        assertThat(crm.delete(INGEST + "/" + id).errorCode()).isEqualTo("INVALIDJOBSTATE");
        assertThat(crm.get(INGEST + "/" + id + "/successfulResults").errorCode())
                .isEqualTo("INVALIDJOBSTATE");
        bulk.upload(id, HEADER + "C-1,a\n");
        assertThat(bulk.close(id).json().path("state").asText()).isEqualTo("UploadComplete");
        bulk.end(INGEST + "/" + id);
        assertThat(bulk.close(id).errorCode()).isEqualTo("INVALIDJOBSTATE");
        SalesforceClient.Reply aborted = bulk.abort(id);
        assertThat(aborted.status()).isEqualTo(400);
        assertThat(aborted.json().path(0).path("message").asText())
                .isEqualTo("Aborting already Completed Job not allowed");
        assertThat(crm.delete(INGEST + "/" + id).status()).isEqualTo(204);
        assertThat(crm.get(INGEST + "/" + id).status()).isEqualTo(404);
    }

    @Test
    void anAbortedJobKeepsWhatItWroteAndLeavesTheRestUnprocessed() {
        crm.post(FAULTS, "{\"kind\":\"slow\",\"operation\":\"bulkJob\",\"delayMs\":100,\"count\":1}");
        String id = bulk.create(CONTACTS);
        bulk.upload(id, HEADER + rows(50_000));
        bulk.close(id);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> bulk.status(id).path("numberRecordsProcessed").asInt() >= 200);
        assertThat(bulk.status(id).path("state").asText()).isEqualTo("InProgress");
        assertThat(crm.delete(INGEST + "/" + id).status()).isEqualTo(400);
        assertThat(bulk.abort(id).json().path("state").asText()).isEqualTo("Aborted");
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            int written = crm.referee().path("recordsByObject").path("Contact").asInt();
            assertThat(bulk.status(id).path("numberRecordsProcessed").asInt())
                    .isEqualTo(written)
                    .isLessThan(50_000);
            assertThat(bulk.rows(id, "successfulResults")).hasSize(written);
            assertThat(bulk.rows(id, "unprocessedrecords")).hasSize(50_000 - written);
        });
        assertThat(bulk.abort(id).errorCode()).isEqualTo("INVALIDJOBSTATE");
        assertThat(crm.delete(INGEST + "/" + id).status()).isEqualTo(204);
    }

    @Test
    void otherCallsGoOnWhileAJobIsAtWork() {
        crm.post(FAULTS, "{\"kind\":\"slow\",\"operation\":\"bulkJob\",\"delayMs\":50}");
        String id = bulk.create(CONTACTS);
        bulk.upload(id, HEADER + rows(20_000));
        bulk.close(id);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> bulk.status(id).path("numberRecordsProcessed").asInt() > 0);
        assertThat(crm.upsertContacts(contact("C-1", "One"))
                        .json()
                        .path(0)
                        .path("success")
                        .asBoolean())
                .isTrue();
        JsonNode small = bulk.run(job("Account", "insert"), "Name\nOne\n");
        assertThat(small.path("state").asText()).isEqualTo("JobComplete");
        assertThat(bulk.status(id).path("state").asText()).isEqualTo("InProgress");
    }

    @Test
    void aJobThatAFaultFailsLeavesTheRowsBehindUnprocessed() {
        crm.post(
                FAULTS,
                "{\"kind\":\"jobFails\",\"object\":\"Contact\",\"afterRows\":250,\"count\":1,"
                        + "\"message\":\"TooManyLockFailure : Too many lock failures\"}");
        assertThat(bulk.run(job("Account", "insert"), "Name\nOne\n")
                        .path("state")
                        .asText())
                .isEqualTo("JobComplete");
        JsonNode failed = bulk.run(CONTACTS, HEADER + rows(1000));
        assertThat(failed.path("state").asText()).isEqualTo("Failed");
        assertThat(failed.path("errorMessage").asText()).isEqualTo("TooManyLockFailure : Too many lock failures");
        assertThat(failed.path("numberRecordsProcessed").asInt()).isEqualTo(250);
        String id = failed.path("id").asText();
        List<Map<String, String>> all = new ArrayList<>(bulk.rows(id, "successfulResults"));
        assertThat(all).hasSize(250);
        all.addAll(bulk.rows(id, "unprocessedrecords"));
        assertThat(all.stream().map(row -> row.get("Customer_No__c")).distinct())
                .hasSize(1000);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isEqualTo(250);
        assertThat(bulk.run(CONTACTS, HEADER + rows(1000)).path("state").asText())
                .isEqualTo("JobComplete");
    }

    @Test
    void rowFaultsMeetTheRowsOfAJob() {
        crm.post(FAULTS, "{\"kind\":\"rowLock\",\"operation\":\"bulkJob\",\"keys\":[\"K-7\"],\"count\":1}");
        String id = bulk.run(CONTACTS, HEADER + rows(10)).path("id").asText();
        List<Map<String, String>> failed = bulk.rows(id, "failedResults");
        assertThat(failed).hasSize(1);
        assertThat(failed.get(0).get("sf__Error"))
                .startsWith("UNABLE_TO_LOCK_ROW:")
                .endsWith(":--");
        assertThat(bulk.run(CONTACTS, HEADER + rows(10))
                        .path("numberRecordsFailed")
                        .asInt())
                .isZero();
    }

    @Test
    void everyCallCountsOnceAndARowNever() {
        String id = bulk.create(CONTACTS);
        bulk.upload(id, HEADER + rows(300));
        bulk.close(id);
        await().atMost(Duration.ofSeconds(60))
                .until(() ->
                        crm.referee().path("writesByObject").path("Contact").asInt() == 300);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> "JobComplete".equals(bulk.status(id).path("state").asText()));
        Stream.of("successfulResults", "failedResults/", "unprocessedrecords")
                .forEach(part -> crm.get(INGEST + "/" + id + "/" + part));
        crm.get(INGEST);
        crm.delete(INGEST + "/" + id);
        JsonNode counted = crm.referee();
        assertThat(counted.path("byOperation").properties())
                .extracting(Map.Entry::getKey)
                .contains(
                        "bulkCreate",
                        "bulkUpload",
                        "bulkClose",
                        "bulkStatus",
                        "bulkSuccessful",
                        "bulkFailed",
                        "bulkUnprocessed",
                        "bulkList",
                        "bulkDelete");
        long statuses = counted.path("byOperation").path("bulkStatus").asLong();
        assertThat(counted.path("accepted").asLong()).isEqualTo(8 + statuses);
        assertThat(counted.path("limits").path("daily").path("used").asLong()).isEqualTo(8 + statuses);
        assertThat(counted.path("limits").path("bulkBatches").path("used").asInt())
                .isOne();
    }

    @Test
    void theDaysBatchesOf10000RowsAreAnAllocationOfTheirOwn() {
        crm.put("/sandbox/limits/salesforce", "{\"bulkBatches\":{\"max\":2}}");
        assertThat(crm.get(API + "/limits")
                        .json()
                        .path("DailyBulkApiBatches")
                        .path("Remaining")
                        .asInt())
                .isEqualTo(2);
        JsonNode job = bulk.run(CONTACTS, HEADER + rows(20_001));
        assertThat(job.path("state").asText()).isEqualTo("Failed");
        assertThat(job.path("errorMessage").asText()).isEqualTo("ExceededQuota : ApiBatchItems Limit exceeded.");
        assertThat(job.path("numberRecordsProcessed").asInt()).isEqualTo(20_000);
        assertThat(bulk.rows(job.path("id").asText(), "unprocessedrecords")).hasSize(1);
        JsonNode limits = crm.get(API + "/limits").json();
        assertThat(limits.path("DailyBulkApiBatches").path("Max").asInt()).isEqualTo(2);
        assertThat(limits.path("DailyBulkApiBatches").path("Remaining").asInt()).isZero();
        assertThat(limits.path("DailyBulkV2QueryJobs").path("Remaining").asInt())
                .isEqualTo(10_000);
        assertThat(crm.query("SELECT COUNT() FROM Contact").status()).isEqualTo(200);
    }

    @Test
    void jobsAreListedAThousandAPage() {
        for (int i = 0; i < 1001; i++) {
            bulk.create(CONTACTS);
        }
        JsonNode first = crm.get(INGEST).json();
        assertThat(first.path("done").asBoolean()).isFalse();
        assertThat(first.path("records")).hasSize(1000);
        JsonNode second = crm.get(first.path("nextRecordsUrl").asText()).json();
        assertThat(second.path("done").asBoolean()).isTrue();
        assertThat(second.path("records")).hasSize(1);
        assertThat(second.path("nextRecordsUrl").isNull()).isTrue();
        assertThat(first.findValuesAsText("id")).doesNotContainAnyElementsOf(second.findValuesAsText("id"));
        assertThat(crm.get(INGEST + "?jobType=Classic").json().path("records")).isEmpty();
        assertThat(crm.get(INGEST + "?isPkChunkingEnabled=true").json().path("records"))
                .isEmpty();
    }

    @Test
    void theRefereeSeesACallMeetARecordThatAJobHasUnderWay() {
        crm.post(FAULTS, "{\"kind\":\"slow\",\"operation\":\"bulkJob\",\"delayMs\":60000,\"count\":1}");
        String id = bulk.create(CONTACTS);
        bulk.upload(id, HEADER + rows(1000));
        bulk.close(id);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> crm.referee().path("maxWritesInFlightPerRecord").asInt() == 1);
        crm.upsertContacts(contact("C-1", "not in the job"));
        assertThat(crm.referee().path("maxWritesInFlightPerRecord").asInt()).isOne();
        crm.upsertContacts(contact("k-999", "far behind in the job"));
        assertThat(crm.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(2);
    }

    @Test
    void theRefereeSeesTwoJobsAndACallBeforeThemMeet() {
        crm.upsertContacts(contact("K-3", "x"));
        String record = crm.get(API + "/sobjects/Contact/Customer_No__c/K-3")
                .json()
                .path("Id")
                .asText();
        crm.post(FAULTS, "{\"kind\":\"slow\",\"before\":true,\"operation\":\"update\",\"delayMs\":1500,\"count\":1}");
        var slow = crm.later("PATCH", API + "/sobjects/Contact/" + record, "{\"LastName\":\"y\"}");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> crm.get(FAULTS).json().path("faults").isEmpty());
        bulk.run(CONTACTS, HEADER + rows(10));
        assertThat(crm.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(2);
        slow.join();
        crm.post("/sandbox/referee/reset", "");
        bulk.run(CONTACTS, HEADER + rows(10));
        assertThat(crm.referee().path("maxWritesInFlightPerRecord").asInt()).isOne();
        crm.post(FAULTS, "{\"kind\":\"slow\",\"operation\":\"bulkJob\",\"delayMs\":500,\"count\":2}");
        String first = bulk.create(CONTACTS);
        bulk.upload(first, HEADER + rows(10));
        bulk.close(first);
        bulk.run(CONTACTS, HEADER + rows(10));
        assertThat(crm.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(2);
    }
}
