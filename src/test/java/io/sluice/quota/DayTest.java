// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Simulates two days of a bursty load in virtual time, second by second, against a server that takes 100,000 calls in any 24 hours
 * and counts another integration's 40,000 too. Low work never ends, so that it takes all it is let have; normal and
 * high work come in bursts that are more than the day holds; a critical call comes every minute or so.
 */
class DayTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Limit DAILY = Limit.parse("daily", "100000 per 24h, share 60%");
    private static final long HOUR = 3_600_000;
    private static final long DAY = 24 * HOUR;
    private static final long ANSWER_MS = 300;
    private static final int PER_SECOND = 20;

    /** The server, which counts all calls by their arrival. */
    private static final class Server {
        private final Deque<Long> arrivals = new ArrayDeque<>();
        private int most;

        int call(long now) {
            arrivals.add(now);
            most = Math.max(most, used(now));
            return arrivals.size();
        }

        int used(long now) {
            while (!arrivals.isEmpty() && arrivals.peek() <= now - DAY) {
                arrivals.poll();
            }
            return arrivals.size();
        }
    }

    /** Our side: the ledger, which counts calls by their completion, and the CRM's last report. */
    private static final class Ledger {
        private final Deque<Long> completions = new ArrayDeque<>();
        private Instant lastGrant;
        private Long reported;
        private Instant reportedAt;

        WindowUsage count(long now) {
            while (!completions.isEmpty() && completions.peek() <= now - DAY) {
                completions.poll();
            }
            Instant frees = completions.isEmpty() ? null : at(completions.peek() + DAY);
            return new WindowUsage(at(now), completions.size(), frees, lastGrant, 100_000L, reported, reportedAt, 0);
        }

        void called(long now, int used) {
            completions.add(now + ANSWER_MS);
            lastGrant = at(now);
            reported = (long) used;
            reportedAt = at(now + ANSWER_MS);
        }
    }

    private static Instant at(long ms) {
        return START.plusMillis(ms);
    }

    @Property(tries = 5)
    void theQuotaIsNeverExceededCriticalCallsNeverWaitAndTheMarksActAndLift(@ForAll long seed) {
        Random random = new Random(seed);
        Server server = new Server();
        Ledger ledger = new Ledger();
        Map<Priority, Integer> waiting = new EnumMap<>(Priority.class);
        Map<Priority, Integer> sent = new EnumMap<>(Priority.class);
        Map<Priority, Boolean> stopped = new EnumMap<>(Priority.class);
        Map<Priority, Integer> stops = new EnumMap<>(Priority.class);
        Map<Priority, Integer> lifts = new EnumMap<>(Priority.class);
        int theirs = 0;
        for (long now = 0; now < 2 * DAY; now += 1000) {
            arrive(waiting, now, random);
            theirs = others(server, now, theirs, random);
            for (int i = 0; i < PER_SECOND; i++) {
                Priority next = null;
                for (Priority priority : Priority.values()) {
                    if (waiting.getOrDefault(priority, 0) == 0) {
                        continue;
                    }
                    boolean held = WindowRule.check(DAILY, ledger.count(now), priority, 1)
                            .isPresent();
                    if (held != stopped.getOrDefault(priority, false)) {
                        (held ? stops : lifts).merge(priority, 1, Integer::sum);
                        stopped.put(priority, held);
                    }
                    assertThat(held && priority == Priority.CRITICAL)
                            .as("a critical call waits at %s", at(now))
                            .isFalse();
                    if (!held) {
                        next = priority;
                        break;
                    }
                }
                if (next == null) {
                    break;
                }
                waiting.merge(next, -1, Integer::sum);
                sent.merge(next, 1, Integer::sum);
                ledger.called(now, server.call(now));
            }
        }
        assertThat(server.most)
                .as("the server's fullest 24 hours")
                .isLessThanOrEqualTo(100_000)
                .isGreaterThan(90_000);
        for (Priority priority : new Priority[] {Priority.LOW, Priority.NORMAL, Priority.HIGH}) {
            assertThat(stops.getOrDefault(priority, 0))
                    .as("%s work stopped", priority)
                    .isPositive();
            assertThat(lifts.getOrDefault(priority, 0)).as("and continued").isPositive();
        }
        assertThat(sent.get(Priority.CRITICAL)).isGreaterThan(2000);
    }

    /** Bursts of both days at the same hours: the calls of one leave the window as the next begins. */
    private static void arrive(Map<Priority, Integer> waiting, long now, Random random) {
        long hour = now / HOUR % 24;
        waiting.put(Priority.LOW, 1000);
        if (random.nextInt(60) == 0) {
            waiting.merge(Priority.CRITICAL, 1, Integer::sum);
        }
        if (hour >= 9 && hour < 12) {
            waiting.merge(Priority.NORMAL, random.nextInt(3), Integer::sum);
        }
        if (hour >= 14 && hour < 16) {
            waiting.merge(Priority.HIGH, random.nextInt(4), Integer::sum);
        }
    }

    /** 40,000 calls a day, between 8 and 19 o'clock. */
    private static int others(Server server, long now, int today, Random random) {
        long hour = now / HOUR % 24;
        if (now % DAY == 0) {
            return 0;
        }
        int calls = hour >= 8 && hour < 19 ? Math.min(40_000 - today, random.nextInt(4)) : 0;
        for (int i = 0; i < calls; i++) {
            server.call(now);
        }
        return today + calls;
    }
}
