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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes very many rows at once, so that bulk jobs send them. */
class BulkIT {

    private static final int ROWS = 6_000;
    private static final int GOLD = 6; // every thousandth, which is critical

    @TempDir
    static Path home;

    static RunningSluice sluice;
    /** Figures of the first job. */
    private static long callsOfTheInserts;

    private static long recordsOfTheJob;
    private static long jobsOfTheInserts;

    @BeforeAll
    static void startTheDemoAndInsertManyRows() throws Exception {
        sluice = new RunningSluice(home)
                .with("sluice.bulk.cooldown", "3s")
                .with("sluice.composite.max-collections", 1)
                .start();
        sluice.awaitSettled();
        long before = sluice.counted();
        insert("N-");
        callsOfTheInserts = sluice.counted() - before;
        recordsOfTheJob = sluice.number("select sum(records) from sluice.bulk_job");
        jobsOfTheInserts = sluice.number("select count(*) from sluice.bulk_job");
    }

    private static void insert(String prefix) throws SQLException {
        sluice.sql("insert into customer (customer_no, last_name, first_name, tier) select '" + prefix + "' || n,"
                + " 'Name, ' || n, 'Jo \"' || n || '\"', case when n % 1000 = 0 then 'gold' else 'bronze' end"
                + " from generate_series(1, " + ROWS + ") as n");
        sluice.awaitSettled();
    }

    @AfterAll
    static void stopTheDemo() throws Exception {
        sluice.close();
    }

    @BeforeEach
    void noFaults() {
        sluice.sandbox("DELETE", "/sandbox/faults/salesforce", "");
    }

    @Test
    void sixThousandNewRowsArriveForTheTenCallsOfAJobAndAtMostOneForEachCriticalRow() throws SQLException {
        assertThat(callsOfTheInserts).isLessThanOrEqualTo(10 + GOLD);
        assertThat(recordsOfTheJob).isLessThanOrEqualTo(ROWS - GOLD);
        assertThat(jobsOfTheInserts).isEqualTo(1);
        everythingIsEqual();
        assertThat(sluice.number("select count(*) from sluice.sync_state where key like 'N-%' and crm_id is not null"))
                .isEqualTo(ROWS);
    }

    @Test
    void nullsClearAndWhatDidNotChangeIsLeftAloneAndWrongRowsAreDeadLetters() throws SQLException {
        long before = sluice.counted();
        sluice.sql(
                "update customer set phone = case when customer_no like '%7' then null else '+1 ' || customer_no end,"
                        + " first_name = null, email = case when customer_no = 'N-77' then 'no address' end"
                        + " where customer_no like 'N-%'");
        sluice.awaitSettled();

        assertThat(sluice.counted() - before).isLessThanOrEqualTo(11 + GOLD); // one more reads what failed
        assertThat(sluice.rows("select key, code from sluice.dead_letter"))
                .containsOnlyKeys("N-77")
                .satisfies(dead -> assertThat(dead.get("N-77")).containsExactly("INVALID_EMAIL_ADDRESS"));
        sluice.sql("update customer set email = null where customer_no = 'N-77'");
        sluice.awaitSettled();
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        everythingIsEqual();
    }

    @Test
    void callsAndJobsWriteTheSameValues() throws SQLException {
        // rows with fields of their own share one header, so most cells of the job are those of absent fields
        sluice.sql("update customer set city = 'Ulm', first_name = '' where customer_no like 'N-%1'");
        sluice.sql("update customer set phone = null where customer_no like 'N-%2'");
        sluice.sql("update customer set birthdate = '2000-02-29', newsletter = true where customer_no like 'N-%'");
        sluice.awaitSettled();
        everythingIsEqual();
    }

    @Test
    void aPlanIsExplainedBeforeItIsCarriedOutAndARunningJobIsShown() throws SQLException {
        sluice.api("POST", "/api/syncs/customers-salesforce/pause");
        sluice.sql("update customer set city = 'Bonn' where customer_no like 'N-%'");
        await().atMost(Duration.ofSeconds(30))
                .until(() ->
                        sluice.number("select count(*) from sluice.outbox" + " where operation is not null") == ROWS);

        JsonNode plan = sluice.get(sluice.serverPort, "/api/plan?sync=customers-salesforce")
                .path("waiting");
        assertThat(plan).hasSize(2);
        assertThat(plan.path(0).path("urgency").asText()).isEqualTo("critical");
        assertThat(plan.path(0).path("records").asInt()).isEqualTo(GOLD);
        assertThat(plan.path(0).path("chosen").asText()).isEqualTo("collections");
        assertThat(plan.path(0).path("why").asText()).contains("does not wait");
        assertThat(plan.path(1).path("chosen").asText()).isEqualTo("bulk");
        assertThat(plan.path(1).path("why").asText()).isEqualTo("30 calls one after the other, or 10 for a bulk job");
        assertThat(plan.path(1).path("options").path(0).path("calls").asInt()).isEqualTo(30);
        assertThat(plan.path(1).path("callsLeft").asInt()).isBetween(11_000, 12_750);
        assertThat(sluice.api("GET", "/api/plan?sync=customer-salesforce")).satisfies(answer -> {
            assertThat(answer.statusCode()).isEqualTo(404);
            assertThat(answer.body()).contains("did you mean customers-salesforce");
        });

        sluice.sandbox(
                "POST", "/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"operation\":\"bulkJob\",\"delayMs\":30}");
        sluice.api("POST", "/api/syncs/customers-salesforce/resume");
        await().atMost(Duration.ofSeconds(30)).until(() -> sluice.get(sluice.serverPort, "/api/status")
                .path("accounts")
                .path("salesforce")
                .path("bulkJobs")
                .path(0)
                .path("step")
                .asText()
                .equals("poll"));
        JsonNode job = sluice.get(sluice.serverPort, "/api/status")
                .path("accounts")
                .path("salesforce")
                .path("bulkJobs")
                .path(0);
        assertThat(job.path("sync").asText()).isEqualTo("customers-salesforce");
        // each call for critical rows is filled with others, and how many such calls there are depends on the machine
        assertThat(job.path("records").asInt())
                .isEqualTo((int) sluice.number("select records from sluice.bulk_job where ended_at is null"))
                .isBetween(ROWS / 2, ROWS - GOLD);
        assertThat(job.path("id").asText()).startsWith("750");
        sluice.awaitSettled();
        everythingIsEqual();
    }

    @Test
    void ofAJobThatFailsHalfwayTheWrittenRecordsAreSettledAndTheRestSentByCalls() throws SQLException {
        sluice.sandbox(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"jobFails\",\"object\":\"Contact\","
                        + "\"afterRows\":4500,\"count\":1,\"message\":\"ExceededQuota : ApiBatchItems Limit exceeded.\"}");
        long jobs = jobs();
        long written = written();
        sluice.sql("update customer set city = 'Trier' where customer_no like 'N-%'");
        sluice.awaitSettled();

        assertThat(sluice.output()).contains("failed: ExceededQuota");
        assertThat(jobs() - jobs).isEqualTo(1);
        assertThat(written() - written).isEqualTo(ROWS);
        everythingIsEqual();
        awaitNoDetour();
    }

    @Test
    void anObjectWithoutJobsIsSentByCallsAndByJobsAgainAfterTheCooldown() throws SQLException {
        sluice.sandbox(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"unavailable\",\"status\":400,\"operation\":\"bulkCreate\"}");
        long written = written();
        sluice.sql("update customer set city = 'Essen' where customer_no like 'N-%'");
        sluice.awaitSettled();
        assertThat(sluice.output()).contains("the CRM creates no bulk job");
        assertThat(written() - written).isEqualTo(ROWS);
        everythingIsEqual();

        noFaults();
        awaitNoDetour();
        long jobs = jobs();
        sluice.sql("update customer set city = 'Mainz' where customer_no like 'N-%'");
        sluice.awaitSettled();
        assertThat(jobs() - jobs).isEqualTo(1);
        everythingIsEqual();
    }

    @Test
    void sixThousandDeletesArriveForTheCallsOfAJobAndAtMostOneForEachCriticalRow() throws SQLException {
        insert("O-");
        awaitRested();
        long before = sluice.counted();
        sluice.sql("delete from customer where customer_no like 'O-%'");
        sluice.awaitSettled();
        assertThat(sluice.counted() - before).isLessThanOrEqualTo(10 + GOLD);
        assertThat(sluice.records("Contact", "Customer_No__c").keySet()).noneMatch(key -> key.startsWith("O-"));
        assertThat(sluice.number("select count(*) from sluice.sync_state where key like 'O-%'"))
                .isZero();
        assertThat(sluice.refused()).isZero();
        assertThat(sluice.ledger()).isEqualTo(sluice.counted());
    }

    private static long jobs() {
        return sluice.referee().path("byOperation").path("bulkClose").asLong();
    }

    private static long written() {
        return sluice.referee().path("writesByObject").path("Contact").asLong();
    }

    /** Waits until no record rests after its last write, so that all are due at once. */
    private static void awaitRested() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> sluice.number("select count(*) from sluice.sync_state"
                                + " where settled_at > clock_timestamp() - interval '2 seconds'")
                        == 0);
    }

    private static void awaitNoDetour() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> sluice.number("select count(*) from sluice.bulk_cooldown where until > clock_timestamp()")
                        == 0);
    }

    private static Object oddCalls() {
        try {
            return sluice.rows(
                    "select id::text, to_jsonb(c)::text from sluice.api_call c where status is distinct from 200");
        } catch (SQLException failure) {
            return failure;
        }
    }

    private static void everythingIsEqual() throws SQLException {
        // a job reads the rows that failed after the last record was settled
        await().atMost(Duration.ofSeconds(30))
                .until(() -> sluice.number("select count(*) from sluice.bulk_job where ended_at is null") == 0);
        // a call without an answer, on a machine without processor time for seconds, may not have arrived
        long unanswered = sluice.number("select count(*) from sluice.api_call where status = 0");
        assertThat(sluice.ledger())
                .as(() -> "calls of the ledger; the odd ones are " + oddCalls() + "\n" + sluice.output())
                .isBetween(sluice.counted(), sluice.counted() + unanswered);
        assertThat(sluice.refused()).isZero();
        assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(1);
        Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
        assertThat(contacts).hasSize(1000 + ROWS);
        sluice.rows(
                        "select customer_no, last_name, coalesce(first_name, ''), coalesce(phone, ''), coalesce(city, ''), tier,"
                                + " coalesce(birthdate::text, ''), newsletter::text from customer")
                .forEach((key, row) -> {
                    JsonNode contact = contacts.get(key);
                    assertThat(row)
                            .as(key)
                            .containsExactly(
                                    contact.path("LastName").asText(),
                                    text(contact, "FirstName"),
                                    text(contact, "Phone"),
                                    text(contact, "MailingCity"),
                                    contact.path("Tier__c").asText(),
                                    text(contact, "Birthdate"),
                                    text(contact, "Newsletter__c"));
                });
    }

    private static String text(JsonNode record, String field) {
        return record.path(field).isNull() ? "" : record.path(field).asText();
    }
}
