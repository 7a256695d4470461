package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmEvent;
import io.sluice.Sync;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RecordEventsTest {

    private static final Instant NOON = Instant.parse("2026-11-27T12:00:00Z");

    private static RecordEvents told(CrmEvent... events) {
        return new RecordEvents(new RecordEvents.Record("crm", "contacts", "1"), List.of(events));
    }

    private static CrmEvent city(String value, Instant at) {
        return CrmEvent.value(UUID.randomUUID(), "contacts", "1", "city", value, at);
    }

    @Test
    void theLastValueByTheTimeItHappenedIsTakenWhateverTheOrderInWhichItCame() {
        Sync sync = new Sync();
        sync.setFields(Map.of("town", "city"));
        RecordEvents recordEvents = told(city("Ulm", NOON.plusMillis(1)), city("Bonn", NOON));
        assertThat(recordEvents.needsLook()).isFalse();
        assertThat(recordEvents.of(sync).fields()).isEqualTo(Map.of("city", "Ulm"));
    }

    @Test
    void twoValuesOfOneMomentAreLookedUpAndTheSameTwiceIsNot() {
        assertThat(told(city("Ulm", NOON), city("Bonn", NOON)).needsLook()).isTrue();
        assertThat(told(city("Ulm", NOON), city(null, NOON)).needsLook()).isTrue();
        assertThat(told(city("Ulm", NOON), city("Ulm", NOON)).needsLook()).isFalse();
        assertThat(told(city("Ulm", NOON), city("Bonn", NOON), CrmEvent.deleted(UUID.randomUUID(), "contacts", "1",
                NOON.plusMillis(5))).needsLook()).as("gone in any case").isFalse();
    }
}
