// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Syncs deals that name their customer by its external id, both ways. */
class RelationsIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String DEALS = RunningSluice.sync(
            "deals-salesforce",
            "public.deal",
            "deal_no",
            "salesforce",
            "Opportunity",
            "Deal_No__c",
            Map.of(
                    "title",
                    "Name",
                    "stage",
                    "StageName",
                    "close_date",
                    "CloseDate",
                    "customer_no",
                    "Customer__r.Customer_No__c"));

    @TempDir
    Path home;

    @Test
    void childrenFollowTheirParentsInFewCallsAndOneOfADeadParentWaitsAndSaysSo() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)
                .withSync("deals-salesforce.camel.yaml", DEALS)
                .with("sluice.poll.min-interval", "1s")
                .with("sluice.poll.max-interval", "3s")) {
            sluice.start().awaitSettled();
            assertThat(customersOfDeals(sluice))
                    .as("the first load")
                    .isEqualTo(sluice.rows("select deal_no, customer_no from deal"));

            insertedTheWrongWayRound(sluice);
            movedByACrmUser(sluice);
            lockedByOthers(sluice);
            ofADeadParent(sluice);
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            assertThat(sluice.refused()).isZero();
            // a poll may be in flight between the two
            await().atMost(Duration.ofSeconds(10))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> sluice.ledger() == sluice.counted());
        }
    }

    private static void insertedTheWrongWayRound(RunningSluice sluice) throws Exception {
        long before = writes(sluice);
        sluice.sql(
                """
                alter table deal drop constraint deal_customer_no_fkey;
                begin;
                insert into deal (deal_no, customer_no, title, amount, stage, close_date)
                select 'N-' || n, 'N-' || n % 200, 'New ' || n, 1, 'Prospecting', current_date + 90
                from generate_series(1, 1000) as n;
                insert into customer (customer_no, last_name, tier)
                select 'N-' || n, 'New ' || n, 'bronze' from generate_series(0, 199) as n;
                commit""");
        sluice.awaitSettled();
        assertThat(customersOfDeals(sluice)).isEqualTo(sluice.rows("select deal_no, customer_no from deal"));
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        assertThat(writes(sluice) - before).as("calls for 1,200 new records").isLessThanOrEqualTo(4);
    }

    private static long writes(RunningSluice sluice) {
        JsonNode calls = sluice.referee().path("byOperation");
        return calls.path("collectionsUpsert").asLong()
                + calls.path("collectionsUpdate").asLong()
                + calls.path("composite").asLong();
    }

    private static void movedByACrmUser(RunningSluice sluice) throws Exception {
        String deal =
                sluice.record("salesforce", "Opportunity", "N-1").path("Id").asText();
        String customer =
                sluice.record("salesforce", "Contact", "N-7").path("Id").asText();
        assertThat(sluice.sandbox(
                                "POST",
                                "/sandbox/records/salesforce/Opportunity/" + deal,
                                "{\"Customer__c\": \"" + customer + "\"}")
                        .statusCode())
                .isBetween(200, 204);
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(
                        () -> assertThat(sluice.rows("select deal_no, customer_no from deal where deal_no = 'N-1'")
                                        .get("N-1"))
                                .containsExactly("N-7"));
    }

    /** Two hundred of forty customers come back locked, and go again in calls of fifty, in the order of their customers. */
    private static void lockedByOthers(RunningSluice sluice) throws Exception {
        sluice.sandbox(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"rowLock\",\"object\":\"Opportunity\","
                        + "\"operation\":[\"collectionsUpsert\",\"collectionsUpdate\",\"composite\"],\"count\":1}");
        long before = writes(sluice);
        sluice.sql("update deal set title = 'Locked' where deal_no like 'N-%' and substr(deal_no, 3)::int % 200 < 40");
        sluice.awaitSettled();
        assertThat(writes(sluice) - before).as("calls").isEqualTo(5);
        assertThat(sluice.records("Opportunity", "Deal_No__c").values().stream()
                        .filter(deal -> deal.path("Name").asText().equals("Locked"))
                        .count())
                .isEqualTo(200);
        assertThat(
                        sluice.rows(
                                "select customer_no, count(distinct r.settled_at) from deal"
                                        + " join sluice.sync_state r on r.object = 'Opportunity' and r.key = deal_no where title = 'Locked' group by 1"))
                .as("calls that named a customer")
                .hasSize(40)
                .satisfies(calls -> assertThat(calls.values())
                        .filteredOn(count -> !count.equals(List.of("1")))
                        .as("at the ends of calls")
                        .hasSizeLessThan(4));
    }

    private static void ofADeadParent(RunningSluice sluice) throws Exception {
        sluice.sandbox(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"partial\",\"operation\":[\"collectionsUpsert\",\"collectionsUpdate\",\"composite\"],"
                        + "\"keys\":[\"X-1\"],\"errorCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\",\"message\":\"Closed on Sundays\"}");
        sluice.sql("begin; insert into customer (customer_no, last_name, tier) values ('X-1', 'Dead', 'bronze');"
                + " insert into deal (deal_no, customer_no, title, amount, stage, close_date)"
                + " values ('X-9', 'X-1', 'Orphan', 1, 'Prospecting', current_date + 90); commit");
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> {
                    JsonNode deals = sluice.get(sluice.serverPort, "/api/status")
                            .path("syncs")
                            .path("deals-salesforce");
                    assertThat(deals.path("waitingForParents").asInt()).isOne();
                    assertThat(deals.path("lastError").asText())
                            .contains("waits for Contact X-1", "dead letter", "replay");
                });
        assertThat(sluice.records("Opportunity", "Deal_No__c")).doesNotContainKey("X-9");
        sluice.sandbox("DELETE", "/sandbox/faults/salesforce", "");
        assertThat(JSON.readTree(sluice.api("POST", "/api/dead-letters/replay?code=FIELD_CUSTOM_VALIDATION_EXCEPTION")
                                .body())
                        .path("replayed")
                        .asInt())
                .isOne();
        sluice.awaitSettled();
        assertThat(customersOfDeals(sluice).get("X-9")).containsExactly("X-1");
    }

    /** The numbers of the deals in the CRM, and of the customer to whom each belongs there. */
    private static Map<String, List<String>> customersOfDeals(RunningSluice sluice) {
        Map<String, String> numbers = new java.util.HashMap<>();
        sluice.records("Contact", "Customer_No__c")
                .forEach((number, contact) -> numbers.put(contact.path("Id").asText(), number));
        Map<String, List<String>> deals = new java.util.TreeMap<>();
        sluice.records("Opportunity", "Deal_No__c")
                .forEach((number, deal) -> deals.put(
                        number,
                        List.of(String.valueOf(
                                numbers.get(deal.path("Customer__c").asText())))));
        return deals;
    }
}
