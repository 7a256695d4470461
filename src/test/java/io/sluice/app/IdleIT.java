// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Counts what a process asks of the database while nothing happens. */
class IdleIT {

    private static final String TRANSACTIONS =
            "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()";
    private static final Duration WATCHED = Duration.ofSeconds(20);
    private static final int A_SECOND = 10;
    /** The statements of this test, and what the statistics of its last second may add. */
    private static final int OWN = 20;

    @TempDir
    Path home;

    @Test
    void anIdleProcessMakesTenTransactionsASecondAtMostAndStillSendsAChange() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).withBothCrms()) {
            sluice.start().awaitSettled();
            // after a while, since the interval of the polls grows to a minute
            await().atMost(Duration.ofMinutes(3))
                    .until(() -> during(sluice, WATCHED) <= WATCHED.toSeconds() * A_SECOND + OWN);

            sluice.sql("update customer set phone = '110' where customer_no = 'C-00001'");
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> sluice.record("salesforce", "Contact", "C-00001")
                            .path("Phone")
                            .asText()
                            .equals("110"));
        }
    }

    /** The transactions within a time by the server's clock. */
    private static long during(RunningSluice sluice, Duration time) throws SQLException {
        long before = sluice.number(TRANSACTIONS);
        long end = System.nanoTime() + time.toNanos();
        await().atMost(time.multipliedBy(2))
                .pollDelay(time)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> System.nanoTime() >= end);
        return sluice.number(TRANSACTIONS) - before;
    }
}
