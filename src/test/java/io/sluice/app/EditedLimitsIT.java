// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Edits the daily limit that an organisation's three logins share, one of them rejected, while Sluice runs. */
class EditedLimitsIT {

    private static final String DAILY = "sluice.account.salesforce.limit.daily";

    @TempDir
    Path home;

    @Test
    void aRaisedLimitHoldsAtOnceTheReadingLoginNeverWritesAndARejectedOneIsExcluded() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.with("sluice.account.salesforce.members", "dismissed, production, reports")
                    .with("sluice.account.reports.use", "read")
                    .with("sluice.composite.max-collections", 1);
            for (String member : new String[] {"dismissed", "production", "reports"}) {
                sluice.with("sluice.account." + member + ".crm", "salesforce")
                        .with("sluice.account." + member + ".login-url", "http://127.0.0.1:" + sluice.sandboxPort)
                        .with("sluice.account." + member + ".authentication-type", "client-credentials")
                        .with("sluice.account." + member + ".client-id", "sluice")
                        .with("sluice.account." + member + ".client-secret", "sluice");
            }
            sluice.with("sluice.account.dismissed.client-secret", "withdrawn");
            sluice.start().awaitSettled();
            assertThat(sluice.output())
                    .contains("Login rejected: account dismissed could not log in")
                    .doesNotContain(" to be tried again, ");
            assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1000);
            assertThat(sluice.rows("select account, string_agg(distinct operation, ' ' order by operation)"
                                    + " from sluice.api_call group by account")
                            .toString())
                    .isEqualTo("{production=[upsert], reports=[describe]}");
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());

            sluice.with(DAILY, "5 per 24h").writeSettings();
            sluice.awaitOutput(DAILY + " is 5 per 24h from now on").awaitOutput("all changes wait until");
            sluice.sql("update customer set phone = '110' where customer_no = 'C-00001'");
            await().atMost(Duration.ofSeconds(30)).until(() -> sluice.get(sluice.serverPort, "/api/status")
                    .path("accounts")
                    .path("salesforce")
                    .path("limits")
                    .path(0)
                    .path("stoppedUntil")
                    .has("critical"));
            long calls = sluice.counted();

            sluice.with(DAILY, "a few").writeSettings();
            sluice.awaitOutput("limit 'daily' is 'a few'");
            assertThat(sluice.counted()).as("what is wrong changes nothing").isEqualTo(calls);

            sluice.with(DAILY, "15000 per 24h").writeSettings();
            sluice.awaitOutput("alert ends").awaitSettled();
            assertThat(sluice.record("salesforce", "Contact", "C-00001")
                            .path("Phone")
                            .asText())
                    .isEqualTo("110");
            assertThat(sluice.refused()).isZero();
        }
    }
}
