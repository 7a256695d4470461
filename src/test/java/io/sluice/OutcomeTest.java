// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OutcomeTest {

    @Test
    void theWordsOfTheWriterContractAreTheStatuses() {
        assertThat(Outcome.Status.values())
                .extracting(Outcome.Status::toString)
                .containsExactly("done", "retry", "taken", "rejected", "gone");
        assertThat(Operation.values()).extracting(Operation::toString).containsExactly("upsert", "delete");
    }

    @Test
    void doneCarriesTheIdAndNoError() {
        assertThat(Outcome.done("A", "003A")).isEqualTo(new Outcome("A", Outcome.Status.DONE, "003A", null, null));
    }

    @Test
    void aFailureCarriesTheCrmsMessageAndNoId() {
        assertThat(Outcome.retry("A", "LOCKED", "try again"))
                .isEqualTo(new Outcome("A", Outcome.Status.RETRY, null, "LOCKED", "try again"));
        assertThat(Outcome.rejected("A", "WRONG", "never"))
                .isEqualTo(new Outcome("A", Outcome.Status.REJECTED, null, "WRONG", "never"));
    }
}
