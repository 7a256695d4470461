package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The CRM refuses everything for half a minute, although by our count there is quota. */
class RefusalStormTest {

    private static final Duration STORM = Duration.ofSeconds(30);

    @TempDir
    Path home;

    @ParameterizedTest
    @ValueSource(strings = {"daily", "concurrent"})
    void aStormCostsAtMostTenCallsAndNoRecordAndIsForgottenTenSecondsAfterItsEnd(String limit) throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.start().awaitSettled();
            sluice.sandbox("POST", "/sandbox/faults/salesforce",
                    "{\"kind\":\"refuse\",\"limit\":\"" + limit + "\",\"seconds\":" + STORM.toSeconds() + "}");
            long end = System.nanoTime() + STORM.toNanos();
            AtomicInteger changes = new AtomicInteger();
            await().atMost(STORM.plusSeconds(5)).pollInterval(Duration.ofMillis(100)).until(() -> {
                sluice.sql("update customer set city = 'City " + changes.incrementAndGet() + "' where customer_no like '%"
                        + changes.get() % 10 + "'");
                return System.nanoTime() > end;
            });
            await().atMost(Duration.ofSeconds(10)).pollInterval(Duration.ofMillis(50)).until(() ->
                    sluice.number("select (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox)")
                            == 0);

            assertThat(sluice.refused()).as("wasted calls").isBetween(2L, 10L);
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
            var cities = sluice.rows("select customer_no, city from customer");
            sluice.records("Contact", "Customer_No__c").forEach((key, contact) ->
                    assertThat(contact.path("MailingCity").asText()).isEqualTo(cities.get(key).get(0)));
            assertThat(sluice.output()).contains("Account salesforce refuses calls: its " + limit + " limit is spent",
                    "Account salesforce takes calls again");
        }
    }
}
