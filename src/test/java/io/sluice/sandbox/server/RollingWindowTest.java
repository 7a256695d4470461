// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class RollingWindowTest {

    private static final long SECOND = 1_000_000;

    @Property
    void itLetsInExactlyWhatFitsIntoEveryWindow(
            @ForAll @IntRange(min = 1, max = 20) int max,
            @ForAll @IntRange(min = 1, max = 3) int seconds,
            @ForAll @Size(max = 200) List<@LongRange(min = 0, max = 600_000) Long> gaps) {
        RollingWindow window = new RollingWindow(max, seconds);
        List<Long> accepted = new ArrayList<>();
        long now = 0;
        long peak = 0;
        for (long gap : gaps) {
            now += gap;
            long at = now;
            long inWindow =
                    accepted.stream().filter(t -> t > at - seconds * SECOND).count();
            assertThat(window.hasRoom(now)).isEqualTo(inWindow < max);
            assertThat(window.used(now)).isEqualTo(inWindow);
            if (window.hasRoom(now)) {
                window.add(now, 1);
                accepted.add(now);
                peak = Math.max(peak, inWindow + 1);
            }
            assertThat(window.peak()).isEqualTo(peak).isLessThanOrEqualTo(max);
        }
    }

    @Property(tries = 20)
    void aVeryLargeOneForgetsNothingEarly(@ForAll @Size(max = 100) List<@LongRange(min = 0, max = 900_000) Long> gaps) {
        RollingWindow window = new RollingWindow(5_000_000, 10);
        List<Long> accepted = new ArrayList<>();
        long now = 0;
        for (long gap : gaps) {
            now += gap;
            long at = now;
            window.add(now, 1);
            accepted.add(now);
            assertThat(window.used(now))
                    .isGreaterThanOrEqualTo(
                            accepted.stream().filter(t -> t > at - 10 * SECOND).count())
                    .isLessThanOrEqualTo(
                            accepted.stream().filter(t -> t > at - 11 * SECOND).count());
        }
    }
}
