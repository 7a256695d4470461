// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs three processes that share one database, one CRM and one quota, and kills them in turn. */
class ReplicasIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int REPLICAS = 3;
    /** Number of rows of a wave; a kill comes in the middle of each wave. */
    private static final int ROWS = 2_500;

    private static final int WAVES = 8;
    private static final int RECORDS_A_CALL = 200;
    private static final int MAX = 10;
    private static final int WINDOW_SECONDS = 2;

    /** Two waves make the rows, the others change them by halves; each writes another city. */
    private static final String INSERT =
            """
            insert into customer (customer_no, last_name, tier, city)
            select 'N-%d-' || n, 'Name ' || n, case when n %% 50 = 0 then 'gold' else 'bronze' end, 'wave %d'
            from generate_series(1, %d) as n""";

    private static final String UPDATE =
            "update customer set city = 'wave %d' where customer_no like 'N-' || (2 - %d %% 2) || '-%%'";

    @TempDir
    Path home;

    private final Random random = random();
    private final List<RunningSluice> replicas = new ArrayList<>();
    /** Journal length to what each record had settled before it. */
    private final Map<Long, Map<String, String>> settled = new HashMap<>();

    private static Random random() {
        long seed = System.nanoTime();
        System.out.println("ReplicasIT seed " + seed);
        return new Random(seed);
    }

    @Test
    @SuppressWarnings("try")
    void threeProcessesThatAreKilledInTurnSendTwentyThousandChangesOnceAndExceedNoLimit() throws Exception {
        int sandboxPort = FreePorts.next();
        Path journal = home.resolve("sandbox.journal");
        try (EmbeddedDatabase database =
                        EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), FreePorts.next());
                AutoCloseable sandbox = SandboxProcess.start(home, sandboxPort, journal.toString())) {
            try {
                start(database.port(), sandboxPort);
                changeAndKill(journal);
                RunningSluice one = replicas.get(0).awaitSettled();
                assertSidesAreEqual(one);
                assertNothingSettledWasSentAgain(journal);
                assertCallsAreCountedAndWithinTheLimit(one);
            } finally {
                for (RunningSluice replica : replicas) {
                    replica.close();
                }
            }
        }
    }

    /** All at once, on an empty database. */
    private void start(int databasePort, int sandboxPort) throws IOException {
        for (int i = 0; i < REPLICAS; i++) {
            replicas.add(RunningSluice.replica(home.resolve("replica-" + i), databasePort, sandboxPort)
                    .with("sluice.account.salesforce.limit.short", MAX + " per " + WINDOW_SECONDS + "s")
                    // many calls, each answered long before its lease ends
                    .with("sluice.composite.max-collections", 1)
                    .with("sluice.call.timeout", "3s")
                    .with("sluice.call.late-delivery", "1s"));
        }
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .until(() -> replicas.get(0)
                                .sandbox(
                                        "PUT",
                                        "/sandbox/limits/salesforce",
                                        "{\"short\":{\"max\":" + MAX + ",\"windowSeconds\":" + WINDOW_SECONDS + "}}")
                                .statusCode()
                        == 200);
        for (RunningSluice replica : replicas) {
            replica.start();
        }
        for (RunningSluice replica : replicas) {
            replica.awaitOutput("Account salesforce is ready");
        }
        replicas.get(0).awaitSettled();
    }

    private void changeAndKill(Path journal) throws Exception {
        RunningSluice application = replicas.get(0);
        for (int wave = 1; wave <= WAVES; wave++) {
            RunningSluice killed = replicas.get(wave % REPLICAS);
            RunningSluice survivor = replicas.get((wave + 1) % REPLICAS);
            survivor.awaitOutput("Account salesforce is ready");
            application.sql(wave <= 2 ? INSERT.formatted(wave, wave, ROWS) : UPDATE.formatted(wave, wave));
            long goal = application.ledger() + 3 + random.nextInt(ROWS / RECORDS_A_CALL / 2);
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> application.ledger() >= goal);
            Map<String, String> cities = settledCities(application);
            settled.put(Files.size(journal), cities);
            killed.kill();
            killed.start();
        }
        application.sql("delete from customer where customer_no like 'N-%7'");
    }

    private static Map<String, String> settledCities(RunningSluice sluice) throws Exception {
        Map<String, String> cities = new HashMap<>();
        sluice.rows("select key, base ->> 'MailingCity' from sluice.sync_state where key like 'N-%'")
                .forEach((key, row) -> cities.put(key, row.get(0)));
        return cities;
    }

    private static void assertSidesAreEqual(RunningSluice sluice) throws Exception {
        Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
        Map<String, List<String>> customers = sluice.rows("select customer_no, last_name, tier, city from customer");
        assertThat(contacts.keySet()).containsExactlyInAnyOrderElementsOf(customers.keySet());
        customers.forEach((key, row) -> assertThat(row)
                .as(key)
                .containsExactly(
                        contacts.get(key).path("LastName").asText(),
                        contacts.get(key).path("Tier__c").asText(),
                        contacts.get(key).path("MailingCity").asText()));
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
    }

    /** Every wave writes another city, so a city that comes again was sent again. */
    private void assertNothingSettledWasSentAgain(Path journal) throws IOException {
        assertThat(settled.values().stream().mapToInt(Map::size).max().orElse(0))
                .as("settled at a kill")
                .isPositive();
        long end = 0;
        try (BufferedReader lines = Files.newBufferedReader(journal)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                long begin = end;
                end += line.getBytes(StandardCharsets.UTF_8).length + 1;
                for (JsonNode row : JSON.readTree(line).path("o").path("Contact")) {
                    boolean deleted = row.path(6).asBoolean();
                    String key = row.path(7).path("Customer_No__c").asText();
                    String city = row.path(7).path("MailingCity").asText();
                    settled.forEach(
                            (length, cities) -> assertThat(begin >= length && !deleted && city.equals(cities.get(key)))
                                    .as(key + " was sent again with " + city)
                                    .isFalse());
                }
            }
        }
    }

    private static void assertCallsAreCountedAndWithinTheLimit(RunningSluice sluice) throws Exception {
        JsonNode referee = sluice.referee();
        assertThat(referee.path("refused").asInt()).isZero();
        assertThat(referee.path("limits").path("short").path("peak").asInt()).isBetween(MAX / 2, MAX);
        assertThat(referee.path("maxWritesInFlightPerRecord").asInt()).isEqualTo(1);
        // a call cut by a kill may stand in the ledger although it never left; every other is counted
        assertThat(sluice.number("select count(*) from sluice.api_call where status is not null"))
                .isLessThanOrEqualTo(sluice.counted());
        assertThat(sluice.ledger()).isGreaterThanOrEqualTo(sluice.counted());
    }
}
