// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Tests from which number a drain searches, by the transactions that a snapshot of PostgreSQL shows and hides. */
class LogWatermarkTest {

    private final LogWatermark floor = new LogWatermark();

    /** Number 11 is drawn by transaction 101 while nothing completes, and is committed later. */
    @Test
    void aTransactionBehindTheLastThatCompletedIsSearchedForToo() {
        floor.searched(1, null, true, 10, 100, "100:100:", 0);
        assertThat(floor.from()).isEqualTo(11);

        floor.searched(11, 12L, true, 12, 105, "101:101:", 0);
        assertThat(floor.from()).as("while it is under way").isEqualTo(11);
        floor.seen("101:101:");
        assertThat(floor.from()).as("a look without an id of its own").isEqualTo(11);
        floor.seen("101:106:101,103");
        assertThat(floor.from()).as("when it is listed").isEqualTo(11);
        floor.seen("106:106:");
        assertThat(floor.from()).as("when it has ended").isEqualTo(11);

        floor.searched(11, 11L, true, 12, 107, "107:107:", 0);
        assertThat(floor.from()).as("once it was found").isEqualTo(13);
    }

    @Test
    void aDrainDoesNotCountItselfAsUnderWay() {
        floor.searched(1, null, true, 10, 100, "100:100:", 0);
        floor.searched(11, 14L, true, 14, 101, "101:101:", 0);
        floor.seen("102:102:");
        assertThat(floor.from()).isEqualTo(15);
    }

    @Test
    void withTooManyTransactionsUnderWayTheSearchBeginsAtTheSameNumber() {
        floor.searched(1, null, true, 10, 100, "100:100:", 0);
        floor.searched(11, 12L, true, 12, 1_000_000, "101:101:", 0);
        assertThat(floor.from()).isEqualTo(11);
    }
}
