// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StoreTest {

    private final AtomicLong clock = new AtomicLong();
    private final Store store = new Store(clock::incrementAndGet, 1, commit -> {});

    private long written() {
        try (Transaction transaction = store.begin()) {
            return transaction.moment();
        }
    }

    @Test
    void whatIsWrittenAtOneMomentBearsOneStampThoughTimeGoesOn() {
        long before = written();
        List<Long> together = store.atOneMoment(() -> List.of(written(), written(), written()));
        assertThat(together.stream().distinct()).singleElement().satisfies(stamp -> assertThat(stamp)
                .isGreaterThan(before));
        assertThat(written()).isGreaterThan(together.get(0));
    }
}
