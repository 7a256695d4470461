// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Stops a process by SIGTERM in the middle of its work. */
@Execution(ExecutionMode.CONCURRENT)
class TerminatedIT {

    private static final int ROWS = 20_000;

    @TempDir
    Path home;

    @Test
    @SuppressWarnings("try")
    void aProcessThatIsTerminatedEndsItsCallsAndLeavesNothingInFlight() throws Exception {
        int sandboxPort = FreePorts.next();
        try (EmbeddedDatabase database =
                        EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), FreePorts.next());
                AutoCloseable sandbox = SandboxProcess.start(home, sandboxPort);
                RunningSluice sluice = RunningSluice.replica(home.resolve("replica"), database.port(), sandboxPort)) {
            // 200 records a call, and each call takes half a second
            sluice.with("sluice.composite.max-collections", 1).with("sluice.bulk.max-records", 0);
            sluice.start().awaitSettled();
            sluice.sandbox(
                    "POST",
                    "/sandbox/faults/salesforce",
                    "{\"kind\":\"slow\",\"operation\":[\"composite\",\"collectionsUpsert\"],\"delayMs\":500}");
            sluice.sql("insert into customer (customer_no, last_name, tier) select 'N-' || n, 'Name', 'bronze'"
                    + " from generate_series(1, " + ROWS + ") as n");
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> sluice.number("select count(*) from sluice.outbox where lease is not null") > 0);
            sluice.stop();

            assertThat(sluice.number("select count(*) from sluice.outbox where lease is not null"))
                    .as("records in flight")
                    .isZero();
            assertThat(sluice.number("select count(*) from sluice.api_call where completed_at is null"))
                    .as("calls without an answer")
                    .isZero();
            assertThat(sluice.number("select count(*) from sluice.outbox"))
                    .as("records that wait for the next process")
                    .isPositive();
            sluice.sandbox("DELETE", "/sandbox/faults/salesforce", "");
            sluice.start().awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1000 + ROWS);
        }
    }
}
