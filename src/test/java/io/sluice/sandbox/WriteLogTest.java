// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests the journal of writes: who wrote what when. */
class WriteLogTest extends SandboxTestBase {

    private static final String USER = "/sandbox/records/salesforce/Contact";

    @Test
    void aFieldIsReportedWithWhoWroteItAndWhatItWasBefore() {
        Instant start = Instant.now().minusSeconds(1);
        SalesforceClient.Reply upsert = crm.upsertContacts(contact("C-1", "One"));
        String id = upsert.json().path(0).path("id").asText();
        crm.post(USER + "/C-1", "{\"LastName\":\"Two\"}");
        crm.delete(USER + "/C-1");
        List<JsonNode> lines = journal("salesforce", "?record=" + id);
        JsonNode made = line(lines, "created", "LastName");
        assertThat(made.path("value").asText()).isEqualTo("One");
        assertThat(made.path("before").isNull()).isTrue();
        assertThat(made.path("by").asText()).isEqualTo("api");
        assertThat(made.path("request").asText()).isEqualTo(upsert.header("X-Sandbox-Request"));
        assertThat(made.path("object").asText()).isEqualTo("Contact");
        assertThat(made.at("/keys/Customer_No__c").asText()).isEqualTo("C-1");
        assertThat(Instant.parse(made.path("at").asText()))
                .isBetween(start, Instant.now().plusSeconds(1));
        JsonNode edited = line(lines, "updated", "LastName");
        assertThat(edited.path("before").asText()).isEqualTo("One");
        assertThat(edited.path("value").asText()).isEqualTo("Two");
        assertThat(edited.path("by").asText()).isEqualTo("user");
        assertThat(edited.path("user").asText()).isNotEqualTo(made.path("user").asText());
        assertThat(lines.get(lines.size() - 1).path("change").asText()).isEqualTo("deleted");
        long seen = lines.get(lines.size() - 1).path("seq").asLong();
        assertThat(journal("salesforce", "?after=" + seen)).isEmpty();
        assertThat(journal("salesforce", "?object=Account")).isEmpty();
    }

    @Test
    void aPropertyOfHubspotIsReportedAndABulkJobIsNamed() {
        HubspotClient hubspot = new HubspotClient(sandbox.port());
        hubspot.upsertContacts(1, 1);
        hubspot.post("/sandbox/records/hubspot/contacts/C-1", "{\"phone\":\"5\"}");
        List<JsonNode> lines = journal("hubspot", "?object=contacts");
        assertThat(line(lines, "created", "lastname").path("value").asText()).isEqualTo("Name 1");
        assertThat(line(lines, "updated", "phone").path("by").asText()).isEqualTo("user");
        BulkClient bulk = new BulkClient(crm);
        String job = bulk.run(
                        "{\"object\":\"Contact\",\"operation\":\"upsert\",\"externalIdFieldName\":\"Customer_No__c\"}",
                        "Customer_No__c,LastName\nC-9,Nine\n")
                .path("id")
                .asText();
        assertThat(line(journal("salesforce", "?object=Contact"), "created", "LastName")
                        .path("request")
                        .asText())
                .isEqualTo(job);
    }

    @Test
    void noMoreWritesAreKeptThanAskedFor() {
        crm.put("/sandbox/limits/salesforce", "{\"writesKept\":2}");
        crm.upsertContacts(contact("C-1", "a"), contact("C-2", "b"), contact("C-3", "c"));
        assertThat(journal("salesforce", "").stream()
                        .map(line -> line.at("/keys/Customer_No__c").asText())
                        .distinct())
                .containsExactly("C-2", "C-3");
    }

    private static JsonNode line(List<JsonNode> lines, String change, String field) {
        return lines.stream()
                .filter(line -> change.equals(line.path("change").asText())
                        && field.equals(line.path("field").asText()))
                .findFirst()
                .orElseThrow();
    }

    private List<JsonNode> journal(String account, String query) {
        return crm.get("/sandbox/journal/" + account + query)
                .text()
                .lines()
                .map(line -> new SalesforceClient.Reply(200, line, null).json())
                .toList();
    }
}
