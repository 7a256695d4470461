// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What an org does by itself with the writes of a sync: flows, validation rules, formulas and slow triggers. */
class SalesforceAutomationsTest extends SandboxTestBase {

    private static final String AUTOMATIONS = "/sandbox/automations/salesforce";

    private JsonNode read(String key) {
        return crm.get(API + "/sobjects/Contact/Customer_No__c/" + key).json();
    }

    @Test
    void aFlowWithinTheWriteIsDoneBeforeTheAnswerAndMarkedInTheJournal() {
        crm.put(
                AUTOMATIONS,
                "{\"object\":\"Contact\",\"when\":[\"created\",\"updated\"],\"within\":true,"
                        + "\"set\":{\"Department\":\"{run} of {LastName}\"}}");
        String id = crm.upsertContacts(contact("C-1", "One"))
                .json()
                .path(0)
                .path("id")
                .asText();
        assertThat(read("C-1").path("Department").asText()).isEqualTo("1 of One");
        crm.upsertContacts(contact("C-1", "Two"));
        JsonNode contact = read("C-1");
        assertThat(contact.path("Department").asText()).isEqualTo("2 of Two");
        List<JsonNode> lines = crm.get("/sandbox/journal/salesforce?record=" + id)
                .text()
                .lines()
                .map(line -> new SalesforceClient.Reply(200, line, null).json())
                .toList();
        JsonNode last = lines.get(lines.size() - 1);
        assertThat(last.path("by").asText()).isEqualTo("automation");
        assertThat(last.path("field").asText()).isEqualTo("Department");
        assertThat(lines)
                .filteredOn(line -> "LastName".equals(line.path("field").asText()))
                .allSatisfy(line -> assertThat(line.path("by").asText()).isEqualTo("api"));
        // its writes start no rule, and none counts as the caller's
        assertThat(crm.get(AUTOMATIONS).json().at("/automations/0/runs").asInt())
                .isEqualTo(2);
        assertThat(crm.referee().path("writesByObject").path("Contact").asInt()).isEqualTo(2);
    }

    @Test
    void aFlowWithinTheWriteBearsItsStamp() {
        crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"when\":\"created\",\"within\":true,\"set\":{\"Title\":\"x\"}}");
        crm.upsertContacts(contact("C-1", "One"));
        JsonNode contact = read("C-1");
        assertThat(contact.path("Title").asText()).isEqualTo("x");
        assertThat(contact.path("SystemModstamp")).isEqualTo(contact.path("CreatedDate"));
    }

    @Test
    void aValidationRuleRefusesARecordWholeAndNoOther() {
        crm.put(
                AUTOMATIONS,
                "[{\"object\":\"Contact\",\"refuse\":{\"field\":\"Title\",\"matches\":\".*spam.*\"},"
                        + "\"message\":\"No spam\"},{\"object\":\"Contact\",\"refuse\":{\"field\":\"LastName\",\"equals\":\"Nobody\"}}]");
        JsonNode rows = crm.upsertContacts(
                        contact("C-1", "One"),
                        contact("C-2", "Two") + ",\"Title\":\"a spam b\"",
                        contact("C-3", "Nobody"),
                        contact("C-4", "Four"))
                .json();
        assertThat(rows.findValuesAsText("success")).containsExactly("true", "false", "false", "true");
        JsonNode error = rows.path(1).path("errors").path(0);
        assertThat(error.path("statusCode").asText()).isEqualTo("FIELD_CUSTOM_VALIDATION_EXCEPTION");
        assertThat(error.path("message").asText()).isEqualTo("No spam");
        assertThat(error.path("fields").path(0).asText()).isEqualTo("Title");
        assertThat(crm.query("SELECT COUNT() FROM Contact")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isEqualTo(2);
        assertThat(crm.patch(API + "/sobjects/Contact/Customer_No__c/C-1", "{\"Title\":\"spam\"}")
                        .status())
                .isEqualTo(400);
        assertThat(read("C-1").path("Title").isNull()).isTrue();
        crm.delete(AUTOMATIONS);
        assertThat(crm.patch(API + "/sobjects/Contact/Customer_No__c/C-1", "{\"Title\":\"spam\"}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aFormulaFollowsTheParentWithoutANewStamp() {
        crm.put(
                "/sandbox/fields/salesforce/Contact/Greeting__c",
                "{\"formula\":\"Dear {LastName} of {Account.Name}\"}");
        String account = crm.post(API + "/sobjects/Account", "{\"Name\":\"Acme\"}")
                .json()
                .path("id")
                .asText();
        crm.upsertContacts(contact("C-1", "One") + ",\"AccountId\":\"" + account + "\"");
        JsonNode before = read("C-1");
        assertThat(before.path("Greeting__c").asText()).isEqualTo("Dear One of Acme");
        crm.patch(API + "/sobjects/Account/" + account, "{\"Name\":\"Beta\"}");
        JsonNode after = read("C-1");
        assertThat(after.path("Greeting__c").asText()).isEqualTo("Dear One of Beta");
        assertThat(after.path("SystemModstamp")).isEqualTo(before.path("SystemModstamp"));
        assertThat(crm.query("SELECT COUNT() FROM Contact WHERE Greeting__c LIKE '%Beta'")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isOne();
        assertThat(crm.upsertContacts(contact("C-1", "One") + ",\"Greeting__c\":\"x\"")
                        .json()
                        .path(0)
                        .at("/errors/0/statusCode")
                        .asText())
                .isEqualTo("INVALID_FIELD_FOR_INSERT_UPDATE");
        assertThat(crm.put("/sandbox/fields/salesforce/Contact/Bad__c", "{\"formula\":\"{Nope}\"}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void aSlowTriggerKeepsTheRowsLockedAndFromSight() throws Exception {
        crm.upsertContacts(contact("C-1", "One"), contact("C-2", "Two"));
        crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"triggerMs\":2000}");
        CompletableFuture<HttpResponse<String>> slow =
                crm.later("PATCH", API + "/sobjects/Contact/Customer_No__c/C-1", "{\"LastName\":\"Slow\"}");
        // the second record is refused, so that the first is never written
        String probe = SalesforceClient.records("Contact", true, contact("C-1", "Other"), "\"Customer_No__c\":\"C-3\"");
        await().untilAsserted(() -> assertThat(crm.patch(API + "/composite/sobjects/Contact/Customer_No__c", probe)
                        .json()
                        .path(0)
                        .at("/errors/0/statusCode")
                        .asText())
                .isEqualTo("UNABLE_TO_LOCK_ROW"));
        assertThat(read("C-1").path("LastName").asText()).isEqualTo("One");
        assertThat(slow.get().statusCode()).isEqualTo(200);
        assertThat(read("C-1").path("LastName").asText()).isEqualTo("Slow");
        assertThat(crm.get(AUTOMATIONS).json().at("/automations/0/triggerMs").asInt())
                .isEqualTo(2000);
    }

    @Test
    void aRuleThatCannotBeIsRejected() {
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"refuse\":{\"field\":\"Nope\",\"empty\":true}}")
                        .text())
                .contains("'Nope'");
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"refuse\":{\"field\":\"Title\"}}")
                        .status())
                .isEqualTo(400);
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"triggerMs\":0}")
                        .status())
                .isEqualTo(400);
        assertThat(crm.put("/sandbox/automations/hubspot", "{\"object\":\"contacts\",\"triggerMs\":5}")
                        .status())
                .isEqualTo(400);
    }
}
