// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SplitRuleTest {

    @ParameterizedTest
    @CsvSource({"AT_ONCE, 200, 50", "AT_ONCE, 50, 13", "AT_ONCE, 2, 1", "AFTER_FAILURES, 200, 50", "BY_PARENT, 200, 50"
    })
    void aRetriedCallIsSplitIntoFourParts(SplitRule splitRule, int records, int part) {
        assertThat(splitRule.maxBatch(records, records)).isEqualTo(part);
    }

    @ParameterizedTest
    @CsvSource({"3, 3", "50, 50", "51, 50"})
    void aFewLockedRecordsAmongManyStayTogether(int locked, int maxBatch) {
        assertThat(SplitRule.BY_PARENT.maxBatch(200, locked)).isEqualTo(maxBatch);
    }

    @ParameterizedTest
    @EnumSource
    void withoutRetriesNoCallIsSmaller(SplitRule splitRule) {
        assertThat(splitRule.maxBatch(200, 0)).isNull();
        assertThat(SplitRule.NEVER.maxBatch(200, 200)).isNull();
    }
}
