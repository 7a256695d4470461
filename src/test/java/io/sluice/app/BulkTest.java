package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Very many rows that change at once. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BulkTest {

    private static final int ROWS = 30_000;

    @TempDir
    static Path home;
    static RunningSluice sluice;

    @BeforeAll
    static void startTheDemo() throws Exception {
        sluice = new RunningSluice(home).start();
        sluice.awaitSettled();
    }

    @AfterAll
    static void stopTheDemo() throws Exception {
        sluice.close();
    }

    @Test
    @Order(1)
    void thirtyThousandNewRowsArriveForAtMostFifteenCalls() throws SQLException {
        long before = sluice.counted();
        sluice.sql("insert into customer (customer_no, last_name, first_name, tier) select 'N-' || n, 'Name, ' || n,"
                + " 'Jo \"' || n || '\"', 'bronze' from generate_series(1, " + ROWS + ") as n");
        sluice.awaitSettled();

        assertThat(sluice.counted() - before).isLessThanOrEqualTo(15);
        everythingIsEqual();
        assertThat(sluice.number("select count(*) from sluice.record where key like 'N-%' and crm_id is not null"))
                .isEqualTo(ROWS);
    }

    @Test
    @Order(2)
    void changesAndNullsOfThirtyThousandRowsArriveForAtMostFifteenCallsAndWrongOnesAreDeadLetters() throws SQLException {
        long before = sluice.counted();
        sluice.sql("update customer set phone = case when customer_no like '%7' then null else '+1 ' || customer_no end,"
                + " first_name = null, email = case when customer_no = 'N-77' then 'no address' end"
                + " where customer_no like 'N-%'");
        sluice.awaitSettled();

        assertThat(sluice.counted() - before).isLessThanOrEqualTo(16);   // one more reads what failed
        assertThat(sluice.rows("select key, code from sluice.dead_letter")).containsOnlyKeys("N-77")
                .satisfies(dead -> assertThat(dead.get("N-77")).containsExactly("INVALID_EMAIL_ADDRESS"));
        sluice.sql("update customer set email = null where customer_no = 'N-77'");
        sluice.awaitSettled();
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        everythingIsEqual();
    }

    private static void everythingIsEqual() throws SQLException {
        assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        assertThat(sluice.refused()).isZero();
        assertThat(sluice.number("select count(*) from sluice.bulk_job where ended_at is null")).isZero();
        assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(1);
        Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
        assertThat(contacts).hasSize(1000 + ROWS);
        sluice.rows("select customer_no, last_name, coalesce(first_name, ''), coalesce(phone, ''), coalesce(city, ''), tier"
                + " from customer").forEach((key, row) -> {
                    JsonNode contact = contacts.get(key);
                    assertThat(row).as(key).containsExactly(contact.path("LastName").asText(), text(contact, "FirstName"),
                            text(contact, "Phone"), text(contact, "MailingCity"), contact.path("Tier__c").asText());
                });
    }

    private static String text(JsonNode record, String field) {
        return record.path(field).isNull() ? "" : record.path(field).asText();
    }
}
