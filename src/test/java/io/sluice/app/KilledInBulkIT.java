// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Kills a process during a call of a bulk job: the next process continues the same job.
 * {@code -Dkills=10} kills ten times in each.
 */
@Execution(ExecutionMode.CONCURRENT)
class KilledInBulkIT {

    private static final int KILLS = Integer.getInteger("kills", 1);
    private static final int ROWS = 4200; // more than a job must be worth

    /** The step that a job is in while it waits for the answer, and the request, as the sandbox names it. */
    private static final Map<String, String> STEPS = new LinkedHashMap<>();

    static {
        STEPS.put("find", "bulkCreate");
        STEPS.put("upload", "bulkUpload");
        STEPS.put("close", "bulkClose");
        STEPS.put("poll", "bulkStatus");
        STEPS.put("successes", "bulkSuccessful");
    }

    @TempDir
    static Path home;

    static RunningSluice sluice;
    static EmbeddedDatabase database; // both outlive the kills
    static AutoCloseable sandbox;

    @BeforeAll
    static void startTheDemo() throws Exception {
        database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("database")), FreePorts.next());
        sluice = RunningSluice.replica(home, database.port(), FreePorts.next())
                // a step is taken up again when a process has started meanwhile
                .with("sluice.call.timeout", "4s")
                .with("sluice.call.late-delivery", "500ms")
                .with("sluice.bulk.transfer-timeout", "6s")
                // a job of the set-up that a slow machine has ended must not keep the next one away
                .with("sluice.bulk.cooldown", "1s")
                .with("sluice.composite.max-collections", 1);
        sandbox = SandboxProcess.start(home, sluice.sandboxPort);
        sluice.start().awaitSettled();
        sluice.sql("insert into customer (customer_no, last_name, tier) select 'N-' || n, 'Name ' || n, 'bronze'"
                + " from generate_series(1, " + ROWS + ") as n");
        sluice.awaitSettled();
    }

    @AfterAll
    static void stopTheDemo() throws Exception {
        sluice.close();
        sandbox.close();
        database.close();
    }

    @Test
    void killedInEachStepOfOneJobItGoesOnWithThatJobAndNoRowIsLostOrWrittenTwice() throws Exception {
        for (int round = 1; round <= KILLS; round++) {
            String city = "round " + round;
            long jobs = sluice.number("select count(*) from sluice.bulk_job");
            long written = written();
            STEPS.values().forEach(KilledInBulkIT::holdBackTheNextAnswer);
            Map<String, Long> asked = STEPS.values().stream().collect(toMap(it -> it, KilledInBulkIT::asked));
            awaitRested();
            sluice.sql("update customer set city = '" + city + "' where customer_no like 'N-%'");

            Set<String> leases = new HashSet<>();
            for (Map.Entry<String, String> step : STEPS.entrySet()) {
                awaitCall(step.getKey(), step.getValue(), asked.get(step.getValue()));
                leases.addAll(sluice.rows("select lease::text from sluice.bulk_job where ended_at is null")
                        .keySet());
                sluice.kill();
                sluice.start();
            }
            sluice.awaitSettled();

            assertThat(leases).as("jobs that were under way").hasSize(1);
            assertThat(sluice.number("select count(*) from sluice.bulk_job"))
                    .as("jobs")
                    .isEqualTo(jobs + 1);
            assertThat(asked("bulkCreate")).as("jobs of the CRM").isEqualTo(asked.get("bulkCreate") + 1);
            assertThat(written() - written).as("writes").isEqualTo(ROWS);
            Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
            assertThat(contacts).hasSize(1000 + ROWS);
            assertThat(contacts.values().stream()
                            .filter(it -> it.path("MailingCity").asText().equals(city)))
                    .hasSize(ROWS);
            assertThat(sluice.number("select count(*) from sluice.outbox where lease is not null"))
                    .isZero();
        }
        assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(1);
    }

    /** The sandbox has the request, so that a kill falls between it and its answer. */
    private static void holdBackTheNextAnswer(String operation) {
        sluice.sandbox(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"slow\",\"operation\":\"" + operation + "\",\"delayMs\":2000,\"count\":1}");
    }

    /**
     * Waits until the write debounce of all records has passed: changes due at different times go in different calls.
     */
    private static void awaitRested() {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> sluice.number(
                                "select count(*) from sluice.sync_state where settled_at > clock_timestamp() - interval '1 second'")
                        == 0);
    }

    private static void awaitCall(String step, String operation, long askedBefore) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> sluice.number(
                                        "select count(*) from sluice.bulk_job where ended_at is null and due > clock_timestamp() and state = '"
                                                + step + "'")
                                > 0
                        && asked(operation) > askedBefore);
    }

    /** Requests of a kind that the sandbox counted. */
    private static long asked(String operation) {
        return sluice.referee().path("byOperation").path(operation).asLong();
    }

    /** Records that the sandbox wrote. */
    private static long written() {
        return sluice.referee().path("writesByObject").path("Contact").asLong();
    }
}
