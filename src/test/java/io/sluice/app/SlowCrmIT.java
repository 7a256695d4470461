// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Lets a CRM execute calls after their client has disconnected, within time-out and late delivery, in which nothing else of those
 * records may be sent.
 */
@Execution(ExecutionMode.CONCURRENT)
class SlowCrmIT {

    @TempDir
    Path home;

    /** @param writer which calls come late: of one object, of several, of HubSpot, and the steps of bulk jobs */
    @ParameterizedTest
    @CsvSource({"upsert, salesforce", "composite, salesforce", "upsert, hubspot", "bulk, salesforce"})
    void noLaterChangeIsOverwrittenByAnEarlierAndNoOwnWriteComesBack(String writer, String account) throws Exception {
        boolean bulk = writer.equals("bulk");
        try (RunningSluice sluice = new RunningSluice(home)
                .with("sluice.call.timeout", "2s")
                .with("sluice.call.connect-timeout", "500ms")
                .with("sluice.call.late-delivery", "4s")
                .with("sluice.record.min-write-interval", "100ms")
                .with("sluice.poll.min-interval", "500ms")
                .with("sluice.composite.max-collections", writer.equals("composite") ? 5 : 1)
                .with("sluice.bulk.max-records", bulk ? 100_000 : 0)
                .with("sluice.retry.initial-delay", "200ms")) {
            if (account.equals("hubspot")) {
                sluice.withBothCrms();
            }
            sluice.start().awaitSettled();
            sluice.sql("create table moved (no text, was text, became text);"
                    + " create function watched() returns trigger language plpgsql as $$ begin"
                    + " if current_setting('sluice.origin', true) <> '' and new.phone is distinct from old.phone then"
                    + " insert into moved values (new.customer_no, old.phone, new.phone); end if; return null; end $$;"
                    + " create trigger watched after update on customer for each row execute function watched()");
            String few = bulk ? "" : " where customer_no <= 'C-00040'";
            assertThat(sluice.sandbox(
                                    "POST",
                                    "/sandbox/faults/" + account,
                                    "{\"kind\":\"slow\",\"when\":\"before\","
                                            + "\"delayMs\":4500,\"operation\":"
                                            + (bulk
                                                    ? "[\"bulkCreate\",\"bulkUpload\",\"bulkClose\"]"
                                                    : "[\"collectionsUpsert\",\"collectionsUpdate\",\"composite\",\"batchUpsert\",\"batchUpdate\"]")
                                            + ",\"count\":2}")
                            .statusCode())
                    .isBetween(200, 299);
            for (int round = 1; round <= 3; round++) {
                sluice.sql("update customer set phone = '+49 30 " + round + "'" + few);
                long calls = sluice.number("select count(*) from sluice.api_call");
                // while a call of the round before may still be executed
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> sluice.number("select count(*) from sluice.api_call") > calls
                                || sluice.number("select count(*) from sluice.outbox") == 0);
            }
            sluice.awaitSettled();
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> sluice
                            .records(
                                    account,
                                    account.equals("hubspot") ? "contacts" : "Contact",
                                    account.equals("hubspot") ? "customer_no" : "Customer_No__c")
                            .entrySet()
                            .stream()
                            .filter(it -> bulk || it.getKey().compareTo("C-00040") <= 0)
                            .allMatch(it -> it.getValue().toString().contains("+49 30 3")));
            sluice.awaitSettled();
            assertThat(sluice.number("select count(*) from customer where phone = '+49 30 3'"))
                    .isEqualTo(bulk ? 1000 : 40);
            assertThat(sluice.rows("select no, was, became from moved"))
                    .as("own writes that came back")
                    .isEqualTo(Map.of());
            assertThat(sluice.number("select count(*) from sluice.conflict")).isZero();
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            assertThat(sluice.get(sluice.sandboxPort, "/sandbox/referee")
                            .path("accounts")
                            .path(account)
                            .path("maxWritesInFlightPerRecord")
                            .asInt())
                    .isEqualTo(1);
        }
    }
}
