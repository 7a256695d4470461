// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Owners, pipelines, schemas and the further objects, by HubSpot's OpenAPI descriptions. */
class HubspotDirectoryTest extends HubspotTestBase {

    private static final String PIPELINES = "/crm/v3/pipelines/deals";

    @ParameterizedTest
    @CsvSource({
        "products,0-7,name,x",
        "line_items,0-8,name,x",
        "notes,0-46,hs_note_body,202",
        "tasks,0-27,hs_task_subject,204",
        "calls,0-48,hs_call_title,194",
        "emails,0-49,hs_email_subject,198",
        "meetings,0-47,hs_meeting_title,200"
    })
    void furtherObjectsHaveRecordsAndBelongToContacts(
            String object, String typeId, String property, String associationType) {
        String path = "/crm/objects/2026-09/" + object;
        String ann = crm.post(CONTACTS, "{\"properties\":{\"lastname\":\"Ann\"}}")
                .json()
                .path("id")
                .asText();
        boolean engagement = !"x".equals(associationType);
        String associations = engagement
                ? ",\"associations\":[{\"to\":{\"id\":\"" + ann + "\"},\"types\":[{"
                        + "\"associationCategory\":\"HUBSPOT_DEFINED\",\"associationTypeId\":" + associationType
                        + "}]}]"
                : "";
        HubspotClient.Reply made = crm.post(
                path,
                "{\"properties\":{\"" + property + "\":\"one\""
                        + (engagement ? ",\"hs_timestamp\":\"2026-11-29T08:00:00Z\"" : "") + "}" + associations + "}");
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        String id = made.json().path("id").asText();
        JsonNode read = crm.get(
                        "/crm/v3/objects/" + typeId + "/" + id + "?associations=contacts&properties=" + property)
                .json();
        assertThat(read.at("/properties/" + property).asText()).isEqualTo("one");
        if (engagement) {
            assertThat(read.at("/associations/contacts/results/0/id").asText()).isEqualTo(ann);
            HubspotClient.Reply timeless = crm.post(path, "{\"properties\":{\"" + property + "\":\"one\"}}");
            assertThat(timeless.status()).isEqualTo(400);
            assertThat(timeless.json().path("message").asText()).endsWith("Some required properties were not set.");
            assertThat(timeless.json().at("/context/properties/0").asText()).isEqualTo("hs_timestamp");
        }
        assertThat(crm.post(path + "/search", "{\"query\":\"one\"}")
                        .json()
                        .path("total")
                        .asInt())
                .isEqualTo("line_items".equals(object) ? 0 : 1);
    }

    @Test
    void ownersAreListedFoundAndCheckedWhereRecordsNameThem() {
        JsonNode owners = crm.get("/crm/v3/owners/").json().path("results");
        assertThat(owners).hasSize(2);
        JsonNode first = owners.get(0);
        assertThat(crm.get("/crm/owners/2026-09/" + first.path("userId").asText() + "?idProperty=userId")
                        .json())
                .isEqualTo(first);
        assertThat(crm.get("/crm/v3/owners?email=" + first.path("email").asText())
                        .json()
                        .path("results"))
                .hasSize(1);
        JsonNode page = crm.get("/crm/v3/owners?limit=1").json();
        assertThat(crm.get("/crm/v3/owners?limit=1&after="
                                + page.at("/paging/next/after").asText())
                        .json()
                        .at("/results/0"))
                .isEqualTo(owners.get(1));
        assertThat(crm.get("/crm/v3/owners?archived=true").json().path("results"))
                .hasSize(1);
        assertThat(crm.get("/crm/v3/owners/1").status()).isEqualTo(404);
        String body = "{\"properties\":{\"hubspot_owner_id\":\"%s\"}}";
        assertThat(crm.post(CONTACTS, body.formatted(first.path("id").asText())).status())
                .isEqualTo(201);
        assertThat(crm.post(CONTACTS, body.formatted("1")).status()).isEqualTo(400);
    }

    @Test
    void aDealIsInAStageOfItsPipeline() {
        JsonNode made = crm.post(
                        PIPELINES,
                        "{\"label\":\"Renewals\",\"displayOrder\":1,\"stages\":[{\"label\":\"Due\","
                                + "\"displayOrder\":0,\"metadata\":{\"probability\":\"0.5\"}}]}")
                .json();
        String pipeline = made.path("id").asText();
        String due = made.at("/stages/0/id").asText();
        JsonNode deal = crm.post("/crm/v3/objects/deals", "{\"properties\":{\"dealstage\":\"closedwon\"}}")
                .json();
        assertThat(deal.at("/properties/pipeline").asText()).isEqualTo("default");
        String path = "/crm/v3/objects/deals/" + deal.path("id").asText();
        HubspotClient.Reply wrong = crm.patch(path, "{\"properties\":{\"dealstage\":\"" + due + "\"}}");
        assertThat(wrong.status()).isEqualTo(400);
        assertThat(wrong.json().at("/errors/0/code").asText()).isEqualTo("INVALID_OPTION");
        assertThat(crm.patch(path, "{\"properties\":{\"pipeline\":\"" + pipeline + "\",\"dealstage\":\"" + due + "\"}}")
                        .status())
                .isEqualTo(200);
        assertThat(crm.get("/crm/v3/properties/deals/dealstage")
                        .json()
                        .path("options")
                        .findValuesAsText("label"))
                .contains("Due", "Closed Won");
        assertThat(crm.delete(PIPELINES + "/" + pipeline + "?validateReferencesBeforeDelete=true")
                        .status())
                .isEqualTo(400);
        assertThat(crm.delete(PIPELINES + "/" + pipeline).status()).isEqualTo(204);
        assertThat(crm.get(PIPELINES).json().path("results")).hasSize(1);
        assertThat(crm.get("/crm/v3/properties/deals/dealstage")
                        .json()
                        .path("options")
                        .findValuesAsText("label"))
                .doesNotContain("Due");
        assertThat(crm.patch(PIPELINES + "/" + pipeline, "{\"archived\":false}").status())
                .isEqualTo(200);
        assertThat(crm.get(PIPELINES).json().path("results")).hasSize(2);
    }

    @Test
    void stagesAreMadeChangedReplacedAndArchived() {
        String stages = PIPELINES + "/default/stages";
        assertThat(crm.post(stages, "{\"label\":\"Late\",\"displayOrder\":7,\"metadata\":{}}")
                        .status())
                .isEqualTo(400);
        JsonNode late = crm.post(
                        stages,
                        "{\"stageId\":\"late\",\"label\":\"Late\",\"displayOrder\":7,\"metadata\":{"
                                + "\"probability\":\"0.2\"}}")
                .json();
        assertThat(late.path("id").asText()).isEqualTo("late");
        assertThat(late.at("/metadata/isClosed").asText()).isEqualTo("false");
        assertThat(crm.patch(stages + "/late", "{\"metadata\":{\"probability\":\"1.0\"}}")
                        .json()
                        .at("/metadata/isClosed")
                        .asText())
                .isEqualTo("true");
        assertThat(crm.put(
                                stages + "/late",
                                "{\"label\":\"Last\",\"displayOrder\":8,\"metadata\":{\"probability\":\"0.1\"}}")
                        .json()
                        .path("label")
                        .asText())
                .isEqualTo("Last");
        assertThat(crm.get(PIPELINES + "/default/stages/late/audit")
                        .json()
                        .path("results")
                        .findValuesAsText("action"))
                .startsWith("CREATE");
        assertThat(crm.delete(stages + "/late").status()).isEqualTo(204);
        assertThat(crm.get(stages).json().path("results")).hasSize(7);
        assertThat(crm.get("/crm/v3/pipelines/tickets/0")
                        .json()
                        .at("/stages/3/metadata/ticketState")
                        .asText())
                .isEqualTo("CLOSED");
        assertThat(crm.post("/crm/v3/pipelines/contacts", "{\"label\":\"a\",\"displayOrder\":0,\"stages\":[]}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void anObjectIsMadeWithItsPropertiesAndAsksForWhatItRequires() {
        String schemas = "/crm-object-schemas/v3/schemas";
        HubspotClient.Reply made = crm.post(
                schemas,
                "{\"name\":\"car\",\"labels\":{\"singular\":\"Car\",\"plural\":\"Cars\"},"
                        + "\"primaryDisplayProperty\":\"model\",\"requiredProperties\":[\"model\"],\"searchableProperties\":[\"model\"],"
                        + "\"secondaryDisplayProperties\":[],\"associatedObjects\":[\"CONTACT\"],\"properties\":[{\"name\":\"model\","
                        + "\"label\":\"Model\",\"type\":\"string\",\"fieldType\":\"text\"},{\"name\":\"vin\",\"label\":\"VIN\","
                        + "\"type\":\"string\",\"fieldType\":\"text\",\"hasUniqueValue\":true}]}");
        assertThat(made.status()).as(made.text()).isEqualTo(201);
        String typeId = made.json().path("objectTypeId").asText();
        assertThat(made.json().at("/labels/plural").asText()).isEqualTo("Cars");
        assertThat(crm.get(schemas).json().path("results")).hasSize(1);
        for (String name :
                List.of("car", typeId, made.json().path("fullyQualifiedName").asText())) {
            assertThat(crm.get("/crm-object-schemas/2026-09/schemas/" + name).json())
                    .isEqualTo(made.json());
        }
        HubspotClient.Reply bare = crm.post("/crm/v3/objects/" + typeId, "{\"properties\":{\"vin\":\"1\"}}");
        assertThat(bare.status()).isEqualTo(400);
        assertThat(bare.json().at("/context/properties/0").asText()).isEqualTo("model");
        assertThat(crm.post(
                                "/crm/v3/objects/car/batch/upsert",
                                HubspotClient.inputs(
                                        "{\"id\":\"1\",\"idProperty\":\"vin\"," + "\"properties\":{\"model\":\"T\"}}"))
                        .json()
                        .at("/results/0/new")
                        .asBoolean())
                .isTrue();
        assertThat(crm.post("/crm/v3/objects/car/search", "{\"query\":\"t\"}")
                        .json()
                        .path("total")
                        .asInt())
                .isOne();
        assertThat(crm.patch(schemas + "/car", "{\"labels\":{\"singular\":\"Auto\",\"plural\":\"Autos\"}}")
                        .json()
                        .at("/labels/singular")
                        .asText())
                .isEqualTo("Auto");
        assertThat(crm.delete(schemas + "/car").status()).isEqualTo(400);
        assertThat(crm.post(schemas, "{\"name\":\"car\",\"labels\":{},\"requiredProperties\":[],\"properties\":[]}")
                        .status())
                .isEqualTo(409);
        assertThat(crm.post(
                                schemas,
                                "{\"name\":\"van\",\"labels\":{},\"requiredProperties\":[\"none\"],\"properties\":[]}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void anObjectWithoutRecordsIsArchived() {
        crm.post(
                "/crm/v3/schemas",
                "{\"name\":\"van\",\"labels\":{\"singular\":\"Van\"},\"requiredProperties\":[],"
                        + "\"properties\":[]}");
        assertThat(crm.delete("/crm/v3/schemas/van").status()).isEqualTo(204);
        assertThat(crm.get("/crm/v3/schemas").json().path("results")).isEmpty();
        assertThat(crm.get("/crm/v3/schemas?archived=true").json().path("results"))
                .hasSize(1);
        assertThat(crm.delete("/crm/v3/schemas/contacts").status()).isEqualTo(400);
    }

    @Test
    void whatIsServedNowhereIsAPage() {
        HubspotClient.Reply nowhere = crm.get("/crm/v3/unicorns");
        assertThat(nowhere.status()).isEqualTo(404);
        assertThat(nowhere.header("Content-Type").orElse("")).startsWith("text/html");
        assertThat(crm.put("/crm/v3/owners", "{}").status()).isEqualTo(405);
        assertThat(crm.get(CONTACTS + "?after=next").status()).isEqualTo(400);
    }
}
