// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static io.sluice.sandbox.HubspotClient.inputs;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

/** Tests records that were merged, archived or restored. */
class HubspotMergeTest extends HubspotTestBase {

    private static final String READ = "/crm/v4/associations/contacts/companies/batch/read";
    private static final String CREATE = "/crm/v4/associations/contacts/companies/batch/create";

    private String person(String number) {
        return crm.upsertContacts(contact(number, "\"lastname\":\"" + number + "\""))
                .json()
                .at("/results/0/id")
                .asText();
    }

    private String company(String name) {
        return crm.post("/crm/v3/objects/companies", "{\"properties\":{\"name\":\"" + name + "\"}}")
                .json()
                .path("id")
                .asText();
    }

    private HubspotClient.Reply merge(String primary, String other) {
        return crm.post(
                CONTACTS + "/merge", "{\"primaryObjectId\":\"" + primary + "\",\"objectIdToMerge\":\"" + other + "\"}");
    }

    private void associate(String person, String company, int type) {
        assertThat(crm.post(
                                CREATE,
                                inputs("{\"from\":{\"id\":\"" + person + "\"},\"to\":{\"id\":\"" + company
                                        + "\"},\"types\":[{\"associationCategory\":\"HUBSPOT_DEFINED\",\"associationTypeId\":"
                                        + type + "}]}"))
                        .status())
                .isEqualTo(201);
    }

    private JsonNode companiesOf(String person) {
        return crm.post(READ, inputs("{\"id\":\"" + person + "\"}")).json().at("/results/0/to");
    }

    private static String id(String id) {
        return "{\"id\":\"" + id + "\"}";
    }

    @Test
    void theSurvivorSaysWhomItTookInAndTheLoserIsFoundByNoKeyAndNoSearch() {
        String kept = person("C-1");
        String first = person("C-2");
        String second = person("C-3");
        merge(kept, first);
        merge(kept, second);
        JsonNode survivor = crm.get(CONTACTS + "/" + second + "?properties=hs_merged_object_ids")
                .json();
        assertThat(survivor.path("id").asText()).isEqualTo(kept);
        assertThat(survivor.at("/properties/hs_merged_object_ids").asText()).isEqualTo(first + ";" + second);
        assertThat(crm.get(CONTACTS + "/C-2?idProperty=customer_no").status()).isEqualTo(404);
        JsonNode found = crm.post(CONTACTS + "/search", "{\"properties\":[\"lastname\"]}")
                .json();
        assertThat(found.path("total").asInt()).isOne();
        assertThat(found.at("/results/0/id").asText()).isEqualTo(kept);
        assertThat(crm.get(CONTACTS).json().path("results")).hasSize(1);
        assertThat(crm.get(CONTACTS + "?archived=true").json().path("results").findValuesAsText("id"))
                .contains(first, second)
                .doesNotContain(kept);
    }

    @Test
    void oldIdsLeadToTheSurvivorThroughSeveralMergesInReadingsAndWritings() {
        String last = person("C-1");
        String middle = person("C-2");
        String first = person("C-3");
        merge(middle, first);
        merge(last, middle);
        JsonNode read = crm.post(
                        CONTACTS + "/batch/read",
                        "{\"properties\":[\"lastname\"],\"inputs\":[" + id(first) + "," + id(middle) + "," + id(last)
                                + "]}")
                .json();
        assertThat(read.path("results")).hasSize(1);
        assertThat(read.has("errors")).isFalse();
        assertThat(read.at("/results/0/id").asText()).isEqualTo(last);
        crm.patch(CONTACTS + "/" + first, "{\"properties\":{\"city\":\"Ulm\"}}");
        assertThat(crm.get(CONTACTS + "/" + last + "?properties=city")
                        .json()
                        .at("/properties/city")
                        .asText())
                .isEqualTo("Ulm");
        crm.delete(CONTACTS + "/" + first);
        assertThat(crm.get(CONTACTS + "/" + last).status()).isEqualTo(404);
        assertThat(crm.get(CONTACTS + "/" + first).status()).isEqualTo(404);
    }

    @Test
    void associationsGoToTheSurvivorWhoseOwnPrimaryStays() {
        String kept = person("C-1");
        String gone = person("C-2");
        String acme = company("Acme");
        String other = company("Other");
        String both = company("Both");
        associate(kept, acme, 1);
        associate(kept, both, 279);
        associate(gone, both, 279);
        associate(gone, other, 1);
        assertThat(merge(kept, gone).status()).isEqualTo(200);
        assertThat(companiesOf(kept).findValuesAsText("toObjectId")).containsExactlyInAnyOrder(acme, both, other);
        assertThat(companiesOf(kept).findValuesAsText("typeId")).containsOnlyOnce("1");
        assertThat(companiesOf(kept).path(0).path("associationTypes").findValuesAsText("typeId"))
                .contains("1");
        assertThat(companiesOf(gone))
                .as("the old id leads to the survivor here too")
                .isEqualTo(companiesOf(kept));
        JsonNode back = crm.post(READ.replace("contacts/companies", "companies/contacts"), inputs(id(both)))
                .json();
        assertThat(back.at("/results/0/to").findValuesAsText("toObjectId")).containsExactly(kept);
    }

    @Test
    void aPrimaryCompanyIsTakenOverWhereTheSurvivorHasNone() {
        String kept = person("C-1");
        String gone = person("C-2");
        String acme = company("Acme");
        associate(gone, acme, 1);
        crm.post(
                "/crm/v4/associations/contacts/contacts/batch/create",
                inputs("{\"from\":" + id(kept) + ",\"to\":" + id(gone)
                        + ",\"types\":[{\"associationCategory\":\"HUBSPOT_DEFINED\",\"associationTypeId\":449}]}"));
        merge(kept, gone);
        assertThat(companiesOf(kept).findValuesAsText("typeId")).containsExactly("279", "1");
        assertThat(crm.get("/crm/v4/objects/contacts/" + kept + "/associations/contacts")
                        .json()
                        .path("results"))
                .as("nobody belongs to himself")
                .isEmpty();
        String later = company("Later");
        associate(kept, later, 1);
        assertThat(companiesOf(kept).findValuesAsText("typeId")).containsExactly("279", "279", "1");
    }

    @Test
    void whatWasMergedIsNotRestoredAndWhatWasArchivedIs() {
        String kept = person("C-1");
        String gone = person("C-2");
        merge(kept, gone);
        HubspotClient.Reply refused = crm.post("/sandbox/records/hubspot/contacts/" + gone, "{\"archived\":false}");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.text()).contains("merged into another");
        crm.delete(CONTACTS + "/" + kept);
        assertThat(crm.get(CONTACTS + "?archived=true").json().path("results").findValuesAsText("id"))
                .contains(kept);
        crm.post("/sandbox/records/hubspot/contacts/" + kept, "{\"archived\":false}");
        assertThat(crm.get(CONTACTS + "?archived=true").json().path("results").findValuesAsText("id"))
                .doesNotContain(kept);
        assertThat(crm.post(CONTACTS + "/search", "{}").json().path("total").asInt())
                .isOne();
        assertThat(crm.get(CONTACTS + "/" + gone).json().path("id").asText()).isEqualTo(kept);
    }

    @Test
    void aMergeThatCannotBeIsRefusedAndLeavesBothAsTheyAre() {
        String kept = person("C-1");
        String gone = person("C-2");
        assertThat(merge(kept, kept).status()).isEqualTo(400);
        assertThat(merge(kept, "77").status()).isEqualTo(404);
        crm.post("/sandbox/faults/hubspot", "{\"kind\":\"rowLock\",\"keys\":[\"" + gone + "\"],\"count\":1}");
        assertThat(merge(kept, gone).status()).isEqualTo(423);
        assertThat(crm.post(CONTACTS + "/search", "{}").json().path("total").asInt())
                .isEqualTo(2);
        assertThat(merge(kept, gone).status()).isEqualTo(200);
        assertThat(merge(kept, gone).status())
                .as("the old id is the survivor's own")
                .isEqualTo(400);
    }
}
