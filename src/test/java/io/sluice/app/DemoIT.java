// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the demo with both of its CRMs: changes in one reach the table and the other. */
class DemoIT {

    @TempDir
    static Path home;

    static RunningSluice sluice;

    @BeforeAll
    static void startTheDemo() throws Exception {
        sluice = new RunningSluice(home)
                .withBothCrms()
                .with("sluice.poll.check-interval", 100)
                .with("sluice.poll.min-interval", "500ms")
                .with("sluice.poll.max-interval", "1s")
                .with("sluice.poll.overlap", "5s")
                .with("sluice.poll.deletes-interval", "2s")
                .start();
        sluice.awaitOutput("Account hubspot is ready")
                .awaitOutput("Account salesforce is ready")
                .awaitSettled();
    }

    @AfterAll
    static void stopTheDemo() throws Exception {
        sluice.close();
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .untilAsserted(assertion);
    }

    private static void edit(String account, String object, String key, String json) {
        assertThat(sluice.sandbox("POST", "/sandbox/records/" + account + "/" + object + "/" + key, json)
                        .statusCode())
                .isEqualTo(200);
    }

    private static Map<String, JsonNode> contacts() {
        return sluice.records("hubspot", "contacts", "customer_no");
    }

    private static Map<String, JsonNode> deals() {
        return sluice.records("hubspot", "deals", "deal_no");
    }

    @Test
    void allRowsAreInBothCrmsAsTheyAre() throws Exception {
        Map<String, JsonNode> contacts = contacts();
        assertThat(contacts).hasSize(1_000);
        assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1_000);
        sluice.rows("select customer_no, first_name, last_name, email, phone, tier, birthdate::text, newsletter::text"
                        + " from customer where customer_no < 'C-00003'")
                .forEach((key, row) -> assertThat(row)
                        .as(key)
                        .containsExactly(
                                contacts.get(key).path("firstname").asText(),
                                contacts.get(key).path("lastname").asText(),
                                contacts.get(key).path("email").asText(),
                                contacts.get(key).path("phone").asText(),
                                contacts.get(key).path("tier").asText(),
                                contacts.get(key).path("birthdate").asText(),
                                contacts.get(key).path("newsletter").asText()));
        assertThat(deals()).hasSize(300);
        assertThat(sluice.records("Opportunity", "Deal_No__c")).hasSize(300);
    }

    @Test
    void anEditInHubspotIsInTheTableAndInSalesforce() throws Exception {
        edit("hubspot", "contacts", "C-00101", "{\"phone\":\"+49 40 1\"}");
        edit(
                "hubspot",
                "deals",
                "D-0101",
                "{\"amount\":\"4711.5\",\"closedate\":\"2027-03-04\",\"dealstage\":\"contractsent\"}");
        soon(() -> {
            assertThat(sluice.rows("select customer_no, phone from customer where customer_no = 'C-00101'")
                            .get("C-00101"))
                    .containsExactly("+49 40 1");
            assertThat(sluice.rows("select deal_no, amount, close_date from deal where deal_no = 'D-0101'")
                            .get("D-0101"))
                    .containsExactly("4711.50", "2027-03-04");
            assertThat(sluice.record("salesforce", "Contact", "C-00101")
                            .path("Phone")
                            .asText())
                    .isEqualTo("+49 40 1");
            JsonNode opportunity = sluice.record("salesforce", "Opportunity", "D-0101");
            assertThat(opportunity.path("Amount").asDouble()).isEqualTo(4711.5);
            assertThat(opportunity.path("CloseDate").asText()).isEqualTo("2027-03-04");
            assertThat(opportunity.path("StageName").asText()).isEqualTo("Proposal/Price Quote");
        });
    }

    @Test
    void anEditInSalesforceIsInTheTableAndInHubspot() throws Exception {
        edit("salesforce", "Contact", "C-00102", "{\"MailingCity\":\"Lübeck\"}");
        edit("salesforce", "Opportunity", "D-0102", "{\"StageName\":\"Closed Won\",\"Amount\":12.25}");
        soon(() -> {
            assertThat(sluice.rows("select customer_no, city from customer where customer_no = 'C-00102'")
                            .get("C-00102"))
                    .containsExactly("Lübeck");
            assertThat(contacts().get("C-00102").path("city").asText()).isEqualTo("Lübeck");
            assertThat(deals().get("D-0102").path("dealstage").asText()).isEqualTo("closedwon");
            assertThat(deals().get("D-0102").path("amount").asDouble()).isEqualTo(12.25);
        });
    }

    @Test
    void settledRecordsCauseNoMoreWrites() throws Exception {
        edit("hubspot", "contacts", "C-00103", "{\"city\":\"Jena\"}");
        soon(() -> assertThat(sluice.record("salesforce", "Contact", "C-00103")
                        .path("MailingCity")
                        .asText())
                .isEqualTo("Jena"));
        sluice.awaitSettled();
        long writes = writes();
        // as long as it takes each CRM to be asked twice
        long looks = looks();
        soon(() -> assertThat(looks()).isGreaterThan(looks + 8));
        assertThat(writes()).isEqualTo(writes);
        assertThat(sluice.get(sluice.managementPort, "/observe/health")
                        .path("status")
                        .asText())
                .isEqualTo("UP");
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        assertThat(sluice.number("select count(*) from sluice.conflict")).isZero();
    }

    private static long writes() throws Exception {
        return sluice.number("select count(*) from sluice.api_call where operation in ('upsert', 'delete', 'write')");
    }

    private static long looks() throws Exception {
        return sluice.number("select count(*) from sluice.api_call where operation = 'query'");
    }
}
