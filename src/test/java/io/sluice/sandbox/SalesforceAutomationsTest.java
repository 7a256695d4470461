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

/** Tests the automations of an org: flows, rules, formulas, roll-ups and slow triggers. */
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
    void aDuplicateRuleRejectsAnEqualRecordAndNamesTheOther() {
        crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"duplicates\":[\"Email\"],\"message\":\"Known already\"}");
        String known = crm.post(API + "/sobjects/Contact", "{\"LastName\":\"One\",\"Email\":\"one@example.org\"}")
                .json()
                .path("id")
                .asText();
        SalesforceClient.Reply rejected =
                crm.post(API + "/sobjects/Contact", "{\"LastName\":\"Two\",\"Email\":\"ONE@example.org\"}");
        assertThat(rejected.status()).isEqualTo(400);
        JsonNode error = rejected.json().path(0);
        assertThat(error.path("errorCode").asText()).isEqualTo("DUPLICATES_DETECTED");
        assertThat(error.path("message").asText()).isEqualTo("Known already");
        assertThat(error.at("/duplicateResult/allowSave").asBoolean(true)).isFalse();
        assertThat(error.at("/duplicateResult/matchResults/0/matchRecords/0/record/Id")
                        .asText())
                .isEqualTo(known);
        // the record is no duplicate of itself, and empty fields are not equal
        assertThat(crm.patch(API + "/sobjects/Contact/" + known, "{\"FirstName\":\"A\"}")
                        .status())
                .isEqualTo(204);
        JsonNode rows = crm.upsertContacts(contact("C-1", "Three"), contact("C-2", "Four"))
                .json();
        assertThat(rows.findValuesAsText("success")).containsExactly("true", "true");
        JsonNode row = crm.upsertContacts(contact("C-1", "Three") + ",\"Email\":\"one@example.org\"")
                .json()
                .path(0);
        assertThat(row.at("/errors/0/statusCode").asText()).isEqualTo("DUPLICATES_DETECTED");
        assertThat(read("C-1").path("Email").isNull()).isTrue();
    }

    @Test
    void anAlertOfADuplicateRuleIsPassedByItsHeader() {
        crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"duplicates\":[\"Email\"],\"action\":\"alert\"}");
        String twin = "{\"LastName\":\"One\",\"Email\":\"one@example.org\"}";
        assertThat(crm.post(API + "/sobjects/Contact", twin).status()).isEqualTo(201);
        SalesforceClient.Reply alert = crm.post(API + "/sobjects/Contact", twin);
        assertThat(alert.status()).isEqualTo(400);
        assertThat(alert.json().path(0).at("/duplicateResult/allowSave").asBoolean())
                .isTrue();
        assertThat(crm.postWith(
                                "Sforce-Duplicate-Rule-Header",
                                "includeRecordDetails=false; allowSave=true",
                                API + "/sobjects/Contact",
                                twin)
                        .status())
                .isEqualTo(201);
        crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"duplicates\":[\"Email\"],\"action\":\"block\"}");
        assertThat(crm.postWith("Sforce-Duplicate-Rule-Header", "allowSave=true", API + "/sobjects/Contact", twin)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void anAssignmentRuleGivesALeadItsOwnerUnlessTheHeaderSaysNo() {
        String owner = crm.query("SELECT Id FROM User ORDER BY Id DESC LIMIT 1")
                .json()
                .at("/records/0/Id")
                .asText();
        crm.put(
                AUTOMATIONS,
                "{\"object\":\"Lead\",\"assign\":\"" + owner + "\",\"if\":{\"field\":\"Country\",\"equals\":\"DE\"}}");
        String german = lead("DE", null);
        assertThat(ownerOf(german)).isEqualTo(owner);
        String french = lead("FR", null);
        assertThat(ownerOf(french)).isNotEqualTo(owner);
        // rules see updates too: an integration that does not send the header re-assigns
        crm.patch(API + "/sobjects/Lead/" + french, "{\"Country\":\"DE\"}");
        assertThat(ownerOf(french)).isEqualTo(owner);
        assertThat(ownerOf(lead("DE", "FALSE"))).isNotEqualTo(owner);
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"Contact\",\"assign\":\"" + owner + "\"}")
                        .text())
                .contains("Leads and cases");
    }

    private String lead(String country, String autoAssign) {
        String body = "{\"LastName\":\"L\",\"Company\":\"C\",\"Country\":\"" + country + "\"}";
        return (autoAssign == null
                        ? crm.post(API + "/sobjects/Lead", body)
                        : crm.postWith("Sforce-Auto-Assign", autoAssign, API + "/sobjects/Lead", body))
                .json()
                .path("id")
                .asText();
    }

    private String ownerOf(String lead) {
        return crm.get(API + "/sobjects/Lead/" + lead).json().path("OwnerId").asText();
    }

    @Test
    void aRollUpFollowsTheChildrenAndStampsTheParent() {
        String field = "/sandbox/fields/salesforce/Account/";
        String acme = account("Acme");
        opportunity(acme, 100);
        crm.put(
                field + "Sum__c",
                "{\"rollUp\":{\"object\":\"Opportunity\",\"reference\":\"AccountId\",\"function\":\"sum\","
                        + "\"field\":\"Amount\"}}");
        crm.put(
                field + "Deals__c",
                "{\"rollUp\":{\"object\":\"Opportunity\",\"reference\":\"AccountId\",\"function\":\"count\"}}");
        crm.put(
                field + "Largest__c",
                "{\"rollUp\":{\"object\":\"Opportunity\",\"reference\":\"AccountId\",\"function\":\"max\","
                        + "\"field\":\"Amount\"}}");
        assertThat(rolledUp(acme)).isEqualTo("100.0 1.0 100.0");
        String second = opportunity(acme, 50);
        assertThat(rolledUp(acme)).isEqualTo("150.0 2.0 100.0");
        String beta = account("Beta");
        assertThat(rolledUp(beta)).isEqualTo("0.0 0.0 null");
        crm.patch(API + "/sobjects/Opportunity/" + second, "{\"AccountId\":\"" + beta + "\"}");
        assertThat(rolledUp(acme)).isEqualTo("100.0 1.0 100.0");
        assertThat(rolledUp(beta)).isEqualTo("50.0 1.0 50.0");
        crm.delete(API + "/sobjects/Opportunity/" + second);
        assertThat(rolledUp(beta)).isEqualTo("0.0 0.0 null");
        List<JsonNode> lines = crm.get("/sandbox/journal/salesforce?record=" + beta)
                .text()
                .lines()
                .map(line -> new SalesforceClient.Reply(200, line, null).json())
                .toList();
        assertThat(lines)
                .filteredOn(line -> "Sum__c".equals(line.path("field").asText()))
                .extracting(line -> line.path("by").asText())
                .containsOnly("automation");
        assertThat(crm.patch(API + "/sobjects/Account/" + acme, "{\"Sum__c\":1}")
                        .json()
                        .path(0)
                        .path("errorCode")
                        .asText())
                .isEqualTo("INVALID_FIELD_FOR_INSERT_UPDATE");
        assertThat(crm.query("SELECT COUNT() FROM Account WHERE Sum__c = 100 AND LastModifiedDate = TODAY")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isOne();
        assertThat(crm.put(field + "Bad__c", "{\"rollUp\":{\"object\":\"Opportunity\",\"function\":\"sum\"}}")
                        .status())
                .isEqualTo(400);
    }

    private String account(String name) {
        return crm.post(API + "/sobjects/Account", "{\"Name\":\"" + name + "\"}")
                .json()
                .path("id")
                .asText();
    }

    private String opportunity(String account, int amount) {
        return crm.post(
                        API + "/sobjects/Opportunity",
                        "{\"Name\":\"O\",\"StageName\":\"Prospecting\",\"CloseDate\":\"2026-12-01\",\"Amount\":"
                                + amount + ",\"AccountId\":\"" + account + "\"}")
                .json()
                .path("id")
                .asText();
    }

    private String rolledUp(String account) {
        JsonNode read = crm.get(API + "/sobjects/Account/" + account).json();
        return read.path("Sum__c").asText() + " " + read.path("Deals__c").asText() + " "
                + read.path("Largest__c").asText();
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
