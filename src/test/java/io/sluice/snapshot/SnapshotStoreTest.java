// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.By;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SnapshotStoreTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final Duration LEASE = Duration.ofMinutes(1);

    private final SnapshotStore snapshotStore = new SnapshotStore(DATABASE.sluice());
    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final Sync sync = new Sync();

    @BeforeEach
    void aSyncThatIsPolledAlready() throws SQLException {
        DATABASE.reset();
        sync.setName("people");
        sync.setTable("app.person");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(Map.of("name", "Name"));
        DATABASE.run(
                "insert into sluice.poll_offset (account, object, sync, read_up_to, low_watermark, interval_ms,"
                        + " deletes_due, polled_at, due) values ('crm', 'Contact', 'people', now(), now(), 5000, now(), now(), now())");
    }

    private boolean begin() throws SQLException {
        return !snapshotStore.begin(Map.of(sync, SnapshotState.COUNT), NOON).isEmpty();
    }

    private Snapshot taken() throws SQLException {
        return snapshotStore.take(sync, LEASE).orElseThrow();
    }

    @Test
    void aSnapshotStartsOnceAndAgainWithAnotherMapping() throws SQLException {
        assertThat(begin()).isTrue();
        assertThat(begin()).isFalse();
        Snapshot snapshot = taken();
        snapshotStore.end(sync, snapshot.ended(NOON));
        assertThat(begin()).isFalse();
        assertThat(snapshotStore.take(sync, LEASE)).isEmpty();

        sync.setFields(Map.of("name", "Name", "city", "City"));
        assertThat(begin()).isTrue();
        assertThat(taken().state()).isEqualTo(SnapshotState.COUNT);
    }

    @Test
    void aSnapshotIsReadAsItWasStored() throws SQLException {
        begin();
        Snapshot stored = taken().beforeCall(NOON.plusSeconds(1), "login")
                .created("750A")
                .moveTo(SnapshotState.RESULTS, "locator, \"odd\"")
                .withProgress(new SnapshotProgress(1, 2, 3, 4, 5, 6, 7, 8))
                .failed("why")
                .deferred(NOON.plusSeconds(2));
        snapshotStore.save(sync, stored, LEASE);
        assertThat(snapshotStore.find(sync)).contains(stored);

        sync.setFields(Map.of("city", "City"));
        begin();
        assertThat(snapshotStore.find(sync).orElseThrow())
                .usingRecursiveComparison()
                .as("nothing of the earlier snapshot is left but its fencing token")
                .ignoringFields("epoch")
                .isEqualTo(Snapshot.beginning(SnapshotState.COUNT, NOON));
        assertThat(snapshotStore.save(sync, stored, LEASE)).isFalse();
    }

    @Test
    void theSyncIsPausedUntilTheEndOfTheSnapshot() throws SQLException {
        begin();
        assertThat(pauseStore.find(Kind.SYNC, "people").map(Pause::by)).contains(By.LOAD);
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(pauseStore.all()).isEmpty();
        begin();
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void theSnapshotOfASyncThatNoLongerWantsOneIsDeletedAndTheSyncSends() throws SQLException {
        begin();
        snapshotStore.begin(Map.of(), NOON);
        assertThat(snapshotStore.find(sync)).isEmpty();
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void aPauseByAPersonOutlivesTheSnapshot() throws SQLException {
        begin();
        pauseStore.pause(Kind.SYNC, "people", "audit");
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(pauseStore.find(Kind.SYNC, "people").map(Pause::by)).contains(By.API);
    }

    @Test
    void oneProcessHoldsTheLeaseAndAnOlderEpochSavesNothing() throws SQLException {
        begin();
        Snapshot first = snapshotStore.take(sync, Duration.ZERO).orElseThrow();
        Snapshot second = taken();
        assertThat(snapshotStore.take(sync, LEASE)).isEmpty();
        assertThat(snapshotStore.save(sync, first.moveTo(SnapshotState.PAGES, "x"), Duration.ZERO))
                .isFalse();
        snapshotStore.heartbeat(sync, first.epoch(), Duration.ZERO);
        assertThat(snapshotStore.take(sync, LEASE))
                .as("a heartbeat of the older epoch")
                .isEmpty();
        assertThat(snapshotStore.save(sync, second.moveTo(SnapshotState.PAGES, "y"), Duration.ZERO))
                .isTrue();
        assertThat(taken().next()).isEqualTo("y");
    }

    @Test
    void aSnapshotWaitsForTheOffsetOfThePolls() throws SQLException {
        DATABASE.run("delete from sluice.poll_offset");
        begin();
        assertThat(snapshotStore.take(sync, LEASE)).isEmpty();
    }

    @Test
    void aSnapshotOfChangesPausesNothingSurvivesARestartAndRunsOnlyOnce() throws SQLException {
        assertThat(snapshotStore.catchUp(sync, NOON, NOON)).isTrue();
        assertThat(snapshotStore.catchUp(sync, NOON.minusSeconds(60), NOON))
                .as("a second one")
                .isFalse();
        assertThat(snapshotStore.begin(Map.of(), NOON)).isEmpty();
        assertThat(snapshotStore.open()).containsExactly("people");
        assertThat(pauseStore.all()).isEmpty();
        Snapshot snapshot = taken();
        assertThat(snapshot.since()).isEqualTo(NOON);
        assertThat(snapshot.state()).isEqualTo(SnapshotState.COUNT);
        snapshotStore.end(
                sync, snapshot.deferred(NOON.minusSeconds(5)).deferred(NOON).ended(NOON));

        assertThat(snapshotStore.catchUp(sync, NOON, NOON)).isTrue();
        assertThat(taken().since())
                .as("changes that the last one deferred are read again")
                .isEqualTo(NOON.minusSeconds(5));
    }

    @Test
    void aSnapshotOfChangesNeitherReplacesNorRestartsAnInitialOne() throws SQLException {
        snapshotStore.catchUp(sync, NOON, NOON);
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(begin()).as("the initial snapshot").isTrue();
        snapshotStore.end(sync, taken().ended(NOON));
        snapshotStore.catchUp(sync, NOON, NOON);
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(begin()).isFalse();
    }

    @Test
    void aSnapshotThatEndedAfterAPollBeganRanMeanwhile() throws SQLException {
        assertThat(snapshotStore.ranSince(sync, NOON)).as("no snapshot").isFalse();
        begin();
        assertThat(snapshotStore.ranSince(sync, NOON)).isTrue();
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(snapshotStore.ranSince(sync, NOON.minusSeconds(1))).isTrue();
        assertThat(snapshotStore.ranSince(sync, NOON.plusSeconds(1))).isFalse();
    }
}
