package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A process that is killed while a step of a bulk job is under way: the next one goes on with the same job.
 * {@code -Dkills=10} kills ten times in each step.
 */
class KilledInBulkTest {

    private static final int KILLS = Integer.getInteger("kills", 1);
    private static final int ROWS = 4200;   // more than a job must be worth

    @TempDir
    static Path home;
    static RunningSluice sluice;
    static AutoCloseable sandbox;

    @BeforeAll
    static void startTheDemo() throws Exception {
        sluice = new RunningSluice(home).with("sluice.sandbox.enabled", "false")
                .with("sluice.call.timeout", "1s").with("sluice.call.late-delivery", "1s")
                .with("sluice.bulk.transfer-timeout", "2s");
        sandbox = SandboxProcess.start(home, sluice.sandboxPort);   // outlives the kills
        sluice.start().awaitSettled();
        sluice.sql("insert into customer (customer_no, last_name, tier) select 'N-' || n, 'Name ' || n, 'bronze'"
                + " from generate_series(1, " + ROWS + ") as n");
        sluice.awaitSettled();
    }

    @AfterAll
    static void stopTheDemo() throws Exception {
        sluice.close();
        sandbox.close();
    }

    /** The sandbox has the request and holds the answer back, so that the kill falls between the two. */
    @ParameterizedTest
    @CsvSource({"find,bulkCreate", "upload,bulkUpload", "close,bulkClose", "poll,bulkStatus", "successes,bulkSuccessful"})
    void killedInAStepItGoesOnWithTheSameJobAndNoRowIsLostOrWrittenTwice(String step, String operation)
            throws Exception {
        for (int kill = 1; kill <= KILLS; kill++) {
            String city = step + " " + kill;
            long jobs = sluice.number("select count(*) from sluice.bulk_job");
            long written = written();
            long asked = asked(operation);
            sluice.sandbox("POST", "/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"operation\":\"" + operation
                    + "\",\"delayMs\":900,\"count\":1}");
            sluice.sql("update customer set city = '" + city + "' where customer_no like 'N-%'");
            await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).until(() -> sluice.number(
                    "select count(*) from sluice.bulk_job where ended_at is null and due > clock_timestamp() and step = '"
                            + step + "'") > 0 && asked(operation) > asked);
            String lease = sluice.rows("select lease::text from sluice.bulk_job where ended_at is null").keySet()
                    .iterator().next();
            sluice.kill();
            sluice.start().awaitOutput("Account salesforce is ready");
            sluice.awaitSettled();

            assertThat(sluice.number("select count(*) from sluice.bulk_job")).as("jobs").isEqualTo(jobs + 1);
            assertThat(sluice.rows("select lease::text, outcome from sluice.bulk_job order by began_at desc limit 1"))
                    .containsOnlyKeys(lease).satisfies(it -> assertThat(it.get(lease)).containsExactly((String) null));
            Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
            assertThat(contacts).hasSize(1000 + ROWS);
            assertThat(contacts.values().stream().filter(it -> it.path("MailingCity").asText().equals(city)))
                    .hasSize(ROWS);
            assertThat(written() - written).as("writes").isEqualTo(ROWS);
            assertThat(sluice.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(1);
            assertThat(sluice.number("select count(*) from sluice.outbox where lease is not null")).isZero();
        }
        if (step.equals("find")) {
            assertThat(sluice.output()).contains("was created, although its answer was lost; it goes on");
        }
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
