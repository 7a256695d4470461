// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs Kamelets of one account in routes without a permit, under a cap that one of them sets. */
class AccountThrottleTest {

    private static final String OBJECT = "?object=Contact&externalId=Customer_No__c";

    /** Eight writes at two per second take three seconds at least. */
    @Test
    void theKameletsOfAnAccountShareOneThrottle(@TempDir Path home) throws Exception {
        try (RunningKamelets crm =
                new RunningKamelets(home, Map.of("camel.kamelet.salesforce-upsert-sink.callsPerSecond", "2"))) {
            long began = System.nanoTime();
            for (int i = 0; i < 8; i++) {
                String sink = i % 2 == 0 ? "upsert" : "record-upsert";
                assertThat(crm.send(
                                "kamelet:salesforce-" + sink + "-sink" + OBJECT,
                                List.of(record("T-" + i, "LastName", "One"))))
                        .extracting(Outcome::status)
                        .containsExactly(Outcome.Status.DONE);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(Duration.ofSeconds(3));
        }
    }

    /** A permit counts as a call from its grant on, so it may not grow old in the throttle. */
    @Test
    void callsThatWaitInTheThrottleHoldNoPermits(@TempDir Path home) throws Exception {
        try (RunningKamelets crm =
                new RunningKamelets(home, Map.of("camel.kamelet.salesforce-upsert-sink.callsPerSecond", "1"))) {
            List<CompletableFuture<List<Outcome>>> calls = IntStream.range(0, 6)
                    .mapToObj(i -> CompletableFuture.supplyAsync(
                            () -> crm.send(
                                    "kamelet:salesforce-upsert-sink" + OBJECT,
                                    List.of(record("W-" + i, "LastName", "One"))),
                            task -> new Thread(task).start()))
                    .toList();
            AtomicLong most = new AtomicLong();
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> {
                        long open = crm.number("select count(*) from sluice.api_call where completed_at is null");
                        most.accumulateAndGet(open, Math::max);
                        return calls.stream().allMatch(CompletableFuture::isDone);
                    });
            assertThat(most.get()).as("open permits, of six calls").isLessThan(4);
        }
    }
}
