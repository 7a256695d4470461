package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One record whose time of change can't be read keeps none of those beside it back. */
class UnreadableTimesTest {

    private static CrmRecord read(String stamp, String updated) throws Exception {
        return HubspotReads.received(new com.fasterxml.jackson.databind.ObjectMapper().readTree("""
                {"id": "1", "properties": {"key": "k", "lastmodifieddate": %s}, "updatedAt": %s}""".formatted(stamp, updated)),
                "lastmodifieddate", "key", List.of("key"));
    }

    @Test
    void theOtherTimeIsTakenOrTheRecordHasNone() throws Exception {
        assertThat(read("\"soon\"", "\"2026-01-02T03:04:05Z\"").at()).isEqualTo("2026-01-02T03:04:05Z");
        assertThat(read("\"soon\"", "\"later\"").hasTime()).isFalse();
        assertThat(read("null", "\"later\"").hasTime()).isFalse();
        assertThat(read("null", "null")).isNull();
    }
}
