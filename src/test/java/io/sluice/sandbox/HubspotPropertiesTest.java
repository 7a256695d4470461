// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Properties and their groups, by HubSpot's OpenAPI description of {@code /crm/v3/properties} and the dated one. */
class HubspotPropertiesTest extends HubspotTestBase {

    private static final String PROPERTIES = "/crm/v3/properties/contacts";
    private static final String OPTIONS =
            "\"options\":[{\"label\":\"Gold\",\"value\":\"gold\",\"displayOrder\":0,\"hidden\":"
                    + "false},{\"label\":\"Silver\",\"value\":\"silver\",\"displayOrder\":1,\"hidden\":false}]";

    @Test
    void aPropertyShowsWhatItIsAndTakesValues() {
        HubspotClient.Reply made = create("colour", "\"description\":\"of the car\",\"formField\":true");
        assertThat(made.status()).isEqualTo(201);
        JsonNode colour = crm.get(PROPERTIES + "/colour").json();
        assertThat(colour).isEqualTo(made.json());
        assertThat(colour.path("description").asText()).isEqualTo("of the car");
        assertThat(colour.path("groupName").asText()).isEqualTo("contactinformation");
        assertThat(colour.path("hubspotDefined").asBoolean(true)).isFalse();
        assertThat(colour.at("/modificationMetadata/archivable").asBoolean()).isTrue();
        JsonNode email = crm.get(PROPERTIES + "/email").json();
        assertThat(email.path("hubspotDefined").asBoolean()).isTrue();
        assertThat(email.at("/modificationMetadata/readOnlyDefinition").asBoolean())
                .isTrue();
        assertThat(crm.get(PROPERTIES + "/hs_object_id")
                        .json()
                        .at("/modificationMetadata/readOnlyValue")
                        .asBoolean())
                .isTrue();
        assertThat(contact("colour", "red").status()).isEqualTo(201);
        assertThat(create("colour", "\"hidden\":false").status()).isEqualTo(409);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"name\":\"Upper\",\"label\":\"a\",\"type\":\"string\",\"fieldType\":\"text\",\"groupName\":\"contactinformation\"",
                "\"name\":\"lacks\",\"type\":\"string\",\"fieldType\":\"text\",\"groupName\":\"contactinformation\"",
                "\"name\":\"no_group\",\"label\":\"a\",\"type\":\"string\",\"fieldType\":\"text\",\"groupName\":\"none\"",
                "\"name\":\"no_type\",\"label\":\"a\",\"type\":\"horn\",\"fieldType\":\"text\",\"groupName\":\"contactinformation\"",
                "\"name\":\"unfit\",\"label\":\"a\",\"type\":\"number\",\"fieldType\":\"text\",\"groupName\":\"contactinformation\"",
                "\"name\":\"bare\",\"label\":\"a\",\"type\":\"enumeration\",\"fieldType\":\"select\",\"groupName\":\"contactinformation\""
            })
    void aPropertyThatCannotBeIsRejected(String spec) {
        HubspotClient.Reply reply = crm.post(PROPERTIES, "{" + spec + "}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(400);
        assertThat(reply.json().path("category").asText()).isEqualTo("VALIDATION_ERROR");
    }

    @Test
    void optionsAreKeptWithTheirLabelsCheckedAndChanged() {
        JsonNode made = create("grade", "enumeration", "select", OPTIONS).json();
        assertThat(made.path("options").findValuesAsText("label")).containsExactly("Gold", "Silver");
        assertThat(contact("grade", "gold").status()).isEqualTo(201);
        assertThat(contact("grade", "Gold").json().at("/errors/0/code").asText())
                .isEqualTo("INVALID_OPTION");
        assertThat(contact("grade", "gold;silver").status()).isEqualTo(400);
        JsonNode changed = crm.patch(
                        PROPERTIES + "/grade",
                        "{\"label\":\"Grade\",\"options\":[{\"label\":\"Lead\","
                                + "\"value\":\"lead\",\"displayOrder\":0,\"hidden\":false}]}")
                .json();
        assertThat(changed.path("label").asText()).isEqualTo("Grade");
        assertThat(changed.path("options").findValuesAsText("value")).containsExactly("lead");
        assertThat(contact("grade", "lead").status()).isEqualTo(201);
        assertThat(contact("grade", "gold").status()).isEqualTo(400);
        create("grades", "enumeration", "checkbox", OPTIONS);
        assertThat(contact("grades", "gold;silver")
                        .json()
                        .at("/properties/grades")
                        .asText())
                .isEqualTo("gold;silver");
        assertThat(contact("grades", "gold;lead").status()).isEqualTo(400);
    }

    @Test
    void hubspotsOwnPropertiesStayButTakeOtherOptions() {
        assertThat(crm.patch(PROPERTIES + "/email", "{\"label\":\"Mail\"}").status())
                .isEqualTo(400);
        assertThat(crm.delete(PROPERTIES + "/email").status()).isEqualTo(400);
        assertThat(crm.patch("/crm/v3/properties/deals/dealstage", "{" + OPTIONS + "}")
                        .status())
                .isEqualTo(400);
        assertThat(crm.patch(PROPERTIES + "/hs_lead_status", "{" + OPTIONS + "}")
                        .status())
                .isEqualTo(200);
        assertThat(contact("hs_lead_status", "gold").status()).isEqualTo(201);
        assertThat(contact("hs_lead_status", "NEW").status()).isEqualTo(400);
    }

    @Test
    void anArchivedPropertyIsGoneUntilItIsCreatedAgainAndThenWithoutValues() {
        create("badge", "\"hasUniqueValue\":true");
        String id = contact("badge", "B-1").json().path("id").asText();
        assertThat(crm.delete(PROPERTIES + "/badge").status()).isEqualTo(204);
        assertThat(crm.get(PROPERTIES + "/badge").status()).isEqualTo(404);
        assertThat(contact("badge", "B-2").json().at("/errors/0/code").asText()).isEqualTo("PROPERTY_DOESNT_EXIST");
        assertThat(crm.get(PROPERTIES + "/badge?archived=true")
                        .json()
                        .path("archived")
                        .asBoolean())
                .isTrue();
        assertThat(crm.get(PROPERTIES + "?archived=true").json().path("results"))
                .hasSize(1);
        create("badge", "\"hasUniqueValue\":true");
        assertThat(crm.get(PROPERTIES + "?archived=true").json().path("results"))
                .isEmpty();
        assertThat(crm.get(CONTACTS + "/" + id + "?properties=badge")
                        .json()
                        .at("/properties/badge")
                        .isNull())
                .isTrue();
        assertThat(crm.get(CONTACTS + "/B-1?idProperty=badge").status()).isEqualTo(404);
        assertThat(contact("badge", "B-1").status()).isEqualTo(201);
    }

    @Test
    void batchesCreateReadAndArchive() {
        String one = "{\"name\":\"%s\",\"label\":\"a\",\"type\":\"string\",\"fieldType\":\"text\",\"groupName\":"
                + "\"contactinformation\"}";
        HubspotClient.Reply made = crm.post(
                PROPERTIES + "/batch/create",
                HubspotClient.inputs(one.formatted("one_of"), one.formatted("two_of"), one.formatted("email")));
        assertThat(made.status()).isEqualTo(207);
        assertThat(made.json().path("results")).hasSize(2);
        assertThat(made.json().at("/errors/0/context/name/0").asText()).isEqualTo("email");
        assertThat(crm.post(
                                "/crm/properties/2026-09/contacts/batch/create",
                                HubspotClient.inputs(one.formatted("three_of")))
                        .status())
                .isEqualTo(200);
        String names = "{\"archived\":false,\"inputs\":[{\"name\":\"one_of\"},{\"name\":\"three_of\"}]}";
        assertThat(crm.post(PROPERTIES + "/batch/read", names).json().path("results"))
                .hasSize(2);
        assertThat(crm.post(PROPERTIES + "/batch/archive", names).status()).isEqualTo(204);
        assertThat(crm.post(PROPERTIES + "/batch/read", names)
                        .json()
                        .path("numErrors")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    void groupsAreMadeChangedAndArchived() {
        String groups = PROPERTIES + "/groups";
        assertThat(crm.post(groups, "{\"name\":\"cars\",\"label\":\"Cars\"}").status())
                .isEqualTo(201);
        assertThat(crm.post(groups, "{\"name\":\"cars\",\"label\":\"Cars\"}").status())
                .isEqualTo(409);
        assertThat(crm.patch(groups + "/cars", "{\"label\":\"Vehicles\"}")
                        .json()
                        .path("label")
                        .asText())
                .isEqualTo("Vehicles");
        assertThat(crm.get(groups).json().path("results").findValuesAsText("name"))
                .containsExactly("contactinformation", "cars");
        assertThat(crm.post(
                                PROPERTIES,
                                "{\"name\":\"colour\",\"label\":\"a\",\"type\":\"string\",\"fieldType\":\"text\","
                                        + "\"groupName\":\"cars\"}")
                        .json()
                        .path("groupName")
                        .asText())
                .isEqualTo("cars");
        assertThat(crm.delete(groups + "/cars").status()).isEqualTo(204);
        assertThat(crm.get(groups + "/cars").status()).isEqualTo(404);
    }

    @Test
    void propertiesOutliveTheSandboxInItsFile(@TempDir Path folder) {
        Path file = folder.resolve("data");
        try (Sandbox first = Sandbox.start("127.0.0.1", 0, Optional.of(file))) {
            crm = new HubspotClient(first.port());
            create("grade", "enumeration", "select", OPTIONS);
            create("gone", "\"hidden\":false");
            contact("grade", "gold");
            contact("gone", "soon");
            crm.delete(PROPERTIES + "/gone");
            crm.post(PROPERTIES + "/groups", "{\"name\":\"cars\",\"label\":\"Cars\"}");
        }
        try (Sandbox second = Sandbox.start("127.0.0.1", 0, Optional.of(file))) {
            crm = new HubspotClient(second.port());
            assertThat(crm.get(PROPERTIES + "/grade").json().path("options").findValuesAsText("label"))
                    .containsExactly("Gold", "Silver");
            assertThat(crm.get(CONTACTS + "?properties=grade")
                            .json()
                            .at("/results/0/properties/grade")
                            .asText())
                    .isEqualTo("gold");
            assertThat(crm.get(PROPERTIES + "/gone").status()).isEqualTo(404);
            assertThat(crm.get(PROPERTIES + "/gone?archived=true").status()).isEqualTo(200);
            assertThat(crm.get(PROPERTIES + "/groups/cars").status()).isEqualTo(200);
            assertThat(contact("grade", "lead").status()).isEqualTo(400);
        }
    }

    private HubspotClient.Reply create(String name, String more) {
        return create(name, "string", "text", more);
    }

    private HubspotClient.Reply create(String name, String type, String fieldType, String more) {
        return crm.post(
                PROPERTIES,
                "{\"name\":\"" + name + "\",\"label\":\"" + name + "\",\"type\":\"" + type + "\",\"fieldType\":\""
                        + fieldType + "\",\"groupName\":\"contactinformation\"," + more + "}");
    }

    private HubspotClient.Reply contact(String property, String value) {
        return crm.post(CONTACTS, "{\"properties\":{\"" + property + "\":\"" + value + "\"}}");
    }

    @Test
    void aCompanysIndustryTakesHubspotsOptionsAlone() {
        String companies = "/crm/v3/objects/companies";
        assertThat(crm.post(companies, "{\"properties\":{\"industry\":\"WINE_AND_SPIRITS\",\"type\":\"PARTNER\"}}")
                        .status())
                .isEqualTo(201);
        assertThat(crm.post(companies, "{\"properties\":{\"industry\":\"Wine\"}}")
                        .text())
                .contains("INVALID_OPTION");
    }
}
