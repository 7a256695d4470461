// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shows that a cause common to all records pauses the sync, costs a few calls, and ends by itself. */
@Execution(ExecutionMode.CONCURRENT)
class CommonCauseIT {

    @TempDir
    Path home;

    @Test
    void aRightThatIsTakenAwayPausesTheSyncAndNoRecordDies() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.start().awaitSettled();
            sluice.sandbox(
                    "POST",
                    "/sandbox/faults/salesforce",
                    "{\"kind\":\"partial\",\"object\":\"Contact\","
                            + "\"errorCode\":\"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST\",\"message\":\"bad value\",\"fields\":[\"Phone\"]}");
            long before = sluice.counted();
            sluice.sql("update customer set phone = '1'");
            // the pause ends by itself after a while, so it is read once
            JsonNode pause = await().atMost(Duration.ofSeconds(90)).until(() -> paused(sluice), it -> it.has("by"));

            assertThat(pause.path("by").asText()).isEqualTo("crm");
            assertThat(pause.path("reason").asText())
                    .contains("all records are rejected with INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST (Phone)");
            sluice.sql("update deal set title = 'another sync' where deal_no = 'D-0001'");
            await().atMost(Duration.ofSeconds(90)).until(() -> sluice.record("salesforce", "Opportunity", "D-0001")
                    .path("Name")
                    .asText()
                    .equals("another sync"));
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            assertThat(sluice.counted() - before).as("calls").isLessThan(60);

            sluice.sandbox("DELETE", "/sandbox/faults/salesforce", "");
            sluice.api("POST", "/api/syncs/customers-salesforce/resume");
            sluice.awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c").values())
                    .hasSize(1000)
                    .allMatch(contact -> contact.path("Phone").asText().equals("1"));
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            assertThat(sluice.number("select count(*) from sluice.pause")).isZero();
        }
    }

    /** @param property what is archived in HubSpot while Sluice runs: one of a field, or the one that holds the key */
    @ParameterizedTest
    @ValueSource(strings = {"tier", "customer_no"})
    void aPropertyThatIsArchivedPausesTheSyncAndNoRecordDies(String property) throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).withBothCrms()) {
            sluice.start().awaitSettled();
            assertThat(hubspot(sluice, "DELETE", "/crm/v3/properties/contacts/" + property))
                    .isEqualTo(204);
            long before = sluice.number("select count(*) from sluice.api_call where account = 'hubspot'");
            sluice.sql("update customer set tier = case tier when 'gold' then 'silver' else 'gold' end;"
                    + " insert into customer (customer_no, last_name, tier) select 'N-' || n, 'New', 'silver'"
                    + " from generate_series(1, 300) as n");
            JsonNode pause = await().atMost(Duration.ofSeconds(120))
                    .until(() -> paused(sluice, "customers-hubspot"), it -> it.has("by"));

            assertThat(pause.path("by").asText()).isEqualTo("crm");
            await().atMost(Duration.ofSeconds(120)).until(() -> !sluice.record("salesforce", "Contact", "N-300")
                    .isMissingNode());
            assertThat(sluice.number("select count(*) from sluice.dead_letter where account = 'hubspot'"))
                    .isZero();
            assertThat(sluice.number("select count(*) from customer where customer_no like 'C-%'"))
                    .isEqualTo(1000);
            assertThat(sluice.number("select count(*) from sluice.api_call where account = 'hubspot'") - before)
                    .as("calls")
                    .isLessThan(200);
        }
    }

    private static int hubspot(RunningSluice sluice, String method, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + sluice.sandboxPort + path))
                                .header("Authorization", "Bearer pat-sandbox")
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    private static JsonNode paused(RunningSluice sluice) {
        return paused(sluice, "customers-salesforce");
    }

    private static JsonNode paused(RunningSluice sluice, String sync) {
        return sluice.get(sluice.serverPort, "/api/status")
                .path("syncs")
                .path(sync)
                .path("paused");
    }
}
