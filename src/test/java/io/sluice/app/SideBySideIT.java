// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the version before the newest migration and this one side by side on one database while writers work. */
class SideBySideIT {

    private static final int ROWS = 100;

    /** Counts the sums of completed calls that differ from the ledger. */
    private static final String WRONG_SUMS =
            """
            select count(*)
            from sluice.usage_quarter_hour q
            full join (select account, date_bin('15 minutes', completed_at, 'epoch') as start, operation, count(*) as calls
                       from sluice.api_call where completed_at is not null group by 1, 2, 3) as c
                using (account, start, operation)
            where q.calls is distinct from c.calls""";

    @TempDir
    Path home;

    private volatile boolean done;

    @Test
    @SuppressWarnings("try")
    void thePreviousVersionRunsAndStartsAgainBesideThisOne() throws Exception {
        PreviousBuild build = PreviousBuild.make();
        int sandboxPort = FreePorts.next();
        try (EmbeddedDatabase database =
                        EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), FreePorts.next());
                AutoCloseable sandbox = SandboxProcess.start(home, sandboxPort);
                RunningSluice previous =
                        RunningSluice.replica(build, home.resolve("previous"), database.port(), sandboxPort);
                RunningSluice current = RunningSluice.replica(home.resolve("current"), database.port(), sandboxPort)) {
            for (RunningSluice replica : List.of(previous, current)) {
                replica.withoutSyncs()
                        .with("sluice.demo", false)
                        .withSync(
                                "people.camel.yaml",
                                RunningSluice.sync(
                                        "people",
                                        "person",
                                        "no",
                                        "salesforce",
                                        "Contact",
                                        "Customer_No__c",
                                        Map.of("name", "LastName", "town", "MailingCity")));
            }
            previous.sql("create table person (no text primary key, name text not null, town text);"
                    + "insert into person select 'P-' || n, 'Name', 'Rome' from generate_series(1, " + ROWS + ") n");
            previous.start().awaitSettled();
            long before = schema(previous);
            CompletableFuture<Integer> writers = CompletableFuture.supplyAsync(() -> write(previous));

            current.start().awaitOutput("Account salesforce is ready");
            assertThat(schema(current))
                    .as("migrated beside the previous version")
                    .isGreaterThan(before);
            previous.stop();
            previous.start().awaitOutput("Account salesforce is ready");
            done = true;
            assertThat(writers.join()).as("changes").isPositive();
            current.stop();
            previous.awaitSettled();

            assertThat(contacts(current)).isEqualTo(new TreeMap<>(current.rows("select no, name, town from person")));
            assertThat(current.number("select count(*) from sluice.dead_letter"))
                    .isZero();
            assertThat(current.refused()).as("refused calls").isZero();
            assertThat(current.number(WRONG_SUMS))
                    .as("sums of calls, which the previous version does not know")
                    .isZero();
            for (RunningSluice replica : List.of(previous, current)) {
                assertThat(replica.output()).doesNotContain(" ERROR ").doesNotContain("changes may have been missed");
            }
        }
    }

    private static long schema(RunningSluice sluice) throws SQLException {
        return sluice.number(
                "select max(version::integer) from sluice.flyway_schema_history where version is not null");
    }

    private int write(RunningSluice sluice) {
        int changes = 0;
        try (Connection connection = sluice.connect();
                PreparedStatement statement =
                        connection.prepareStatement("update person set name = ?, town = ? where no = ?")) {
            for (; !done; changes++) {
                statement.setString(1, "Name " + changes);
                statement.setString(2, "Town " + changes);
                statement.setString(3, "P-" + (1 + changes % ROWS));
                statement.executeUpdate();
            }
        } catch (SQLException failed) {
            throw new CompletionException(failed);
        }
        return changes;
    }

    private static Map<String, List<String>> contacts(RunningSluice sluice) throws Exception {
        Map<String, List<String>> contacts = new TreeMap<>();
        Map<String, JsonNode> records = sluice.records("Contact", "Customer_No__c");
        records.forEach((no, contact) -> contacts.put(
                no,
                List.of(
                        contact.path("LastName").asText(),
                        contact.path("MailingCity").asText())));
        return contacts;
    }
}
