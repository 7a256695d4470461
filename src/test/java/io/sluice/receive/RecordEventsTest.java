// SPDX-License-Identifier: Apache-2.0
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

    private static RecordEvents events(CrmEvent... all) {
        return new RecordEvents(new RecordEvents.Record("crm", "contacts", "1"), List.of(all));
    }

    private static CrmEvent city(String value, Instant at) {
        return CrmEvent.value(UUID.randomUUID(), "contacts", "1", "city", value, at);
    }

    @Test
    void theLastValueCountsInWhateverOrderTheEventsArrive() {
        Sync sync = new Sync();
        sync.setFields(Map.of("town", "city"));
        RecordEvents recordEvents = events(city("Ulm", NOON.plusMillis(1)), city("Bonn", NOON));
        assertThat(recordEvents.needsReadBack()).isFalse();
        assertThat(recordEvents.of(sync).fields()).isEqualTo(Map.of("city", "Ulm"));
    }

    @Test
    void twoValuesOfOneMomentAreReadBackAndARepeatedValueIsNot() {
        assertThat(events(city("Ulm", NOON), city("Bonn", NOON)).needsReadBack())
                .isTrue();
        assertThat(events(city("Ulm", NOON), city(null, NOON)).needsReadBack()).isTrue();
        assertThat(events(city("Ulm", NOON), city("Ulm", NOON)).needsReadBack()).isFalse();
        assertThat(events(
                                city("Ulm", NOON),
                                city("Bonn", NOON),
                                CrmEvent.deleted(UUID.randomUUID(), "contacts", "1", NOON.plusMillis(5)))
                        .needsReadBack())
                .as("deleted in any case")
                .isFalse();
    }
}
