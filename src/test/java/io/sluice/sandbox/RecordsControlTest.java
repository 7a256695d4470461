// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RecordsControlTest extends SandboxTestBase {

    private static final String CONTACTS = "/sandbox/records/salesforce/Contact";

    @Test
    void aUsersEditIsMadeByAnotherUserAndIsNoCall() {
        crm.upsertContacts(contact("C-1", "One"));
        JsonNode before = crm.get(CONTACTS + "/C-1").json();
        assertThat(crm.post(CONTACTS + "/C-1", "{\"Tier__c\":\"gold\"}").json().path("id"))
                .isEqualTo(before.path("Id"));
        JsonNode after = crm.get(CONTACTS + "/" + before.path("Id").asText()).json();
        assertThat(after.path("Tier__c").asText()).isEqualTo("gold");
        assertThat(after.path("LastModifiedById")).isNotEqualTo(before.path("LastModifiedById"));
        assertThat(after.path("CreatedById")).isEqualTo(before.path("CreatedById"));
        assertThat(crm.referee().path("accepted").asInt()).isOne();
        assertThat(crm.referee().path("writesByObject").path("Contact").asInt()).isOne();
    }

    @Test
    void aUserCreatesAndDeletesToo() {
        String id =
                crm.post(CONTACTS, "{\"LastName\":\"New\"}").json().path("id").asText();
        assertThat(crm.get(CONTACTS + "/" + id).json().path("LastName").asText())
                .isEqualTo("New");
        assertThat(crm.delete(CONTACTS + "/" + id).status()).isEqualTo(200);
        assertThat(crm.get(CONTACTS + "/" + id).status()).isEqualTo(404);
    }

    @Test
    void anEditThatBreaksARuleSaysWhy() {
        SalesforceClient.Reply reply = crm.post(CONTACTS, "{\"FirstName\":\"x\"}");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("error").asText())
                .isEqualTo("REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]");
        assertThat(crm.post(CONTACTS + "/C-9", "{}").status()).isEqualTo(400);
        assertThat(crm.get("/sandbox/records/salesforce/Nope").status()).isEqualTo(404);
    }

    @Test
    void anImportMakesAndChangesManyRecordsAndSaysOfEachLineWhatBecameOfIt() {
        crm.upsertContacts(contact("C-1", "One"));
        String[] lines = crm.call(
                        "POST",
                        CONTACTS,
                        """
                {"id":"C-1","Tier__c":"gold"}
                {"LastName":"New","Customer_No__c":"C-2"}

                {"FirstName":"x"}
                [1]
                {"id":"C-9","Tier__c":"gold"}
                {"id":"C-2","Tier__c":"silver"}
                """,
                        "application/x-ndjson")
                .text()
                .split("\n");
        assertThat(lines).hasSize(6);
        assertThat(lines[0])
                .isEqualTo("{\"id\":\""
                        + crm.get(CONTACTS + "/C-1").json().path("Id").asText() + "\"}");
        assertThat(lines[1]).isEqualTo(lines[5]);
        assertThat(lines[2]).contains("\"error\":\"REQUIRED_FIELD_MISSING");
        assertThat(lines[3]).isEqualTo("{\"error\":\"The line is no JSON object.\"}");
        assertThat(lines[4]).contains("\"error\"").contains("C-9");
        assertThat(crm.get(CONTACTS + "/C-1").json().path("Tier__c").asText()).isEqualTo("gold");
        assertThat(crm.get(CONTACTS + "/C-2").json().path("Tier__c").asText()).isEqualTo("silver");
        assertThat(crm.referee().path("accepted").asInt()).as("calls").isOne();
    }

    @Test
    void allLiveRecordsComeAsJsonLines() {
        for (int call = 0; call < 6; call++) {
            String[] more = new String[200];
            int from = call * 200;
            Arrays.setAll(more, i -> contact("C-" + (from + i), "x"));
            crm.upsertContacts(more);
        }
        crm.delete(CONTACTS + "/C-7");
        String[] lines = crm.get(CONTACTS).text().split("\n");
        assertThat(lines).hasSize(1199).allSatisfy(line -> {
            JsonNode record = SalesforceClient.JSON.readTree(line);
            assertThat(record.path("Id").asText()).hasSize(18);
            assertThat(record.has("SystemModstamp")).isTrue();
            assertThat(record.has("Tier__c")).isFalse();
        });
    }

    @Test
    void theControlsTellWhatTheyAre() {
        assertThat(crm.get("/sandbox").text()).contains("/sandbox/referee", "/sandbox/faults/{account}");
        assertThat(crm.get("/sandbox/nothing").status()).isEqualTo(404);
        assertThat(crm.get("/elsewhere").status()).isEqualTo(404);
    }
}
