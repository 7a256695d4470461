// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Shows the messages for a missing or wrong part of an installation. */
@Execution(ExecutionMode.CONCURRENT)
class TroubleIT {

    @TempDir
    Path home;

    @Test
    void aSyncThatNamesWhatTheDatabaseDoesNotHaveStopsTheStartAndNamesWhatIsRight() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.withSync(
                    "wrong.camel.yaml",
                    RunningSluice.sync(
                            "wrong-table",
                            "public.custmer",
                            "customer_no",
                            "salesforce",
                            "Contact",
                            "Customer_No__c",
                            Map.of("email", "Email")));
            sluice.withSync(
                    "wrong2.camel.yaml",
                    RunningSluice.sync(
                            "wrong-column",
                            "public.customer",
                            "customer_no",
                            "salesforce",
                            "Contact",
                            "Customer_No__c",
                            Map.of("emial", "Email")));
            sluice.withSync(
                    "wrong3.camel.yaml",
                    RunningSluice.sync(
                            "wrong-key",
                            "public.deal",
                            "stage",
                            "salesforce",
                            "Opportunity",
                            "Deal_No__c",
                            Map.of("title", "Name")));
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output())
                    .contains(
                            "wrong.camel.yaml, sync 'wrong-table': there is no table 'public.custmer'",
                            "public.customer",
                            "wrong2.camel.yaml, sync 'wrong-column': table 'public.customer' has no column 'emial'",
                            "email",
                            "wrong3.camel.yaml, sync 'wrong-key'",
                            "must be unique and not null",
                            "deal_no");
            assertThat(sluice.output()).doesNotContain("\tat ");
        }
    }

    @Test
    void aSyncThatNamesWhatTheCrmOrTheSettingsDoNotHaveStopsTheStartAndNamesWhatIsRight() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.withSync(
                    "wrong.camel.yaml",
                    RunningSluice.sync(
                            "wrong-account",
                            "public.customer",
                            "customer_no",
                            "salesfroce",
                            "Contact",
                            "Customer_No__c",
                            Map.of("email", "Email")));
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output())
                    .contains(
                            "sync 'wrong-account': there is no account 'salesfroce'",
                            "did you mean salesforce or hubspot?");

            sluice.withoutSyncs();
            sluice.withSync(
                    "wrong.camel.yaml",
                    RunningSluice.sync(
                            "wrong-object",
                            "public.customer",
                            "customer_no",
                            "salesforce",
                            "Contacts",
                            "Customer_No__c",
                            Map.of("email", "Email")));
            sluice.withSync(
                    "wrong2.camel.yaml",
                    RunningSluice.sync(
                            "wrong-field",
                            "public.customer",
                            "customer_no",
                            "salesforce",
                            "Contact",
                            "Customer_No__c",
                            Map.of("email", "EMailAddress")));
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output())
                    .contains(
                            "sync 'wrong-object': account 'salesforce' has no object 'Contacts'",
                            "did you mean Contact",
                            "sync 'wrong-field'",
                            "'EMailAddress'",
                            "which Contact does not have");
        }
    }

    @Test
    @SuppressWarnings("try")
    void aCrmThatCanNotBeReachedIsHealthDownAndNothingIsLost() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).with("sluice.sandbox.enabled", "false")) {
            sluice.start().awaitOutput("Account salesforce can't be reached");
            JsonNode health = sluice.get(sluice.managementPort, "/observe/health");
            assertThat(health.path("status").asText()).isEqualTo("DOWN");
            assertThat(health.toString()).contains("account-salesforce", "Connection refused");
            // webhooks are taken, and no restart would help
            for (String group : List.of("ready", "live")) {
                assertThat(sluice.get(sluice.managementPort, "/observe/health/" + group)
                                .path("status")
                                .asText())
                        .as(group)
                        .isEqualTo("UP");
            }
            sluice.sql("update customer set phone = '110' where customer_no = 'C-00001'");
            try (AutoCloseable sandbox = SandboxProcess.start(home, sluice.sandboxPort)) {
                sluice.awaitOutput("Account salesforce is ready").awaitSettled();
                assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1000);
                assertThat(sluice.record("salesforce", "Contact", "C-00001")
                                .path("Phone")
                                .asText())
                        .isEqualTo("110");
                assertThat(sluice.get(sluice.managementPort, "/observe/health")
                                .path("status")
                                .asText())
                        .isEqualTo("UP");
                assertThat(sluice.ledger()).isGreaterThanOrEqualTo(sluice.counted());
            }
        }
    }

    @Test
    void wrongCredentialsAreHealthDownAndNeverShown() throws Exception {
        try (RunningSluice sluice =
                new RunningSluice(home).with("sluice.account.salesforce.client-secret", "hunter2-is-wrong")) {
            sluice.start().awaitOutput("Account salesforce can't be reached");
            JsonNode health = sluice.get(sluice.managementPort, "/observe/health");
            assertThat(health.path("status").asText()).isEqualTo("DOWN");
            assertThat(health.toString()).contains("invalid");
            assertThat(sluice.output() + health + sluice.text(sluice.serverPort, "/api/status"))
                    .doesNotContain("hunter2");
            assertThat(sluice.counted()).isZero();
        }
    }

    @Test
    @SuppressWarnings("try")
    void aDatabaseThatCanNotBeReachedIsHealthDownAndIsTriedAgain() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.with("sluice.database.url", "jdbc:postgresql://127.0.0.1:" + sluice.databasePort + "/sluice")
                    .with("sluice.database.user", "sluice");
            sluice.start().awaitOutput("The database can't be reached");
            JsonNode health = sluice.get(sluice.managementPort, "/observe/health");
            assertThat(health.path("status").asText()).isEqualTo("DOWN");
            assertThat(health.toString()).contains("database");
            assertThat(sluice.get(sluice.managementPort, "/observe/health/ready")
                            .path("status")
                            .asText())
                    .isEqualTo("DOWN");
            assertThat(sluice.get(sluice.managementPort, "/observe/health/live")
                            .path("status")
                            .asText())
                    .isEqualTo("UP");
            assertThat(sluice.api("GET", "/api/status")).satisfies(answer -> {
                assertThat(answer.statusCode()).isEqualTo(503);
                assertThat(answer.body()).contains("The database does not answer yet");
            });
            try (var database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("late")), sluice.databasePort)) {
                sluice.awaitOutput("Account salesforce is ready").awaitSettled();
                assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1000);
                sluice.stop();
            }
        }
    }

    @Test
    void aDatabaseThatRefusesEachRunAtOnceDoesNotFillTheLog() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.start().awaitSettled();
            double before = inboxRuns(sluice);
            sluice.sql("alter table sluice.inbox rename to hidden");
            await().atMost(Duration.ofSeconds(120)).until(() -> inboxRuns(sluice) > before + 150);
            sluice.sql("alter table sluice.hidden rename to inbox");
            assertThat(sluice.output().lines().filter(line -> line.contains("Route inbox could not use the database")))
                    .hasSizeBetween(1, 10);
        }
    }

    /** The number of times that the route of the inbox has run. */
    private static double inboxRuns(RunningSluice sluice) {
        return sluice.text(sluice.managementPort, "/observe/metrics")
                .lines()
                .filter(line -> line.startsWith("camel_exchanges_total") && line.contains("routeId=\"inbox\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void aSecondProcessOnTheSameDataFolderSaysSoAndStops() throws Exception {
        try (RunningSluice first = new RunningSluice(home).with("sluice.database.folder", home.resolve("pg"))) {
            first.start().awaitOutput("PostgreSQL is up");
            Path other = home.resolve("other");
            try (RunningSluice second = new RunningSluice(other).with("sluice.database.folder", home.resolve("pg"))) {
                assertThat(second.start().awaitExit()).isNotZero();
                assertThat(second.output())
                        .contains("Sluice is already running on the embedded PostgreSQL in", "sluice.database.folder");
                assertThat(second.output()).doesNotContain("\tat ");
            }
            assertThat(first.isAlive()).isTrue();
        }
    }

    @Test
    void aCrmThatFailsForAWhileLosesNothing() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)
                .with("sluice.call.timeout", "2s")
                .with("sluice.call.late-delivery", "1s")
                .with("sluice.retry.initial-delay", "200ms")) {
            sluice.start().awaitSettled();
            for (String fault : new String[] {
                "{\"kind\":\"unavailable\",\"count\":3}",
                "{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}",
                "{\"kind\":\"refuse\",\"count\":2}",
                "{\"kind\":\"expireTokens\"}",
                "{\"kind\":\"rowLock\",\"probability\":0.3,\"count\":2}"
            }) {
                assertThat(sluice.sandbox("POST", "/sandbox/faults/salesforce", fault)
                                .statusCode())
                        .as(fault)
                        .isBetween(200, 299);
                String value = "after " + fault.hashCode();
                sluice.sql("update customer set city = '" + value + "'");
                await().atMost(Duration.ofSeconds(60))
                        .pollInterval(Duration.ofMillis(500))
                        .until(() -> sluice.records("Contact", "Customer_No__c").values().stream()
                                .allMatch(contact ->
                                        contact.path("MailingCity").asText().equals(value)));
                sluice.awaitSettled();
                sluice.sandbox("DELETE", "/sandbox/faults/salesforce", "");
            }
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt())
                    .isEqualTo(1);
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        }
    }
}
