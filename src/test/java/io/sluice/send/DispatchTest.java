package io.sluice.send;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.crm.Blame;
import io.sluice.outbox.Outbox.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DispatchTest {

    @Test
    void aCallThatOneRecordMayHaveSpoiltIsSplitAtOnce() {
        assertThat(Dispatch.split(Blame.RECORD, 400)).isEqualTo(Split.AT_ONCE);
    }

    @Test
    void aCallOverWhichTheCrmFailsIsSplitOnlyWhenThatGoesOn() {
        assertThat(Dispatch.split(Blame.MOMENT, 500)).isEqualTo(Split.IN_TIME);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 406, 420, 502, 503})
    void aCrmThatIsAwayLeavesTheCallsAsLargeAsTheyAre(int status) {
        assertThat(Dispatch.split(Blame.MOMENT, status)).isEqualTo(Split.NEVER);
    }

    @Test
    void aCallWithResultsLeavesTheNextOnesAsLargeAsTheyAre() {
        assertThat(Dispatch.split(Blame.NOBODY, 200)).isEqualTo(Split.NEVER);
    }
}
