// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows what the answer to a batch read proves about merged records. */
class BatchReadResultTest {

    private static BatchReadResult read(String results, String... asked) {
        return BatchReadResult.of(
                new HubspotAnswer(200, "{\"status\":\"COMPLETE\",\"results\":[" + results + "]}"),
                null,
                List.of(asked));
    }

    private static String record(String id, String merged) {
        return "{\"id\":\"" + id + "\",\"properties\":{\"hs_merged_object_ids\":\"" + merged + "\"}}";
    }

    @Test
    void aRecordIsDeletedIfAnotherListsItAsMerged() {
        assertThat(read(record("3", "1;2"), "1", "2").deleted()).containsExactlyInAnyOrder("1", "2");
    }

    @Test
    void aRecordThatWasMergedTwiceIsDeletedIfItIsReadAlone() {
        assertThat(read(record("5", "3;4"), "1").deleted()).containsExactly("1");
        assertThat(read(record("5", "3;4"), "1").found()).isEmpty();
    }

    @Test
    void anotherRecordProvesNothingWithoutMergedIdsOrInAReadOfSeveral() {
        assertThat(read(record("5", ""), "1").deleted()).isEmpty();
        assertThat(read(record("5", "3;4"), "1", "7").deleted()).isEmpty();
        assertThat(read(record("5", "3;4") + "," + record("6", "3;4"), "1").deleted())
                .isEmpty();
    }
}
