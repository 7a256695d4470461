// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Shows the messages about mistakes in sync files: before anything is installed, with file, sync, name and suggestion. */
@Execution(ExecutionMode.CONCURRENT)
class WrongSyncsIT {

    @TempDir
    Path home;

    @Test
    void duplicatesAndMisspellingsAreReportedWithFileSyncAndSuggestion() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.withSync(
                    "again.camel.yaml", Files.readString(home.resolve("routes/syncs/customers-salesforce.camel.yaml")));
            sluice.withSync(
                    "typo.camel.yaml",
                    RunningSluice.sync(
                                    "typo",
                                    "public.deal",
                                    "deal_no",
                                    "salesforce",
                                    "Account",
                                    "Deal_No__c",
                                    Map.of("title", "Name"))
                            + "        critcal: \"amount > 5\"\n"
                            + "        priority: urgnt\n");
            sluice.withSync(
                    "twice.camel.yaml",
                    RunningSluice.sync(
                                    "twice",
                                    "public.deal",
                                    "deal_no",
                                    "salesforce",
                                    "Case",
                                    "Deal_No__c",
                                    Map.of("title", "Name"))
                            + "          title: NextStep\n");
            sluice.withSync(
                    "same.camel.yaml",
                    RunningSluice.sync(
                            "same",
                            "public.customer",
                            "customer_no",
                            "salesforce",
                            "opportunity",
                            "Deal_No__c",
                            Map.of("city", "Name")));
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output())
                    .contains(
                            "sync 'customers-salesforce': a bean of that name is declared 2 times, in routes/syncs/again.camel.yaml, line 3"
                                    + " and in routes/syncs/customers-salesforce.camel.yaml, line 3",
                            "typo.camel.yaml, sync 'typo': line 12: there is no property 'critcal'; did you mean critical",
                            "typo.camel.yaml, sync 'typo': line 13: priority: 'urgnt' is no priority; use critical, high, normal or low",
                            "twice.camel.yaml, sync 'twice': line 12: 'title' is there twice",
                            "same.camel.yaml, sync 'same': sync 'deals-salesforce' (routes/syncs/deals-salesforce.camel.yaml) feeds"
                                    + " salesforce opportunity already")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void routesOfACrmThatAreNotLoadedStopTheStart() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)
                .with(
                        "camel.main.routesIncludePattern",
                        "file:routes/*.camel.yaml,file:" + home + "/routes/syncs/*.camel.yaml")) {
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output())
                    .contains(
                            "Account 'salesforce': the routes that make its calls, routes/crm/salesforce.camel.yaml, are not"
                                    + " loaded: add file:routes/crm/*.camel.yaml to camel.main.routesIncludePattern.")
                    .doesNotContain("\tat ");
        }
    }

    /** The sentences themselves are in SyncFileShapeTest: here each is one line of a real start, beside the other files'. */
    @Test
    void filesThatCamelCanNotReadStopTheStartWithOneLineEach() throws Exception {
        String right = RunningSluice.sync(
                "list", "public.deal", "deal_no", "salesforce", "Account", "Deal_No__c", Map.of("title", "Name"));
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.withSync("list.camel.yaml", right + "        conflicts:\n          - latest\n")
                    .withSync("empty.camel.yaml", "")
                    .withSync("tab.camel.yaml", right.replace("list", "tab").replace("        key", "\tkey"))
                    .withSync("dash.camel.yaml", right.replace("list", "dash").replace("- beans", "beans"))
                    .withSync(
                            "setting.camel.yaml",
                            right.replace("list", "setting").replace("deal_no", "'{{no.setting}}'"))
                    .withSync(
                            "class.camel.yaml",
                            right.replace("list", "class").replace("io.sluice.Sync", "org.example.Mine"));
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output().lines())
                    .contains(
                            "  routes/syncs/list.camel.yaml, sync 'list': line 13: conflicts is a list; write conflicts: and one word"
                                    + " or text after it",
                            "  routes/syncs/empty.camel.yaml, sync 'empty': line 1: the file is empty; write a sync into it, or"
                                    + " delete it",
                            "  routes/syncs/tab.camel.yaml, sync 'tab': line 6: it begins with a tab, which YAML does not take; begin"
                                    + " it with blanks like the lines around it",
                            "  routes/syncs/dash.camel.yaml, sync 'dash': line 1: a dash is missing before beans; write - beans:",
                            "  routes/syncs/setting.camel.yaml, sync 'setting': line 6: there is no setting 'no.setting'; add it to"
                                    + " application.properties")
                    .anyMatch(line -> line.startsWith("  routes/syncs/class.camel.yaml, sync 'class': ")
                            && line.contains("org.example.Mine"))
                    .noneMatch(line -> line.startsWith("\tat "));
        }
    }

    @Test
    void filesThatDoNotBelongArePassedOverWithALineEach() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            Path syncs = home.resolve("routes/syncs");
            String file = Files.readString(syncs.resolve("customers-salesforce.camel.yaml"));
            Files.writeString(syncs.resolve(".customers-salesforce.camel.yaml.swp"), file);
            Files.write(syncs.resolve(".DS_Store"), new byte[] {0, 0, 0, 1});
            Files.writeString(syncs.resolve("copy.yml"), file);
            Files.writeString(home.resolve("routes/notes.txt"), "later");
            Files.writeString(syncs.resolve("wide.camel.yaml"), file, StandardCharsets.UTF_16);
            Files.writeString(
                    syncs.resolve("umlaut.camel.yaml"), "# f\u00fcr Kunden\n" + file, StandardCharsets.ISO_8859_1);
            sluice.start().awaitOutput("Account salesforce is ready");

            assertThat(sluice.output())
                    .containsOnlyOnce("routes/syncs/.customers-salesforce.camel.yaml.swp is passed over, because")
                    .containsOnlyOnce("routes/syncs/.DS_Store is passed over, because")
                    .containsOnlyOnce(
                            "routes/syncs/copy.yml is passed over, because its name does not end with .camel.yaml. If it"
                                    + " holds a sync or routes, rename it to copy.camel.yaml and start again.")
                    .containsOnlyOnce("routes/notes.txt is passed over, because")
                    .containsOnlyOnce(
                            "routes/syncs/wide.camel.yaml is passed over: it is no text in UTF-8. Save it in that"
                                    + " encoding and start again, or delete it.")
                    .containsOnlyOnce("routes/syncs/umlaut.camel.yaml is passed over: it is no text in UTF-8.")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void atARestartAFileThatCanNotBeReadStopsItsOwnSyncAlone() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            String file = Files.readString(home.resolve("routes/syncs/deals-salesforce.camel.yaml"));
            sluice.start().awaitSettled().stop();
            sluice.withSync("deals-salesforce.camel.yaml", file.replaceFirst("        key: ", "        key:"));
            sluice.start().awaitOutput("Account salesforce is ready");

            assertThat(sluice.output())
                    .contains(
                            "Sync deals-salesforce is stopped, the others run",
                            "routes/syncs/deals-salesforce.camel.yaml, sync 'deals-salesforce': line ",
                            "a colon with a blank after it is missing; write key: deal_no")
                    .doesNotContain("\tat ");
            assertThat(sluice.get(sluice.managementPort, "/observe/health").toString())
                    .contains("sync-deals-salesforce", "DOWN");
            sluice.sql("update deal set title = 'meanwhile' where deal_no = 'D-0001'");
            sluice.sql("update customer set phone = '0' where customer_no = 'C-00001'");
            await().atMost(Duration.ofSeconds(60)).until(() -> sluice.record("salesforce", "Contact", "C-00001")
                    .path("Phone")
                    .asText()
                    .equals("0"));
            sluice.stop();

            sluice.withSync("deals-salesforce.camel.yaml", file);
            sluice.start();
            await().atMost(Duration.ofSeconds(90)).ignoreExceptions().until(() -> sluice.record(
                            "salesforce", "Opportunity", "D-0001")
                    .path("Name")
                    .asText()
                    .equals("meanwhile"));
        }
    }

    @Test
    @SuppressWarnings("try")
    void aWrongFieldStopsTheFirstStartAndNothingWasChanged() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            Path database = home.resolve("pg");
            sluice.with("sluice.database.folder", database);
            sluice.withSync(
                    "deals-salesforce.camel.yaml",
                    RunningSluice.sync(
                            "deals",
                            "public.deal",
                            "deal_no",
                            "salesforce",
                            "Opportunity",
                            "Deal_No__c",
                            Map.of("title", "Amount")));
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output())
                    .contains(
                            "Nothing was changed",
                            "sync 'deals': column 'title' goes to field 'Amount' of Opportunity (currency), which takes numbers, but the"
                                    + " column holds text",
                            "sync 'deals'")
                    .doesNotContain("\tat ");
            try (var stopped = EmbeddedDatabase.start(SharedBinaries.in(database), sluice.databasePort)) {
                assertThat(sluice.number("select count(*) from pg_trigger where tgname like 'sluice%'"))
                        .isZero();
                assertThat(sluice.number("select count(*) from sluice.initial_export"))
                        .isZero();
                assertThat(sluice.number("select count(*) from sluice.change_log"))
                        .isZero();
                assertThat(sluice.number("select count(*) from sluice.outbox")).isZero();
            }
        }
    }

    @Test
    void atARestartAWrongSyncIsStoppedAloneAndMissesNothingUntilItsRepair() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).withBothCrms()) {
            String file = Files.readString(home.resolve("routes/syncs/customers-hubspot.camel.yaml"));
            sluice.start().awaitSettled().stop();
            sluice.withSync("customers-hubspot.camel.yaml", file.replace("phone: phone", "phone: fone"));
            sluice.start().awaitOutput("Account hubspot is ready").awaitOutput("Account salesforce is ready");

            assertThat(sluice.output())
                    .contains(
                            "Sync customers-hubspot is stopped, the others run",
                            "column 'phone' goes to field 'fone', which contacts does not have; did you mean phone");
            assertThat(sluice.get(sluice.managementPort, "/observe/health").toString())
                    .contains("sync-customers-hubspot", "DOWN");
            JsonNode status =
                    sluice.get(sluice.serverPort, "/api/status").path("syncs").path("customers-hubspot");
            assertThat(status.path("problem").asText()).contains("'fone'");
            assertThat(status.path("paused").path("by").asText()).isEqualTo("check");

            sluice.sql("update customer set phone = '0' where customer_no = 'C-00001'");
            sluice.sql("delete from deal; delete from customer where customer_no = 'C-00002'");
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            sluice.record("salesforce", "Contact", "C-00002").isMissingNode()
                                    && sluice.record("salesforce", "Contact", "C-00001")
                                            .path("Phone")
                                            .asText()
                                            .equals("0"));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> sluice.records("hubspot", "deals", "deal_no").isEmpty());
            assertThat(sluice.records("hubspot", "contacts", "customer_no")).containsKey("C-00002");
            sluice.stop();

            sluice.withSync("customers-hubspot.camel.yaml", file);
            sluice.start()
                    .awaitOutput("Account hubspot is ready")
                    .awaitOutput("public.customer was compared with the known records")
                    .awaitSettled();
            assertThat(sluice.records("hubspot", "contacts", "customer_no"))
                    .doesNotContainKey("C-00002")
                    .hasEntrySatisfying("C-00001", contact -> assertThat(
                                    contact.path("phone").asText())
                            .isEqualTo("0"));
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            assertThat(sluice.get(sluice.serverPort, "/api/status")
                            .path("syncs")
                            .path("customers-hubspot")
                            .path("problem")
                            .isNull())
                    .isTrue();
        }
    }

    @Test
    void rowsOfARemovedSyncWaitAndAreNamedAndKeysOfOneRecordAreWarnedOf() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            String file = Files.readString(home.resolve("routes/syncs/deals-salesforce.camel.yaml"));
            sluice.start().awaitSettled();
            sluice.api("POST", "/api/syncs/deals-salesforce/pause");
            sluice.sql("update deal set title = 'waits' where deal_no = 'D-0001'");
            sluice.sql("insert into customer (customer_no, last_name, tier) values ('c-00001', 'Twin', 'bronze')");
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            sluice.number("select count(*) from sluice.outbox where sync = 'deals-salesforce'") == 1);
            sluice.stop();

            Files.delete(home.resolve("routes/syncs/deals-salesforce.camel.yaml"));
            sluice.start()
                    .awaitOutput("1 records wait of sync 'deals-salesforce', which no file declares")
                    .awaitOutput("keys of table 'public.customer' differ in case or in blanks around them alone")
                    .awaitOutput("Account salesforce is ready");
            assertThat(sluice.get(sluice.serverPort, "/api/status").toString()).contains("\"deals-salesforce\":1");
            sluice.sql("update customer set phone = '0' where customer_no = 'C-00002'");
            await().atMost(Duration.ofSeconds(60)).until(() -> sluice.record("salesforce", "Contact", "C-00002")
                    .path("Phone")
                    .asText()
                    .equals("0"));
            assertThat(sluice.number(
                            "select count(*) from sluice.outbox where sync = 'deals-salesforce' and lease is null"))
                    .isEqualTo(1);
            assertThat(sluice.output()).doesNotContain("NullPointerException");
            sluice.stop();

            sluice.withSync("deals-salesforce.camel.yaml", file);
            sluice.start().awaitOutput("Account salesforce is ready");
            sluice.api("POST", "/api/syncs/deals-salesforce/resume");
            await().atMost(Duration.ofSeconds(90)).until(() -> sluice.record("salesforce", "Opportunity", "D-0001")
                    .path("Name")
                    .asText()
                    .equals("waits"));
        }
    }

    @Test
    void numbersGoToATextFieldAsTextAndADroppedColumnStopsItsSyncAlone() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            String file = Files.readString(home.resolve("routes/syncs/customers-salesforce.camel.yaml"));
            sluice.start().awaitSettled();
            sluice.sql("alter table customer add visits int");
            sluice.sql("update customer set visits = 7");
            sluice.stop();
            sluice.withSync("customers-salesforce.camel.yaml", file.replace("city: MailingCity", "visits: Department"));
            sluice.start().awaitOutput("Account salesforce is ready").awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c").values())
                    .allSatisfy(contact ->
                            assertThat(contact.path("Department").asText()).isEqualTo("7"));
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            sluice.stop();

            try (var stopped =
                    EmbeddedDatabase.start(SharedBinaries.in(home.resolve(".sluice/postgres")), sluice.databasePort)) {
                sluice.sql("alter table customer drop column visits");
                stopped.url();
            }
            sluice.start().awaitOutput("Account salesforce is ready");
            assertThat(sluice.output())
                    .contains(
                            "Sync customers-salesforce is stopped, the others run",
                            "table 'public.customer' has no column 'visits'");
            assertThat(sluice.number("select count(*) from pg_trigger where tgrelid = 'customer'::regclass"
                            + " and tgname like 'sluice%'"))
                    .isPositive();
            sluice.sql("update deal set title = 'still runs' where deal_no = 'D-0001'");
            await().atMost(Duration.ofSeconds(60)).until(() -> sluice.record("salesforce", "Opportunity", "D-0001")
                    .path("Name")
                    .asText()
                    .equals("still runs"));
        }
    }
}
