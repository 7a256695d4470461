// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.BulkClient.QUERY;
import static io.sluice.sandbox.BulkClient.upsertOf;
import static io.sluice.sandbox.BulkIngestTest.rows;
import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BulkQueryTest extends SandboxTestBase {

    private static final String FAULTS = "/sandbox/faults/salesforce";

    private BulkClient bulk;

    @BeforeEach
    void bulk() {
        bulk = new BulkClient(crm);
    }

    @Test
    void aQueryBecomesCsvWithEveryFieldInQuotes() {
        crm.upsertContacts(contact("C-1", "O\\\"Neil, Jr.") + ",\"Newsletter__c\":true,\"Birthdate\":\"1980-02-03\"");
        SalesforceClient.Reply created = crm.post(
                QUERY,
                "{\"operation\":\"query\",\"query\":\"SELECT customer_no__c, "
                        + "LastName, Tier__c, Newsletter__c, Birthdate, CreatedBy.Username, SystemModstamp FROM contact\"}");
        assertThat(created.status()).isEqualTo(200);
        assertThat(created.json().path("state").asText()).isEqualTo("UploadComplete");
        assertThat(created.json().path("object").asText()).isEqualTo("Contact");
        String path = QUERY + "/" + created.json().path("id").asText();
        JsonNode job = bulk.end(path);
        assertThat(job.path("state").asText()).isEqualTo("JobComplete");
        assertThat(job.path("jobType").asText()).isEqualTo("V2Query");
        assertThat(job.path("numberRecordsProcessed").asInt()).isOne();
        assertThat(job.has("contentUrl")).isFalse();

        SalesforceClient.Reply results = crm.get(path + "/results");
        assertThat(results.header("Content-Type")).startsWith("text/csv");
        assertThat(results.header("Sforce-Locator")).isEqualTo("null");
        assertThat(results.header("Sforce-NumberOfRecords")).isEqualTo("1");
        assertThat(results.text())
                .startsWith("\"Customer_No__c\",\"LastName\",\"Tier__c\",\"Newsletter__c\",\"Birthdate\","
                        + "\"CreatedBy.Username\",\"SystemModstamp\"\n\"C-1\",\"O\"\"Neil, Jr.\",\"\",\"true\",\"1980-02-03\","
                        + "\"sluice@example.org\",\"20");
        assertThat(results.text()).endsWith(".000Z\"\n");
    }

    @Test
    void pagesLoseNoRowAndKeepTheirLocators() {
        bulk.run(upsertOf("Contact", "Customer_No__c"), "Customer_No__c,LastName\n" + rows(2500));
        String path = QUERY + "/"
                + bulk.query("query", "SELECT Id, Customer_No__c FROM Contact")
                        .path("id")
                        .asText();
        List<String> keys = new ArrayList<>();
        Set<String> locators = new HashSet<>();
        String locator = "";
        String second = null;
        do {
            SalesforceClient.Reply page = crm.get(path + "/results?maxRecords=999" + locator);
            List<Map<String, String>> rows = BulkClient.csv(page.text());
            assertThat(rows)
                    .hasSize(Integer.parseInt(page.header("Sforce-NumberOfRecords")))
                    .hasSizeLessThanOrEqualTo(999);
            rows.forEach(row -> keys.add(row.get("Customer_No__c")));
            second = locators.size() == 1 ? page.text() : second;
            locator = "&locator=" + page.header("Sforce-Locator");
            assertThat(locators.add(locator)).isTrue();
        } while (!"&locator=null".equals(locator));
        assertThat(keys).hasSize(2500).doesNotHaveDuplicates();
        assertThat(locators).hasSize(3).contains("&locator=OTk5");
        assertThat(crm.get(path + "/results?maxRecords=999&locator=OTk5").text())
                .isEqualTo(second);
        assertThat(crm.get(path + "/results?locator=nonsense").errorCode()).isEqualTo("INVALID_QUERY_LOCATOR");
        assertThat(crm.get(path + "/results?maxRecords=0").status()).isEqualTo(400);
    }

    @Test
    void theResultsAreTheRowsOfTheMomentTheJobRan() {
        crm.upsertContacts(contact("C-1", "One"), contact("C-2", "Two"));
        crm.delete(API + "/sobjects/Contact/Customer_No__c/C-2");
        JsonNode live = bulk.query("query", "SELECT LastName, IsDeleted FROM Contact ORDER BY LastName");
        JsonNode all = bulk.query("queryAll", "SELECT LastName, IsDeleted FROM Contact ORDER BY LastName");
        crm.upsertContacts(contact("C-1", "Eins"));
        assertThat(results(live)).isEqualTo("\"LastName\",\"IsDeleted\"\n\"One\",\"false\"\n");
        assertThat(results(all)).isEqualTo("\"LastName\",\"IsDeleted\"\n\"One\",\"false\"\n\"Two\",\"true\"\n");
        assertThat(results(bulk.query("query", "SELECT Id FROM Contact WHERE LastName = 'Nobody'")))
                .isEqualTo("\"Id\"\n");
    }

    private String results(JsonNode job) {
        return crm.get(QUERY + "/" + job.path("id").asText() + "/results").text();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT FROM Contact                  | MALFORMED_QUERY",
                "SELECT Id FROM Nope                  | INVALID_TYPE",
                "SELECT Nope__c FROM Contact          | INVALID_FIELD",
                "SELECT Id FROM Contact WHERE Nope=1  | INVALID_FIELD",
                "SELECT COUNT() FROM Contact          | FUNCTIONALITY_NOT_ENABLED",
                "SELECT MailingAddress FROM Contact   | FUNCTIONALITY_NOT_ENABLED",
            })
    void aQueryThatCannotRunInBulkIsRefusedWhenItIsCreated(String soql, String code) {
        SalesforceClient.Reply reply = crm.post(QUERY, "{\"operation\":\"query\",\"query\":\"" + soql + "\"}");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.errorCode()).isEqualTo(code);
        assertThat(crm.get(QUERY).json().path("records")).isEmpty();
    }

    @Test
    void aQueryJobIsAbortedAndDeleted() {
        crm.post(FAULTS, "{\"kind\":\"slow\",\"operation\":\"bulkQueryJob\",\"delayMs\":60000,\"count\":1}");
        String path = QUERY + "/"
                + crm.post(QUERY, "{\"operation\":\"query\",\"query\":\"SELECT Id FROM Contact\"}")
                        .json()
                        .path("id")
                        .asText();
        await().atMost(Duration.ofSeconds(60)).until(() -> "InProgress"
                .equals(crm.get(path).json().path("state").asText()));
        assertThat(crm.get(path + "/results").errorCode()).isEqualTo("INVALIDJOBSTATE");
        assertThat(crm.delete(path).errorCode()).isEqualTo("INVALIDJOBSTATE");
        assertThat(crm.patch(path, "{\"state\":\"UploadComplete\"}").status()).isEqualTo(400);
        assertThat(crm.patch(path, "{\"state\":\"Aborted\"}")
                        .json()
                        .path("state")
                        .asText())
                .isEqualTo("Aborted");
        assertThat(crm.get(path + "/results").status()).isEqualTo(400);
        assertThat(crm.get(QUERY).json().path("records")).hasSize(1);
        assertThat(crm.delete(path).status()).isEqualTo(204);
        assertThat(crm.get(path).status()).isEqualTo(404);
    }

    @Test
    void aQueryJobThatAFaultFailsSaysWhy() {
        crm.post(FAULTS, "{\"kind\":\"jobFails\",\"operation\":\"bulkQueryJob\",\"message\":\"QUERY_TIMEOUT : No.\"}");
        JsonNode job = bulk.query("query", "SELECT Id FROM Contact");
        assertThat(job.path("state").asText()).isEqualTo("Failed");
        assertThat(job.path("errorMessage").asText()).isEqualTo("QUERY_TIMEOUT : No.");
    }

    @Test
    void theDaysQueryJobsAreAnAllocationOfTheirOwn() {
        crm.put("/sandbox/limits/salesforce", "{\"bulkQueryJobs\":{\"max\":1}}");
        bulk.query("query", "SELECT Id FROM Contact");
        SalesforceClient.Reply refused =
                crm.post(QUERY, "{\"operation\":\"query\",\"query\":\"SELECT Id FROM Contact\"}");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.errorCode()).isEqualTo("LIMIT_EXCEEDED");
        assertThat(crm.get(API + "/limits")
                        .json()
                        .path("DailyBulkV2QueryJobs")
                        .path("Remaining")
                        .asInt())
                .isZero();
    }

    @Test
    void resultsAreThereWithTheVersionOfTheJobAlone() {
        String id = bulk.query("query", "SELECT Id FROM Contact").path("id").asText();
        assertThat(crm.get("/services/data/v60.0/jobs/query/" + id + "/results").status())
                .isEqualTo(409);
    }
}
