// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows that a record with an unreadable change time does not hold back the others. */
class UnreadableTimesTest {

    private static CrmRecord read(String stamp, String updated) throws Exception {
        return HubspotReads.crmRecord(
                new com.fasterxml.jackson.databind.ObjectMapper()
                        .readTree(
                                """
                {"id": "1", "properties": {"key": "k", "lastmodifieddate": %s}, "updatedAt": %s}"""
                                        .formatted(stamp, updated)),
                "lastmodifieddate",
                "key",
                List.of("key"));
    }

    @Test
    void theOtherTimeIsUsedElseTheRecordHasNone() throws Exception {
        assertThat(read("\"soon\"", "\"2026-01-02T03:04:05Z\"").at()).isEqualTo("2026-01-02T03:04:05Z");
        assertThat(read("\"soon\"", "\"later\"").hasTime()).isFalse();
        assertThat(read("null", "\"later\"").hasTime()).isFalse();
        assertThat(read("null", "null")).isNull();
    }
}
