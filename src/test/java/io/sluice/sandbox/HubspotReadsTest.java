// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What reads of records show, by HubSpot's OpenAPI description (HubSpot/HubSpot-public-api-spec-collection), and how wrong
 * writes are answered.
 */
class HubspotReadsTest extends HubspotTestBase {

    private static final String DATED = "/crm/objects/2026-09/";

    @Test
    void repeatedPropertiesAndCommaListsAreTheSame() {
        String id = made("\"firstname\":\"Ann\",\"city\":\"Bonn\"");
        JsonNode repeated = crm.get(CONTACTS + "/" + id + "?properties=city&properties=firstname")
                .json();
        assertThat(repeated)
                .isEqualTo(crm.get(CONTACTS + "/" + id + "?properties=firstname,city")
                        .json());
        assertThat(repeated.at("/properties/city").asText()).isEqualTo("Bonn");
    }

    @Test
    void historiesTellEachValueWithItsMomentAndSourceNewestFirst() {
        String id = made("\"city\":\"Bonn\"");
        crm.post("/sandbox/records/hubspot/contacts/" + id, "{\"city\":\"Kiel\"}");
        crm.patch(CONTACTS + "/" + id, "{\"properties\":{\"firstname\":\"Ann\"}}");
        crm.patch(CONTACTS + "/" + id, "{\"properties\":{\"city\":\"\"}}");
        for (JsonNode record : List.of(
                crm.get(CONTACTS + "/" + id + "?propertiesWithHistory=city&propertiesWithHistory=" + "firstname")
                        .json(),
                crm.get(CONTACTS + "?propertiesWithHistory=city,firstname")
                        .json()
                        .at("/results/0"),
                crm.post(
                                CONTACTS + "/batch/read",
                                "{\"properties\":[],\"propertiesWithHistory\":[\"city\",\"firstname\"],"
                                        + "\"inputs\":[{\"id\":\"" + id + "\"}]}")
                        .json()
                        .at("/results/0"))) {
            JsonNode cities = record.at("/propertiesWithHistory/city");
            assertThat(cities.findValuesAsText("value")).containsExactly("", "Kiel", "Bonn");
            assertThat(cities.findValuesAsText("sourceType")).containsExactly("INTEGRATION", "CRM_UI", "INTEGRATION");
            assertThat(cities.at("/1/updatedByUserId").asInt()).isEqualTo(45678);
            assertThat(cities.at("/0/timestamp").asText())
                    .isEqualTo(record.path("updatedAt").asText());
            assertThat(record.at("/propertiesWithHistory/firstname").findValuesAsText("value"))
                    .containsExactly("Ann");
        }
        assertThat(crm.get(CONTACTS + "?limit=51&propertiesWithHistory=city").status())
                .isEqualTo(400);
    }

    @Test
    void associationsComeWithARecordByTheirObjectEachTypeByItself() {
        String acme = crm.post("/crm/v3/objects/companies", "{\"properties\":{\"name\":\"Acme\"}}")
                .json()
                .path("id")
                .asText();
        String deal = crm.post("/crm/v3/objects/deals", "{\"properties\":{\"dealname\":\"One\"}}")
                .json()
                .path("id")
                .asText();
        String id = crm.post(
                        DATED + "contacts",
                        "{\"properties\":{\"firstname\":\"Ann\"},\"associations\":["
                                + "{\"to\":{\"id\":\"" + acme
                                + "\"},\"types\":[{\"associationCategory\":\"HUBSPOT_DEFINED\","
                                + "\"associationTypeId\":1}]},"
                                + "{\"to\":{\"id\":\"" + deal
                                + "\"},\"types\":[{\"associationCategory\":\"HUBSPOT_DEFINED\","
                                + "\"associationTypeId\":4}]}]}")
                .json()
                .path("id")
                .asText();
        JsonNode read = crm.get(
                        DATED + "contacts/" + id + "?associations=companies&associations=deals&associations=tickets")
                .json()
                .path("associations");
        assertThat(pairs(read.at("/companies/results")))
                .containsExactlyInAnyOrder(acme + " contact_to_company", acme + " contact_to_company_unlabeled");
        assertThat(pairs(read.at("/deals/results"))).containsExactly(deal + " contact_to_deal");
        assertThat(read.has("tickets")).isFalse();
        assertThat(pairs(crm.get("/crm/v3/objects/companies?associations=contact")
                        .json()
                        .at("/results/0/associations/contacts/results")))
                .contains(id + " company_to_contact");
        assertThat(crm.get(CONTACTS + "/" + id).json().has("associations")).isFalse();
    }

    @Test
    void aBatchAssociatesWhatItCreatesAndARecordWithAWrongCompanionIsNotMade() {
        String acme = crm.post("/crm/v3/objects/companies", "{\"properties\":{\"name\":\"Acme\"}}")
                .json()
                .path("id")
                .asText();
        String input =
                "{\"objectWriteTraceId\":\"%s\",\"properties\":{\"lastname\":\"%1$s\"},\"associations\":[{\"to\":{"
                        + "\"id\":\"%s\"},\"types\":[{\"associationCategory\":\"HUBSPOT_DEFINED\",\"associationTypeId\":%d}]}]}";
        HubspotClient.Reply reply = crm.post(
                CONTACTS + "/batch/create",
                HubspotClient.inputs(
                        input.formatted("a", acme, 279),
                        input.formatted("b", "4711", 279),
                        input.formatted("c", acme, 341)));
        assertThat(reply.status()).as(reply.text()).isEqualTo(207);
        assertThat(reply.json().at("/results/0/objectWriteTraceId").asText()).isEqualTo("a");
        assertThat(reply.json().path("errors")).hasSize(2).allSatisfy(error -> {
            assertThat(error.path("category").asText()).isEqualTo("VALIDATION_ERROR");
            assertThat(error.path("context").isObject()).isTrue();
            assertThat(error.path("errors").isArray()).isTrue();
        });
        assertThat(crm.get(CONTACTS + "?associations=companies").json().path("results"))
                .hasSize(1)
                .allSatisfy(record -> assertThat(record.at("/associations/companies/results/0/id")
                                .asText())
                        .isEqualTo(acme));
        assertThat(crm.post(CONTACTS, input.formatted("b", "4711", 279)).status())
                .isEqualTo(400);
    }

    @Test
    void archivedRecordsAreReadWhereTheyAreAskedFor() {
        String id = made("\"city\":\"Bonn\"");
        crm.delete(CONTACTS + "/" + id);
        assertThat(crm.get(CONTACTS + "/" + id + "?archived=false").status()).isEqualTo(404);
        JsonNode archived =
                crm.get(CONTACTS + "/" + id + "?archived=true&properties=city").json();
        assertThat(archived.path("archived").asBoolean()).isTrue();
        assertThat(archived.path("archivedAt").asText()).endsWith("Z");
        assertThat(archived.at("/properties/city").asText()).isEqualTo("Bonn");
        assertThat(crm.get(CONTACTS).json().path("results")).isEmpty();
        assertThat(crm.get(CONTACTS + "?archived=true").json().path("results")).hasSize(1);
    }

    @Test
    void aRecordIsReadAndChangedByAUniquePropertyAndOneThatIsNotThereIsNotFound() {
        crm.upsertContacts(contact("C-1", "\"email\":\"ann@example.org\""));
        String byEmail = CONTACTS + "/ann@example.org?idProperty=email";
        assertThat(crm.patch(byEmail, "{\"properties\":{\"city\":\"Bonn\"}}")
                        .json()
                        .at("/properties/city")
                        .asText())
                .isEqualTo("Bonn");
        assertThat(crm.get(byEmail + "&properties=customer_no")
                        .json()
                        .at("/properties/customer_no")
                        .asText())
                .isEqualTo("C-1");
        for (HubspotClient.Reply reply : List.of(
                crm.get(CONTACTS + "/4711"),
                crm.get(CONTACTS + "/x?idProperty=email"),
                crm.patch(CONTACTS + "/4711", "{\"properties\":{\"city\":\"Bonn\"}}"))) {
            assertThat(reply.status()).isEqualTo(404);
            assertThat(reply.json().path("category").asText()).isEqualTo("OBJECT_NOT_FOUND");
            assertThat(reply.json().path("correlationId").asText()).hasSize(36);
            assertThat(reply.json().at("/context/id")).hasSize(1);
        }
        assertThat(crm.get(CONTACTS + "/x?idProperty=city").status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "email      | dsf@        | INVALID_EMAIL  | Email address dsf@ is invalid",
                "newsletter | perhaps     | INVALID_OPTION | perhaps was not one of the allowed options",
                "birthdate  | 1/1/1       | INVALID_LONG   | 1/1/1 was not a valid long.",
                "hs_object_id | 5         | READ_ONLY_VALUE | read only",
                "horn       | 5           | PROPERTY_DOESNT_EXIST | Property \"horn\" does not exist"
            })
    void aWrongValueIsReportedAsJsonWithinTheMessageAndAsADetail(String name, String value, String code, String words)
            throws Exception {
        JsonNode error = crm.post(CONTACTS, "{\"properties\":{\"" + name + "\":\"" + value + "\"}}")
                .json();
        assertThat(error.path("status").asText()).isEqualTo("error");
        assertThat(error.path("category").asText()).isEqualTo("VALIDATION_ERROR");
        assertThat(error.path("message").asText()).startsWith("Property values were not valid: [");
        JsonNode detail = HubspotClient.JSON
                .readTree(error.path("message").asText().substring(32))
                .get(0);
        assertThat(detail.path("isValid").asBoolean(true)).isFalse();
        assertThat(detail.path("error").asText()).isEqualTo(code);
        assertThat(detail.path("name").asText()).isEqualTo(name);
        assertThat(detail.path("message").asText()).contains(words);
        assertThat(error.at("/errors/0/code").asText()).isEqualTo(code);
        assertThat(error.at("/errors/0/context/propertyName/0").asText()).isEqualTo(name);
    }

    @Test
    void anEmailThatAnotherContactHasIsAConflictOfACreateAndAnErrorOfAnUpdate() {
        String first = made("\"email\":\"ann@example.org\"");
        HubspotClient.Reply conflict = crm.post(CONTACTS, "{\"properties\":{\"email\":\"Ann@example.org\"}}");
        assertThat(conflict.status()).isEqualTo(409);
        assertThat(conflict.json().path("message").asText()).isEqualTo("Contact already exists. Existing ID: " + first);
        assertThat(conflict.json().path("category").asText()).isEqualTo("CONFLICT");
        String second = made("\"email\":\"bob@example.org\"");
        HubspotClient.Reply taken =
                crm.patch(CONTACTS + "/" + second, "{\"properties\":{\"email\":\"ann@example.org\"}}");
        assertThat(taken.status()).isEqualTo(400);
        assertThat(taken.json().path("category").asText()).isEqualTo("VALIDATION_ERROR");
        assertThat(taken.json().path("message").asText())
                .endsWith(" on " + second + ". " + first + " already has that value.");
    }

    @Test
    void aBodyWithoutPropertiesOrWithAStructureForAValueIsRejected() {
        assertThat(crm.post(CONTACTS, "{}").status()).isEqualTo(400);
        assertThat(crm.post(CONTACTS, "{\"properties\":{\"city\":{\"a\":1}}}").status())
                .isEqualTo(400);
        assertThat(crm.post(CONTACTS, "nonsense").json().path("category").asText())
                .isEqualTo("VALIDATION_ERROR");
    }

    private String made(String properties) {
        return crm.post(CONTACTS, "{\"properties\":{" + properties + "}}")
                .json()
                .path("id")
                .asText();
    }

    private static List<String> pairs(JsonNode results) {
        List<String> pairs = new ArrayList<>();
        results.forEach(one ->
                pairs.add(one.path("id").asText() + " " + one.path("type").asText()));
        return pairs;
    }
}
