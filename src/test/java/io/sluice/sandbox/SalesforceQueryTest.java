// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SalesforceQueryTest extends SandboxTestBase {

    @BeforeEach
    void fill() {
        crm.upsertContacts(
                contact("C-1", "Adams") + ",\"FirstName\":\"Zoe\",\"Tier__c\":\"gold\",\"Birthdate\":\"1980-05-01\"",
                contact("C-2", "Brown") + ",\"FirstName\":\"Al\",\"Tier__c\":\"basic\",\"Newsletter__c\":true",
                contact("C-3", "O'Neil") + ",\"Tier__c\":\"Gold\",\"Birthdate\":\"1990-05-01\"",
                contact("C-4", "Dunn") + ",\"MailingLatitude\":52.5");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "Tier__c = 'GOLD'                                              | C-1 C-3",
                "Tier__c != 'gold'                                             | C-2 C-4",
                "Tier__c = null                                                | C-4",
                "Tier__c != null AND (NOT LastName LIKE 'a%')                  | C-2 C-3",
                "Tier__c = 'basic' OR (Birthdate > 1985-01-01 AND Tier__c = 'gold') | C-2 C-3",
                "LastName = 'O\\'Neil'                                         | C-3",
                "LastName LIKE '%n_'                                           | C-4",
                "Customer_No__c IN ('c-2','C-4','C-9')                         | C-2 C-4",
                "Customer_No__c NOT IN ('C-2','C-4')                           | C-1 C-3",
                "Newsletter__c = true                                          | C-2",
                "Birthdate <= 1980-05-01                                       | C-1",
                "MailingLatitude >= 52.4                                       | C-4",
                "SystemModstamp = TODAY                                        | C-1 C-2 C-3 C-4",
                "CreatedDate = LAST_N_DAYS:3 AND Tier__c = 'basic'             | C-2",
                "SystemModstamp < 2020-01-01T00:00:00Z                         | ''",
                "Owner.Name = 'integration sluice'                             | C-1 C-2 C-3 C-4",
            })
    void aConditionFindsItsRows(String condition, String keys) {
        JsonNode answer = crm.query(
                        "SELECT Customer_No__c FROM Contact WHERE " + condition + " ORDER BY Customer_No__c")
                .json();
        String wanted = "''".equals(keys) ? "" : keys;
        assertThat(String.join(" ", answer.path("records").findValuesAsText("Customer_No__c")))
                .isEqualTo(wanted);
        assertThat(answer.path("totalSize").asInt()).isEqualTo(wanted.isEmpty() ? 0 : wanted.split(" ").length);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "FirstName                        | C-3 C-4 C-2 C-1",
                "FirstName DESC                   | C-3 C-4 C-1 C-2",
                "FirstName DESC NULLS LAST        | C-1 C-2 C-3 C-4",
                "FirstName ASC NULLS LAST         | C-2 C-1 C-3 C-4",
                "Tier__c NULLS LAST, LastName DESC | C-2 C-3 C-1 C-4",
                "SystemModstamp, Id LIMIT 2       | C-1 C-2",
                "Id LIMIT 2 OFFSET 1              | C-2 C-3",
            })
    void rowsComeInTheOrderAskedFor(String order, String keys) {
        JsonNode answer = crm.query("SELECT Customer_No__c FROM Contact ORDER BY " + order)
                .json();
        assertThat(String.join(" ", answer.path("records").findValuesAsText("Customer_No__c")))
                .isEqualTo(keys);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT Id FROM Contact WHERE            | MALFORMED_QUERY",
                "SELECT Id Name FROM Contact             | MALFORMED_QUERY",
                "SELECT Id FROM Contact WHERE Name = 'x  | MALFORMED_QUERY",
                "SELECT Nope__c FROM Contact             | INVALID_FIELD",
                "SELECT Boss.Name FROM Contact           | INVALID_FIELD",
                "SELECT Id FROM Contact WHERE LastName = 5 | INVALID_FIELD",
                "SELECT Id FROM Contact WHERE CreatedDate > 2020-01-01 | INVALID_FIELD",
                "SELECT Id FROM Nope                     | INVALID_TYPE",
            })
    void aQueryThatCantBeRunSaysWhy(String soql, String code) {
        SalesforceClient.Reply reply = crm.query(soql);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.errorCode()).isEqualTo(code);
    }

    @Test
    void parentsAreNested() {
        JsonNode row = crm.query("SELECT Id, Owner.Name, Account.Name FROM Contact WHERE Customer_No__c = 'C-1'")
                .json()
                .path("records")
                .path(0);
        assertThat(row.path("Owner").path("Name").asText()).isEqualTo("Integration Sluice");
        assertThat(row.path("Owner").path("attributes").path("type").asText()).isEqualTo("User");
        assertThat(row.path("Account").isNull()).isTrue();
    }

    @Test
    void countHasATotalAndNoRows() {
        JsonNode answer =
                crm.query("SELECT COUNT() FROM Contact WHERE Tier__c = 'gold'").json();
        assertThat(answer.path("totalSize").asInt()).isEqualTo(2);
        assertThat(answer.path("records")).isEmpty();
    }

    @Test
    void pagesFollowTheirLocator() {
        for (int call = 0; call < 3; call++) {
            String[] more = new String[200];
            int from = call * 200;
            Arrays.setAll(more, i -> contact("M-" + (from + i), "x"));
            crm.upsertContacts(more);
        }
        HttpRequest first = HttpRequest.newBuilder(
                        crm.request("GET", API + "/query?q=" + SalesforceClient.encoded("SELECT Id FROM Contact"), ""),
                        (n, v) -> true)
                .header("Sforce-Query-Options", "batchSize=250")
                .build();
        JsonNode page = crm.send(first).json();
        List<String> ids = new ArrayList<>(page.path("records").findValuesAsText("Id"));
        assertThat(ids).hasSize(250);
        while (!page.path("done").asBoolean()) {
            page = crm.get(page.path("nextRecordsUrl").asText()).json();
            ids.addAll(page.path("records").findValuesAsText("Id"));
        }
        assertThat(ids).hasSize(604);
        assertThat(new HashSet<>(ids)).hasSize(604);
        assertThat(crm.get(API + "/query/0r8XX0000000099AAA-2000").errorCode()).isEqualTo("INVALID_QUERY_LOCATOR");
    }

    @Test
    void pagingByIdVisitsEachRowOnce() {
        List<String> seen = new ArrayList<>();
        String after = "";
        for (JsonNode rows = firstAfter(after); !rows.isEmpty(); rows = firstAfter(after)) {
            seen.addAll(rows.findValuesAsText("Customer_No__c"));
            after = " WHERE Id > '" + rows.path(rows.size() - 1).path("Id").asText() + "'";
        }
        assertThat(seen).containsExactly("C-1", "C-2", "C-3", "C-4");
    }

    private JsonNode firstAfter(String condition) {
        return crm.query("SELECT Id, Customer_No__c FROM Contact" + condition + " ORDER BY Id LIMIT 3")
                .json()
                .path("records");
    }

    @Test
    void deletedRowsAreSeenByQueryAllAndDeletedOnly() {
        String id = crm.get(API + "/sobjects/Contact/Customer_No__c/C-2")
                .json()
                .path("Id")
                .asText();
        crm.delete(API + "/sobjects/Contact/" + id);
        assertThat(crm.query("SELECT COUNT() FROM Contact")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isEqualTo(3);
        JsonNode all = crm.get(API + "/queryAll?q="
                        + SalesforceClient.encoded("SELECT Id, IsDeleted FROM Contact WHERE IsDeleted = true"))
                .json();
        assertThat(all.path("records").findValuesAsText("Id")).containsExactly(id);
        Instant now = Instant.now().truncatedTo(ChronoUnit.MINUTES);
        String span = "?start=" + now.minusSeconds(3600) + "&end=" + now.plusSeconds(60);
        JsonNode deleted = crm.get(API + "/sobjects/Contact/deleted/" + span).json();
        assertThat(deleted.path("deletedRecords").findValuesAsText("id")).containsExactly(id);
        JsonNode updated = crm.get(API + "/sobjects/Contact/updated/" + span).json();
        assertThat(updated.path("ids")).hasSize(3);
        assertThat(updated.path("latestDateCovered").asText()).matches("\\d{4}-.*\\+0000");
        assertThat(crm.get(API + "/sobjects/Contact/deleted?start=2020-01-01T00:00:00Z&end=2020-02-01T00:00:00Z")
                        .errorCode())
                .isEqualTo("INVALID_REPLICATION_DATE");
    }

    @Test
    void limitsAndRecordCountsTellTheUse() {
        JsonNode limits = crm.get(API + "/limits").json().path("DailyApiRequests");
        assertThat(limits.path("Max").asInt()).isEqualTo(15_000);
        assertThat(limits.path("Remaining").asInt()).isEqualTo(14_998);
        JsonNode counts = crm.get(API + "/limits/recordCount?sObjects=Contact,Lead")
                .json()
                .path("sObjects");
        assertThat(counts.toString()).isEqualTo("[{\"count\":4,\"name\":\"Contact\"}]");
    }
}
