// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sends answers through the whole pipeline that once deleted rows, lost deletes or wrote an old value over a newer one. */
class UnprovenAnswersIT {

    private static final String COMPLETE = "{\"status\":\"COMPLETE\",\"results\":[]";

    @TempDir
    static Path both;

    @TempDir
    Path home;

    static RunningSluice sluice;

    @BeforeAll
    static void withBothCrms() throws Exception {
        sluice = new RunningSluice(both)
                .withBothCrms()
                .with("sluice.webhooks.clock-skew", "1h")
                .with("sluice.retry.initial-delay", "200ms")
                .with("sluice.call.late-delivery", "1s")
                .with("sluice.call.timeout", "4s")
                .start()
                .awaitSettled();
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
    }

    /** @param operations by the names of the referee, separated by commas */
    private static void fault(RunningSluice at, String account, String operations, int count, String answer) {
        assertThat(at.sandbox(
                                "POST",
                                "/sandbox/faults/" + account,
                                "{\"kind\":\"answer\",\"operation\":[\"" + operations.replace(",", "\",\"")
                                        + "\"],\"count\":" + count + "," + answer + "}")
                        .statusCode())
                .isBetween(200, 299);
    }

    /** Tests read-backs: with this clock skew each event is close to our own write, so that its record is read back. */
    @Test
    void noReadBackThatSaysNothingDeletesARow() throws Exception {
        int round = 0;
        for (String answer : List.of(
                "\"status\":207,\"body\":" + COMPLETE
                        + ",\"numErrors\":1,\"errors\":[{\"status\":\"error\",\"category\":"
                        + "\"INTERNAL_ERROR\",\"message\":\"words\"}]}",
                "\"status\":200,\"body\":{}",
                "\"status\":200,\"body\":{\"status\":\"PENDING\",\"results\":[]}",
                "\"status\":200,\"body\":" + COMPLETE + "}",
                "\"status\":200,\"body\":\"<html>Please sign in</html>\",\"contentType\":\"text/html\"",
                "\"status\":404,\"body\":\"<html>Not here</html>\",\"contentType\":\"text/html\"")) {
            String phone = "+49 89 " + ++round;
            fault(sluice, "hubspot", "batchRead", 1, answer);
            assertThat(sluice.sandbox(
                                    "POST",
                                    "/sandbox/records/hubspot/contacts/C-0000" + round,
                                    "{\"phone\":\"" + phone + "\"}")
                            .statusCode())
                    .isEqualTo(200);
            String key = "'C-0000" + round + "'";
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                assertThat(sluice.number("select count(*) from customer where customer_no <= 'C-00100'"))
                        .as(answer)
                        .isEqualTo(100);
                assertThat(sluice.number(
                                "select count(*) from customer where phone = '" + phone + "' and customer_no = " + key))
                        .as(answer)
                        .isEqualTo(1);
            });
        }
        sluice.awaitSettled();
        assertThat(sluice.records("salesforce", "Contact", "Customer_No__c").keySet().stream()
                        .filter(key -> key.compareTo("C-00100") <= 0))
                .hasSize(100);
    }

    @Test
    void aDeleteIsDoneWhenTheAnswerSaysSo() throws Exception {
        int round = 0;
        for (String answer : List.of(
                "\"status\":200,\"body\":\"<html>Please sign in</html>\",\"contentType\":\"text/html\"",
                "\"status\":200,\"body\":{}",
                "\"status\":207,\"body\":" + COMPLETE + ",\"numErrors\":1,\"errors\":[{\"status\":"
                        + "\"error\",\"category\":\"INTERNAL_ERROR\",\"message\":\"words\"}]}")) {
            String key = "C-0010" + ++round;
            fault(sluice, "hubspot", "batchArchive", 1, answer);
            fault(sluice, "salesforce", "collectionsDelete", 1, "\"status\":200,\"body\":[]");
            sluice.sql("delete from deal where customer_no = '" + key + "'; delete from customer where customer_no = '"
                    + key + "'");
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                assertThat(sluice.record("hubspot", "contacts", key).isMissingNode())
                        .as(answer)
                        .isTrue();
                assertThat(sluice.record("salesforce", "Contact", key).isMissingNode())
                        .as(answer)
                        .isTrue();
            });
            sluice.sandbox("DELETE", "/sandbox/faults/salesforce", "");
            sluice.sandbox("DELETE", "/sandbox/faults/hubspot", "");
        }
        sluice.awaitSettled();
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
    }

    /** The CRM wins with an edit of its own, and not with what it had before our write was lost. */
    @Test
    void aRejectionByAFirewallLosesNoChangeWhereTheCrmWins() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)
                .with("sluice.poll.min-interval", "300ms")
                .with("sluice.poll.max-interval", "500ms")
                .with("sluice.retry.initial-delay", "3s")
                .with("sluice.call.late-delivery", "1s")
                .with("sluice.call.timeout", "2s")
                .withoutSyncs()
                .withSync(
                        "customers.camel.yaml",
                        RunningSluice.sync(
                                        "customers",
                                        "public.customer",
                                        "customer_no",
                                        "salesforce",
                                        "Contact",
                                        "Customer_No__c",
                                        new java.util.TreeMap<>(
                                                java.util.Map.of("last_name", "LastName", "phone", "Phone")))
                                .replace(
                                        "        fields:\n",
                                        "        conflicts: crm\n        direction: both\n        fields:\n"))) {
            sluice.start().awaitSettled();
            for (int status : new int[] {403, 502}) {
                fault(
                        sluice,
                        "salesforce",
                        "collectionsUpsert,composite",
                        1,
                        "\"status\":" + status
                                + ",\"body\":\"<html>Request blocked</html>\",\"contentType\":\"text/html\"");
                sluice.sql("update customer set phone = '+49 40 " + status + "' where customer_no = 'C-00007'");
                // another field makes the CRM's record one that is read
                sluice.sandbox(
                        "POST",
                        "/sandbox/records/salesforce/Contact/C-00007",
                        "{\"LastName\":\"Edited " + status + "\"}");
                await().atMost(Duration.ofSeconds(60))
                        .until(() ->
                                sluice.number("select count(*) from customer where last_name = 'Edited " + status + "'")
                                        == 1);
                sluice.awaitSettled();
                assertThat(sluice.number("select count(*) from customer where phone = '+49 40 " + status + "'"))
                        .isEqualTo(1);
                assertThat(sluice.record("salesforce", "Contact", "C-00007")
                                .path("Phone")
                                .asText())
                        .isEqualTo("+49 40 " + status);
            }
            assertThat(Set.copyOf(sluice.rows("select unproven, key from sluice.sync_state")
                            .keySet()))
                    .containsExactly("{}");
        }
    }

    /** The cap is waited for before anything is claimed, so that no lease ends in a queue. */
    @Test
    void manySendersUnderACapOfOneCallASecondWriteNothingTwiceAtOnce() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)
                .with("sluice.senders", 24)
                .with("camel.kamelet.salesforce-upsert-sink.callsPerSecond", 1)
                .with("sluice.call.timeout", "2s")
                .with("sluice.call.connect-timeout", "500ms")
                .with("sluice.call.late-delivery", "500ms")
                .with("sluice.composite.max-collections", 1)
                .with("sluice.bulk.max-records", 0)
                .with("sluice.record.min-write-interval", "100ms")) {
            sluice.start().awaitSettled();
            long before = sluice.number("select count(*) from sluice.api_call");
            long began = System.nanoTime();
            for (int round = 1; round <= 8; round++) {
                sluice.sql("update customer set phone = '+49 30 " + round + "'");
                int now = round;
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> sluice.number("select count(*) from sluice.api_call") >= before + now);
            }
            sluice.awaitSettled();
            long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds();
            assertThat(sluice.records("Contact", "Customer_No__c").values())
                    .allMatch(contact -> contact.path("Phone").asText().equals("+49 30 8"));
            assertThat(sluice.number("select count(*) from customer where phone <> '+49 30 8'"))
                    .isZero();
            assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt())
                    .isEqualTo(1);
            assertThat(sluice.number(
                            "select count(*) from sluice.api_call where operation = 'upsert' and granted_at > now()"
                                    + " - " + (seconds + 1) + " * interval '1 second'"))
                    .isLessThanOrEqualTo(seconds + 4);
            assertThat(sluice.output()).doesNotContain("not settled before the lease ended");
        }
    }
}
