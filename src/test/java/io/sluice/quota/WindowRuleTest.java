// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Checks the rule in virtual time against a server that counts requests by their arrival. */
class WindowRuleTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final long LATE_MS = 700;

    /** A call as both sides see it, times in ms since the start. */
    private static final class Call {
        final long granted;
        final long arrives;
        /** Long.MAX_VALUE: the answer is lost. */
        final long answered;

        Call(long granted, long arrives, long answered) {
            this.granted = granted;
            this.arrives = arrives;
            this.answered = answered;
        }

        /** The time at which the ledger counts the call as completed, as known at a moment. */
        long completed(long now) {
            return answered <= now ? answered : granted + LATE_MS;
        }
    }

    private static Instant at(long ms) {
        return START.plusMillis(ms);
    }

    private static WindowUsage count(List<Call> calls, long now, long window) {
        long own = calls.stream()
                .filter(call -> call.completed(now) > now - window)
                .count();
        Instant frees = calls.stream()
                .filter(call -> call.answered <= now && call.answered > now - window)
                .map(call -> at(call.answered + window))
                .min(Comparator.naturalOrder())
                .orElse(null);
        Instant last = calls.isEmpty() ? null : at(calls.get(calls.size() - 1).granted);
        return new WindowUsage(at(now), own, frees, last, null, null, null, 0);
    }

    private static Limit limit(long max, long windowMs) {
        return new Limit("short", max, Duration.ofMillis(windowMs));
    }

    /** Grants at random moments; the seed decides delays, lost answers, crashes and changes of the limit. */
    @Property(tries = 300)
    void noWindowOfTheServerExceedsTheMaxAndNoPermitIsDeferredWithoutNeed(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 12) int max,
            @ForAll @IntRange(min = 50, max = 3000) int window) {
        Random random = new Random(seed);
        List<Call> calls = new ArrayList<>();
        long now = 0;
        for (int step = 0; step < 400; step++) {
            now += random.nextInt(1 + window / max);
            WindowUsage windowUsage = count(calls, now, window);
            boolean granted = WindowRule.check(limit(max, window), windowUsage, Priority.CRITICAL, 1)
                    .isEmpty();
            assertThat(granted).isEqualTo(windowUsage.own() < max);
            if (granted) {
                // a lost one may arrive as late as the bound allows
                boolean lost = random.nextInt(8) == 0;
                long arrives = now + random.nextInt(lost ? (int) LATE_MS : 80);
                calls.add(new Call(now, arrives, lost ? Long.MAX_VALUE : arrives + random.nextInt(80)));
            }
        }
        assertThat(mostInAWindow(calls, window)).isLessThanOrEqualTo(max);
    }

    /** About every tenth call is urgent, and exempt from the spacing; the others take all that the rule allows. */
    @Property(tries = 60)
    void whenSaturatedAnUrgentCallWaitsForAFewGapsOnly(
            @ForAll long seed, @ForAll @IntRange(min = 10, max = 60) int max) {
        Random random = new Random(seed);
        int window = 10_000; // looked at every 5 ms
        List<Call> calls = new ArrayList<>();
        long longest = 0;
        long urgentSince = -1;
        for (long now = 0; now < 4L * window; now += 5) {
            if (urgentSince < 0 && random.nextInt(2 * window / max) == 0) {
                urgentSince = now;
            }
            Priority priority = urgentSince < 0 ? Priority.NORMAL : Priority.CRITICAL;
            if (WindowRule.check(limit(max, window), count(calls, now, window), priority, 1)
                    .isEmpty()) {
                calls.add(new Call(now, now + 20, now + 40));
                longest = urgentSince < 0 ? longest : Math.max(longest, now - urgentSince);
                urgentSince = -1;
            }
        }
        assertThat(calls.size()).as("of %d possible", 4 * max).isGreaterThanOrEqualTo(4 * max * 97 / 100);
        assertThat(longest).as("ms").isLessThanOrEqualTo(window / max * 3L + 50);
    }

    private static int mostInAWindow(List<Call> calls, long window) {
        long[] arrivals =
                calls.stream().mapToLong(call -> call.arrives).sorted().toArray();
        int most = 0;
        for (int from = 0, to = 0; to < arrivals.length; to++) {
            while (arrivals[to] - arrivals[from] >= window) {
                from++;
            }
            most = Math.max(most, to - from + 1);
        }
        return most;
    }

    @Test
    void eachPriorityStopsAtItsMarkOfALongWindow() {
        Limit daily = new Limit("daily", 1000, Duration.ofDays(1));
        for (long used = 0; used <= 1000; used++) {
            WindowUsage windowUsage = new WindowUsage(at(0), used, at(500), null, null, null, null, 0);
            for (Priority priority : Priority.values()) {
                assertThat(WindowRule.check(daily, windowUsage, priority, 1).isEmpty())
                        .as("%s at %d", priority, used)
                        .isEqualTo(used < 10L * WindowRule.mark(priority));
            }
        }
    }

    @Test
    void aReserveIsKeptWithoutAReportOfTheCrm() {
        Limit reserved = Limit.parse("daily", "1000 per 24h, reserve 100");
        Instant now = Instant.parse("2026-01-01T12:00:00Z");
        WindowUsage used = new WindowUsage(now, 630, now.plusSeconds(60), now, null, null, null, 0);

        assertThat(WindowRule.check(reserved, used, Priority.LOW, 1))
                .as("70 % of 900")
                .contains(new Deferral("daily", now.plusSeconds(60)));
        assertThat(WindowRule.check(reserved, used, Priority.NORMAL, 1)).isEmpty();
    }

    @Test
    void theShareAndTheReserveLimitOurCalls() {
        Limit shared = Limit.parse("daily", "1000 per 24h, share 50%");
        assertThat(allows(shared, 499, null)).isTrue();
        assertThat(allows(shared, 500, null)).isFalse();
        Limit reserved = Limit.parse("daily", "1000 per 24h, reserve 100");
        assertThat(allows(reserved, 10, 899L)).isTrue();
        assertThat(allows(reserved, 10, 900L)).isFalse();
    }

    @Test
    void callsOfOthersStopOursUntilANewReport() {
        Limit daily = new Limit("daily", 1000, Duration.ofHours(25));
        WindowUsage usage = new WindowUsage(at(0), 10, null, at(-5), null, 1000L, at(0), 0);
        assertThat(WindowRule.check(daily, usage, Priority.CRITICAL, 1))
                .hasValueSatisfying(hold -> assertThat(hold.until()).isEqualTo(at(0).plus(Duration.ofMinutes(15))));
        WindowUsage later = new WindowUsage(at(900_000), 10, null, at(-5), null, 1000L, at(0), 0);
        assertThat(WindowRule.check(daily, later, Priority.LOW, 1))
                .as("one call for a new report")
                .isEmpty();
        WindowUsage requested = new WindowUsage(at(900_001), 11, null, at(900_000), null, 1000L, at(0), 1);
        assertThat(WindowRule.check(daily, requested, Priority.CRITICAL, 1))
                .as("and not a second")
                .isPresent();
    }

    private static boolean allows(Limit limit, long own, Long reported) {
        return WindowRule.check(
                        limit, new WindowUsage(at(0), own, null, null, null, reported, at(0), 0), Priority.CRITICAL, 1)
                .isEmpty();
    }

    @Test
    void aMomentaryLowerReportDefersCallsForAMinuteAndNotForTheWindow() {
        Limit configured = new Limit("daily", 15_000, Duration.ofHours(24));
        Limit reported = configured.corrected(10L);
        WindowUsage usage = new WindowUsage(at(0), 500, at(86_000_000), at(-5), 10L, 10L, at(0), 0);
        assertThat(WindowRule.check(configured, reported, usage, Priority.CRITICAL, 1))
                .hasValueSatisfying(hold -> assertThat(hold.until()).isEqualTo(at(60_000)));
        WindowUsage later = new WindowUsage(at(60_000), 500, at(86_000_000), at(-5), 10L, 10L, at(0), 0);
        assertThat(WindowRule.check(configured, reported, later, Priority.CRITICAL, 1))
                .as("one call for a new report")
                .isEmpty();
        WindowUsage requested = new WindowUsage(at(60_001), 501, at(86_000_000), at(60_000), 10L, 10L, at(0), 1);
        assertThat(WindowRule.check(configured, reported, requested, Priority.CRITICAL, 1))
                .as("and not a second")
                .isPresent();
        WindowUsage spent = new WindowUsage(at(60_001), 15_000, at(86_000_000), at(-5), 10L, 10L, at(0), 0);
        assertThat(WindowRule.check(configured, reported, spent, Priority.CRITICAL, 1))
                .as("our own count is no momentary error")
                .hasValueSatisfying(hold -> assertThat(hold.until()).isEqualTo(at(86_000_000)));
    }
}
