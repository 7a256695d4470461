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
    void aSyncWhoseChangesAreReadAlready() throws SQLException {
        DATABASE.reset();
        sync.setName("people");
        sync.setTable("app.person");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(Map.of("name", "Name"));
        DATABASE.run("insert into sluice.checkpoint (account, object, stream, position)"
                + " values ('crm', 'Contact', 'delta:people', '{}')");
    }

    private boolean begin() throws SQLException {
        return !snapshotStore.begin(Map.of(sync, SnapshotState.COUNT), NOON).isEmpty();
    }

    private Snapshot taken() throws SQLException {
        return snapshotStore.take(sync, LEASE).orElseThrow();
    }

    @Test
    void itBeginsOnceAndAgainWithAnotherMapping() throws SQLException {
        assertThat(begin()).isTrue();
        assertThat(begin()).isFalse();
        Snapshot load = taken();
        snapshotStore.end(sync, load.ended(NOON));
        assertThat(begin()).isFalse();
        assertThat(snapshotStore.take(sync, LEASE)).isEmpty();

        sync.setFields(Map.of("name", "Name", "city", "City"));
        assertThat(begin()).isTrue();
        assertThat(taken().step()).isEqualTo(SnapshotState.COUNT);
    }

    @Test
    void itsSyncIsPausedUntilItEnds() throws SQLException {
        begin();
        assertThat(pauseStore.find(Kind.SYNC, "people").map(Pause::by)).contains(By.LOAD);
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(pauseStore.all()).isEmpty();
        begin();
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void aSyncThatAsksForItNoMoreIsForgottenAndSends() throws SQLException {
        begin();
        snapshotStore.begin(Map.of(), NOON);
        assertThat(snapshotStore.find(sync)).isEmpty();
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void whatAPersonPausedStaysSo() throws SQLException {
        begin();
        pauseStore.pause(Kind.SYNC, "people", "audit");
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(pauseStore.find(Kind.SYNC, "people").map(Pause::by)).contains(By.API);
    }

    @Test
    void itIsNobodyElsesUntilTheLeaseEndsAndWhoWasOvertakenMovesNothing() throws SQLException {
        begin();
        Snapshot first = snapshotStore.take(sync, Duration.ZERO).orElseThrow();
        Snapshot second = taken();
        assertThat(snapshotStore.take(sync, LEASE)).isEmpty();
        assertThat(snapshotStore.save(sync, first.at(SnapshotState.PAGES, "x"), Duration.ZERO)).isFalse();
        snapshotStore.beat(sync, first.turn(), Duration.ZERO);
        assertThat(snapshotStore.take(sync, LEASE)).as("a sign of life of the overtaken").isEmpty();
        assertThat(snapshotStore.save(sync, second.at(SnapshotState.PAGES, "y"), Duration.ZERO)).isTrue();
        assertThat(taken().next()).isEqualTo("y");
    }

    @Test
    void itWaitsUntilWhatChangesIsRead() throws SQLException {
        DATABASE.run("delete from sluice.checkpoint");
        begin();
        assertThat(snapshotStore.take(sync, LEASE)).isEmpty();
    }

    @Test
    void aReadingOfWhatChangedPausesNothingOutlivesAStartAndIsOneAtATime() throws SQLException {
        assertThat(snapshotStore.catchUp(sync, NOON, NOON)).isTrue();
        assertThat(snapshotStore.catchUp(sync, NOON.minusSeconds(60), NOON)).as("a second one").isFalse();
        assertThat(snapshotStore.begin(Map.of(), NOON)).isEmpty();
        assertThat(snapshotStore.open()).containsExactly("people");
        assertThat(pauseStore.all()).isEmpty();
        Snapshot load = taken();
        assertThat(load.since()).isEqualTo(NOON);
        assertThat(load.step()).isEqualTo(SnapshotState.COUNT);
        snapshotStore.end(sync, load.holding(NOON.minusSeconds(5)).holding(NOON).ended(NOON));

        assertThat(snapshotStore.catchUp(sync, NOON, NOON)).isTrue();
        assertThat(taken().since()).as("what the last one could not judge is read again").isEqualTo(NOON.minusSeconds(5));
    }

    @Test
    void aReadingOfWhatChangedIsNoFirstReadingNorDoesItBeginOneAnew() throws SQLException {
        snapshotStore.catchUp(sync, NOON, NOON);
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(begin()).as("the first").isTrue();
        snapshotStore.end(sync, taken().ended(NOON));
        snapshotStore.catchUp(sync, NOON, NOON);
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(begin()).isFalse();
    }

    @Test
    void oneThatEndedAfterARoundBeganWentOnMeanwhile() throws SQLException {
        assertThat(snapshotStore.goesOn(sync, NOON)).as("one that never was").isFalse();
        begin();
        assertThat(snapshotStore.goesOn(sync, NOON)).isTrue();
        snapshotStore.end(sync, taken().ended(NOON));
        assertThat(snapshotStore.goesOn(sync, NOON.minusSeconds(1))).isTrue();
        assertThat(snapshotStore.goesOn(sync, NOON.plusSeconds(1))).isFalse();
    }
}
