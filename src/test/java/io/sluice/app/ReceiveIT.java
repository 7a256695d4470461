// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows that changes by a CRM's users reach the tables: one process with the demo's syncs, changed from both sides. */
class ReceiveIT {

    private static final String CONTACTS = "/sandbox/records/salesforce/Contact/";
    private static final String DEALS = "/sandbox/records/salesforce/Opportunity/";

    @TempDir
    static Path home;

    static RunningSluice sluice;

    @BeforeAll
    static void startTheDemo() throws Exception {
        sluice = new RunningSluice(home)
                .with("sluice.poll.check-interval", 50)
                .with("sluice.poll.min-interval", "200ms")
                .with("sluice.poll.max-interval", "400ms")
                .with("sluice.poll.overlap", "5s")
                .with("sluice.poll.deletes-interval", "500ms");
        Path deals = home.resolve("routes/syncs/deals-salesforce.camel.yaml");
        Files.writeString(deals, Files.readString(deals).replace("conflicts: latest", "conflicts: database"));
        sluice.start().awaitSettled();
    }

    @AfterAll
    static void stopTheDemo() throws Exception {
        sluice.close();
    }

    private static void edit(String record, String json) {
        assertThat(sluice.sandbox("POST", record, json).statusCode()).isEqualTo(200);
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(assertion);
    }

    private static String value(String column, String customer) throws SQLException {
        return sluice.rows("select customer_no, " + column + " from customer where customer_no = '" + customer + "'")
                .get(customer)
                .get(0);
    }

    private static JsonNode contact(String customer) {
        return sluice.get(sluice.sandboxPort, CONTACTS + customer);
    }

    private static long looks() throws SQLException {
        return sluice.number(
                "select count(*) from sluice.api_call where operation = 'query' and completed_at is not null");
    }

    private static void awaitLooks(int more) throws SQLException {
        long before = looks();
        soon(() -> assertThat(looks()).isGreaterThanOrEqualTo(before + more));
    }

    private static long writes() throws SQLException {
        return sluice.number("select count(*) from sluice.api_call where operation not in ('query', 'deleted')");
    }

    @Test
    void anEditOfACrmUserArrivesInTheTableAndIsNotSentBack() throws SQLException {
        sluice.awaitSettled();
        long writes = writes();
        edit(CONTACTS + "C-00002", "{\"LastName\": \"Müller-Weiß\", \"Phone\": null, \"Birthdate\": \"1999-12-31\"}");

        soon(() -> assertThat(sluice.rows("select customer_no, last_name, phone, birthdate::text from customer"
                                + " where customer_no = 'C-00002'")
                        .get("C-00002"))
                .containsExactly("Müller-Weiß", null, "1999-12-31"));
        awaitLooks(6);
        assertThat(writes()).as("calls that write").isEqualTo(writes);
        assertThat(sluice.number("select count(*) from sluice.change_log")).isZero();
        assertThat(contact("C-00002").path("LastModifiedById").asText())
                .isNotEqualTo(contact("C-00003").path("LastModifiedById").asText());
    }

    @Test
    void editsOfDifferentFieldsBothSurviveAndOfOneFieldTheLatest() throws SQLException {
        sluice.api("POST", "/api/syncs/customers-salesforce/pause");
        sluice.sql("update customer set city = 'Bergen', email = 'ours@example.org' where customer_no = 'C-00005'");
        edit(CONTACTS + "C-00005", "{\"Phone\": \"+47 1\", \"Email\": \"theirs@example.org\"}");
        soon(() -> assertThat(value("phone", "C-00005")).isEqualTo("+47 1"));
        sluice.api("POST", "/api/syncs/customers-salesforce/resume");
        sluice.awaitSettled();

        assertThat(value("city", "C-00005"))
                .isEqualTo("Bergen")
                .isEqualTo(contact("C-00005").path("MailingCity").asText());
        assertThat(contact("C-00005").path("Phone").asText()).isEqualTo("+47 1");
        assertThat(value("email", "C-00005"))
                .isEqualTo("theirs@example.org")
                .isEqualTo(contact("C-00005").path("Email").asText());
        assertThat(sluice.number("select count(*) from sluice.conflict where key = 'C-00005' and field = 'Email'"
                        + " and winner = 'crm' and ours = '\"ours@example.org\"'"))
                .isEqualTo(1);
    }

    @Test
    void whereTheDatabaseWinsItsValueIsSent() throws SQLException {
        sluice.api("POST", "/api/syncs/deals-salesforce/pause");
        sluice.sql("update deal set title = 'Ours' where deal_no = 'D-0007'");
        edit(DEALS + "D-0007", "{\"Name\": \"Theirs\", \"Amount\": 4711}");
        soon(() -> assertThat(sluice.number("select count(*) from deal where deal_no = 'D-0007' and amount = 4711"))
                .isEqualTo(1));
        sluice.api("POST", "/api/syncs/deals-salesforce/resume");

        soon(() -> assertThat(sluice.get(sluice.sandboxPort, DEALS + "D-0007")
                        .path("Name")
                        .asText())
                .isEqualTo("Ours"));
        assertThat(sluice.number("select count(*) from deal where deal_no = 'D-0007' and title = 'Ours'"))
                .isEqualTo(1);
    }

    @Test
    void aDeleteInTheCrmDeletesTheRowAndARejectedOneIsReported() throws SQLException {
        assertThat(sluice.sandbox("DELETE", DEALS + "D-0011", "").statusCode()).isLessThan(300);
        soon(() -> assertThat(sluice.number("select count(*) from deal where deal_no = 'D-0011'"))
                .isZero());

        edit(CONTACTS + "C-00009", "{\"Tier__c\": \"silver\"}");
        sluice.sql("alter table customer add constraint short_city check (length(city) < 30)");
        edit(CONTACTS + "C-00010", "{\"MailingCity\": \"Llanfairpwllgwyngyllgogerychwyrndrobwll\"}");
        edit(CONTACTS + "C-00011", "{\"MailingCity\": \"Bangor\"}");
        soon(() -> assertThat(value("city", "C-00011")).isEqualTo("Bangor"));
        sluice.awaitOutput("table public.customer rejects record C-00010");
        assertThat(sluice.output()).contains("short_city").doesNotContain("Exception", "\tat ");
    }

    @Test
    void aRecordMadeInTheCrmBecomesARow() throws SQLException {
        assertThat(sluice.sandbox(
                                "POST",
                                "/sandbox/records/salesforce/Contact",
                                "{\"LastName\": \"New\"," + " \"Customer_No__c\": \"C-90001\", \"Tier__c\": \"gold\"}")
                        .statusCode())
                .isLessThan(300);

        soon(() -> assertThat(sluice.number("select count(*) from customer where customer_no = 'C-90001'"
                        + " and last_name = 'New' and tier = 'gold' and not newsletter"))
                .isEqualTo(1));
    }

    @Test
    void everyCallIsInTheLedger() throws SQLException {
        awaitLooks(2);
        soon(() -> assertThat(sluice.ledger()).isEqualTo(sluice.counted()));
        assertThat(sluice.refused()).isZero();
    }
}
