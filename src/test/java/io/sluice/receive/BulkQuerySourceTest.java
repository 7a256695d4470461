// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BulkQuerySourceTest {

    private static final Instant BEGAN = Instant.parse("2026-01-02T03:04:05Z");

    @Test
    void theDelayGrowsWithTheAgeOfTheJob() {
        assertThat(BulkQuerySource.pollDelay(BEGAN, BEGAN)).isEqualTo(Duration.ofSeconds(1));
        assertThat(BulkQuerySource.pollDelay(BEGAN, BEGAN.plusSeconds(20))).isEqualTo(Duration.ofSeconds(10));
        assertThat(BulkQuerySource.pollDelay(BEGAN, BEGAN.plusSeconds(3600))).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void aPageIsSplitIntoChunksAndClosedBeforeItsEnd() {
        AtomicBoolean closed = new AtomicBoolean();
        try (ListChunks listChunks = new ListChunks(Stream.of(1, 2, 3, 4, 5).onClose(() -> closed.set(true)), 2)) {
            assertThat(listChunks.next()).containsExactly(1, 2);
            assertThat(listChunks.next()).containsExactly(3, 4);
            assertThat(listChunks.hasNext()).isTrue();
            assertThat(closed).isFalse();
        }
        assertThat(closed).isTrue();
    }
}
