// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the demo as a new user does: one process, started once, then changed from the database's side. */
class FirstLightIT {

    @TempDir
    static Path home;

    static RunningSluice sluice;
    /** Figures of the first start. */
    private static int contactsAtFirst;

    private static int dealsAtFirst;
    private static long callsAtFirst;

    @BeforeAll
    static void startTheDemo() throws Exception {
        sluice = new RunningSluice(home).start();
        sluice.awaitSettled();
        contactsAtFirst = sluice.records("Contact", "Customer_No__c").size();
        dealsAtFirst = sluice.records("Opportunity", "Deal_No__c").size();
        callsAtFirst = sluice.counted();
    }

    @AfterAll
    static void stopTheDemo() throws Exception {
        sluice.close();
    }

    @Test
    void theFirstStartBringsAllRowsOverForAtMostTwelveCalls() throws SQLException {
        assertThat(contactsAtFirst).isEqualTo(1000);
        assertThat(dealsAtFirst).isEqualTo(300);
        assertThat(callsAtFirst).isLessThanOrEqualTo(12);
        assertThat(sluice.ledger()).isEqualTo(sluice.counted());
    }

    @Test
    void everyMappedColumnArrivesAsItIs() throws SQLException {
        Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
        sluice.rows("select customer_no, first_name, last_name, email, phone, city, tier, birthdate::text,"
                        + " newsletter::text from customer where customer_no between 'C-00100' and 'C-00999'")
                .forEach((key, row) -> {
                    JsonNode contact = contacts.get(key);
                    assertThat(row)
                            .as(key)
                            .containsExactly(
                                    contact.path("FirstName").asText(),
                                    contact.path("LastName").asText(),
                                    contact.path("Email").asText(),
                                    contact.path("Phone").asText(),
                                    contact.path("MailingCity").asText(),
                                    contact.path("Tier__c").asText(),
                                    contact.path("Birthdate").asText(),
                                    contact.path("Newsletter__c").asText());
                });
    }

    @Test
    void oneChangedFieldArrivesForOneCallThatCarriesOnlyThatField() throws SQLException {
        long before = writes();
        sluice.sql("update customer set phone = '+49 30 5550100' where customer_no = 'C-00042'");

        await().atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> sluice.record("salesforce", "Contact", "C-00042")
                        .path("Phone")
                        .asText()
                        .equals("+49 30 5550100"));
        sluice.awaitSettled();
        assertThat(writes() - before).isEqualTo(1);
        assertThat(sluice.ledger()).isEqualTo(sluice.counted());
    }

    @Test
    void aHundredUpdatesOfOneRowCostOneOrTwoCalls() throws SQLException {
        long before = writes();
        long started = System.nanoTime();
        try (var connection = sluice.connect();
                var update =
                        connection.prepareStatement("update customer set city = ? where customer_no = 'C-00007'")) {
            for (int i = 1; i <= 100; i++) {
                update.setString(1, "City " + i);
                update.executeUpdate();
            }
        }
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> sluice.number("select count(*) from sluice.change_log") == 0);
        // a record rests 900 ms after each write: two calls for what was captured in that, one more for each rest
        // beyond
        long rests = Duration.ofNanos(System.nanoTime() - started).toMillis() / 900;
        sluice.awaitSettled();
        assertThat(sluice.record("salesforce", "Contact", "C-00007")
                        .path("MailingCity")
                        .asText())
                .isEqualTo("City 100");
        assertThat(writes() - before).isBetween(1L, 2L + rests);
    }

    @Test
    void aColumnThatNobodyMapsCostsNothing() throws SQLException {
        long before = writes();
        sluice.sql("update customer set notes = 'called twice', updated_at = now()");
        sluice.sql("update customer set phone = phone");
        sluice.awaitSettled();
        assertThat(writes()).isEqualTo(before);
    }

    @Test
    void deletesKeyChangesAndNullsArrive() throws SQLException {
        sluice.sql(
                "insert into deal (deal_no, customer_no, title, amount, stage, close_date) select 'X-' || n, 'C-00009', 'Deal',"
                        + " 1, 'Prospecting', '2030-01-01' from generate_series(1, 3) as n");
        sluice.awaitSettled();
        assertThat(sluice.records("Opportunity", "Deal_No__c")).containsKeys("X-1", "X-2", "X-3");
        sluice.sql("delete from deal where deal_no in ('X-1', 'X-2')");
        sluice.sql("update deal set deal_no = 'X-9' where deal_no = 'X-3'");
        sluice.sql("update customer set email = null where customer_no = 'C-00009'");
        sluice.awaitSettled();

        Map<String, JsonNode> deals = sluice.records("Opportunity", "Deal_No__c");
        assertThat(deals).containsKey("X-9").doesNotContainKeys("X-1", "X-2", "X-3");
        assertThat(deals.get("X-9").path("StageName").asText()).isNotEmpty();
        assertThat(sluice.record("salesforce", "Contact", "C-00009")
                        .path("Email")
                        .isTextual())
                .isFalse();
    }

    @Test
    void aRejectedRecordIsADeadLetterAndIsSentWithTheNextChange() throws SQLException {
        sluice.sql("update customer set email = 'not an address', phone = '42' where customer_no = 'C-00010'");
        sluice.awaitSettled();
        assertThat(sluice.rows("select key, code from sluice.dead_letter").get("C-00010"))
                .containsExactly("INVALID_EMAIL_ADDRESS");
        JsonNode status =
                sluice.get(sluice.serverPort, "/api/status").path("syncs").path("customers-salesforce");
        assertThat(status.path("dead").asLong()).isEqualTo(1);
        assertThat(status.path("lastError").asText()).contains("C-00010", "INVALID_EMAIL_ADDRESS");

        sluice.sql("update customer set email = 'right@example.org' where customer_no = 'C-00010'");
        sluice.awaitSettled();
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        JsonNode contact = sluice.record("salesforce", "Contact", "C-00010");
        assertThat(contact.path("Email").asText()).isEqualTo("right@example.org");
        assertThat(contact.path("Phone").asText()).isEqualTo("42");
    }

    @Test
    void tenThousandRowsInOneTransactionCostAtMostTwelveCalls() throws SQLException {
        sluice.sql("insert into customer (customer_no, last_name, tier) select 'N-' || n, 'Name ' || n, 'bronze'"
                + " from generate_series(1, 10000) as n");
        sluice.awaitSettled();
        long before = sluice.counted();
        sluice.sql("update customer set phone = '+1 ' || customer_no where customer_no like 'N-%'");
        sluice.awaitSettled();
        assertThat(sluice.counted() - before).isLessThanOrEqualTo(12);
        assertThat(sluice.records("Contact", "Customer_No__c").values().stream()
                        .filter(contact -> contact.path("Phone").asText().startsWith("+1 N-")))
                .hasSize(10_000);
    }

    @Test
    void truncateIsNotMissed() throws SQLException {
        sluice.sql("truncate deal");
        sluice.awaitSettled();
        assertThat(sluice.records("Opportunity", "Deal_No__c")).isEmpty();
    }

    @Test
    void changesWhileTheTriggersAreDisabledAreFoundWithinAMinute() throws SQLException {
        sluice.sql("alter table customer disable trigger user;"
                + " update customer set city = 'Unseen' where customer_no = 'C-00099'");
        await().atMost(Duration.ofSeconds(60)).until(() -> sluice.record("salesforce", "Contact", "C-00099")
                .path("MailingCity")
                .asText()
                .equals("Unseen"));
        assertThat(sluice.number("select count(*) from pg_trigger where tgrelid = 'customer'::regclass"
                        + " and tgname like 'sluice%' and tgenabled = 'D'"))
                .isZero();
        sluice.awaitSettled();
    }

    @Test
    void statusAndHealthAndLogTellWhatIsThere() throws SQLException {
        JsonNode status = sluice.get(sluice.serverPort, "/api/status");
        JsonNode customers = status.path("syncs").path("customers-salesforce");
        assertThat(customers.path("done").asLong()).isEqualTo(customers());
        assertThat(customers.path("waiting").asLong()
                        + customers.path("inFlight").asLong())
                .isZero();
        assertThat(customers.path("oldestWaitingMs").asLong()).isZero();
        JsonNode account = status.path("accounts").path("salesforce");
        assertThat(account.path("callsToday").asLong()).isEqualTo(sluice.ledger());
        JsonNode daily = account.path("limits").path(0);
        assertThat(daily.path("max").asLong()).isEqualTo(15_000);
        assertThat(daily.path("used").asLong()).isEqualTo(sluice.counted());
        assertThat(daily.path("left").asLong()).isEqualTo(15_000 - sluice.counted());
        assertThat(sluice.get(sluice.managementPort, "/observe/health")
                        .path("status")
                        .asText())
                .isEqualTo("UP");
        assertThat(sluice.output()).doesNotContain("Exception", "\tat ");
        assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(1);
    }

    @Test
    void aSecondRunOnTheSameDataWritesNothingAndSpendsItsDescribesOnly() throws Exception {
        long before = sluice.counted();
        sluice.stop();
        sluice.start().awaitOutput("Account salesforce is ready").awaitSettled();
        assertThat(sluice.counted() - before).isLessThanOrEqualTo(2);
        assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        assertThat(sluice.records("Contact", "Customer_No__c")).hasSize((int) customers());
    }

    private static long customers() throws SQLException {
        return sluice.number("select count(*) from customer");
    }

    /** Counts write calls, not the polls that come on their own schedule. */
    private static long writes() {
        JsonNode calls = sluice.referee().path("byOperation");
        return calls.path("collectionsUpsert").asLong()
                + calls.path("collectionsUpdate").asLong()
                + calls.path("composite").asLong()
                + calls.path("collectionsDelete").asLong();
    }
}
