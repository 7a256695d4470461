// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lets a CRM throttle calls for half a minute, although by our count there is quota. */
@Execution(ExecutionMode.CONCURRENT)
class ThrottledIT {

    private static final Duration STORM = Duration.ofSeconds(30);
    /** So many that a bulk job is the cheapest way. */
    private static final int MANY = 6_000;

    /** Limits that throttle calls, and the name of each in the status. */
    enum Throttled {
        DAILY("salesforce", "daily", "daily", "[]"),
        CONCURRENT("salesforce", "concurrent", "concurrent", "[]"),
        BULK("salesforce", "bulkBatches", "bulk", "[\"bulkCreate\"]"),
        SHORT("hubspot", "tenSecondly", "short", "[]"),
        SEARCH("hubspot", "search", "search", "[\"search\"]");

        private final String account;
        private final String limit;
        private final String kind;
        private final String operations;

        Throttled(String account, String limit, String kind, String operations) {
            this.account = account;
            this.limit = limit;
            this.kind = kind;
            this.operations = operations;
        }

        String fault() {
            return "{\"kind\":\"refuse\",\"limit\":\"%s\",\"operation\":%s,\"seconds\":%d}"
                    .formatted(limit, operations, STORM.toSeconds());
        }
    }

    @TempDir
    Path home;

    @ParameterizedTest
    @EnumSource
    void aThrottlingCostsAtMostTenCallsAndNoRecordAndEndsWithinTenSeconds(Throttled throttled) throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            set(sluice, throttled).start().awaitSettled();
            String known = crmId(sluice, throttled);
            sluice.sandbox("POST", "/sandbox/faults/" + throttled.account, throttled.fault());
            Instant end = Instant.now().plus(STORM);
            if (throttled == Throttled.BULK) {
                sluice.sql(
                        "insert into customer (customer_no, last_name, first_name, tier) select 'N-' || n, 'Name', 'Jo',"
                                + " 'bronze' from generate_series(1, " + MANY + ") as n");
            }
            if (throttled == Throttled.SEARCH) {
                sluice.sandbox("POST", "/sandbox/records/hubspot/contacts/" + known, "{\"phone\":\"+49 115\"}");
            }
            AtomicInteger changes = new AtomicInteger();
            await().atMost(STORM.plusSeconds(5))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> {
                        sluice.sql("update customer set city = 'City " + changes.incrementAndGet()
                                + "' where customer_no like 'C-%" + changes.get() % 10 + "'");
                        return Instant.now().isAfter(end);
                    });
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> nothingWaits(sluice)
                            && (throttled != Throttled.SEARCH || "+49 115".equals(phone(sluice, known))));

            assertThat(recovered(sluice, throttled)).isBefore(end.plusSeconds(10));
            JsonNode referee = referee(sluice, throttled);
            assertThat(referee.path("refused").asLong()).as("wasted calls").isBetween(1L, 10L);
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            // a poll may be in flight between the two
            await().atMost(Duration.ofSeconds(10))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() ->
                            sluice.number("select count(*) from sluice.api_call") == calls(referee(sluice, throttled)));
            everythingIsThere(sluice, throttled);
            assertThat(sluice.output())
                    .contains(
                            "its " + throttled.kind + " limit is used up",
                            "Account " + throttled.account + " is no longer throttled");
        }
    }

    private static RunningSluice set(RunningSluice sluice, Throttled throttled) throws IOException {
        return throttled.account.equals("salesforce")
                ? sluice.with("sluice.composite.max-collections", 1)
                : sluice.withoutSyncs()
                        .with("sluice.account.hubspot.crm", "hubspot")
                        .with("sluice.account.hubspot.url", "http://127.0.0.1:" + sluice.sandboxPort)
                        .with("sluice.account.hubspot.access-token", "pat-sandbox")
                        .with(
                                "sluice.account.hubspot.limit.burst",
                                "100 per 10s, for write upsert delete deleted read describe")
                        .with("sluice.account.hubspot.limit.search", "5 per 1s, for search query")
                        .with("sluice.poll.min-interval", "1s")
                        .with("sluice.poll.max-interval", "2s")
                        .withSync(
                                "people.camel.yaml",
                                RunningSluice.sync(
                                        "people",
                                        "customer",
                                        "customer_no",
                                        "hubspot",
                                        "contacts",
                                        "customer_no",
                                        Map.of("last_name", "lastname", "phone", "phone", "city", "city")));
    }

    private static boolean nothingWaits(RunningSluice sluice) throws SQLException {
        return sluice.number("select (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox)")
                == 0;
    }

    /** When the call got through that found the throttling to be over. How long the work took then is the machine's affair. */
    private static Instant recovered(RunningSluice sluice, Throttled throttled) throws SQLException {
        return Instant.ofEpochMilli(sluice.number("select (extract(epoch from recovered_at) * 1000)::bigint"
                + " from sluice.throttle where kind = '" + throttled.kind + "'"));
    }

    private static JsonNode referee(RunningSluice sluice, Throttled throttled) {
        return sluice.get(sluice.sandboxPort, "/sandbox/referee")
                .path("accounts")
                .path(throttled.account);
    }

    private static long calls(JsonNode referee) {
        return referee.path("accepted").asLong() + referee.path("refused").asLong();
    }

    private static String crmId(RunningSluice sluice, Throttled throttled) throws SQLException {
        return sluice.rows("select key, crm_id from sluice.sync_state where account = '" + throttled.account + "'")
                .get("C-00001")
                .get(0);
    }

    private static String phone(RunningSluice sluice, String crmId) throws SQLException {
        return sluice.rows("select r.crm_id, c.phone from sluice.sync_state r join customer c on c.customer_no = r.key")
                .get(crmId)
                .get(0);
    }

    private static void everythingIsThere(RunningSluice sluice, Throttled throttled) throws Exception {
        boolean salesforce = throttled.account.equals("salesforce");
        Map<String, List<String>> cities = sluice.rows("select customer_no, city from customer");
        Map<String, JsonNode> contacts = salesforce
                ? sluice.records("Contact", "Customer_No__c")
                : sluice.records("hubspot", "contacts", "customer_no");
        assertThat(contacts.keySet()).isEqualTo(cities.keySet());
        Map<String, List<String>> states = sluice.rows("select key, crm_id, s::text from sluice.sync_state s");
        contacts.forEach((key, contact) -> assertThat(
                        contact.path(salesforce ? "MailingCity" : "city").asText(null))
                .as(() -> "%s: %s, %s, its writes: %s"
                        .formatted(
                                throttled,
                                key,
                                states.get(key),
                                sluice.text(
                                        sluice.sandboxPort,
                                        "/sandbox/journal/" + throttled.account + "?record="
                                                + states.get(key).get(0))))
                .isEqualTo(cities.get(key).get(0)));
    }
}
