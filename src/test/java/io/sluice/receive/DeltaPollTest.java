// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.crm.CrmCall;
import io.sluice.merge.Applied;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeltaPollTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final Duration OVERLAP = Duration.ofMinutes(1);
    private static final Duration DELETES = Duration.ofMinutes(10);
    private static final Applied LATER = new Applied(0, 0, 0, 0, 0, List.of(), Set.of("b"));

    private final PollOffset pollOffset =
            new PollOffset(NOON.minusSeconds(100), NOON.minusSeconds(500), Duration.ofSeconds(5), NOON.plusSeconds(1));

    private static Sync sync() {
        Sync sync = new Sync();
        sync.setName("s");
        sync.setAccount("org");
        sync.setObject("Contact");
        sync.setExternalId("Key__c");
        sync.setFields(Map.of("name", "Name"));
        return sync;
    }

    private static CrmRecord record(String id, int secondsBeforeNoon) {
        return new CrmRecord(id, id, NOON.minusSeconds(secondsBeforeNoon), Map.of());
    }

    @Test
    void aPollStartsAtTheStartOfTheLastOneMinusTheOverlap() {
        DeltaPoll deltaPoll = new DeltaPoll(sync(), "crm", pollOffset, NOON);
        assertThat(deltaPoll.getCall()).isEqualTo(new CrmCall.Read("crm", "org", "delta", "Contact", "Key__c", "Name"));
        assertThat(deltaPoll.getStart()).isEqualTo(NOON.minusSeconds(100).toString());
        deltaPoll.changed(List.of(), Applied.NOTHING, null);

        assertThat(deltaPoll.isOpen()).isFalse();
        assertThat(deltaPoll.after(OVERLAP, DELETES).readUpTo()).isEqualTo(NOON.minusSeconds(60));
    }

    @Test
    void deletesAreDueAtOnceAfterTheirIntervalWasShortened() {
        PollOffset inTime = pollOffset.lowWatermark(pollOffset.lowWatermark(), NOON.plus(DELETES));
        assertThat(new DeltaPoll(sync(), "crm", inTime.within(DELETES, NOON), NOON).readsDeletes())
                .isFalse();
        PollOffset late = pollOffset.lowWatermark(
                pollOffset.lowWatermark(), NOON.plus(DELETES).plusSeconds(1));
        assertThat(new DeltaPoll(sync(), "crm", late.within(DELETES, NOON), NOON).readsDeletes())
                .isTrue();
    }

    @Test
    void aPollThatIsHandedOverLeavesTheRestToABulkQueryFromTheEarliestDeferredRecord() {
        DeltaPoll deltaPoll = new DeltaPoll(sync(), "crm", pollOffset, NOON);
        deltaPoll.changed(List.of(record("a", 95)), Applied.NOTHING, "next");
        deltaPoll.changed(List.of(record("b", 90)), LATER, "next");
        assertThat(deltaPoll.isLong()).isFalse();
        deltaPoll.changed(List.of(record("c", 80)), Applied.NOTHING, "next");
        assertThat(deltaPoll.isLong()).isTrue();
        assertThat(deltaPoll.readUpTo()).isEqualTo(NOON.minusSeconds(95)).isBefore(NOON.minusSeconds(90));
        deltaPoll.handOver();

        assertThat(deltaPoll.isOpen()).isFalse();
        assertThat(deltaPoll.after(OVERLAP, DELETES).readUpTo()).isEqualTo(NOON.minusSeconds(60));
    }

    @Test
    void aPostponedPollContinuesAfterItsLastPage() {
        DeltaPoll deltaPoll = new DeltaPoll(sync(), "crm", pollOffset, NOON);
        deltaPoll.changed(List.of(record("a", 95)), Applied.NOTHING, "next");
        deltaPoll.postpone();
        assertThat(deltaPoll.isOpen()).isFalse();
        assertThat(deltaPoll.after(OVERLAP, DELETES).readUpTo()).isEqualTo(NOON.minusSeconds(95));
    }

    @Test
    void aDeferredRecordHoldsTheOffsetBack() {
        DeltaPoll deltaPoll = new DeltaPoll(sync(), "crm", pollOffset, NOON);
        deltaPoll.changed(List.of(record("a", 95), record("b", 90)), LATER, "next");
        deltaPoll.changed(List.of(record("c", 10)), Applied.NOTHING, null);

        assertThat(deltaPoll.after(OVERLAP, DELETES).readUpTo()).isEqualTo(NOON.minusSeconds(90));
    }

    @Test
    void anAbandonedPollContinuesAfterTheLastAppliedPage() {
        DeltaPoll deltaPoll = new DeltaPoll(sync(), "crm", pollOffset, NOON);
        deltaPoll.changed(List.of(record("a", 95), record("c", 80)), Applied.NOTHING, "next");
        assertThat(deltaPoll.getStart()).isEqualTo("next");
        deltaPoll.abandon();

        assertThat(deltaPoll.after(OVERLAP, DELETES).readUpTo()).isEqualTo(NOON.minusSeconds(80));
    }

    @Test
    void aPollWithDeletesStartsAtTheLowWatermark() {
        DeltaPoll deltaPoll =
                new DeltaPoll(sync(), "crm", pollOffset.lowWatermark(pollOffset.lowWatermark(), NOON), NOON);
        assertThat(deltaPoll.getCall())
                .isEqualTo(new CrmCall.Read("crm", "org", "deleted", "Contact", "Key__c", "Name"));
        assertThat(deltaPoll.getStart()).isEqualTo(NOON.minusSeconds(500).toString());
        deltaPoll.deleted(Applied.NOTHING, NOON.minusSeconds(30));
        assertThat(deltaPoll.getStart()).isEqualTo(NOON.minusSeconds(500).toString());
        deltaPoll.changed(List.of(), Applied.NOTHING, null);

        PollOffset after = deltaPoll.after(OVERLAP, DELETES);
        assertThat(after.lowWatermark()).isEqualTo(NOON.minusSeconds(30));
        assertThat(after.deletesDue()).isEqualTo(NOON.plus(DELETES));
    }

    @Test
    void aDeferredDeleteIsReadAgain() {
        DeltaPoll deltaPoll =
                new DeltaPoll(sync(), "crm", pollOffset.lowWatermark(pollOffset.lowWatermark(), NOON), NOON);
        deltaPoll.deleted(LATER, NOON.minusSeconds(30));
        deltaPoll.changed(List.of(), Applied.NOTHING, null);

        assertThat(deltaPoll.after(OVERLAP, DELETES).lowWatermark()).isEqualTo(pollOffset.lowWatermark());
        assertThat(deltaPoll.after(OVERLAP, DELETES).deletesDue()).isEqualTo(NOON);
    }
}
