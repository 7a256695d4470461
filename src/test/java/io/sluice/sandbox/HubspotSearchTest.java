// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.HubspotClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HubspotSearchTest extends HubspotTestBase {

    private static final String SEARCH = CONTACTS + "/search";

    @BeforeEach
    void manySearchesASecond() {
        crm.put("/sandbox/limits/hubspot", "{\"search\":{\"max\":1000},\"tenSecondly\":{\"max\":10000}}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"propertyName\":\"customer_no\",\"operator\":\"EQ\",\"value\":\"c-2\"}                           | C-2",
                "{\"propertyName\":\"customer_no\",\"operator\":\"IN\",\"values\":[\"c-1\",\"c-3\"]}                | C-1 C-3",
                "{\"propertyName\":\"city\",\"operator\":\"NEQ\",\"value\":\"Bonn\"}                                | C-2 C-3",
                "{\"propertyName\":\"city\",\"operator\":\"NOT_IN\",\"values\":[\"bonn\",\"kiel\"]}                 | C-3",
                "{\"propertyName\":\"city\",\"operator\":\"HAS_PROPERTY\"}                                          | C-1 C-2",
                "{\"propertyName\":\"city\",\"operator\":\"NOT_HAS_PROPERTY\"}                                      | C-3",
                "{\"propertyName\":\"birthdate\",\"operator\":\"LT\",\"value\":\"1990-01-01\"}                      | C-1",
                "{\"propertyName\":\"birthdate\",\"operator\":\"GTE\",\"value\":\"631152000000\"}                   | C-2 C-3",
                "{\"propertyName\":\"birthdate\",\"operator\":\"BETWEEN\",\"value\":\"1985-01-01\",\"highValue\":\"1995-01-01\"} | C-2",
                "{\"propertyName\":\"notes\",\"operator\":\"CONTAINS_TOKEN\",\"value\":\"Tall*\"}                   | C-1",
                "{\"propertyName\":\"notes\",\"operator\":\"NOT_CONTAINS_TOKEN\",\"value\":\"tall\"}                | C-1 C-2 C-3"
            })
    void theOperatorsFindWhatTheySay(String filter, String expected) {
        crm.upsertContacts(
                contact("C-1", "\"city\":\"Bonn\",\"birthdate\":\"1980-05-05\",\"notes\":\"A taller one\""),
                contact("C-2", "\"city\":\"Kiel\",\"birthdate\":\"1990-01-01\""),
                contact("C-3", "\"birthdate\":\"2000-01-01\""));
        assertThat(numbers(search("\"filterGroups\":[{\"filters\":[" + filter + "]}]")))
                .isEqualTo(expected);
    }

    @Test
    void oneOfTheGroupsMustHoldWhole() {
        crm.upsertContacts(
                contact("C-1", "\"city\":\"Bonn\",\"tier\":\"gold\""),
                contact("C-2", "\"city\":\"Bonn\""),
                contact("C-3", "\"city\":\"Kiel\""));
        assertThat(numbers(search("\"filterGroups\":[{\"filters\":["
                        + "{\"propertyName\":\"city\",\"operator\":\"EQ\",\"value\":\"bonn\"},"
                        + "{\"propertyName\":\"tier\",\"operator\":\"EQ\",\"value\":\"gold\"}]},"
                        + "{\"filters\":[{\"propertyName\":\"city\",\"operator\":\"EQ\",\"value\":\"Kiel\"}]}]")))
                .isEqualTo("C-1 C-3");
    }

    @Test
    void whatChangedSinceComesInOrderPageByPage() {
        for (int batch = 0; batch < 3; batch++) {
            crm.upsertContacts(batch * 100, 100);
        }
        long since = Instant.parse(crm.get(CONTACTS + "/C-100?idProperty=customer_no")
                        .json()
                        .path("updatedAt")
                        .asText())
                .toEpochMilli();
        String query = "\"filterGroups\":[{\"filters\":[{\"propertyName\":\"lastmodifieddate\",\"operator\":\"GTE\","
                + "\"value\":\"" + since + "\"}]}],\"sorts\":[{\"propertyName\":\"lastmodifieddate\","
                + "\"direction\":\"DESCENDING\"}],\"limit\":150";
        JsonNode page = search(query);
        assertThat(page.path("total").asInt()).isEqualTo(200);
        assertThat(page.path("results")).hasSize(150);
        assertThat(page.at("/results/0/properties/customer_no").asText()).isEqualTo("C-200");
        JsonNode rest =
                search(query + ",\"after\":\"" + page.at("/paging/next/after").asText() + "\"");
        assertThat(rest.path("results")).hasSize(50);
        assertThat(rest.has("paging")).isFalse();
    }

    @Test
    void aQueryLooksThroughTheSearchablePropertiesByBeginningsOfWords() {
        crm.upsertContacts(
                contact("C-1", "\"firstname\":\"Ann\",\"email\":\"ann@quill.example\",\"city\":\"Bonn\""),
                contact("C-2", "\"firstname\":\"Bob\",\"company\":\"Quill Ltd\""),
                contact("C-3", "\"city\":\"Quill\""));
        assertThat(numbers(search("\"query\":\"QUILL\""))).isEqualTo("C-1 C-2");
        assertThat(numbers(search("\"query\":\"ann qui\""))).isEqualTo("C-1");
        assertThat(numbers(search("\"query\":\"bonn\""))).isEmpty();
        assertThat(search("\"query\":\"\"").path("total").asInt()).isEqualTo(3);
    }

    @Test
    void aSearchFindsWhatIsAssociatedWithOtherRecords() {
        String ann = id(CONTACTS, "\"customer_no\":\"C-1\"");
        String bob = id(CONTACTS, "\"customer_no\":\"C-2\"");
        id(CONTACTS, "\"customer_no\":\"C-3\"");
        String acme = id("/crm/v3/objects/companies", "\"name\":\"Acme\"");
        String beta = id("/crm/v3/objects/companies", "\"name\":\"Beta\"");
        associate(ann, acme);
        associate(bob, acme);
        associate(bob, beta);
        assertThat(associated("EQ", "\"value\":\"" + acme + "\"")).isEqualTo("C-1 C-2");
        assertThat(associated("EQ", "\"value\":\"" + beta + "\"")).isEqualTo("C-2");
        assertThat(associated("IN", "\"values\":[\"" + beta + "\",\"" + acme + "\",\"77\"]"))
                .isEqualTo("C-1 C-2");
        assertThat(associated("NOT_IN", "\"values\":[\"" + beta + "\"]")).isEqualTo("C-1 C-3");
        assertThat(associated("HAS_PROPERTY", "\"value\":\"\"")).isEqualTo("C-1 C-2");
        assertThat(associated("NOT_HAS_PROPERTY", "\"value\":\"\"")).isEqualTo("C-3");
        crm.delete("/crm/v4/objects/contacts/" + bob + "/associations/companies/" + beta);
        assertThat(associated("EQ", "\"value\":\"" + beta + "\"")).isEmpty();
        assertThat(crm.post(SEARCH, associations("LT", "\"value\":\"5\"")).status())
                .isEqualTo(400);
        crm.put("/sandbox/objects/hubspot/horses", "{\"label\":\"Horse\",\"keyPrefix\":\"a00\"}");
        assertThat(crm.post(SEARCH, associations("EQ", "\"value\":\"5\"").replace("company", "horses"))
                        .status())
                .isEqualTo(400);
    }

    private String id(String path, String properties) {
        return crm.post(path, "{\"properties\":{" + properties + "}}")
                .json()
                .path("id")
                .asText();
    }

    private void associate(String contact, String company) {
        assertThat(crm.put("/crm/v4/objects/contacts/" + contact + "/associations/default/companies/" + company, "")
                        .status())
                .isEqualTo(200);
    }

    private static String associations(String operator, String values) {
        return "{\"properties\":[\"customer_no\"],\"filterGroups\":[{\"filters\":[{\"propertyName\":"
                + "\"associations.company\",\"operator\":\"" + operator + "\"," + values + "}]}]}";
    }

    private String associated(String operator, String values) {
        HubspotClient.Reply reply = crm.post(SEARCH, associations(operator, values));
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return numbers(reply.json());
    }

    @Test
    void sortsMayBeTextsWithTheirDirectionBefore() {
        crm.upsertContacts(contact("C-1", "\"city\":\"Ulm\""), contact("C-2", "\"city\":\"Bonn\""));
        assertThat(numbers(search("\"sorts\":[\"city\"]"))).isEqualTo("C-2 C-1");
        assertThat(numbers(search("\"sorts\":[\"-city\"]"))).isEqualTo("C-1 C-2");
        assertThat(numbers(search("\"sorts\":[{\"propertyName\":\"city\",\"direction\":\"DESCENDING\"}]")))
                .isEqualTo("C-1 C-2");
    }

    @Test
    void aSearchThatAsksTooMuchIsRefused() {
        assertThat(crm.post(SEARCH, "{\"limit\":201}").status()).isEqualTo(400);
        assertThat(crm.post(SEARCH, "{\"limit\":200,\"after\":\"9900\"}").status())
                .isEqualTo(400);
        assertThat(crm.post(SEARCH, "{\"limit\":100,\"after\":\"9900\"}").status())
                .isEqualTo(200);
        assertThat(crm.post(SEARCH, "{\"query\":\"" + "x".repeat(3_000) + "\"}").status())
                .isEqualTo(400);
        assertThat(crm.post(SEARCH, "{\"sorts\":[\"city\",\"tier\"]}").status()).isEqualTo(400);
        assertThat(crm.post(SEARCH, "{\"filterGroups\":[{},{},{},{},{},{}]}").status())
                .isEqualTo(400);
        assertThat(crm.post(
                                SEARCH,
                                "{\"filterGroups\":[{\"filters\":[{\"propertyName\":\"city\","
                                        + "\"operator\":\"LIKE\",\"value\":\"x\"}]}]}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void theIndexLagsBehindWhatAReadSees() {
        crm.post("/sandbox/faults/hubspot", "{\"kind\":\"indexLag\",\"lagMs\":600000}");
        crm.upsertContacts(contact("C-1", ""));
        assertThat(crm.get(CONTACTS + "/C-1?idProperty=customer_no").status()).isEqualTo(200);
        assertThat(search("\"limit\":10").path("total").asInt()).isZero();
        crm.delete("/sandbox/faults/hubspot");
        assertThat(search("\"limit\":10").path("total").asInt()).isOne();
    }

    private JsonNode search(String query) {
        HubspotClient.Reply reply = crm.post(SEARCH, "{\"properties\":[\"customer_no\"]," + query + "}");
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return reply.json();
    }

    private static String numbers(JsonNode answer) {
        return String.join(" ", answer.path("results").findValuesAsText("customer_no"));
    }
}
