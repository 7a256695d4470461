// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.snapshot.SnapshotStore;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ReadBeforeWriteTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Duration MAX_WAIT = Duration.ofSeconds(10);

    private final Sync sync = new Sync();
    private boolean showsEdits;
    private final OffsetStore offsetStore = new OffsetStore(DATABASE.sluice());

    @BeforeEach
    void aSync() throws SQLException {
        DATABASE.reset();
        sync.setName("customers");
        sync.setAccount("crm");
        sync.setObject("Contact");
    }

    /** Behaves like a process that has just started. */
    private ReadBeforeWrite starting() {
        return new ReadBeforeWrite(
                DATABASE.sluice(), new SnapshotStore(DATABASE.sluice()), List.of(sync), MAX_WAIT, any -> showsEdits);
    }

    private ReadBeforeWrite running() {
        ReadBeforeWrite readBeforeWrite = starting();
        readBeforeWrite.started(Instant.EPOCH);
        return readBeforeWrite;
    }

    /** @param dueIn seconds */
    private void polled(int secondsAgo, int dueIn) throws SQLException {
        Instant now = Instant.now();
        PollOffset pollOffset =
                PollOffset.beginning(now.minusSeconds(secondsAgo), Duration.ZERO, Duration.ofMinutes(1));
        offsetStore.begin(sync, pollOffset, now);
        PollOffset held = offsetStore.find(sync).orElseThrow();
        offsetStore.save(
                sync,
                held.readUpTo(pollOffset.readUpTo())
                        .lowWatermark(pollOffset.lowWatermark(), pollOffset.deletesDue())
                        .polledAt(pollOffset.polledAt()),
                now.plusSeconds(dueIn));
    }

    private void waits(String key, int secondsAgo, boolean known) throws SQLException {
        DATABASE.run("insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since) values"
                + " ('crm', 'Contact', '" + key + "', 'customers', 'upsert', '{\"Name\": \"x\"}', 0, now() - interval '"
                + secondsAgo + " seconds')");
        if (known) {
            DATABASE.run("insert into sluice.sync_state (account, object, key, sync, base) values ('crm', 'Contact', '"
                    + key + "', 'customers', '{\"Name\": \"y\"}')");
        }
    }

    private boolean isDue() throws SQLException {
        return offsetStore.take(sync).isPresent();
    }

    @Test
    void aSyncThatNeverRanIsNotPolledFirst() throws SQLException {
        waits("1", 60, false);

        assertThat(starting().unread("crm")).isEmpty();
    }

    @Test
    void aSyncIsPolledOnceAfterAStartAndThenSent() throws SQLException {
        polled(30, 30);
        waits("1", 0, true);
        ReadBeforeWrite readBeforeWrite = starting();

        assertThat(readBeforeWrite.unread("crm")).containsExactly("customers");
        assertThat(readBeforeWrite.isHeld(sync)).isTrue();
        assertThat(isDue()).isTrue();

        polled(0, 60);
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> readBeforeWrite.unread("crm").isEmpty());
        assertThat(readBeforeWrite.isHeld(sync)).isFalse();
        assertThat(isDue()).isFalse();
    }

    @Test
    void aStartWithoutWaitingChangesCostsNoPoll() throws SQLException {
        polled(30, 30);
        ReadBeforeWrite readBeforeWrite = starting();

        assertThat(readBeforeWrite.unread("crm")).isEmpty();
        assertThat(readBeforeWrite.isHeld(sync)).isFalse();
        assertThat(isDue()).isFalse();
        waits("1", 0, true);
        assertThat(readBeforeWrite.unread("crm")).as("at once").containsExactly("customers");
    }

    @Test
    void recordsThatAreNewToTheCrmAreSentWithoutAPollAfterAStartToo() throws SQLException {
        polled(30, 30);
        waits("1", 60, false);

        assertThat(starting().unread("crm")).isEmpty();
    }

    @Test
    void aPollHandedOverToABulkQueryEndsWithIt() throws SQLException {
        polled(60, 30);
        waits("1", 0, true);
        ReadBeforeWrite readBeforeWrite = starting();
        assertThat(readBeforeWrite.unread("crm")).containsExactly("customers");

        DATABASE.run(
                "update sluice.poll_offset set handed_over_at = now()",
                "insert into sluice.snapshot (account, object, sync, state, queried_at, began_at)"
                        + " values ('crm', 'Contact', 'customers', 'poll', now(), now())");
        assertThat(running().unread("crm")).isEmpty();
        Awaitility.await()
                .during(Duration.ofMillis(300))
                .atMost(Duration.ofSeconds(20))
                .until(() -> !readBeforeWrite.unread("crm").isEmpty());
        DATABASE.run("update sluice.snapshot set ended_at = now()");
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> readBeforeWrite.unread("crm").isEmpty());
    }

    @Test
    void changesInARunningSystemDoNotWait() throws SQLException {
        polled(50, 10);
        waits("1", 5, true);

        assertThat(running().unread("crm")).isEmpty();
    }

    @Test
    void aChangeThatHasWaitedLongNeedsAPollFirst() throws SQLException {
        polled(50, 10);
        waits("1", 11, true);

        assertThat(running().unread("crm")).containsExactly("customers");
        assertThat(isDue()).isTrue();
    }

    @Test
    void noPollIsNeededWhereTheCallReturnsTheValuesItReplaces() throws SQLException {
        showsEdits = true;
        polled(50, 10);
        waits("1", 11, true);
        assertThat(running().unread("crm")).isEmpty();

        DATABASE.run("update sluice.outbox set operation = 'delete'");
        assertThat(running().unread("crm"))
                .as("a call that deletes does not return values")
                .containsExactly("customers");
    }

    @Test
    void aChangeThatHasWaitedLongIsSentAfterARecentPoll() throws SQLException {
        polled(5, 10);
        waits("1", 3600, true);

        assertThat(running().unread("crm")).isEmpty();
    }

    @Test
    void recordsThatAreNewToTheCrmAreSentWithoutAPoll() throws SQLException {
        polled(50, 10);
        waits("1", 3600, false);

        assertThat(running().unread("crm")).isEmpty();
    }

    @Test
    void aSyncWhosePollIsOverdueIsPolledFirst() throws SQLException {
        polled(100, -11);
        waits("1", 0, true);

        assertThat(running().unread("crm")).containsExactly("customers");
    }

    @Test
    void aLargeWriteWaitsForOnePollAndTheNextOnesForNone() throws SQLException {
        polled(40, 20);
        waits("1", 0, true);
        ReadBeforeWrite readBeforeWrite = running();
        assertThat(readBeforeWrite.unread("crm")).isEmpty();

        assertThat(readBeforeWrite.shown(sync)).isEqualTo(ReadBeforeWrite.Shown.BY_NEXT_POLL);
        assertThat(readBeforeWrite.unread("crm"))
                .as("nothing is sent before the poll")
                .containsExactly("customers");
        assertThat(isDue()).isTrue();
        polled(0, 60);
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> readBeforeWrite.unread("crm").isEmpty());
        assertThat(readBeforeWrite.shown(sync)).isEqualTo(ReadBeforeWrite.Shown.BY_POLL);
        polled(40, 20);
        assertThat(readBeforeWrite.shown(sync))
                .as("a poll would read the records just written")
                .isEqualTo(ReadBeforeWrite.Shown.BY_POLL);
        polled(70, 5);
        assertThat(readBeforeWrite.shown(sync)).as("the last poll is too old").isEqualTo(ReadBeforeWrite.Shown.BY_CALL);
        assertThat(readBeforeWrite.unread("crm")).isEmpty();
    }

    @Test
    void aLargeWriteOfRecordsNewToTheCrmWaitsForNoPoll() throws SQLException {
        polled(40, 20);
        waits("1", 0, false);

        assertThat(running().shown(sync)).isEqualTo(ReadBeforeWrite.Shown.BY_CALL);
    }

    @Test
    void theLeaseOfARunningPollIsNotTaken() throws SQLException {
        polled(30, 0);
        waits("1", 0, true);
        assertThat(isDue()).isTrue();

        assertThat(starting().unread("crm")).containsExactly("customers");
        assertThat(isDue()).isFalse();
    }

    @Test
    void aSyncWithoutPollsOrWithoutAMaximumWaitIsSentAtOnce() throws SQLException {
        polled(100, -11);
        waits("1", 60, true);
        assertThat(new ReadBeforeWrite(
                                DATABASE.sluice(),
                                new SnapshotStore(DATABASE.sluice()),
                                List.of(sync),
                                Duration.ZERO,
                                any -> false)
                        .unread("crm"))
                .isEmpty();
        sync.setDirection("out");

        assertThat(starting().unread("crm")).isEmpty();
    }
}
