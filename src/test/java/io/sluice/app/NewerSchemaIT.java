// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Runs on a database that a newer version has migrated. */
@Execution(ExecutionMode.CONCURRENT)
class NewerSchemaIT {

    private static final String MIGRATED =
            """
            insert into sluice.flyway_schema_history
                (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
            values (9999, '9999', 'newer', 'SQL', 'V9999__newer.sql', 1, 'sluice', 1, true)""";

    private static final String HARMFUL =
            "insert into sluice.compatibility values (9999, 'it would write the former codes of countries')";

    @TempDir
    Path home;

    @Test
    @SuppressWarnings("try")
    void aVersionRunsOnANewerSchemaUntilThatSaysThatItWouldDoHarm() throws Exception {
        int sandboxPort = FreePorts.next();
        try (EmbeddedDatabase database =
                        EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), FreePorts.next());
                AutoCloseable sandbox = SandboxProcess.start(home, sandboxPort);
                RunningSluice sluice = RunningSluice.replica(home.resolve("replica"), database.port(), sandboxPort)) {
            sluice.start().awaitSettled().stop();
            sluice.sql(MIGRATED);
            sluice.start().awaitOutput("The database has migrations up to 9999 of a newer version");
            sluice.awaitOutput("Account salesforce is ready");

            sluice.sql(HARMFUL);
            assertThat(sluice.awaitExit()).as("the running process").isEqualTo(1);
            assertRefused(sluice);
            assertThat(sluice.start().awaitExit()).as("the next start").isEqualTo(1);
            assertRefused(sluice);
            assertThat(sluice.number("select count(*) from sluice.outbox where lease is not null"))
                    .isZero();
        }
    }

    private static void assertRefused(RunningSluice sluice) {
        assertThat(sluice.output())
                .contains("Sluice stops, because it is too old for its database")
                .contains("needs migration 9999")
                .contains("it would write the former codes of countries. Start the newer version again")
                .doesNotContain("\tat ");
    }
}
