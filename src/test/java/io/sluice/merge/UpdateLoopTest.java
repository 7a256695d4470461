// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class UpdateLoopTest {

    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");

    /** Counts the writes within a time of an automation and a trigger that answer each other, each after its delay. */
    private static int writes(Duration crmDelay, Duration tableDelay, Duration within) {
        UpdateLoop loop = UpdateLoop.NONE;
        Instant settled = START;
        Instant written = START;
        int writes = 1;
        while (true) {
            Instant changed = settled.plus(crmDelay);
            loop = loop.taken(settled, written, changed, changed);
            Instant due = changed.plus(tableDelay);
            written = due;
            settled = loop.heldUntil() != null && loop.heldUntil().isAfter(due) ? loop.heldUntil() : due;
            if (settled.isAfter(START.plus(within))) {
                return writes;
            }
            writes++;
        }
    }

    @Property
    void anyFastLoopWritesAtMostThirtyTimesInTheFirstHourAndOncePerHourLater(
            @ForAll @IntRange(min = 1, max = 60_000) int crmMillis,
            @ForAll @IntRange(min = 1, max = 5_000) int tableMillis) {
        Duration crm = Duration.ofMillis(crmMillis);
        Duration table = Duration.ofMillis(tableMillis);

        assertThat(writes(crm, table, Duration.ofHours(1))).isLessThanOrEqualTo(30);
        assertThat(writes(crm, table, Duration.ofDays(1))).isLessThanOrEqualTo(30 + 24);
    }

    @Property
    void independentEditsOnBothSidesWaitLittleLongerThanOneEditOfTheCrm(
            @ForAll @IntRange(min = 1, max = 600) int crmSeconds,
            @ForAll @IntRange(min = 1, max = 600) int tableSeconds) {
        UpdateLoop loop = UpdateLoop.NONE;
        Instant settled = START;
        Instant written = START;
        Duration longest = Duration.ZERO;
        for (int second = 1; second < 30_000; second++) {
            Instant now = START.plusSeconds(second);
            boolean changed = second - second % tableSeconds
                    > Duration.between(START, settled).toSeconds();
            if (changed && (loop.heldUntil() == null || !loop.heldUntil().isAfter(now))) {
                settled = now;
                written = now.minusSeconds(second % tableSeconds);
            }
            if (second % crmSeconds == 0) {
                loop = loop.taken(settled, written, now, now.plusMillis(1));
                longest = loop.backoff().compareTo(longest) > 0 ? loop.backoff() : longest;
            }
        }
        assertThat(longest).isLessThanOrEqualTo(UpdateLoop.MAX_CRM_REACTION.plusSeconds(2L * crmSeconds));
    }

    @Test
    void aNightlyJobOnEachSideIsNoLoop() {
        UpdateLoop loop = UpdateLoop.NONE;
        for (int night = 0; night < 365; night++) {
            Instant written = START.plus(Duration.ofDays(night));
            loop = loop.taken(written, written, written.plusSeconds(30), written.plusSeconds(31));
        }
        assertThat(loop.heldUntil()).isNull();
    }

    @Test
    void severalChangesAfterOneWriteAreOneRound() {
        UpdateLoop loop = UpdateLoop.NONE.taken(START, START, START, START.plusMillis(1));
        for (int change = 0; change < 50; change++) {
            loop = loop.taken(START, START, START.plusSeconds(1), START.plusSeconds(change));
        }
        assertThat(loop.rounds()).isZero();
    }
}
