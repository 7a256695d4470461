// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A clock that runs an hour while the database's stands still is, to Sluice, a database whose clock was set back by an hour. */
class ClockWatchTest {

    private static final Duration HOUR = Duration.ofHours(1);

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final long SLOW = Duration.ofSeconds(10).toNanos();

    private long nanos;
    private final ClockWatch clockWatch = new ClockWatch(DATABASE.sluice(), () -> nanos);

    @BeforeEach
    void workThatWasDueByTheEarlierClock() throws SQLException {
        DATABASE.reset();
        nanos = 0;
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, priority, since, due)"
                        + " values ('crm', 'contacts', '1', 'customers', 'upsert', 2, now(), now() + interval '61 minutes')",
                "insert into sluice.outbox (account, object, key, sync, priority, since, inflight_operation, inflight, lease,"
                        + " lease_until) values ('crm', 'contacts', '2', 'customers', 2, now(), 'upsert', '{}',"
                        + " gen_random_uuid(), now() + interval '61 minutes')",
                "insert into sluice.api_call (account, operation, priority, granted_at, expires_at) values"
                        + " ('crm', 'read', 2, now() + interval '1 hour', now() + interval '61 minutes')",
                "insert into sluice.sync_state (account, object, key, sync, settled_at) values"
                        + " ('crm', 'contacts', '1', 'customers', now() + interval '1 hour')");
    }

    private List<String> late() throws SQLException {
        return DATABASE.texts(
                """
                select 'due ' || key from sluice.outbox where due > now() + interval '2 minutes'
                union all select 'lease ' || key from sluice.outbox where lease_until > now() + interval '11 minutes'
                union all select 'call' from sluice.api_call where granted_at > now()
                union all select 'settled' from sluice.sync_state where settled_at > now()""");
    }

    @Test
    void whatWasDueByTheEarlierClockIsDueAsMuchEarlier() throws SQLException {
        clockWatch.start(null);
        assertThat(late()).containsExactlyInAnyOrder("due 1", "lease 2", "call", "settled");

        nanos = HOUR.toNanos();

        assertThat(clockWatch.check()).isCloseTo(HOUR, Duration.ofSeconds(10));
        assertThat(late()).isEmpty();
        assertThat(DATABASE.text("select due > now() + interval '30 seconds' from sluice.outbox where key = '1'"))
                .as("it keeps its distance from now")
                .isEqualTo("t");
        assertThat(clockWatch.check()).isZero();
    }

    @Test
    void aClockThatRunsOnChangesNothing() throws SQLException {
        clockWatch.start(null);

        assertThat(clockWatch.check()).isZero();
        assertThat(late()).hasSize(4);
    }

    @Test
    void aClockThatWasSetBackWhileNoProcessRanIsNoticedAtTheStart() throws SQLException {
        clockWatch.start(Instant.now().plus(HOUR));

        assertThat(late()).isEmpty();
    }

    @Test
    void aClockThatWasSetForwardChangesNothing() throws SQLException {
        clockWatch.start(Instant.now().minus(HOUR));

        assertThat(late()).hasSize(4);
    }

    @Test
    void aSlowAnswerIsNoClockThatWasSetBack() throws SQLException {
        // the first check takes 10 s, the second none
        Iterator<Long> times = List.of(0L, 0L, SLOW, SLOW, SLOW).iterator();
        ClockWatch slow = new ClockWatch(DATABASE.sluice(), times::next);
        slow.start(null);

        assertThat(slow.check()).isZero();
        assertThat(late()).hasSize(4);
    }
}
