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

/** Syncs a table and HubSpot's contacts both ways, by batches and searches. */
class HubspotIT {

    @TempDir
    static Path home;

    static RunningSluice sluice;

    @BeforeAll
    static void aTableOfTheUsers() throws Exception {
        sluice = new RunningSluice(home);
        sluice.withoutSyncs()
                .with("sluice.account.hubspot.crm", "hubspot")
                .with("sluice.account.hubspot.url", "http://127.0.0.1:" + sluice.sandboxPort)
                .with("sluice.account.hubspot.access-token", "pat-sandbox")
                .with(
                        "sluice.account.hubspot.limit.burst",
                        "100 per 10s, for write upsert delete deleted read describe")
                .with("sluice.account.hubspot.limit.search", "5 per 1s, for search query")
                .with("sluice.account.hubspot.limit.daily", "250000 per 24h")
                .with("sluice.poll.check-interval", 100)
                .with("sluice.poll.min-interval", "400ms")
                .with("sluice.poll.max-interval", "800ms")
                .with("sluice.poll.overlap", "5s")
                .with("sluice.poll.deletes-interval", "1s")
                .withSync(
                        "people.camel.yaml",
                        RunningSluice.sync(
                                "people",
                                "customer",
                                "customer_no",
                                "hubspot",
                                "contacts",
                                "customer_no",
                                Map.of(
                                        "last_name",
                                        "lastname",
                                        "phone",
                                        "phone",
                                        "city",
                                        "city",
                                        "birthdate",
                                        "birthdate")))
                .start()
                .awaitSettled();
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(assertion);
    }

    private static JsonNode referee() {
        return sluice.get(sluice.sandboxPort, "/sandbox/referee")
                .path("accounts")
                .path("hubspot");
    }

    /** The contact with this number, or null. */
    private static JsonNode contact(String number) throws Exception {
        for (String line : sluice.text(sluice.sandboxPort, "/sandbox/records/hubspot/contacts")
                .split("\n")) {
            JsonNode record = line.isBlank() ? null : new com.fasterxml.jackson.databind.ObjectMapper().readTree(line);
            JsonNode properties = record == null ? null : record.has("properties") ? record.path("properties") : record;
            if (properties != null && properties.path("customer_no").asText().equals(number)) {
                return record;
            }
        }
        return null;
    }

    private static String value(JsonNode record, String property) {
        return (record.has("properties") ? record.path("properties") : record)
                .path(property)
                .asText();
    }

    @Test
    void allRowsGoOverInBatchesAndAChangeFollows() throws Exception {
        assertThat(referee().path("byOperation").toString()).contains("\"");
        assertThat(sluice.number("select count(*) from sluice.api_call where operation = 'upsert'"))
                .as("batches of a thousand rows")
                .isLessThanOrEqualTo(15);
        sluice.sql("update customer set phone = '+49 1', birthdate = '2001-02-03' where customer_no = 'C-00001'");
        soon(() -> {
            assertThat(value(contact("C-00001"), "phone")).isEqualTo("+49 1");
            assertThat(value(contact("C-00001"), "birthdate")).isEqualTo("2001-02-03");
        });
        assertThat(referee().path("refused").asLong()).isZero();
    }

    @Test
    void anEditOfACrmUserArrivesAndIsNotSentBack() throws Exception {
        sluice.awaitSettled();
        String id = sluice.rows("select key, crm_id from sluice.sync_state where key = 'C-00002'")
                .get("C-00002")
                .get(0);
        assertThat(sluice.sandbox(
                                "POST",
                                "/sandbox/records/hubspot/contacts/" + id,
                                "{\"lastname\": \"Müller-Weiß\", \"phone\": null}")
                        .statusCode())
                .isEqualTo(200);
        soon(() -> assertThat(
                        sluice.rows("select customer_no, last_name, phone from customer where customer_no = 'C-00002'")
                                .get("C-00002"))
                .containsExactly("Müller-Weiß", null));
        soon(() -> assertThat(sluice.number("select count(*) from sluice.change_log"))
                .isZero());
        assertThat(sluice.number("select count(*) from sluice.outbox")).isZero();
    }

    @Test
    void lateResultsOfTheSearchAreReadThoughNewerOnesWereReadBefore() throws Exception {
        sluice.awaitSettled();
        sluice.sandbox("POST", "/sandbox/faults/hubspot", "{\"kind\":\"indexLag\",\"lagMs\":3000}");
        for (int i = 5; i <= 8; i++) {
            sluice.sandbox("POST", "/sandbox/records/hubspot/contacts/C-0000" + i, "{\"city\":\"Late\"}");
            int searches = referee().at("/byOperation/search").asInt();
            soon(() -> assertThat(referee().at("/byOperation/search").asInt()).isGreaterThan(searches + 1));
        }
        soon(() -> assertThat(sluice.number("select count(*) from customer where city = 'Late'"))
                .isEqualTo(4));
        sluice.sandbox("DELETE", "/sandbox/faults/hubspot", "");
    }

    @Test
    void aDeleteGoesOverAndOneThereComesBack() throws Exception {
        sluice.awaitSettled();
        String id = sluice.rows("select key, crm_id from sluice.sync_state where key = 'C-00004'")
                .get("C-00004")
                .get(0);
        sluice.sql("delete from deal where customer_no in ('C-00003', 'C-00004')");
        sluice.sql("delete from customer where customer_no = 'C-00003'");
        soon(() -> assertThat(contact("C-00003")).isNull());
        sluice.sandbox("DELETE", "/sandbox/records/hubspot/contacts/" + id, "");
        soon(() -> assertThat(sluice.number("select count(*) from customer where customer_no = 'C-00004'"))
                .isZero());
    }

    @Test
    void theLedgerHasEveryCallThatTheCrmCounted() throws Exception {
        sluice.awaitSettled();
        soon(() -> assertThat(sluice.number("select count(*) from sluice.api_call where account = 'hubspot'"))
                .isEqualTo(referee().path("accepted").asLong()
                        + referee().path("refused").asLong()));
    }
}
