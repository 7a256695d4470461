package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Received;
import io.sluice.Sync;
import io.sluice.merge.Applied;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RoundTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final Duration OVERLAP = Duration.ofMinutes(1);
    private static final Duration DELETES = Duration.ofMinutes(10);
    private static final Applied LATER = new Applied(0, 0, 0, 0, 0, List.of(), Set.of("b"));

    private final Position position = new Position(NOON.minusSeconds(100), NOON.minusSeconds(500),
            Duration.ofSeconds(5), NOON.plusSeconds(1));

    private static Sync sync() {
        Sync sync = new Sync();
        sync.setName("s");
        sync.setAccount("org");
        sync.setObject("Contact");
        sync.setExternalId("Key__c");
        sync.setFields(Map.of("name", "Name"));
        return sync;
    }

    private static Received record(String id, int secondsBeforeNoon) {
        return new Received(id, id, NOON.minusSeconds(secondsBeforeNoon), Map.of());
    }

    @Test
    void aLookReadsFromWhereTheLastOneBeganLessTheOverlap() {
        Round round = new Round(sync(), "crm", position, NOON);
        assertThat(round.getReader()).isEqualTo(
                "kamelet:crm-delta-action?account=org&object=Contact&externalId=Key__c&fields=Name");
        assertThat(round.getStart()).isEqualTo(NOON.minusSeconds(100).toString());
        round.changed(List.of(), Applied.NOTHING, null);

        assertThat(round.isOpen()).isFalse();
        assertThat(round.after(OVERLAP, DELETES).from()).isEqualTo(NOON.minusSeconds(60));
    }

    @Test
    void deletesPutOffByMoreThanIsSetNowAreAskedForAtOnce() {
        Position inTime = position.proven(position.proven(), NOON.plus(DELETES));
        assertThat(new Round(sync(), "crm", inTime.within(DELETES, NOON), NOON).readsDeletes()).isFalse();
        Position late = position.proven(position.proven(), NOON.plus(DELETES).plusSeconds(1));
        assertThat(new Round(sync(), "crm", late.within(DELETES, NOON), NOON).readsDeletes()).isTrue();
    }

    @Test
    void aLookThatIsHandedOverLeavesTheRestToOthersFromTheEarliestThatIsNotJudged() {
        Round round = new Round(sync(), "crm", position, NOON);
        round.changed(List.of(record("a", 95)), Applied.NOTHING, "next");
        round.changed(List.of(record("b", 90)), LATER, "next");
        assertThat(round.isLong()).isFalse();
        round.changed(List.of(record("c", 80)), Applied.NOTHING, "next");
        assertThat(round.isLong()).isTrue();
        assertThat(round.readUpTo()).isEqualTo(NOON.minusSeconds(95)).isBefore(NOON.minusSeconds(90));
        round.handOver();

        assertThat(round.isOpen()).isFalse();
        assertThat(round.after(OVERLAP, DELETES).from()).isEqualTo(NOON.minusSeconds(60));
    }

    @Test
    void aLookThatIsTooLongWhileOthersAreAtItGoesOnWhereItEnded() {
        Round round = new Round(sync(), "crm", position, NOON);
        round.changed(List.of(record("a", 95)), Applied.NOTHING, "next");
        round.leave();
        assertThat(round.isOpen()).isFalse();
        assertThat(round.after(OVERLAP, DELETES).from()).isEqualTo(NOON.minusSeconds(95));
    }

    @Test
    void whatMustBeReadAgainHoldsThePositionBack() {
        Round round = new Round(sync(), "crm", position, NOON);
        round.changed(List.of(record("a", 95), record("b", 90)), LATER, "next");
        round.changed(List.of(record("c", 10)), Applied.NOTHING, null);

        assertThat(round.after(OVERLAP, DELETES).from()).isEqualTo(NOON.minusSeconds(90));
    }

    @Test
    void aRoundThatIsCutGoesOnAfterTheLastPageThatWasApplied() {
        Round round = new Round(sync(), "crm", position, NOON);
        round.changed(List.of(record("a", 95), record("c", 80)), Applied.NOTHING, "next");
        assertThat(round.getStart()).isEqualTo("next");
        round.abandon();

        assertThat(round.after(OVERLAP, DELETES).from()).isEqualTo(NOON.minusSeconds(80));
    }

    @Test
    void aLookWithDeletesReadsAgainFromWhereTheCrmHadToldEverything() {
        Round round = new Round(sync(), "crm", position.proven(position.proven(), NOON), NOON);
        assertThat(round.getReader()).isEqualTo("kamelet:crm-deleted-action?account=org&object=Contact");
        assertThat(round.getStart()).isEqualTo(NOON.minusSeconds(500).toString());
        round.deleted(Applied.NOTHING, NOON.minusSeconds(30));
        assertThat(round.getStart()).isEqualTo(NOON.minusSeconds(500).toString());
        round.changed(List.of(), Applied.NOTHING, null);

        Position after = round.after(OVERLAP, DELETES);
        assertThat(after.proven()).isEqualTo(NOON.minusSeconds(30));
        assertThat(after.deletesDue()).isEqualTo(NOON.plus(DELETES));
        assertThat(Position.of(after.json(NOON))).isEqualTo(after);
    }

    @Test
    void aDeleteThatMustBeReadAgainIsAskedForAgain() {
        Round round = new Round(sync(), "crm", position.proven(position.proven(), NOON), NOON);
        round.deleted(LATER, NOON.minusSeconds(30));
        round.changed(List.of(), Applied.NOTHING, null);

        assertThat(round.after(OVERLAP, DELETES).proven()).isEqualTo(position.proven());
        assertThat(round.after(OVERLAP, DELETES).deletesDue()).isEqualTo(NOON);
    }
}
