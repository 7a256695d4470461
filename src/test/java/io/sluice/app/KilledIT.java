// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process at any moment: after a restart every invariant holds without manual repair. */
class KilledIT {

    private static final int KILLS = 10;
    private static final int ROWS = 10_000;

    /** Counts settled records. A record whose call a kill interrupted has no base yet and is sent again. */
    private static final String SETTLED = "select count(*) from sluice.sync_state where base <> '{}'";

    @TempDir
    Path home;

    @Test
    void killedTenTimesInTheMiddleOfTenThousandRowsLosesAndDoublesNothing() throws Exception {
        long seed = System.nanoTime();
        System.out.println("KilledIT seed " + seed);
        Random random = new Random(seed);
        try (RunningSluice sluice = new RunningSluice(home)
                // a job would settle all at once (KilledInBulkIT kills those); leases short enough to wait for
                .with("sluice.bulk.max-records", 0)
                .with("sluice.call.timeout", "3s")
                .with("sluice.call.late-delivery", "1s")) {
            sluice.start().awaitSettled();
            sluice.sql("insert into customer (customer_no, last_name, tier) select 'N-' || n, 'Name ' || n, 'bronze'"
                    + " from generate_series(1, " + ROWS + ") as n");
            Map<String, Long> settled = new HashMap<>();
            for (int kill = 1; kill <= KILLS; kill++) {
                long goal = sluice.number(SETTLED) + random.nextInt(ROWS / KILLS);
                await().atMost(Duration.ofSeconds(60))
                        .pollInterval(Duration.ofMillis(5))
                        .until(() -> sluice.number(SETTLED) >= Math.min(goal, ROWS));
                sluice.kill();
                sluice.start();
                sluice.awaitOutput("Account salesforce is ready");
                // what was settled before this kill must not be settled, and so not sent, again
                Map<String, Long> now = settledAt(sluice);
                settled.forEach((key, at) ->
                        assertThat(now.get(key)).as(key + " was sent again").isEqualTo(at));
                settled.putAll(now);
            }
            sluice.awaitSettled();

            Map<String, Long> last = settledAt(sluice);
            settled.forEach((key, at) ->
                    assertThat(last.get(key)).as(key + " was sent again").isEqualTo(at));
            Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
            assertThat(contacts).hasSize(1000 + ROWS);
            sluice.rows("select customer_no, last_name, tier from customer").forEach((key, row) -> assertThat(row)
                    .as(key)
                    .containsExactly(
                            contacts.get(key).path("LastName").asText(),
                            contacts.get(key).path("Tier__c").asText()));
            assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt())
                    .isEqualTo(1);
            // a call cut by the kill may stand in the ledger although it never left; every other is counted
            assertThat(sluice.number("select count(*) from sluice.api_call where status is not null"))
                    .isLessThanOrEqualTo(sluice.counted());
            assertThat(sluice.ledger()).isGreaterThanOrEqualTo(sluice.counted());
        }
    }

    private static Map<String, Long> settledAt(RunningSluice sluice) throws Exception {
        Map<String, Long> at = new HashMap<>();
        sluice.rows("select key, (extract(epoch from settled_at) * 1000000)::bigint from sluice.sync_state"
                        + " where key like 'N-%' and base <> '{}'")
                .forEach((key, row) -> at.put(key, Long.parseLong(row.get(0))));
        return at;
    }
}
