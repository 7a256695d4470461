// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs Kamelets of one account in routes without a permit, under a cap that one of them sets. */
class AccountThrottleTest {

    private static final String OBJECT = "?object=Contact&externalId=Customer_No__c";

    @TempDir
    static Path home;

    /** Eight writes at two per second take three seconds at least. */
    @Test
    void theKameletsOfAnAccountShareOneThrottle() throws Exception {
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
}
