// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Lets Salesforce reject parts of a call with three objects as a whole: each sync is handled by its own error scope. */
@Execution(ExecutionMode.CONCURRENT)
class RejectedPartsIT {

    private static final String ACCOUNTS = RunningSluice.sync(
            "accounts-salesforce",
            "public.customer",
            "customer_no",
            "salesforce",
            "Account",
            "Ext_Id__c",
            Map.of("last_name", "Name"));
    private static final String DEALS = RunningSluice.sync(
            "deals-salesforce",
            "public.deal",
            "deal_no",
            "salesforce",
            "Opportunity",
            "Deal_No__c",
            Map.of(
                    "title",
                    "Name",
                    "stage",
                    "StageName",
                    "close_date",
                    "CloseDate",
                    "customer_no",
                    "Customer__r.Customer_No__c"));
    private static final String REJECTED = "Sync %s: the CRM rejects every call: ";

    @TempDir
    Path home;

    private RunningSluice sluice;

    @Test
    void eachPartIsSettledByItsOwnErrorScope() throws Exception {
        try (RunningSluice running = new RunningSluice(home)
                .with("sluice.retry.initial-delay", "200ms")
                .with("sluice.record.min-write-interval", "0ms")
                // or two of them would share what is meant for one call
                .with("sluice.senders", 1)
                .withSync("accounts-salesforce.camel.yaml", ACCOUNTS)
                .withSync("deals-salesforce.camel.yaml", DEALS)) {
            sluice = running.start().awaitSettled();
            oneObjectIsRefusedOneIsLockedAndOneRecordIsWrong();
            oneObjectMayNotBeWrittenAndTheOthersAreDone();
            aParentsObjectIsRefusedAndItsChildWaitsForIt();
            oneRecordSpoilsItsPartAndIsFoundInThatPart();
            assertThat(sluice.refused()).isZero();
            assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt())
                    .isEqualTo(1);
            // a poll may be in flight between the two
            await().atMost(Duration.ofSeconds(10))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> sluice.ledger() == sluice.counted());
        }
    }

    /** The only record of the part that was taken is rejected: that its part is well, another part's trouble must not hide. */
    private void oneObjectIsRefusedOneIsLockedAndOneRecordIsWrong() throws Exception {
        refusePart("Account", 400, "INVALID_TYPE", "sObject type 'Account' is not supported.");
        refusePart("Contact", 400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record");
        fault("{\"kind\":\"partial\",\"operation\":\"composite\",\"keys\":[\"D-0005\"],\"errorCode\":"
                + "\"FIELD_CUSTOM_VALIDATION_EXCEPTION\",\"message\":\"Closed on Sundays\",\"count\":1}");
        Before before = new Before();
        inOneCall(
                9,
                "update customer set last_name = 'Parts' where customer_no between 'C-00001' and 'C-00004';"
                        + "update deal set title = 'Parts' where deal_no = 'D-0005'");

        sluice.awaitSettled();
        String said = before.said();
        assertThat(said)
                .contains(REJECTED.formatted("accounts-salesforce") + "INVALID_TYPE")
                .doesNotContain(REJECTED.formatted("customers-salesforce"), REJECTED.formatted("deals-salesforce"));
        assertThat(said).contains("UNABLE_TO_LOCK_ROW");
        assertThat(sluice.rows("select key, sync, code from sluice.dead_letter").toString())
                .isEqualTo("{D-0005=[deals-salesforce, FIELD_CUSTOM_VALIDATION_EXCEPTION]}");
        before.assertWritten(4, 4, 0);
        assertThat(name("Account", "Ext_Id__c", "C-00003", "Name")).isEqualTo("Parts");
        assertThat(name("Contact", "Customer_No__c", "C-00003", "LastName")).isEqualTo("Parts");
        assertThat(sluice.api("POST", "/api/dead-letters/replay?code=FIELD_CUSTOM_VALIDATION_EXCEPTION")
                        .statusCode())
                .isEqualTo(200);
        sluice.awaitSettled();
        before.assertWritten(4, 4, 1);
        assertThat(name("Opportunity", "Deal_No__c", "D-0005", "Name")).isEqualTo("Parts");
    }

    private void oneObjectMayNotBeWrittenAndTheOthersAreDone() throws Exception {
        fault(
                "{\"kind\":\"answer\",\"operation\":[\"compositePart\",\"collectionsUpdate\",\"collectionsUpsert\"],\"object\":\"Opportunity\","
                        + "\"status\":403,\"errorCode\":\"INSUFFICIENT_ACCESS\",\"message\":\"insufficient access rights\"}");
        Before before = new Before();
        inOneCall(
                6,
                "update customer set last_name = 'Rights' where customer_no in ('C-00001', 'C-00002');"
                        + "update deal set title = 'Rights' where deal_no in ('D-0004', 'D-0005')");

        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(() -> {
                    JsonNode syncs =
                            sluice.get(sluice.serverPort, "/api/status").path("syncs");
                    assertThat(syncs.path("deals-salesforce")
                                    .path("paused")
                                    .path("by")
                                    .asText())
                            .isEqualTo("crm");
                    assertThat(syncs.path("deals-salesforce").path("waiting").asInt())
                            .isEqualTo(2);
                    assertThat(syncs.path("customers-salesforce")
                                    .path("waiting")
                                    .asInt())
                            .isZero();
                    assertThat(syncs.path("accounts-salesforce").path("waiting").asInt())
                            .isZero();
                });
        before.assertWritten(2, 2, 0);
        assertThat(sluice.sandbox("DELETE", "/sandbox/faults/salesforce", "").statusCode())
                .isEqualTo(200);
        sluice.awaitSettled();
        before.assertWritten(2, 2, 2);
        assertThat(before.said())
                .contains(REJECTED.formatted("deals-salesforce") + "INSUFFICIENT_ACCESS")
                .doesNotContain(REJECTED.formatted("customers-salesforce"), REJECTED.formatted("accounts-salesforce"));
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
    }

    private void aParentsObjectIsRefusedAndItsChildWaitsForIt() throws Exception {
        refusePart("Contact", 400, "INVALID_FIELD", "No such column 'Tier__c' on sobject of type Contact");
        Before before = new Before();
        inOneCall(
                3,
                "insert into customer (customer_no, last_name, tier) values ('P-1', 'Parent', 'bronze');"
                        + "insert into deal (deal_no, customer_no, title, amount, stage, close_date)"
                        + " values ('P-9', 'P-1', 'Child', 1, 'Prospecting', current_date + 90)");

        sluice.awaitSettled();
        assertThat(before.said())
                .contains(REJECTED.formatted("customers-salesforce") + "INVALID_FIELD")
                .doesNotContain(REJECTED.formatted("deals-salesforce"), REJECTED.formatted("accounts-salesforce"));
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
        before.assertWritten(1, 1, 1);
        String parent = name("Contact", "Customer_No__c", "P-1", "Id");
        assertThat(name("Opportunity", "Deal_No__c", "P-9", "Customer__c")).isEqualTo(parent);
    }

    private void oneRecordSpoilsItsPartAndIsFoundInThatPart() throws Exception {
        fault("{\"kind\":\"answer\",\"keys\":[\"C-00002\"],\"object\":\"Contact\",\"errorCode\":\"JSON_PARSER_ERROR\","
                + "\"message\":\"Cannot deserialize\"}");
        Before before = new Before();
        inOneCall(8, "update customer set last_name = 'Spoilt' where customer_no between 'C-00001' and 'C-00004'");

        sluice.awaitSettled();
        assertThat(sluice.rows("select key, sync, code from sluice.dead_letter").toString())
                .isEqualTo("{C-00002=[customers-salesforce, JSON_PARSER_ERROR]}");
        before.assertWritten(4, 3, 0);
        assertThat(before.said()).doesNotContain("the CRM rejects every call");
    }

    // --- faults and counters of the sandbox

    private void fault(String json) {
        assertThat(sluice.sandbox("POST", "/sandbox/faults/salesforce", json).statusCode())
                .isEqualTo(200);
    }

    private void refusePart(String object, int status, String code, String message) {
        fault("{\"kind\":\"answer\",\"operation\":\"compositePart\",\"object\":\"" + object + "\",\"status\":" + status
                + ",\"errorCode\":\"" + code + "\",\"message\":\"" + message + "\",\"count\":1}");
    }

    /** All of it waits before any of it may go. */
    private void inOneCall(int records, String sql) throws Exception {
        assertThat(sluice.api("POST", "/api/accounts/salesforce/pause").statusCode())
                .isEqualTo(200);
        sluice.sql(sql);
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> sluice.number(
                                "select count(*) from sluice.outbox where due <= clock_timestamp() and lease is null")
                        == records);
        assertThat(sluice.api("POST", "/api/accounts/salesforce/resume").statusCode())
                .isEqualTo(200);
    }

    private String name(String object, String keyField, String key, String field) {
        return sluice.record("salesforce", object, key).path(field).asText();
    }

    /** Holds the log and the writes at the beginning of a case. */
    private final class Before {

        private final int log = sluice.output().length();
        private final long accounts = written("Account");
        private final long contacts = written("Contact");
        private final long deals = written("Opportunity");

        String said() {
            return sluice.output().substring(log);
        }

        /** Each record once: neither lost nor doubled. */
        void assertWritten(int ofAccount, int ofContact, int ofOpportunity) {
            assertThat(written("Account") - accounts).as("accounts").isEqualTo(ofAccount);
            assertThat(written("Contact") - contacts).as("contacts").isEqualTo(ofContact);
            assertThat(written("Opportunity") - deals).as("deals").isEqualTo(ofOpportunity);
        }

        private long written(String object) {
            return sluice.referee().path("writesByObject").path(object).asLong();
        }
    }
}
