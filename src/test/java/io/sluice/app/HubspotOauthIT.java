// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Syncs a table and HubSpot by an installed app, whose access is withdrawn and granted again. */
class HubspotOauthIT {

    private static final String WORDS = "missing or invalid refresh token";

    @TempDir
    Path home;

    @Test
    void deadTokensAreReplacedAndAccessThatIsWithdrawnIsHealthDownUntilItIsBack() throws Exception {
        Files.createDirectories(home);
        Path refresh = Files.writeString(home.resolve("refresh-token"), "refresh-hubspot\n");
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.withoutSyncs()
                    .with("sluice.account.hubspot.crm", "hubspot")
                    .with("sluice.account.hubspot.url", "http://127.0.0.1:" + sluice.sandboxPort)
                    .with("sluice.account.hubspot.access-token", "")
                    .with("sluice.account.hubspot.client-id", "sluice")
                    .with("sluice.account.hubspot.client-secret", "sluice")
                    .with("sluice.account.hubspot.refresh-token-file", refresh)
                    .with("sluice.account.hubspot.oauth-version", "2026-09")
                    .with(
                            "sluice.account.hubspot.limit.burst",
                            "100 per 10s, for write upsert delete deleted read describe")
                    .with("sluice.account.hubspot.limit.search", "5 per 1s, for search query")
                    .with("sluice.account.hubspot.limit.daily", "250000 per 24h")
                    .with("sluice.poll.check-interval", 100)
                    .with("sluice.poll.min-interval", "400ms")
                    .withSync(
                            "people.camel.yaml",
                            RunningSluice.sync(
                                    "people",
                                    "customer",
                                    "customer_no",
                                    "hubspot",
                                    "contacts",
                                    "customer_no",
                                    Map.of("last_name", "lastname", "phone", "phone")))
                    .start()
                    .awaitSettled();
            assertThat(tokens(sluice)).as("one login for a thousand records").isEqualTo(1);

            sluice.sandbox("POST", "/sandbox/faults/hubspot", "{\"kind\":\"expireTokens\"}");
            sluice.sql("update customer set phone = '1' where customer_no = 'C-00001'");
            soon(() -> assertThat(phone(sluice)).isEqualTo("1"));
            assertThat(tokens(sluice)).isEqualTo(2);

            sluice.sandbox(
                    "POST",
                    "/sandbox/faults/hubspot",
                    "{\"kind\":\"unavailable\",\"operation\":\"token\","
                            + "\"status\":400,\"errorCode\":\"BAD_REFRESH_TOKEN\",\"message\":\"" + WORDS + "\"}");
            sluice.sandbox("POST", "/sandbox/faults/hubspot", "{\"kind\":\"expireTokens\"}");
            sluice.sql("update customer set phone = '2' where customer_no = 'C-00001'");
            soon(() -> {
                JsonNode health = sluice.get(sluice.managementPort, "/observe/health");
                assertThat(health.path("status").asText()).isEqualTo("DOWN");
                assertThat(health.toString()).contains("account-hubspot", WORDS);
                assertThat(sluice.text(sluice.serverPort, "/api/status")).contains(WORDS);
            });
            assertThat(sluice.output() + sluice.text(sluice.serverPort, "/api/status"))
                    .doesNotContain("refresh-hubspot");

            sluice.sandbox("DELETE", "/sandbox/faults/hubspot", "");
            soon(() -> assertThat(phone(sluice)).isEqualTo("2"));
            sluice.awaitSettled();
            assertThat(tokens(sluice)).as("growing pauses, no storm of logins").isLessThan(15);
            // of this account alone: health is about the one without syncs too
            soon(() -> assertThat(
                            sluice.get(sluice.managementPort, "/observe/health").toString()
                                    + sluice.text(sluice.serverPort, "/api/status"))
                    .doesNotContain(WORDS));
            soon(() -> assertThat(sluice.number("select count(*) from sluice.api_call where account = 'hubspot'"))
                    .as("the ledger has every call that the CRM counted")
                    .isEqualTo(counted(sluice)));
        }
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(assertion);
    }

    private static String phone(RunningSluice sluice) {
        JsonNode contact = sluice.get(sluice.sandboxPort, "/sandbox/records/hubspot/contacts/C-00001");
        return contact.path("properties").path("phone").asText();
    }

    private static long tokens(RunningSluice sluice) {
        return referee(sluice).path("byOperation").path("token").asLong();
    }

    private static long counted(RunningSluice sluice) {
        return referee(sluice).path("accepted").asLong()
                + referee(sluice).path("refused").asLong();
    }

    private static JsonNode referee(RunningSluice sluice) {
        return sluice.get(sluice.sandboxPort, "/sandbox/referee")
                .path("accounts")
                .path("hubspot");
    }
}
