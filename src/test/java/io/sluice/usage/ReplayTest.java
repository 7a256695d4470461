// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import io.sluice.quota.Limit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ReplayTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Limit DAILY = Limit.parse("daily", "100 per 24h");

    private static TrafficCall call(long millis, Priority priority) {
        return new TrafficCall(START.plusMillis(millis), "upsert", "Contact", priority, 1, 100);
    }

    private static Assumptions assuming(Integer batchSize, String... limits) {
        List<Limit> parsed = new ArrayList<>();
        for (int i = 0; i < limits.length; i++) {
            parsed.add(Limit.parse("limit" + i, limits[i]));
        }
        return new Assumptions(
                parsed,
                Map.of(),
                batchSize,
                batchSize == null ? null : new Assumptions.CallSize(batchSize, 1),
                null,
                List.of(),
                null,
                Set.of("query"),
                Map.of(),
                null);
    }

    private static Replay.Result replay(List<TrafficCall> traffic, Assumptions assumptions, Instant end) {
        Instant last =
                traffic.isEmpty() ? START : traffic.get(traffic.size() - 1).at();
        return Replay.of(AssumedTraffic.of(traffic, assumptions, START, last.plusMillis(1)), assumptions, end);
    }

    private static List<TrafficCall> everyMinute(int calls, Priority priority) {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            traffic.add(call(i * 60_000L, priority));
        }
        return traffic;
    }

    @Test
    void aMarkStopsItsPriorityUntilTheFirstCallsLeaveTheWindow() {
        Replay.Result result = replay(
                everyMinute(100, Priority.LOW),
                new Assumptions(List.of(DAILY), Map.of(), null, null, null, List.of(), null, Set.of(), Map.of(), null),
                START.plus(Duration.ofDays(3)));

        assertThat(result.stops().get(0))
                .isEqualTo(new Replay.Stop(
                        "daily",
                        Priority.LOW,
                        START.plus(Duration.ofMinutes(70)),
                        START.plus(Duration.ofDays(1)).plusMillis(100)));
        assertThat(result.reached().get(DAILY)).containsOnlyKeys(70);
        assertThat(result.granted()).isEqualTo(100);
        assertThat(result.waiting()).isZero();
    }

    @Test
    void aStopOfTenSecondsCountsHoweverShortTheWindow() {
        List<TrafficCall> burst = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            burst.add(call(i, Priority.CRITICAL));
        }

        Replay.Result minute = replay(burst, assuming(null, "5 per 60s"), START.plusSeconds(300));
        Replay.Result seconds = replay(burst, assuming(null, "5 per 9s"), START.plusSeconds(300));

        assertThat(minute.stops())
                .containsExactly(new Replay.Stop(
                        "limit0",
                        Priority.CRITICAL,
                        START.plusMillis(5),
                        START.plusSeconds(60).plusMillis(100)));
        assertThat(seconds.stops()).as("a stop of 9.1 s").isEmpty();
        assertThat(seconds.moreStops()).isZero();
    }

    @Test
    void theHundredLongestStopsAreKeptAndTheOthersCounted() {
        List<TrafficCall> bursts = new ArrayList<>();
        for (int i = 0; i < 103; i++) {
            bursts.add(call(i * 60_000L, Priority.CRITICAL));
            bursts.add(call(i * 60_000L + (i < 3 ? 5_000 : 0), Priority.CRITICAL));
        }

        Replay.Result result = replay(bursts, assuming(null, "1 per 20s"), START.plus(Duration.ofDays(1)));

        assertThat(result.moreStops()).isEqualTo(3);
        assertThat(result.stops())
                .hasSize(100)
                .allMatch(stop -> Duration.between(stop.from(), stop.until()).toMillis() == 20_100);
    }

    @Test
    void waitingCallsShareACallUpToTheBatchSize() {
        List<TrafficCall> traffic = everyMinute(100, Priority.LOW);

        assertThat(replay(traffic, assuming(10, "100 per 24h"), START.plus(Duration.ofDays(3)))
                        .granted())
                .as("30 calls waited for the next day")
                .isEqualTo(73);
    }

    @Test
    void smallerBatchesMakeMoreCalls() {
        List<TrafficCall> traffic = List.of(new TrafficCall(START, "upsert", "Contact", Priority.NORMAL, 95, 100));

        assertThat(replay(traffic, assuming(10, "1000 per 24h"), START.plusSeconds(60))
                        .granted())
                .isEqualTo(10);
    }

    @Test
    void aSyncInAdditionSpreadsItsChangesOverTheDay() {
        Assumptions assumptions = new Assumptions(
                List.of(Limit.parse("daily", "5000 per 24h")),
                Map.of(),
                null,
                null,
                null,
                List.of(),
                null,
                Set.of(),
                Map.of(),
                new Assumptions.AddedSync("upsert", 240, Priority.NORMAL, 100));
        List<TrafficCall> traffic = everyMinute(24 * 60 + 1, Priority.HIGH);

        assertThat(replay(traffic, assumptions, START.plus(Duration.ofDays(2))).granted())
                .isEqualTo(24 * 60 + 1 + 240);
    }

    @Test
    void percentilesAreThoseOfTheNearestRank() {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 1; i <= 200; i++) {
            traffic.add(new TrafficCall(START.plusSeconds(i), "upsert", "Contact", Priority.HIGH, 1, i));
        }
        Replay.Result result = replay(traffic, assuming(null, "1000 per 24h"), START.plusSeconds(300));

        assertThat(result.percentile(Priority.HIGH, 50)).isEqualTo(100);
        assertThat(result.percentile(Priority.HIGH, 99)).isEqualTo(198);
        assertThat(result.percentile(Priority.LOW, 99)).isNull();
    }

    @Test
    void aCallAtOnceWaitsForTheAnswerBefore() {
        List<TrafficCall> traffic =
                List.of(call(0, Priority.NORMAL), call(10, Priority.NORMAL), call(20, Priority.NORMAL));

        Replay.Result result = replay(traffic, assuming(null, "1 at once"), START.plusSeconds(60));

        assertThat(result.latency().get(Priority.NORMAL)).containsExactly(100, 190, 280);
    }

    @Test
    void aSharedCallIsAsUrgentAsItsMostUrgentObject() {
        Assumptions assumptions = new Assumptions(
                List.of(DAILY),
                Map.of(),
                null,
                null,
                null,
                List.of(),
                null,
                Set.of(),
                Map.of("Contact", Priority.LOW, "Account", Priority.HIGH),
                null);
        List<TrafficCall> traffic = List.of(
                new TrafficCall(START, "composite", "Account,Contact", Priority.NORMAL, 2, 100),
                new TrafficCall(START, "upsert", "Contact", Priority.NORMAL, 1, 100),
                new TrafficCall(START, "read", "Contact", Priority.NORMAL, 1, 100));

        assertThat(AssumedTraffic.of(traffic, assumptions, START, START.plusSeconds(1)))
                .extracting(TrafficCall::priority)
                .containsExactly(Priority.HIGH, Priority.LOW, Priority.NORMAL);
    }

    @Test
    void pollsAreReplayedAtAnotherInterval() {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i <= 60; i++) {
            traffic.add(new TrafficCall(START.plusSeconds(i), "query", "Contact", Priority.NORMAL, 0, 100));
        }
        Assumptions assumptions = new Assumptions(
                List.of(DAILY),
                Map.of(),
                null,
                null,
                null,
                List.of(),
                Duration.ofSeconds(10),
                Set.of("query"),
                Map.of(),
                null);

        assertThat(replay(traffic, assumptions, START.plusSeconds(60)).granted())
                .isEqualTo(7);
    }

    /** Calls of up to five collections of 200 records. */
    private static Assumptions composite(Duration ageing, List<Limit> recorded, String limit) {
        return new Assumptions(
                List.of(Limit.parse("limit", limit)),
                Map.of(),
                null,
                new Assumptions.CallSize(200, 5),
                ageing,
                recorded,
                null,
                Set.of("query"),
                Map.of(),
                null);
    }

    private static TrafficCall write(long millis, String object, Priority priority, int records) {
        return new TrafficCall(START.plusMillis(millis), "upsert", object, priority, records, 100);
    }

    /** The number of calls after one that fills a limit of one call a minute, when all others wait. */
    private static long callsAfterAWait(TrafficCall... waiting) {
        List<TrafficCall> traffic = new ArrayList<>(List.of(write(0, "Case", Priority.CRITICAL, 1)));
        traffic.addAll(List.of(waiting));
        Replay.Result result =
                replay(traffic, composite(null, List.of(), "1 per 60s"), START.plus(Duration.ofHours(1)));
        assertThat(result.waiting()).isZero();
        return result.granted() - 1;
    }

    @Test
    void aNormalCallCarriesWaitingWritesOfAllPrioritiesAndObjects() {
        assertThat(callsAfterAWait(
                        write(1, "Contact", Priority.LOW, 300),
                        write(2, "Contact", Priority.NORMAL, 1),
                        write(3, "Opportunity", Priority.LOW, 300)))
                .as("four collections")
                .isEqualTo(1);
        assertThat(callsAfterAWait(
                        write(1, "Contact", Priority.NORMAL, 900), write(2, "Opportunity", Priority.NORMAL, 201)))
                .as("a sixth and seventh collection")
                .isEqualTo(2);
    }

    @Test
    void anUrgentCallCarriesACollectionOfItsObjectAndOthersThatAreNoLessUrgent() {
        assertThat(callsAfterAWait(write(1, "Contact", Priority.CRITICAL, 1), write(2, "Contact", Priority.LOW, 199)))
                .isEqualTo(1);
        assertThat(callsAfterAWait(write(1, "Contact", Priority.CRITICAL, 1), write(2, "Contact", Priority.LOW, 200)))
                .as("a record more than a collection")
                .isEqualTo(2);
        assertThat(callsAfterAWait(write(1, "Contact", Priority.HIGH, 1), write(2, "Opportunity", Priority.HIGH, 1)))
                .isEqualTo(1);
        assertThat(callsAfterAWait(write(1, "Contact", Priority.HIGH, 1), write(2, "Opportunity", Priority.NORMAL, 1)))
                .isEqualTo(2);
    }

    @Test
    void aLargeCallThatBecomesUrgentIsSplitIntoCollections() {
        Assumptions urgent = new Assumptions(
                List.of(DAILY),
                Map.of(),
                null,
                new Assumptions.CallSize(200, 5),
                null,
                List.of(),
                null,
                Set.of(),
                Map.of("Contact", Priority.HIGH),
                null);

        assertThat(AssumedTraffic.of(
                        List.of(write(0, "Contact", Priority.NORMAL, 900)), urgent, START, START.plusSeconds(1)))
                .extracting(TrafficCall::records)
                .containsExactly(200, 200, 200, 200, 100);
    }

    @Test
    void theWritesOfASharedCallHaveTheUsualPriorityOfTheirObject() {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            traffic.add(write(i, "Case", Priority.CRITICAL, 1));
        }
        traffic.add(new TrafficCall(START.plusMillis(10), "composite", "Case,Contact", Priority.NORMAL, 2, 100));
        traffic.add(write(11, "Case", Priority.NORMAL, 1));

        Replay.Result result = replay(traffic, composite(null, List.of(), "100 per 24h"), START.plusSeconds(10));

        assertThat(result.latency().get(Priority.CRITICAL)).hasSize(11);
        assertThat(result.latency().get(Priority.NORMAL)).as("the contact").hasSize(1);
    }

    @Test
    void aPollThatGetsNoPermitIsNotMade() {
        List<TrafficCall> traffic = new ArrayList<>(List.of(call(0, Priority.NORMAL)));
        for (int i = 1; i <= 12; i++) {
            traffic.add(new TrafficCall(START.plusSeconds(5 * i), "query", "Contact", Priority.NORMAL, 0, 100));
        }

        Replay.Result result = replay(traffic, composite(null, List.of(), "1 per 60s"), START.plusSeconds(300));

        assertThat(result.granted()).as("the write, and the poll of second 60").isEqualTo(2);
        assertThat(result.omittedPolls()).isEqualTo(11);
        assertThat(result.stops()).isEmpty();
    }

    @Test
    void pollsAreRarerTheMoreOfALongLimitIsUsed() {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i < 75; i++) {
            traffic.add(call(i, Priority.HIGH));
        }
        for (int i = 1; i <= 10; i++) {
            traffic.add(new TrafficCall(START.plusSeconds(60 * i), "query", "Contact", Priority.NORMAL, 0, 100));
        }

        assertThat(replay(traffic, composite(null, List.of(), "100 per 24h"), START.plusSeconds(599))
                        .granted())
                .as("with three quarters used, in seconds 60, 180, 300, 420 and 540")
                .isEqualTo(75 + 5);
        assertThat(replay(traffic, composite(null, List.of(DAILY), "100 per 24h"), START.plusSeconds(900))
                        .omittedPolls())
                .as("they were as rare when they were recorded")
                .isZero();
    }

    @Test
    void thePagesOfAPollAreDelayedWithItAndNotLost() {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i < 51; i++) {
            traffic.add(call(i, Priority.HIGH));
        }
        for (int i = 1; i <= 10; i++) {
            for (int page = 0; page < 2; page++) {
                traffic.add(new TrafficCall(
                        START.plusMillis(60_000L * i + 300 * page), "query", "Contact", Priority.NORMAL, 0, 100));
            }
        }

        assertThat(replay(traffic, composite(null, List.of(), "1000 per 24h"), START.plusSeconds(601))
                        .granted())
                .as("with a twentieth used")
                .isEqualTo(51 + 20);
        assertThat(replay(traffic, composite(null, List.of(), "99 per 24h"), START.plusSeconds(900))
                        .granted())
                .as("with a little more than half of the limit used, the intervals are a little longer")
                .isBetween(51 + 2 * 7L, 51 + 2 * 9L);
    }

    @Test
    void waitingWritesThatRiseStillStopAtTheMarkOfTheirOwnPriority() {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i < 69; i++) {
            traffic.add(call(i, Priority.HIGH));
        }
        for (int i = 0; i < 40; i++) {
            traffic.add(write(1_000 + i, "object" + i, Priority.LOW, 1000));
        }

        Replay.Result result = replay(
                traffic, composite(Duration.ofMinutes(5), List.of(), "100 per 24h"), START.plus(Duration.ofHours(1)));

        assertThat(result.granted()).isEqualTo(70);
        assertThat(result.stops())
                .containsExactly(new Replay.Stop("limit", Priority.LOW, START.plusMillis(1_001), null));
    }

    @Test
    void aWriteThatHasRisenGoesBeforeNewerOnesOfThatPriority() {
        List<TrafficCall> traffic = new ArrayList<>(
                List.of(write(0, "Case", Priority.CRITICAL, 1), write(1_000, "Lead", Priority.LOW, 1000)));
        for (int i = 1; i <= 12; i++) {
            traffic.add(new TrafficCall(START.plusSeconds(30L * i), "delete", "Contact", Priority.HIGH, 200, 100));
        }

        Replay.Result rising =
                replay(traffic, composite(Duration.ofMinutes(1), List.of(), "1 per 60s"), START.plusSeconds(600));
        Replay.Result fixed = replay(traffic, composite(null, List.of(), "1 per 60s"), START.plusSeconds(600));

        assertThat(rising.percentile(Priority.LOW, 100)).isNotNull();
        assertThat(fixed.percentile(Priority.LOW, 100)).as("never made").isNull();
    }

    @Test
    void aStopEndsWhenUrgentCallsHaveTakenAllThatWaited() {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            traffic.add(write(i, "Case", Priority.HIGH, 1));
        }
        traffic.add(write(1_000, "Lead", Priority.LOW, 1));
        traffic.add(write(21_000, "Contact", Priority.NORMAL, 1));

        Replay.Result result =
                replay(traffic, composite(null, List.of(), "100 per 24h"), START.plus(Duration.ofDays(2)));

        assertThat(result.stops())
                .containsExactly(new Replay.Stop("limit", Priority.LOW, START.plusSeconds(1), START.plusSeconds(21)));
    }

    @Test
    void aStopThatFollowsAnotherBeginsWithTheNextWaitingCall() {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i < 85; i++) {
            traffic.add(write(i, "Case", Priority.HIGH, 1));
        }
        traffic.add(write(1_000, "Contact", Priority.NORMAL, 1));
        traffic.add(write(21_000, "Contact", Priority.HIGH, 1));
        traffic.add(write(30_000, "Contact", Priority.NORMAL, 1));
        traffic.add(write(50_000, "Contact", Priority.HIGH, 1));

        Replay.Result result =
                replay(traffic, composite(null, List.of(), "100 per 24h"), START.plus(Duration.ofDays(2)));

        assertThat(result.stops())
                .containsExactly(
                        new Replay.Stop("limit", Priority.NORMAL, START.plusSeconds(1), START.plusSeconds(21)),
                        new Replay.Stop("limit", Priority.NORMAL, START.plusSeconds(30), START.plusSeconds(50)));
    }

    @Property(tries = 100)
    void eachCallIsMadeOrWaitsAndNoneIsAnsweredEarly(
            @ForAll @Size(max = 100) List<@IntRange(min = 0, max = 60_000) Integer> times,
            @ForAll @IntRange(min = 1, max = 30) int perWindow,
            @ForAll @IntRange(min = 1, max = 200) int perDay) {
        List<TrafficCall> traffic = new ArrayList<>();
        for (int i = 0; i < times.size(); i++) {
            traffic.add(call(times.get(i), Priority.values()[i % 4]));
        }
        traffic.sort(Comparator.comparing(TrafficCall::at));
        Assumptions assumptions = assuming(null, perWindow + " per 10s", perDay + " per 24h");

        Replay.Result result = replay(traffic, assumptions, START.plus(Duration.ofHours(1)));

        assertThat(result.wanted()).isEqualTo(times.size());
        assertThat(result.granted() + result.waiting()).isEqualTo(times.size());
        assertThat(result.granted()).isLessThanOrEqualTo(perDay);
        result.latency().values().forEach(all -> {
            for (long millis : all) {
                assertThat(millis).isGreaterThanOrEqualTo(100);
            }
        });
        assertThat(result.peaks().values()).allMatch(percent -> percent <= 100);
    }
}
