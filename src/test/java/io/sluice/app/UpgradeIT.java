// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Continues the work that the version before the newest migration left when it was killed: see {@link UpgradeDump}. */
class UpgradeIT {

    /** Newest migration whose dump exists. */
    private static final String BEFORE = "1";

    @TempDir
    Path home;

    @Test
    @SuppressWarnings("try")
    void theWorkThatTheEarlierVersionLeftEndsAfterTheUpgrade() throws Exception {
        Path records =
                Files.copy(UpgradeScene.FOLDER.resolve("V" + BEFORE + ".journal"), home.resolve("sandbox.journal"));
        try (EmbeddedDatabase embedded =
                EmbeddedDatabase.start(SharedBinaries.in(home.resolve("database")), FreePorts.next())) {
            restore(embedded.port());
            RunningSluice sluice = UpgradeScene.sluice(home, embedded.port());
            try (sluice;
                    AutoCloseable sandbox = UpgradeScene.sandbox(sluice, records)) {
                assertThatWorkIsLeft(sluice);
                sluice.start();
                awaitNone(sluice, "sluice.outbox where account = 'salesforce'");
                assertThat(sluice.number("select count(*) from sluice.pause where name = 'hubspot' and by = 'api'"))
                        .as("the account stays paused")
                        .isOne();
                assertThat(sluice.api("POST", "/api/accounts/hubspot/resume").statusCode())
                        .isEqualTo(200);
                for (String open : List.of(
                        "sluice.snapshot where ended_at is null",
                        "sluice.inbox where done_at is null",
                        "sluice.bulk_job where ended_at is null",
                        "sluice.change_log",
                        "sluice.outbox",
                        "sluice.throttle where recovered_at is null")) {
                    awaitNone(sluice, open);
                }
                assertThatDeadLettersCanBeRepaired(sluice);
                assertThatBothSidesAreEqual(sluice);
            }
        }
    }

    private static void restore(int port) throws Exception {
        String url = "jdbc:postgresql://127.0.0.1:" + port + "/sluice";
        Flyway.configure()
                .dataSource(url, "sluice", "")
                .schemas("sluice")
                .locations("classpath:db/migration")
                .target(BEFORE)
                .load()
                .migrate();
        try (Connection connection = DriverManager.getConnection(url, "sluice", "");
                Statement statement = connection.createStatement()) {
            statement.execute(Files.readString(UpgradeScene.FOLDER.resolve("V" + BEFORE + ".sql")));
        }
    }

    private static void assertThatWorkIsLeft(RunningSluice sluice) throws Exception {
        for (String work : List.of(
                "outbox where lease is not null",
                "outbox where lease is null",
                "bulk_job where ended_at is null",
                "dead_letter",
                "inbox where done_at is null",
                "change_log",
                "conflict",
                "tombstone",
                "inbound_rejection",
                "snapshot where ended_at is null",
                "poll_offset",
                "pause where by = 'api'",
                "throttle where recovered_at is null",
                "api_call where completed_at is null")) {
            assertThat(sluice.number("select count(*) from sluice." + work))
                    .as(work)
                    .isPositive();
        }
    }

    private static void awaitNone(RunningSluice sluice, String rows) {
        await(rows)
                .atMost(Duration.ofSeconds(180))
                .pollInterval(Duration.ofMillis(50))
                .failFast(() -> assertThat(sluice.isAlive()).as(sluice::output).isTrue())
                .untilAsserted(() -> assertThat(sluice.number("select count(*) from " + rows))
                        .as(() -> rows + "\n" + sluice.output())
                        .isZero());
    }

    private static void assertThatDeadLettersCanBeRepaired(RunningSluice sluice) throws Exception {
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isEqualTo(3);
        sluice.sql("update person set email = no || '@example.org' where email is not null");
        awaitNone(sluice, "sluice.change_log");
        awaitNone(sluice, "sluice.outbox");
        awaitNone(sluice, "sluice.dead_letter");
    }

    private static void assertThatBothSidesAreEqual(RunningSluice sluice) throws Exception {
        Map<String, List<String>> people = new TreeMap<>(sluice.rows(
                "select no, last_name, coalesce(city, ''), coalesce(email, '') from person where no <> 'P-6'"));
        Map<String, List<String>> contacts = new TreeMap<>();
        sluice.records("Contact", "Customer_No__c")
                .forEach((no, contact) -> contacts.put(
                        no, List.of(text(contact, "LastName"), text(contact, "MailingCity"), text(contact, "Email"))));
        assertThat(contacts.remove("P-6").get(1)).as("rejected by the table").isEqualTo("Nowhere");
        assertThat(contacts).isEqualTo(people);
        assertThat(people.get("P-33").get(1)).isEqualTo("By a user");
        assertThat(people.get("P-31").get(1)).isEqualTo("While stopped");
        Map<String, List<String>> leads = new TreeMap<>();
        sluice.records("hubspot", "contacts", "customer_no")
                .forEach((no, contact) -> leads.put(no, List.of(text(contact, "lastname"))));
        assertThat(leads).isEqualTo(new TreeMap<>(sluice.rows("select no, name from lead")));
        assertThat(leads).containsOnlyKeys("H-1", "H-2", "T-1");
        assertThat(leads.get("H-2").get(0)).isEqualTo("Edited");
    }

    private static String text(JsonNode record, String field) {
        return record.path(field).asText("").replace("null", "");
    }
}
