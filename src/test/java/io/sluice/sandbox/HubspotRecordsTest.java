// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubspotRecordsTest extends HubspotTestBase {

    private static final String USER = "/sandbox/records/hubspot/contacts";

    @Test
    void aRecordIsCreatedReadChangedAndArchived() {
        HubspotClient.Reply made = crm.post(
                "/crm/objects/2026-09/deals",
                "{\"properties\":{\"dealname\":\"One\",\"amount\":12.50,\"closedate\":\"2026-12-01\"}}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.json().at("/properties/amount").isTextual()).isTrue();
        assertThat(made.json().at("/properties/closedate").asText()).isEqualTo("2026-12-01T00:00:00.000Z");
        assertThat(made.json().at("/properties/hs_object_source_id").asText()).isEqualTo("600001");
        String path = "/crm/v3/objects/0-3/" + made.json().path("id").asText();
        JsonNode changed = crm.patch(path, "{\"properties\":{\"dealname\":\"\",\"amount\":\"7\"}}")
                .json();
        assertThat(changed.at("/properties").has("dealname")).isFalse();
        assertThat(changed.path("createdAt")).isEqualTo(made.json().path("createdAt"));
        assertThat(crm.delete(path).status()).isEqualTo(204);
        assertThat(crm.delete(path).status()).isEqualTo(204);
        assertThat(crm.get(path).status()).isEqualTo(404);
    }

    @Test
    void aMergedIdLeadsToTheSurvivor() {
        String kept = crm.upsertContacts(contact("C-1", "\"city\":\"Bonn\""))
                .json()
                .at("/results/0/id")
                .asText();
        String gone = crm.upsertContacts(contact("C-2", "\"phone\":\"1\""))
                .json()
                .at("/results/0/id")
                .asText();
        assertThat(crm.post(
                                CONTACTS + "/merge",
                                "{\"primaryObjectId\":\"" + kept + "\",\"objectIdToMerge\":\"" + gone + "\"}")
                        .status())
                .isEqualTo(200);
        JsonNode survivor = crm.get(CONTACTS + "/" + gone + "?properties=phone,city,customer_no")
                .json();
        assertThat(survivor.path("id").asText()).isEqualTo(kept);
        assertThat(survivor.at("/properties/phone").asText()).isEqualTo("1");
        assertThat(survivor.at("/properties/customer_no").asText()).isEqualTo("C-1");
    }

    @Test
    void aListComesPageByPage() {
        crm.upsertContacts(0, 25);
        JsonNode page = crm.get(CONTACTS + "?limit=20").json();
        assertThat(page.path("results")).hasSize(20);
        JsonNode rest = crm.get(CONTACTS + "?limit=20&after="
                        + page.at("/paging/next/after").asText())
                .json();
        assertThat(rest.path("results")).hasSize(5);
        assertThat(rest.has("paging")).isFalse();
        assertThat(crm.get(CONTACTS + "?limit=101").status()).isEqualTo(400);
    }

    @Test
    void propertiesAreDescribedAndNewOnesAreKeys() {
        JsonNode known = crm.get("/crm/v3/properties/contacts").json().path("results");
        assertThat(known.findValuesAsText("name"))
                .contains("customer_no", "hs_object_id", "email")
                .doesNotContain("merged_into");
        assertThat(crm.get("/crm/v3/properties/contacts/customer_no")
                        .json()
                        .path("hasUniqueValue")
                        .asBoolean())
                .isTrue();
        String spec = "{\"name\":\"erp_no\",\"label\":\"ERP\",\"type\":\"string\",\"fieldType\":\"text\","
                + "\"groupName\":\"dealinformation\",\"hasUniqueValue\":true}";
        assertThat(crm.post("/crm/v3/properties/deals", spec).status()).isEqualTo(201);
        assertThat(crm.post("/crm/v3/properties/deals", spec).status()).isEqualTo(409);
        assertThat(crm.post(
                                "/crm/v3/objects/deals/batch/upsert",
                                "{\"inputs\":[{\"id\":\"E-1\",\"idProperty\":\"erp_no\",\"properties\":{}}]}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void customObjectsAreDescribedByTheirSchemasAndFoundByEachOfTheirNames() {
        crm.put("/sandbox/objects/hubspot/bookings", "{\"label\":\"Booking\",\"keyPrefix\":\"a00\"}");
        JsonNode schema = crm.get("/crm/v3/schemas").json().at("/results/0");
        assertThat(schema.path("name").asText()).isEqualTo("bookings");
        assertThat(schema.path("objectTypeId").asText()).startsWith("2-");
        assertThat(crm.get("/crm/v3/schemas").json().path("results")).hasSize(1);
        for (String name : List.of(
                "bookings",
                schema.path("objectTypeId").asText(),
                schema.path("fullyQualifiedName").asText())) {
            assertThat(crm.get("/crm-object-schemas/2026-09/schemas/" + name).json())
                    .as(name)
                    .isEqualTo(schema);
            assertThat(crm.post("/crm/v3/objects/" + name, "{\"properties\":{}}")
                            .status())
                    .as(name)
                    .isEqualTo(201);
        }
        assertThat(crm.get("/crm/v3/schemas/contacts")
                        .json()
                        .path("objectTypeId")
                        .asText())
                .isEqualTo("0-1");
        assertThat(crm.get("/crm/v3/schemas/unicorns").status()).isEqualTo(400);
    }

    @Test
    void anUnknownTokenIsRefusedAndCountedForNobody() {
        assertThat(crm.get("/account-info/v3/details").json().path("portalId").asInt())
                .isEqualTo(1_000_001);
        HubspotClient.Reply reply = crm.with("pat-other").get(CONTACTS);
        assertThat(reply.status()).isEqualTo(401);
        assertThat(reply.json().path("category").asText()).isEqualTo("INVALID_AUTHENTICATION");
        assertThat(crm.referee().path("accepted").asInt()).isOne();
        assertThat(crm.referee().at("/byOperation/accountInfo").asInt()).isOne();
    }

    @Test
    void aUsersEditIsNoCallAndIsTheUsers() {
        String id = crm.post(USER, "{\"lastname\":\"New\",\"customer_no\":\"C-1\"}")
                .json()
                .path("id")
                .asText();
        JsonNode record = crm.get(USER + "/C-1").json();
        assertThat(record.path("id").asText()).isEqualTo(id);
        assertThat(record.at("/properties/hs_object_source").asText()).isEqualTo("CRM_UI");
        crm.post(USER + "/" + id, "{\"properties\":{\"tier\":\"gold\"}}");
        assertThat(crm.get(USER).text()).contains("\"tier\":\"gold\"");
        crm.delete(USER + "/" + id);
        assertThat(crm.get(USER + "/C-1").status()).isEqualTo(404);
        crm.post(USER + "/" + id, "{\"archived\":false}");
        assertThat(crm.get(USER + "/C-1").status()).isEqualTo(200);
        assertThat(crm.referee().path("accepted").asInt()).isZero();
    }

    @Test
    void recordsOutliveTheSandboxInItsFile(@TempDir Path folder) {
        Path file = folder.resolve("data");
        String id;
        try (Sandbox first = Sandbox.start("127.0.0.1", 0, Optional.of(file))) {
            HubspotClient client = new HubspotClient(first.port());
            id = client.upsertContacts(contact("C-1", "\"birthdate\":\"1990-01-02\",\"newsletter\":\"true\""))
                    .json()
                    .at("/results/0/id")
                    .asText();
        }
        try (Sandbox second = Sandbox.start("127.0.0.1", 0, Optional.of(file))) {
            HubspotClient client = new HubspotClient(second.port());
            JsonNode record = client.get(CONTACTS + "/" + id + "?properties=birthdate,newsletter,tier")
                    .json();
            assertThat(record.at("/properties/birthdate").asText()).isEqualTo("1990-01-02");
            assertThat(record.at("/properties/newsletter").asText()).isEqualTo("true");
            assertThat(client.referee().path("accepted").asInt()).isEqualTo(2);
            assertThat(client.referee().at("/limits/tenSecondly/used").asInt()).isEqualTo(2);
        }
    }
}
