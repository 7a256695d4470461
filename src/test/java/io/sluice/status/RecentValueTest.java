// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RecentValueTest {

    private static final RecentValue.Times TIMES =
            new RecentValue.Times(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(1));

    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger reads = new AtomicInteger();
    private RecentValue<Integer> value;

    private RecentValue<Integer> reading(RecentValue.Source<Integer> source, RecentValue.Times times) {
        value = new RecentValue<>("test-metrics", source, times, clock::get);
        return value;
    }

    @AfterEach
    void close() {
        value.close();
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void theFirstCallReadsAndTheNextOnesShareTheValueForTheInterval() {
        reading(reads::incrementAndGet, TIMES);
        assertThat(value.get()).contains(1);
        pass(Duration.ofSeconds(4));
        assertThat(value.get()).contains(1);
        pass(Duration.ofSeconds(1));
        assertThat(value.get()).contains(2);
    }

    @Test
    void aSlowReadIsRepeatedAfterTwentyTimesItsTime() {
        reading(
                () -> {
                    pass(Duration.ofSeconds(1));
                    return reads.incrementAndGet();
                },
                TIMES);
        assertThat(value.get()).contains(1);
        pass(Duration.ofSeconds(19));
        assertThat(value.get()).contains(1);
        pass(Duration.ofSeconds(1));
        assertThat(value.get()).contains(2);
    }

    @Test
    void aFailedReadLeavesTheLastValueForAMinute() {
        reading(
                () -> {
                    if (reads.incrementAndGet() > 1) {
                        throw new SQLException("away");
                    }
                    return 7;
                },
                TIMES);
        assertThat(value.get()).contains(7);
        pass(Duration.ofSeconds(10));
        assertThat(value.get()).contains(7);
        pass(Duration.ofSeconds(51));
        await().untilAsserted(() -> assertThat(value.get()).isEmpty());
        assertThat(value.age()).contains(Duration.ofSeconds(61));
    }

    @Test
    void allCallersOfAReadThatHangsWaitForItOnceTogether() throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        reading(
                () -> {
                    end.await();
                    return reads.incrementAndGet();
                },
                new RecentValue.Times(Duration.ofSeconds(5), Duration.ofMillis(200), Duration.ofMinutes(1)));
        assertThat(value.get()).isEmpty();
        pass(Duration.ofMillis(200));
        // if each call waited, the calls would take 200 s
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int i = 0; i < 1000; i++) {
                assertThat(value.get()).isEmpty();
            }
        });
        end.countDown();
        await().untilAsserted(() -> assertThat(value.get()).isEqualTo(Optional.of(1)));
    }
}
