// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

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
            await().atMost(Duration.ofSeconds(90))
                    .until(() -> !paused(sluice).isNull() && !paused(sluice).isMissingNode());

            assertThat(paused(sluice).path("by").asText()).isEqualTo("crm");
            assertThat(paused(sluice).path("reason").asText())
                    .contains("all records are rejected with INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST (Phone)");
            sluice.sql("update deal set title = 'another sync' where deal_no = 'D-0001'");
            await().atMost(Duration.ofSeconds(90)).until(() -> sluice.records("Opportunity", "Deal_No__c")
                    .get("D-0001")
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

    private static JsonNode paused(RunningSluice sluice) {
        return sluice.get(sluice.serverPort, "/api/status")
                .path("syncs")
                .path("customers-salesforce")
                .path("paused");
    }
}
