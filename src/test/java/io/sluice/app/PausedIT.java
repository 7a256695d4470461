// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Pauses by hand: no call is made, after a kill either, and queued changes are sent after the resume. */
@Execution(ExecutionMode.CONCURRENT)
class PausedIT {

    private static final Pattern WOKEN = Pattern.compile("camel_exchanges_total\\{[^}]*routeId=\"wake\"[^}]*} (\\S+)");

    @TempDir
    Path home;

    private static JsonNode paused(RunningSluice sluice, String kind, String name) {
        return sluice.get(sluice.serverPort, "/api/status")
                .path(kind)
                .path(name)
                .path("paused");
    }

    private static double woken(RunningSluice sluice) {
        Matcher found = WOKEN.matcher(sluice.text(sluice.managementPort, "/observe/metrics"));
        return found.find() ? Double.parseDouble(found.group(1)) : 0;
    }

    /** Until the senders were called so often that what may be sent would have been. */
    private static void awaitWakings(RunningSluice sluice) {
        double before = woken(sluice);
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> woken(sluice) >= before + 5);
    }

    private static void awaitOutbox(RunningSluice sluice, String key) {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> sluice.number("select count(*) from sluice.outbox where operation is not null and key = '"
                                + key + "'")
                        == 1);
    }

    private static void ok(RunningSluice sluice, String path) {
        assertThat(sluice.api("POST", path).statusCode()).as(path).isEqualTo(200);
    }

    private static String phone(RunningSluice sluice, String customer) {
        return sluice.record("salesforce", "Contact", customer).path("Phone").asText();
    }

    @Test
    void aPausedAccountIsNotCalledAfterARestartEitherAndContinuesAfterAResume() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.start().awaitSettled();
            long calls = sluice.counted();
            ok(sluice, "/api/accounts/salesforce/pause?reason=a+new+org");
            assertThat(sluice.output())
                    .contains("Account salesforce is paused by hand: a new org. Its changes stay queued.");
            sluice.sql("update customer set phone = '110' where customer_no = 'C-00001'");
            awaitOutbox(sluice, "C-00001");
            awaitWakings(sluice);
            assertUncalled(sluice, calls);

            assertThat(sluice.api("GET", "/api/accounts/salesforce/resume").statusCode())
                    .isEqualTo(405);
            assertThat(sluice.api("POST", "/api/accounts/salesfroce/resume").body())
                    .contains("did you mean salesforce or hubspot?");
            sluice.kill();
            sluice.start().awaitOutput("Account salesforce is paused by hand since");
            awaitWakings(sluice);
            assertUncalled(sluice, calls);
            assertThat(sluice.get(sluice.managementPort, "/observe/health")
                            .path("status")
                            .asText())
                    .isEqualTo("UP");
            JsonNode paused = paused(sluice, "accounts", "salesforce");
            assertThat(paused.path("by").asText()).isEqualTo("api");
            assertThat(paused.path("reason").asText()).isEqualTo("a new org");

            // saying it again changes nothing
            ok(sluice, "/api/accounts/salesforce/pause");
            assertThat(paused(sluice, "accounts", "salesforce")).isEqualTo(paused);
            ok(sluice, "/api/accounts/salesforce/resume");
            sluice.awaitSettled();
            assertThat(phone(sluice, "C-00001")).isEqualTo("110");
            assertThat(sluice.output()).contains("Account salesforce is resumed by hand.");
            assertThat(paused(sluice, "accounts", "salesforce").isNull()).isTrue();
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        }
    }

    private static void assertUncalled(RunningSluice sluice, long calls) throws SQLException {
        assertThat(sluice.counted()).isEqualTo(calls);
        assertThat(sluice.ledger()).isEqualTo(calls);
    }

    @Test
    void aPausedSyncWaitsWhileTheOtherOfItsAccountGoesOn() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.start().awaitSettled();
            ok(sluice, "/api/syncs/deals-salesforce/pause");
            sluice.sql("delete from deal where deal_no = 'D-0001'");
            awaitOutbox(sluice, "D-0001");
            sluice.sql("update customer set phone = '110' where customer_no = 'C-00001'");
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> phone(sluice, "C-00001").equals("110"));
            awaitWakings(sluice);
            assertThat(sluice.records("Opportunity", "Deal_No__c")).containsKey("D-0001");
            assertThat(paused(sluice, "syncs", "deals-salesforce").path("by").asText())
                    .isEqualTo("api");
            assertThat(paused(sluice, "syncs", "customers-salesforce").isNull()).isTrue();

            ok(sluice, "/api/syncs/deals-salesforce/resume");
            sluice.awaitSettled();
            assertThat(sluice.records("Opportunity", "Deal_No__c")).doesNotContainKey("D-0001");
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        }
    }

    @Test
    void aPauseOfASettingOrAFileLastsUntilItIsRemoved() throws Exception {
        Path deals = home.resolve("routes/syncs/deals-salesforce.camel.yaml");
        try (RunningSluice sluice = new RunningSluice(home).with("sluice.account.salesforce.paused", true)) {
            String file = Files.readString(deals);
            Files.writeString(
                    deals, file.replace("        key: deal_no\n", "        key: deal_no\n        paused: true\n"));
            sluice.start();
            await().atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> sluice.number("select count(*)" + " from sluice.outbox") == 1300);
            awaitWakings(sluice);
            assertUncalled(sluice, 0);
            assertThat(paused(sluice, "accounts", "salesforce").path("by").asText())
                    .isEqualTo("setting");
            var refused = sluice.api("POST", "/api/accounts/salesforce/resume");
            assertThat(refused.statusCode()).isEqualTo(409);
            assertThat(refused.body()).contains("sluice.account.salesforce.paused = true");
            sluice.stop();

            sluice.with("sluice.account.salesforce.paused", false).start();
            await().atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> sluice.records("Contact", "Customer_No__c").size() == 1000);
            awaitWakings(sluice);
            assertThat(sluice.records("Opportunity", "Deal_No__c")).isEmpty();
            assertThat(sluice.api("POST", "/api/syncs/deals-salesforce/resume").body())
                    .contains("paused: true in", "deals-salesforce.camel.yaml");
            sluice.stop();

            Files.writeString(deals, file);
            sluice.start().awaitSettled();
            assertThat(sluice.records("Opportunity", "Deal_No__c")).hasSize(300);
        }
    }
}
