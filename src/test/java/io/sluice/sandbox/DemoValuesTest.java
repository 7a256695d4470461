// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.demo.Demo;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Checks all values of the demo against what a new org and a new portal say of the fields they go to. */
class DemoValuesTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @BeforeAll
    static void fill() throws SQLException {
        Demo.fill(DATABASE.sluice());
    }

    private static List<String> rows(String sql) throws SQLException {
        return DATABASE.sluice().transaction(connection -> Database.query(connection, sql, row -> row.getString(1)));
    }

    /** Reads the syncs that the bundle ships. */
    private static List<JsonNode> syncs() throws Exception {
        List<JsonNode> syncs = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("routes/syncs"))) {
            for (Path file : files.sorted().toList()) {
                Object yaml = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
                syncs.add(new ObjectMapper().valueToTree(yaml).at("/0/beans/0/properties"));
            }
        }
        assertThat(syncs).hasSize(4);
        return syncs;
    }

    @Test
    void everyValueIsOneThatItsFieldTakes() throws Exception {
        Set<String> choices = new LinkedHashSet<>();
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0)) {
            SalesforceClient org = new SalesforceClient(sandbox.port()).login();
            HubspotClient portal = new HubspotClient(sandbox.port());
            for (JsonNode sync : syncs()) {
                boolean isSalesforce = "salesforce".equals(sync.path("account").asText());
                String object = sync.path("object").asText();
                JsonNode described = isSalesforce
                        ? org.get(SalesforceClient.API + "/sobjects/" + object + "/describe")
                                .json()
                                .path("fields")
                        : portal.get("/crm/v3/properties/" + object).json().path("results");
                for (Map.Entry<String, JsonNode> mapped : sync.path("fields").properties()) {
                    String field = mapped.getValue().asText();
                    JsonNode shape = named(described, field);
                    List<String> values = rows("select distinct " + mapped.getKey() + "::text from "
                            + sync.path("table").asText() + " where " + mapped.getKey() + " is not null");
                    List<String> options = shape.path(isSalesforce ? "picklistValues" : "options")
                            .findValuesAsText("value");
                    if (!options.isEmpty()) {
                        choices.add(object + "." + field);
                        assertThat(values).as(field).isSubsetOf(options);
                    }
                    if (shape.path("length").asInt() > 0) {
                        assertThat(values).as(field).allSatisfy(value -> assertThat(value.length())
                                .isLessThanOrEqualTo(shape.path("length").asInt()));
                    }
                }
            }
        }
        assertThat(choices).contains("Opportunity.StageName", "deals.dealstage", "contacts.newsletter");
    }

    private static JsonNode named(JsonNode described, String name) {
        for (JsonNode one : described) {
            if (one.path("name").asText().equals(name)) {
                return one;
            }
        }
        throw new AssertionError("There is no field " + name);
    }

    @Test
    void bothStagesOfADealMatchWhicheverIsChanged() throws SQLException {
        assertThat(rows("select count(*)::text from deal where hubspot_stage is null"))
                .containsExactly("0");
        assertThat(stages("update deal set stage = 'Needs Analysis' where deal_no = 'D-0001'"))
                .isEqualTo("Needs Analysis qualifiedtobuy");
        assertThat(stages("update deal set hubspot_stage = 'closedlost' where deal_no = 'D-0001'"))
                .isEqualTo("Closed Lost closedlost");
        assertThat(stages("update deal set stage = 'Ours' where deal_no = 'D-0001'"))
                .isEqualTo("Ours closedlost");
        assertThat(stages("insert into deal (deal_no, customer_no, title, amount, hubspot_stage, close_date)"
                        + " values ('D-9999', 'C-00001', 'T', 1, 'contractsent', '2027-01-01')"))
                .isEqualTo("Proposal/Price Quote contractsent");
    }

    private static String stages(String change) throws SQLException {
        return rows("with changed as (" + change + " returning *) select stage || ' ' || hubspot_stage from changed")
                .get(0);
    }
}
