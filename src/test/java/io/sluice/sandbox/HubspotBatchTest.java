// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static io.sluice.sandbox.HubspotClient.inputs;
import static io.sluice.sandbox.HubspotClient.traced;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

class HubspotBatchTest extends HubspotTestBase {

    @Test
    void anUpsertShowsWhichRecordsAreNew() {
        JsonNode first =
                crm.upsertContacts(contact("C-1", "\"firstname\":\"A\"")).json();
        assertThat(first.path("status").asText()).isEqualTo("COMPLETE");
        assertThat(first.at("/results/0/new").asBoolean()).isTrue();
        JsonNode again = crm.upsertContacts(contact("C-1", "\"firstname\":\"B\""), contact("C-2", ""))
                .json();
        assertThat(again.path("results").findValuesAsText("new")).containsExactlyInAnyOrder("true", "false");
        JsonNode record = crm.get(CONTACTS + "/C-1?idProperty=customer_no&properties=firstname")
                .json();
        assertThat(record.path("id")).isEqualTo(first.at("/results/0/id"));
        assertThat(record.at("/properties/firstname").asText()).isEqualTo("B");
        assertThat(record.at("/properties/hs_object_id")).isEqualTo(record.path("id"));
    }

    @Test
    void resultsAreNeverInTheOrderOfTheInputs() {
        for (int call = 0; call < 20; call++) {
            JsonNode results = crm.upsertContacts(contact("C-1", ""), contact("C-2", ""))
                    .json()
                    .path("results");
            assertThat(results).hasSize(2);
            assertThat(results.at("/0/properties/customer_no").asText()).isEqualTo("C-2");
        }
    }

    @Test
    void oneBadRowFailsTheWholeCallWhereNoTraceIdDistinguishesTheRows() {
        HubspotClient.Reply reply = crm.upsertContacts(contact("C-1", ""), contact("C-2", "\"birthdate\":\"soon\""));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("category").asText()).isEqualTo("VALIDATION_ERROR");
        assertThat(reply.json().at("/errors/0/context/propertyName/0").asText()).isEqualTo("birthdate");
        assertThat(reply.json().path("correlationId").asText()).hasSize(36);
        assertThat(crm.referee().at("/recordsByObject/contacts").asInt()).isZero();
    }

    @Test
    void withTraceIdsTheGoodRowsAreWrittenAndTheBadOnesReported() {
        HubspotClient.Reply reply = crm.upsertContacts(
                traced("r1", "C-1", ""),
                traced("r2", "C-2", "\"email\":\"nowhere\""),
                traced("r3", "C-3", "\"nothing\":\"x\""));
        assertThat(reply.status()).isEqualTo(207);
        assertThat(reply.json().path("numErrors").asInt()).isEqualTo(2);
        assertThat(reply.json().at("/results/0/objectWriteTraceId").asText()).isEqualTo("r1");
        assertThat(reply.json().at("/errors/0/context/objectWriteTraceId/0").asText())
                .isEqualTo("r2");
        assertThat(reply.json().at("/errors/1/errors/0/code").asText()).isEqualTo("PROPERTY_DOESNT_EXIST");
        assertThat(crm.referee().at("/recordsByObject/contacts").asInt()).isOne();
        assertThat(crm.upsertContacts(traced("same", "C-4", ""), traced("same", "C-5", "\"email\":\"no\""))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void anIdTwiceInABatchRefusesAllOfIt() {
        HubspotClient.Reply reply = crm.upsertContacts(traced("r1", "C-1", ""), traced("r2", "C-1", ""));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("message").asText())
                .isEqualTo("Duplicate IDs found in batch input: [C-1]. IDs must be unique");
        assertThat(reply.json().at("/context/ids/0").asText()).isEqualTo("C-1");
    }

    @Test
    void noBatchHasMoreThanAHundredInputs() {
        assertThat(crm.upsertContacts(0, 100).status()).isEqualTo(200);
        assertThat(crm.upsertContacts(0, 101).status()).isEqualTo(400);
    }

    @Test
    void aBatchOfCreatesReportsTheClash() {
        String input = "{\"properties\":{\"email\":\"A@example.org\"}}";
        HubspotClient.Reply made = crm.post(CONTACTS + "/batch/create", inputs(input));
        assertThat(made.status()).isEqualTo(201);
        HubspotClient.Reply clash = crm.post(CONTACTS + "/batch/create", inputs(input));
        assertThat(clash.status()).isEqualTo(409);
        assertThat(clash.json().path("message").asText())
                .isEqualTo("Contact already exists. Existing ID: "
                        + made.json().at("/results/0/id").asText());
    }

    @Test
    void aBatchReadShowsWhatIsMissing() {
        crm.upsertContacts(contact("C-1", "\"city\":\"Bonn\""));
        HubspotClient.Reply reply = crm.post(
                CONTACTS + "/batch/read",
                "{\"idProperty\":\"customer_no\","
                        + "\"properties\":[\"city\",\"tier\"],\"inputs\":[{\"id\":\"C-1\"},{\"id\":\"C-9\"}]}");
        assertThat(reply.status()).isEqualTo(207);
        assertThat(reply.json().at("/results/0/properties/city").asText()).isEqualTo("Bonn");
        assertThat(reply.json().at("/results/0/properties/tier").isNull()).isTrue();
        assertThat(reply.json().at("/errors/0/category").asText()).isEqualTo("OBJECT_NOT_FOUND");
        assertThat(reply.json().at("/errors/0/context/ids/0").asText()).isEqualTo("C-9");
    }

    @Test
    void aBatchArchivesAndTheDatedPathIsTheSame() {
        String id = crm.upsertContacts(contact("C-1", ""))
                .json()
                .at("/results/0/id")
                .asText();
        assertThat(crm.post("/crm/objects/2026-09/0-1/batch/archive", inputs("{\"id\":\"" + id + "\"}"))
                        .status())
                .isEqualTo(204);
        assertThat(crm.get(CONTACTS + "/" + id).status()).isEqualTo(404);
        assertThat(crm.get(CONTACTS + "/" + id + "?archived=true")
                        .json()
                        .path("archived")
                        .asBoolean())
                .isTrue();
        assertThat(crm.upsertContacts(contact("C-1", ""))
                        .json()
                        .at("/results/0/new")
                        .asBoolean())
                .isTrue();
        assertThat(crm.referee().at("/writesByObject/contacts").asInt()).isEqualTo(3);
    }
}
