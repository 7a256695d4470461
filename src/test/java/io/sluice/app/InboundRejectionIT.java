// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows that a row which the table rejects is counted, listed and logged without a value, and applied once the table accepts it. */
class InboundRejectionIT {

    private static final String CANARY = "canary-value-of-a-user";

    @TempDir
    Path home;

    private static JsonNode listed(RunningSluice sluice) {
        return sluice.get(sluice.serverPort, "/api/inbound-rejections?sync=customers-salesforce")
                .path("inboundRejections");
    }

    private static JsonNode one(RunningSluice sluice) {
        await().atMost(Duration.ofSeconds(60)).until(() -> listed(sluice).size() == 1);
        return listed(sluice).get(0);
    }

    @Test
    void aRecordThatTheTableDoesNotTakeIsListedWithoutItsValuesUntilItIsTaken() throws Exception {
        try (RunningSluice sluice =
                new RunningSluice(home).with("sluice.poll.min-interval", "1s").with("sluice.poll.max-interval", "2s")) {
            sluice.start().awaitSettled();
            sluice.sql("alter table customer add constraint no_canary check (phone not like 'canary%')");
            String id = sluice.rows("select key, crm_id from sluice.sync_state where key = 'C-00001'"
                            + " and object = 'Contact'")
                    .get("C-00001")
                    .get(0);
            sluice.sandbox("POST", "/sandbox/records/salesforce/Contact/" + id, "{\"Phone\":\"" + CANARY + "\"}");

            JsonNode rejected = one(sluice);
            assertThat(rejected.path("key").asText()).isEqualTo("C-00001");
            assertThat(rejected.path("columns").toString()).contains("phone");
            assertThat(rejected.path("why").asText()).contains("no_canary");
            assertThat(sluice.get(sluice.serverPort, "/api/status")
                            .path("syncs")
                            .path("customers-salesforce")
                            .path("inboundRejections")
                            .asLong())
                    .isEqualTo(1);
            String metrics = sluice.text(sluice.managementPort, "/observe/metrics");
            assertThat(metrics.lines())
                    .anyMatch(line -> line.startsWith("sluice_records_total{")
                            && line.contains("direction=\"in\"")
                            && line.contains("outcome=\"rejected\"")
                            && !line.endsWith(" 0.0"));
            long number = rejected.path("id").asLong();
            assertThat(sluice.api("GET", "/api/inbound-rejections/" + number).body())
                    .contains("no_canary");
            assertThat(sluice.api("GET", "/api/inbound-rejections/0").statusCode())
                    .isEqualTo(404);
            assertThat(sluice.api("GET", "/api/inbound-rejections?snyc=x").body())
                    .contains("did you mean sync");
            for (String said : new String[] {
                sluice.output(),
                metrics,
                sluice.api("GET", "/api/status").body(),
                sluice.api("GET", "/api/inbound-rejections").body(),
                sluice.api("GET", "/api/dead-letters").body(),
                sluice.text(sluice.managementPort, "/observe/health")
            }) {
                assertThat(said).doesNotContain(CANARY, "Failing row");
            }

            assertThat(sluice.api("DELETE", "/api/inbound-rejections/" + number).statusCode())
                    .isEqualTo(200);
            sluice.sandbox("POST", "/sandbox/records/salesforce/Contact/" + id, "{\"Phone\":\"" + CANARY + "2\"}");
            number = one(sluice).path("id").asLong();
            sluice.sql("alter table customer drop constraint no_canary");
            assertThat(sluice.api("POST", "/api/inbound-rejections/" + number + "/retry")
                            .statusCode())
                    .isEqualTo(200);
            await().atMost(Duration.ofSeconds(60)).until(() -> listed(sluice).isEmpty());
            assertThat(sluice.number("select count(*) from customer where customer_no = 'C-00001' and phone = '"
                            + CANARY + "2'"))
                    .isEqualTo(1);
        }
    }
}
