// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules by which a CRM changes records itself, some time after a write. */
class AutomationsTest extends HubspotTestBase {

    private static final String AUTOMATIONS = "/sandbox/automations/hubspot";

    @Test
    void aWorkflowSetsAnotherPropertyAfterEachUpdateAndTheJournalSaysSo() {
        String id = crm.upsertContacts(contact("C-1", "\"lastname\":\"One\""))
                .json()
                .at("/results/0/id")
                .asText();
        crm.put(
                AUTOMATIONS,
                "{\"object\":\"contacts\",\"when\":\"updated\",\"delayMs\":20,"
                        + "\"set\":{\"notes\":\"run {run} for {lastname}\",\"tier\":\"gold\"}}");
        crm.patch(CONTACTS + "/" + id, "{\"properties\":{\"lastname\":\"Two\"}}");
        await().untilAsserted(() -> assertThat(notes(id)).isEqualTo("run 1 for Two"));
        crm.patch(CONTACTS + "/" + id, "{\"properties\":{\"lastname\":\"Three\"}}");
        await().untilAsserted(() -> assertThat(notes(id)).isEqualTo("run 2 for Three"));
        List<JsonNode> lines = journal(id)
                .filter(line -> "automation".equals(line.path("by").asText()))
                .toList();
        assertThat(lines).extracting(line -> line.path("field").asText()).containsExactly("notes", "tier", "notes");
        assertThat(lines)
                .allSatisfy(line -> assertThat(line.path("user").asText()).startsWith("AUTOMATION_PLATFORM/"));
        // neither its own writes nor one that changes nothing starts it
        crm.patch(CONTACTS + "/" + id, "{\"properties\":{\"lastname\":\"Three\"}}");
        crm.post("/sandbox/records/hubspot/contacts/" + id, "{\"city\":\"Bonn\"}");
        await().untilAsserted(() -> assertThat(notes(id)).isEqualTo("run 3 for Three"));
        assertThat(crm.get(AUTOMATIONS).json().at("/automations/0/runs").asInt())
                .isEqualTo(3);
        crm.delete(AUTOMATIONS);
        assertThat(crm.get(AUTOMATIONS).json().path("automations")).isEmpty();
    }

    @Test
    void aFlowOfSalesforceRunsWhenARecordWasCreatedAlone() {
        crm.put(
                "/sandbox/automations/salesforce",
                "[{\"object\":\"Contact\",\"when\":\"created\",\"set\":{\"Title\":\"New\"}}]");
        String made = crm.post("/sandbox/records/salesforce/Contact", "{\"LastName\":\"One\"}")
                .json()
                .path("id")
                .asText();
        await().untilAsserted(() -> assertThat(crm.get("/sandbox/records/salesforce/Contact/" + made)
                        .json()
                        .path("Title")
                        .asText())
                .isEqualTo("New"));
        crm.post("/sandbox/records/salesforce/Contact/" + made, "{\"Title\":\"Old\"}");
        assertThat(crm.get("/sandbox/automations/salesforce")
                        .json()
                        .at("/automations/0/runs")
                        .asInt())
                .isOne();
    }

    @Test
    void aRuleThatCannotBeIsRejectedAndOneWhoseWriteIsRejectedSaysSo() {
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"unicorns\",\"set\":{\"a\":1}}")
                        .text())
                .contains("'unicorns'");
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"contacts\",\"set\":{\"horn\":1}}")
                        .text())
                .contains("'horn'");
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"contacts\"}").status()).isEqualTo(400);
        assertThat(crm.put(AUTOMATIONS, "{\"object\":\"contacts\",\"when\":\"read\",\"set\":{\"tier\":1}}")
                        .status())
                .isEqualTo(400);
        crm.put(AUTOMATIONS, "{\"object\":\"contacts\",\"when\":[\"created\",\"updated\"],\"set\":{\"email\":\"no\"}}");
        crm.upsertContacts(contact("C-1", ""));
        await().untilAsserted(() -> assertThat(
                        crm.get(AUTOMATIONS).json().at("/automations/0/failed").asInt())
                .isOne());
        assertThat(crm.get(AUTOMATIONS).json().at("/automations/0/error").asText())
                .contains("INVALID_EMAIL");
    }

    private String notes(String id) {
        return crm.get(CONTACTS + "/" + id + "?properties=notes")
                .json()
                .at("/properties/notes")
                .asText();
    }

    private Stream<JsonNode> journal(String id) {
        return crm.get("/sandbox/journal/hubspot?record=" + id).text().lines().map(line -> {
            try {
                return HubspotClient.JSON.readTree(line);
            } catch (JsonProcessingException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
