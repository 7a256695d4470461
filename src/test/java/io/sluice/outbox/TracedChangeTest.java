// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sluice.Backoff;
import io.sluice.Outcome;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.quota.SavedCalls;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The trace of a change moves through the outbox with it. */
class TracedChangeTest extends OutboxTestBase {

    private final List<TracedChange> settled = new ArrayList<>();
    private final Settlement traced =
            new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE, new SettlementRecorder() {
                @Override
                public void settled(Claim claim, List<SettledRecord> records) {
                    records.stream()
                            .map(SettledRecord::traced)
                            .filter(Objects::nonNull)
                            .forEach(settled::add);
                }

                @Override
                public void unanswered(Claim claim, int records) {
                    // not counted
                }
            });

    private static UUID trace(String key) throws SQLException {
        DATABASE.run("update sluice.outbox set trace = sluice.new_trace() where key = '" + key + "'");
        return waiting(key);
    }

    private static UUID waiting(String key) throws SQLException {
        String trace = DATABASE.text("select trace from sluice.outbox where key = ?", key);
        return trace == null ? null : UUID.fromString(trace);
    }

    @Test
    void theIdIsAUuidOfVersion7WithTheTimeAtWhichTheChangeWasQueued() throws SQLException {
        upsert("1", "{\"a\": 1}");
        UUID trace = trace("1");
        assertThat(trace.version()).isEqualTo(7);
        assertThat(trace.variant()).isEqualTo(2);
        traced.settle(claim(), List.of(Outcome.done("1", "crm-1")));
        assertThat(settled).hasSize(1);
        assertThat(settled.get(0).trace()).isEqualTo(trace);
        assertThat(settled.get(0).queuedAt()).isCloseTo(Instant.now(), within(1, ChronoUnit.MINUTES));
        assertThat(settled.get(0).queuedAt()).isAfterOrEqualTo(settled.get(0).since());
    }

    @Test
    void aFailedAttemptReturnsTheTraceThoughANewerChangeCame() throws SQLException {
        upsert("1", "{\"a\": 1}");
        UUID first = trace("1");
        Claim claim = claim();
        assertThat(claim.trace()).isEqualTo(first);
        assertThat(waiting("1")).as("waiting while it is in flight").isNull();
        upsert("1", "{\"a\": 2}");
        UUID second = trace("1");
        traced.settle(claim, List.of(Outcome.retry("1", "BUSY", "busy")));
        assertThat(waiting("1")).isEqualTo(first).isNotEqualTo(second);
        traced.settle(claim(), List.of(Outcome.done("1", "crm-1")));
        assertThat(settled).extracting(TracedChange::trace).containsExactly(first, first);
        assertThat(settled).extracting(TracedChange::attempts).containsExactly(0, 1);
    }

    @Test
    void aNewerChangeKeepsItsOwnTraceWhenTheOneInFlightIsDone() throws SQLException {
        upsert("1", "{\"a\": 1}");
        UUID first = trace("1");
        Claim claim = claim();
        upsert("1", "{\"a\": 2}");
        UUID second = trace("1");
        traced.settle(claim, List.of(Outcome.done("1", "crm-1")));
        traced.settle(claim(), List.of(Outcome.done("1", "crm-1")));
        assertThat(settled).extracting(TracedChange::trace).containsExactly(first, second);
    }

    @Test
    void releasedWorkKeepsItsTrace() throws SQLException {
        upsert("1", "{\"a\": 1}");
        UUID trace = trace("1");
        settlement.release(claim());
        assertThat(waiting("1")).isEqualTo(trace);
    }

    @Test
    void theDrainTracesThePartThatIsSet() throws SQLException {
        assertThat(tracesOf(0)).isZero();
        assertThat(tracesOf(1)).isEqualTo(1_000);
        assertThat(tracesOf(0.5)).as("10 standard deviations around the half").isBetween(342L, 658L);
    }

    /** @return the number of traced changes of 1,000 */
    private static long tracesOf(double part) throws SQLException {
        DATABASE.reset();
        DATABASE.run("create table app.customer (no int primary key, name text)");
        Sync sync = new Sync();
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("contacts");
        sync.setExternalId("no");
        sync.setFields(Map.of("name", "name"));
        Capture capture = new Capture(
                DATABASE.sluice(),
                10_000,
                WriteDebounce.NONE,
                InitialExportJobs.NONE,
                Duration.ofMinutes(1),
                20,
                new SavedCalls(DATABASE.sluice()),
                part);
        capture.start(List.of(sync));
        DATABASE.run("insert into app.customer select n, 'Name' from generate_series(1, 1000) as n");
        capture.drain("app.customer");
        assertThat(DATABASE.text("select count(*) from sluice.outbox")).isEqualTo("1000");
        return Long.parseLong(DATABASE.text("select count(trace) from sluice.outbox"));
    }
}
