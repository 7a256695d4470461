package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SplitRuleTest {

    @ParameterizedTest
    @CsvSource({"AT_ONCE, 200, 50", "AT_ONCE, 50, 13", "AT_ONCE, 2, 1", "IN_TIME, 200, 50", "BY_PARENT, 200, 50"})
    void aCallThatIsTriedAgainGoesInFourParts(SplitRule splitRule, int records, int part) {
        assertThat(splitRule.fill(records, records)).isEqualTo(part);
    }

    @ParameterizedTest
    @CsvSource({"3, 3", "50, 50", "51, 50"})
    void aFewThatAreLockedAmongManyGoTogether(int locked, int fill) {
        assertThat(SplitRule.BY_PARENT.fill(200, locked)).isEqualTo(fill);
    }

    @ParameterizedTest
    @EnumSource
    void whereNothingIsTriedAgainNoCallIsSmaller(SplitRule splitRule) {
        assertThat(splitRule.fill(200, 0)).isNull();
        assertThat(SplitRule.NEVER.fill(200, 200)).isNull();
    }
}
