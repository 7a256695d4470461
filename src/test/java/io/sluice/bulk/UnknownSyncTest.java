// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import io.sluice.outbox.Outbox;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Shows that the rows of a sync whose file was removed are not claimed, but are reported. */
class UnknownSyncTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final BulkJobs jobs = new BulkJobs(DATABASE.sluice(), Duration.ofMinutes(1), Duration.ofMinutes(1));

    @BeforeEach
    void rowsOfTwoSyncsAndAJobOfOneThatIsGone() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                        + " select 'crm', sync, n, sync, 'upsert', '{\"A\": 1}', case sync when 'gone' then 0 else 2 end, now()"
                        + " from generate_series(1, 3) as n, unnest('{gone,there}'::text[]) as sync",
                "insert into sluice.bulk_job (lease, account, object, sync, operation, state, priority, records)"
                        + " values (gen_random_uuid(), 'crm', 'gone', 'gone', 'upsert', 'poll', 1, 3)");
        outbox.serve(List.of("there"));
        jobs.serve(List.of("there"));
    }

    @Test
    void itsRowsAreNotClaimedButReported() throws SQLException {
        assertThat(outbox.head("crm").orElseThrow().sync())
                .as("though the other is more urgent")
                .isEqualTo("there");
        assertThat(outbox.claim("crm", 10, Priority.LOW).orElseThrow().sync()).isEqualTo("there");
        assertThat(outbox.claim("crm", 10, Priority.LOW)).isEmpty();
        assertThat(outbox.waiting(List.of("crm"))).as("accounts to be woken").isEmpty();
        assertThat(outbox.unserved()).isEqualTo(Map.of("gone", 3L));
    }

    @Test
    void itsJobsWaitForItsReturn() throws SQLException {
        assertThat(jobs.waiting()).isEmpty();
        assertThat(jobs.due("crm", false)).isEmpty();
        assertThat(jobs.take("crm", false, "crm")).isEmpty();

        jobs.serve(List.of("there", "gone"));
        assertThat(jobs.waiting()).containsExactly("crm");
        assertThat(jobs.take("crm", false, "crm"))
                .hasValueSatisfying(job -> assertThat(job.sync()).isEqualTo("gone"));
    }

    @Test
    void whereNoSyncIsDeclaredNothingIsClaimed() throws SQLException {
        outbox.serve(List.of());
        jobs.serve(List.of());
        assertThat(outbox.head("crm")).isEmpty();
        assertThat(jobs.waiting()).isEmpty();
    }
}
