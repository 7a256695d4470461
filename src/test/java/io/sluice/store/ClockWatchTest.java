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

    /** The number of times that lie ahead. */
    private static final int LATE = 15;

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
                        + " ('crm', 'contacts', '1', 'customers', now() + interval '1 hour')",
                "insert into sluice.pause (kind, name, by, since, until) values"
                        + " ('sync', 'customers', 'crm', now() + interval '1 hour', now() + interval '61 minutes'),"
                        + " ('sync', 'customers', 'api', now() + interval '1 hour', null)",
                "insert into sluice.alert_evaluation (installation, due) values ('sluice', now() + interval '61 minutes')",
                "insert into sluice.alert_channel (installation, channel, due) values"
                        + " ('sluice', 'mail', now() + interval '61 minutes')",
                "insert into sluice.alert (installation, id, kind, severity, what, action, since, seen_at, ended_at) values"
                        + " ('sluice', 'x', 'latency', 'info', '', '', now() + interval '1 hour', now() + interval '1 hour',"
                        + " now() + interval '1 hour'),"
                        + " ('sluice', 'y', 'latency', 'info', '', '', now() + interval '1 hour', now() + interval '1 hour', null)",
                "insert into sluice.alert_notification (channel, alert, event, created_at) select 'mail', number, event,"
                        + " now() + interval '1 hour' from sluice.alert, unnest('{begin,end}'::text[]) event where id = 'x'",
                "insert into sluice.alert_finding (instance, installation, kind, subject, detail, since, seen_at) values"
                        + " (gen_random_uuid(), 'sluice', 'login-rejected', 'crm', '', now() + interval '1 hour',"
                        + " now() + interval '1 hour')",
                "insert into sluice.web_session (id_hash, name, expires_at) values"
                        + " ('\\x01', 'ann', now() + interval '61 minutes'), ('\\x02', 'bob', now() + interval '59 minutes')");
    }

    private List<String> late() throws SQLException {
        return DATABASE.texts(
                """
                select 'due ' || key from sluice.outbox where due > now() + interval '2 minutes'
                union all select 'lease ' || key from sluice.outbox where lease_until > now() + interval '11 minutes'
                union all select 'call' from sluice.api_call where granted_at > now()
                union all select 'settled' from sluice.sync_state where settled_at > now()
                union all select 'pause by ' || by from sluice.pause where since > now() or until > now() + interval '2 minutes'
                union all select 'evaluation' from sluice.alert_evaluation where due > now() + interval '2 minutes'
                union all select 'channel' from sluice.alert_channel where due > now() + interval '2 minutes'
                union all select 'alert ' || id from sluice.alert where since > now() or seen_at > now() or ended_at > now()
                union all select event from sluice.alert_notification where created_at > now()
                union all select 'finding' from sluice.alert_finding where since > now() or seen_at > now()
                union all select 'session of ' || name from sluice.web_session where expires_at > now() + interval '2 minutes'""");
    }

    @Test
    void whatWasDueByTheEarlierClockIsDueAsMuchEarlier() throws SQLException {
        clockWatch.start(null);
        assertThat(late())
                .containsExactlyInAnyOrder(
                        "due 1",
                        "lease 2",
                        "call",
                        "settled",
                        "pause by crm",
                        "pause by api",
                        "evaluation",
                        "channel",
                        "alert x",
                        "alert y",
                        "begin",
                        "end",
                        "finding",
                        "session of ann",
                        "session of bob");

        nanos = HOUR.toNanos();

        assertThat(clockWatch.check()).isCloseTo(HOUR, Duration.ofSeconds(10));
        assertThat(late()).isEmpty();
        assertThat(DATABASE.text("select due > now() + interval '30 seconds' from sluice.outbox where key = '1'"))
                .as("it keeps its distance from now")
                .isEqualTo("t");
        assertThat(DATABASE.texts("select name from sluice.web_session where expires_at > now()"))
                .as("a session that had ended stays ended")
                .containsExactly("ann");
        assertThat(DATABASE.text("select count(distinct created_at) from sluice.alert_notification"))
                .as("the order of the events is that of the alert")
                .isEqualTo("1");
        assertThat(
                        DATABASE.texts(
                                "select by from sluice.pause where until is null union all select id from sluice.alert"
                                        + " where ended_at is null union all select operation from sluice.api_call where completed_at is null"))
                .as("what had not ended still has not")
                .containsExactlyInAnyOrder("api", "y", "read");
        assertThat(clockWatch.check()).isZero();
    }

    @Test
    void aClockThatRunsOnChangesNothing() throws SQLException {
        clockWatch.start(null);

        assertThat(clockWatch.check()).isZero();
        assertThat(late()).hasSize(LATE);
    }

    @Test
    void aClockThatWasSetBackWhileNoProcessRanIsNoticedAtTheStart() throws SQLException {
        clockWatch.start(Instant.now().plus(HOUR));

        assertThat(late()).isEmpty();
    }

    @Test
    void aClockThatWasSetForwardChangesNothing() throws SQLException {
        clockWatch.start(Instant.now().minus(HOUR));

        assertThat(late()).hasSize(LATE);
    }

    @Test
    void aSlowAnswerIsNoClockThatWasSetBack() throws SQLException {
        // the first check takes 10 s, the second none
        Iterator<Long> times = List.of(0L, 0L, SLOW, SLOW, SLOW).iterator();
        ClockWatch slow = new ClockWatch(DATABASE.sluice(), times::next);
        slow.start(null);

        assertThat(slow.check()).isZero();
        assertThat(late()).hasSize(LATE);
    }
}
