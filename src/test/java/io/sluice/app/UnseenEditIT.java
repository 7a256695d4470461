// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lets the application write a field that a CRM's user edited since the last poll: the write reads the edit first. */
class UnseenEditIT {

    @TempDir
    static Path home;

    static RunningSluice sluice;

    /** Without a poll for an hour. */
    @BeforeAll
    static void aSyncForEachRule() throws Exception {
        sluice = new RunningSluice(home)
                .withoutSyncs()
                .with("sluice.poll.check-interval", 100)
                .with("sluice.poll.min-interval", "1h")
                .with("sluice.poll.max-interval", "1h")
                .withSync(
                        "customers.camel.yaml",
                        RunningSluice.sync(
                                "customers",
                                "customer",
                                "customer_no",
                                "salesforce",
                                "Contact",
                                "Customer_No__c",
                                Map.of("last_name", "LastName", "phone", "Phone")))
                .withSync(
                        "deals.camel.yaml",
                        RunningSluice.sync(
                                        "deals",
                                        "deal",
                                        "deal_no",
                                        "salesforce",
                                        "Opportunity",
                                        "Deal_No__c",
                                        Map.of("title", "Name", "stage", "StageName", "close_date", "CloseDate"))
                                + "        conflicts: crm\n");
        sluice.start().awaitSettled();
        sluice.sql("alter table deal alter customer_no drop not null, alter amount drop not null");
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
    }

    private static void edit(String object, String key, String fields) {
        assertThat(sluice.sandbox("POST", "/sandbox/records/salesforce/" + object + "/" + key, fields)
                        .statusCode())
                .isEqualTo(200);
    }

    /** Waits one second, because Salesforce's times have whole seconds. */
    private static void aSecondLater() throws Exception {
        long second = sluice.number("select extract(epoch from clock_timestamp())::bigint");
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> sluice.number("select extract(epoch from clock_timestamp())::bigint") > second + 1);
    }

    private static List<String> conflicts(String sync, String keys) throws Exception {
        return sluice
                .rows(
                        "select key || ' ' || field, winner, crm #>> '{}', ours #>> '{}' from sluice.conflict where sync = '"
                                + sync + "' and key like '" + keys + "%' order by id")
                .entrySet()
                .stream()
                .map(row -> row.getKey() + " " + String.join(" ", row.getValue()))
                .toList();
    }

    private static String inCrm(String object, String externalId, String key, String field) {
        return sluice.record("salesforce", object, key).path(field).asText();
    }

    private static long calls() {
        return sluice.counted();
    }

    @Test
    void theLaterChangeReplacesTheEditAndTheLogHasIt() throws Exception {
        for (int i = 1; i <= 3; i++) {
            edit("Contact", "C-0000" + i, "{\"Phone\": \"theirs" + i + "\"}");
        }
        edit("Contact", "C-00004", "{\"LastName\": \"Theirs\"}");
        aSecondLater();
        long before = calls();
        sluice.sql("update customer set phone = 'ours' where customer_no between 'C-00001' and 'C-00300'");
        sluice.awaitSettled();

        assertThat(conflicts("customers", "C-0000"))
                .containsExactlyInAnyOrder(
                        "C-00001 Phone database theirs1 ours",
                        "C-00002 Phone database theirs2 ours",
                        "C-00003 Phone database theirs3 ours");
        assertThat(inCrm("Contact", "Customer_No__c", "C-00001", "Phone")).isEqualTo("ours");
        assertThat(inCrm("Contact", "Customer_No__c", "C-00004", "LastName"))
                .as("of another field")
                .isEqualTo("Theirs");
        assertThat(calls() - before).as("calls for 300 records").isBetween(1L, 2L);
        assertThat(sluice.ledger()).isEqualTo(sluice.counted());

        sluice.sql("update customer set phone = 'ours again' where customer_no = 'C-00001'");
        sluice.awaitSettled();
        assertThat(conflicts("customers", "C-0000")).as("an echo is no edit").hasSize(3);
    }

    @Test
    void whereTheCrmWinsBothSidesEndWithItsEdit() throws Exception {
        edit("Opportunity", "D-0001", "{\"Name\": \"theirs\"}");
        sluice.sql("update deal set title = 'ours' where deal_no = 'D-0001'");
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(
                        () -> assertThat(conflicts("deals", "D-0001")).containsExactly("D-0001 Name crm theirs ours"));
        sluice.awaitSettled();

        assertThat(sluice.rows("select deal_no, title from deal where deal_no = 'D-0001'")
                        .get("D-0001"))
                .containsExactly("theirs");
        assertThat(inCrm("Opportunity", "Deal_No__c", "D-0001", "Name")).isEqualTo("theirs");
        assertThat(conflicts("deals", "D-0001")).hasSize(1);
    }

    @Test
    void aDeleteThatReplacesAnEditIsLoggedByTheCallThatDeletes() throws Exception {
        edit("Contact", "C-00400", "{\"Phone\": \"theirs\", \"LastName\": \"Theirs\"}");
        aSecondLater();
        long before = calls();
        sluice.sql("delete from deal where customer_no in ('C-00400', 'C-00401');"
                + "delete from customer where customer_no in ('C-00400', 'C-00401')");
        sluice.awaitSettled();

        assertThat(conflicts("customers", "C-0040"))
                .containsExactlyInAnyOrder(
                        "C-00400 Phone database theirs null", "C-00400 LastName database Theirs null");
        assertThat(sluice.records("salesforce", "Contact", "Customer_No__c")).doesNotContainKeys("C-00400", "C-00401");
        assertThat(calls() - before).as("calls").isBetween(1L, 3L);
        assertThat(sluice.ledger()).isEqualTo(sluice.counted());
    }

    @Test
    void aRowWhoseDeleteLosesIsThereAgainOnBothSides() throws Exception {
        edit("Opportunity", "D-0002", "{\"Name\": \"theirs\"}");
        sluice.sql("delete from deal where deal_no in ('D-0002', 'D-0003')");
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(
                        () -> assertThat(conflicts("deals", "D-0002")).containsExactly("D-0002 Name crm theirs null"));
        sluice.awaitSettled();

        assertThat(sluice.rows("select deal_no, title from deal where deal_no in ('D-0002', 'D-0003')"))
                .isEqualTo(Map.of("D-0002", List.of("theirs")));
        assertThat(inCrm("Opportunity", "Deal_No__c", "D-0002", "Name")).isEqualTo("theirs");
        assertThat(inCrm("Opportunity", "Deal_No__c", "D-0002", "StageName"))
                .as("the record is whole")
                .isNotEmpty();
        assertThat(sluice.records("salesforce", "Opportunity", "Deal_No__c")).doesNotContainKey("D-0003");
    }

    @Test
    void aRowThatTheTableDoesNotTakeAgainIsAnInboundRejection() throws Exception {
        edit("Opportunity", "D-0004", "{\"Name\": \"theirs\"}");
        sluice.sql("alter table deal add made_by text; update deal set made_by = 'x';"
                + "alter table deal alter made_by set not null; delete from deal where deal_no = 'D-0004'");
        sluice.awaitSettled();
        sluice.sql("alter table deal drop made_by");

        assertThat(conflicts("deals", "D-0004")).containsExactly("D-0004 Name database theirs null");
        assertThat(sluice.rows("select key, why from sluice.inbound_rejection").get("D-0004"))
                .singleElement(org.assertj.core.api.InstanceOfAssertFactories.STRING)
                .contains("can't be inserted again", "made_by")
                .doesNotContain("theirs");
    }

    @Test
    void aRecordThatAUserCreatedWithTheKeyOfANewRowIsLogged() throws Exception {
        assertThat(sluice.sandbox(
                                "POST",
                                "/sandbox/records/salesforce/Contact",
                                "{\"Customer_No__c\": \"N-1\", \"LastName\": \"Theirs\", \"Phone\": \"theirs\"}")
                        .statusCode())
                .isEqualTo(200);
        long before = calls();
        sluice.sql("insert into customer (customer_no, last_name, phone, tier) values"
                + " ('N-1', 'Ours', null, 'bronze'), ('N-2', 'Ours', '2', 'bronze')");
        sluice.awaitSettled();

        assertThat(conflicts("customers", "N-"))
                .containsExactlyInAnyOrder("N-1 LastName database Theirs Ours", "N-1 Phone database theirs null");
        assertThat(inCrm("Contact", "Customer_No__c", "N-1", "LastName")).isEqualTo("Ours");
        assertThat(calls() - before).as("calls").isEqualTo(1);
    }
}
