// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Backoff;
import io.sluice.Operation;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.CircuitBreakers;
import io.sluice.outbox.CommonCauses;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.By;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BulkDispatcherTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final BulkJobs jobs = new BulkJobs(DATABASE.sluice(), Duration.ofMinutes(1), Duration.ofMinutes(1));
    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final BulkDispatcher dispatcher = new BulkDispatcher(
            null,
            outbox,
            jobs,
            new JobRecords(
                    DATABASE.sluice(),
                    settlement,
                    new CommonCauses(DATABASE.sluice(), new CircuitBreakers(new PauseStore(DATABASE.sluice())))),
            null,
            new CircuitBreakers(pauseStore));

    @BeforeEach
    void queueThousandRecords() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                        + " select 'crm', 'Contact', n, 'contacts', 'upsert', '{\"A\": 1}', 2, now() from generate_series(1, 1000) n");
    }

    private void createIsAnswered(int status, Boolean throttled) throws SQLException {
        BulkJob job = jobs.begin(new BulkClaim("crm", "contacts", Operation.UPSERT, 1, 1000, 1_000_000, "#N/A"), "crm")
                .orElseThrow();
        assertThat(dispatcher.handleAnswer(job, "no words", status, throttled, null))
                .isFalse();
    }

    private static long waiting() throws SQLException {
        return Long.parseLong(DATABASE.text("select count(*) from sluice.outbox where lease is null and attempts = 0"));
    }

    @Test
    void aJobThatTheUserMayNotCreatePausesItsSyncAndCostsItsRecordsNoAttempt() throws SQLException {
        createIsAnswered(403, null);

        assertThat(waiting()).isEqualTo(1000);
        assertThat(pauseStore.find(Kind.SYNC, "contacts").map(Pause::by)).contains(By.CRM);
        assertThat(pauseStore.find(Kind.SYNC, "contacts").map(Pause::reason)).contains("HTTP 403: no words");
    }

    @Test
    void aThrottledCreatePausesNoSync() throws SQLException {
        createIsAnswered(403, true);

        assertThat(waiting()).isEqualTo(1000);
        assertThat(pauseStore.all()).isEmpty();
    }
}
