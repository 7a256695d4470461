// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PriorityTest {

    @Test
    void criticalComesFirstAndLowLast() {
        assertThat(Arrays.stream(Priority.values()).map(Priority::toString))
                .containsExactly("critical", "high", "normal", "low");
        assertThat(Priority.CRITICAL.rank()).isZero();
        assertThat(Priority.LOW.rank()).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource
    void theRankAndTheWordAreReadBack(Priority priority) {
        assertThat(Priority.ofRank(priority.rank())).isSameAs(priority);
        assertThat(Priority.of(priority.toString())).isSameAs(priority);
        assertThat(Priority.of(priority.name())).isSameAs(priority);
    }

    @Test
    void theErrorNamesTheUnknownWordAndTheFourPriorities() {
        assertThatThrownBy(() -> Priority.of("urgent"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'urgent' is no priority; use critical, high, normal or low");
    }
}
