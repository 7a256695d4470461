// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rolls a changed mapping: a process with the old one and a process with the new one run side by side while writers work. */
class RolledMappingIT {

    private static final Map<String, String> OLD = Map.of("name", "LastName", "phone", "Phone");
    private static final Map<String, String> NEW = Map.of("name", "LastName", "town", "MailingCity");
    private static final int ROWS = 200;
    private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);
    /** The checks in which two replicas that do not agree would replace each other's triggers. */
    private static final Duration MANY_CHECKS = CHECK_INTERVAL.multipliedBy(6);

    @TempDir
    Path home;

    /** Each text of a trigger function that was there, by the transaction that wrote it. */
    private final Set<String> written = new ConcurrentSkipListSet<>();

    private volatile boolean done;

    @Test
    @SuppressWarnings("try")
    void aChangedMappingIsRolledWithoutPingPongAndWithoutALostChange() throws Exception {
        int sandboxPort = FreePorts.next();
        try (EmbeddedDatabase database =
                        EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), FreePorts.next());
                AutoCloseable sandbox = SandboxProcess.start(home, sandboxPort);
                RunningSluice old = replica("old", OLD, database.port(), sandboxPort);
                RunningSluice fresh = replica("fresh", NEW, database.port(), sandboxPort)) {
            old.sql("create table person (no text primary key, name text not null, phone text, town text);"
                    + "insert into person select 'P-' || n, 'Name', '0', 'Rome' from generate_series(1, " + ROWS
                    + ") n");
            old.start().awaitSettled();
            CompletableFuture<Integer> writers = CompletableFuture.supplyAsync(() -> write(old));

            fresh.start().awaitOutput("Account salesforce is ready");
            old.awaitOutput("a replica with a newer mapping runs");
            long end = System.nanoTime() + MANY_CHECKS.toNanos();
            await().atMost(MANY_CHECKS.multipliedBy(2)).until(() -> System.nanoTime() >= end);
            assertThat(old.isAlive()).isTrue();
            done = true;
            assertThat(writers.join()).as("changes").isPositive();
            fresh.awaitSettled();

            assertSidesAreEqual(fresh, NEW);
            assertThat(written).as("triggers written by each of the two once").hasSize(2);
            assertThat(fresh.number("select generation from sluice.capture_mapping where source = 'public.person'"))
                    .isEqualTo(2);
            assertThat(lines(old, "newer mapping")).hasSize(1);
            assertThat(lines(fresh, "newer mapping")).isEmpty();
            assertThat(lines(fresh, "holds from now on")).hasSize(1);
            assertThat(lines(old, "changes may have been missed")).isEmpty();
            assertThat(lines(fresh, "changes may have been missed")).isEmpty();
            old.stop();
            old.sql("update person set town = 'Oslo' where no = 'P-1'");
            fresh.awaitSettled();
            assertSidesAreEqual(fresh, NEW);

            // the roll is undone
            old.start().awaitOutput("Account salesforce is ready");
            fresh.awaitOutput("a replica with a newer mapping runs");
            fresh.stop();
            old.sql("update person set phone = '110'");
            old.awaitSettled();
            assertSidesAreEqual(old, OLD);
        }
    }

    private RunningSluice replica(String name, Map<String, String> fields, int databasePort, int sandboxPort)
            throws Exception {
        return RunningSluice.replica(home.resolve(name), databasePort, sandboxPort)
                .withoutSyncs()
                .withSync(
                        "people.camel.yaml",
                        RunningSluice.sync("people", "person", "no", "salesforce", "Contact", "Customer_No__c", fields))
                .with("sluice.demo", false)
                .with("sluice.capture.check-interval", CHECK_INTERVAL.toSeconds() + "s");
    }

    /** Changes rows one by one until the end, and notes the triggers that are there. @return number of changes */
    private int write(RunningSluice sluice) {
        int changes = 0;
        try (Connection connection = sluice.connect();
                Statement statement = connection.createStatement()) {
            while (!done) {
                String column = List.of("name", "phone", "town").get(changes % 3);
                statement.execute("update person set " + column + " = 'v" + changes + "' where no = 'P-"
                        + (1 + changes % ROWS) + "'");
                changes++;
                try (var rows = statement.executeQuery(
                        "select xmin::text from pg_proc where proname = 'capture_public.person_update'")) {
                    while (rows.next()) {
                        written.add(rows.getString(1));
                    }
                }
            }
        } catch (SQLException failed) {
            throw new CompletionException(failed);
        }
        return changes;
    }

    private static List<String> lines(RunningSluice sluice, String text) {
        return sluice.output().lines().filter(line -> line.contains(text)).toList();
    }

    private static void assertSidesAreEqual(RunningSluice sluice, Map<String, String> fields) throws Exception {
        List<String> columns = new ArrayList<>(new TreeSet<>(fields.keySet()));
        Map<String, JsonNode> contacts = sluice.records("Contact", "Customer_No__c");
        Map<String, List<String>> theirs = new TreeMap<>();
        contacts.forEach((key, contact) -> theirs.put(
                key,
                columns.stream()
                        .map(column -> contact.path(fields.get(column)).asText())
                        .toList()));
        Map<String, List<String>> ours =
                new LinkedHashMap<>(sluice.rows("select no, " + String.join(", ", columns) + " from person"));
        assertThat(theirs).isEqualTo(new TreeMap<>(ours));
    }
}
