package io.sluice.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.Paused;
import io.sluice.outbox.Paused.By;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LoadsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final Duration LEASE = Duration.ofMinutes(1);

    private final Loads loads = new Loads(DATABASE.sluice());
    private final Pauses pauses = new Pauses(DATABASE.sluice());
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
        return !loads.begin(Map.of(sync, Step.COUNT), NOON).isEmpty();
    }

    private Load taken() throws SQLException {
        return loads.take(sync, LEASE).orElseThrow();
    }

    @Test
    void itBeginsOnceAndAgainWithAnotherMapping() throws SQLException {
        assertThat(begin()).isTrue();
        assertThat(begin()).isFalse();
        Load load = taken();
        loads.end(sync, load.ended(NOON));
        assertThat(begin()).isFalse();
        assertThat(loads.take(sync, LEASE)).isEmpty();

        sync.setFields(Map.of("name", "Name", "city", "City"));
        assertThat(begin()).isTrue();
        assertThat(taken().step()).isEqualTo(Step.COUNT);
    }

    @Test
    void itsSyncIsPausedUntilItEnds() throws SQLException {
        begin();
        assertThat(pauses.find(Kind.SYNC, "people").map(Paused::by)).contains(By.LOAD);
        loads.end(sync, taken().ended(NOON));
        assertThat(pauses.all()).isEmpty();
        begin();
        assertThat(pauses.all()).isEmpty();
    }

    @Test
    void aSyncThatAsksForItNoMoreIsForgottenAndSends() throws SQLException {
        begin();
        loads.begin(Map.of(), NOON);
        assertThat(loads.find(sync)).isEmpty();
        assertThat(pauses.all()).isEmpty();
    }

    @Test
    void whatAPersonPausedStaysSo() throws SQLException {
        begin();
        pauses.pause(Kind.SYNC, "people", "audit");
        loads.end(sync, taken().ended(NOON));
        assertThat(pauses.find(Kind.SYNC, "people").map(Paused::by)).contains(By.API);
    }

    @Test
    void itIsNobodyElsesUntilTheLeaseEndsAndWhoWasOvertakenMovesNothing() throws SQLException {
        begin();
        Load first = loads.take(sync, Duration.ZERO).orElseThrow();
        Load second = taken();
        assertThat(loads.take(sync, LEASE)).isEmpty();
        assertThat(loads.save(sync, first.at(Step.PAGES, "x"), Duration.ZERO)).isFalse();
        loads.beat(sync, first.turn(), Duration.ZERO);
        assertThat(loads.take(sync, LEASE)).as("a sign of life of the overtaken").isEmpty();
        assertThat(loads.save(sync, second.at(Step.PAGES, "y"), Duration.ZERO)).isTrue();
        assertThat(taken().next()).isEqualTo("y");
    }

    @Test
    void itWaitsUntilWhatChangesIsRead() throws SQLException {
        DATABASE.run("delete from sluice.checkpoint");
        begin();
        assertThat(loads.take(sync, LEASE)).isEmpty();
    }

    @Test
    void aReadingOfWhatChangedPausesNothingOutlivesAStartAndIsOneAtATime() throws SQLException {
        assertThat(loads.catchUp(sync, NOON, NOON)).isTrue();
        assertThat(loads.catchUp(sync, NOON.minusSeconds(60), NOON)).as("a second one").isFalse();
        assertThat(loads.begin(Map.of(), NOON)).isEmpty();
        assertThat(loads.open()).containsExactly("people");
        assertThat(pauses.all()).isEmpty();
        Load load = taken();
        assertThat(load.since()).isEqualTo(NOON);
        assertThat(load.step()).isEqualTo(Step.COUNT);
        loads.end(sync, load.holding(NOON.minusSeconds(5)).holding(NOON).ended(NOON));

        assertThat(loads.catchUp(sync, NOON, NOON)).isTrue();
        assertThat(taken().since()).as("what the last one could not judge is read again").isEqualTo(NOON.minusSeconds(5));
    }

    @Test
    void aReadingOfWhatChangedIsNoFirstReadingNorDoesItBeginOneAnew() throws SQLException {
        loads.catchUp(sync, NOON, NOON);
        loads.end(sync, taken().ended(NOON));
        assertThat(begin()).as("the first").isTrue();
        loads.end(sync, taken().ended(NOON));
        loads.catchUp(sync, NOON, NOON);
        loads.end(sync, taken().ended(NOON));
        assertThat(begin()).isFalse();
    }

    @Test
    void oneThatEndedAfterARoundBeganWentOnMeanwhile() throws SQLException {
        assertThat(loads.goesOn(sync, NOON)).as("one that never was").isFalse();
        begin();
        assertThat(loads.goesOn(sync, NOON)).isTrue();
        loads.end(sync, taken().ended(NOON));
        assertThat(loads.goesOn(sync, NOON.minusSeconds(1))).isTrue();
        assertThat(loads.goesOn(sync, NOON.plusSeconds(1))).isFalse();
    }
}
