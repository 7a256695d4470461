// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.crm.BulkQuery;
import io.sluice.crm.CrmJob;
import io.sluice.crm.CrmJob.Stage;
import io.sluice.snapshot.SnapshotTransitions.Next;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotTransitionsTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final BulkQuery QUERY = new BulkQuery(3, 2000);
    private static final int PAGE = 50_000;

    private static Snapshot at(SnapshotState snapshotState) {
        return Snapshot.beginning(SnapshotState.COUNT, NOON).moveTo(snapshotState, null);
    }

    private static CrmJob job(String id, Stage stage, String message) {
        return new CrmJob(id, stage, "Contact", "query", null, NOON, true, 12_000, 0, message);
    }

    private static Snapshot failed(Snapshot snapshot, int status, boolean throttled) {
        return SnapshotTransitions.failed(snapshot, status, throttled, "why").snapshot();
    }

    /** A snapshot whose bulk query is complete and half read. */
    private static Snapshot halfRead() {
        Snapshot read = SnapshotTransitions.polled(
                        SnapshotTransitions.created(at(SnapshotState.CREATE), job("750", Stage.WORKING, null))
                                .snapshot(),
                        job("750", Stage.COMPLETE, null))
                .snapshot();
        return SnapshotTransitions.read(read.withProgress(read.progress().read(6_000, 0, 0)), "half")
                .snapshot();
    }

    @Property
    void theMethodWithFewerCallsIsChosen(
            @ForAll @LongRange(max = 3_000_000) long records, @ForAll @IntRange(min = 500, max = 200_000) int page) {
        long byPages = 1;
        for (long left = records; left >= QUERY.small(); left -= QUERY.small()) {
            byPages++; // a full page is followed by another
        }
        long byJob = QUERY.calls() + Math.max(1, records / page + (records % page == 0 ? 0 : 1));
        boolean job = SnapshotTransitions.counted(at(SnapshotState.COUNT), records, QUERY, page)
                        .snapshot()
                        .state()
                == SnapshotState.CREATE;

        assertThat(job ? byJob : byPages).isLessThanOrEqualTo(job ? byPages : byJob);
    }

    /** Whatever call fails and whichever process takes over: all pages since the last restart are read in their order. */
    @Property
    void inTheEndEveryPageIsRead(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int pages, @ForAll boolean jobs) {
        Random random = new Random(seed);
        Snapshot snapshot = Snapshot.beginning(SnapshotTransitions.initialState(jobs), NOON);
        List<Integer> read = new ArrayList<>();
        for (int call = 0; snapshot.state() != SnapshotState.DONE; call++) {
            assertThat(call).as("calls").isLessThan(200);
            snapshot = snapshot.beforeCall(NOON.plusSeconds(call), "login");
            boolean fails = call < 60 && random.nextInt(3) == 0;
            int page = snapshot.next() == null ? 0 : Integer.parseInt(snapshot.next());
            if (!fails && (snapshot.state() == SnapshotState.RESULTS || snapshot.state() == SnapshotState.PAGES)) {
                read.subList(page, read.size()).clear();
                read.add(page);
            }
            Next next = fails
                    ? SnapshotTransitions.failed(
                            snapshot,
                            List.of(0, 400, 404, 429, 503).get(random.nextInt(5)),
                            random.nextInt(4) == 0,
                            "why")
                    : answered(snapshot, random, call, page + 1 < pages ? "" + (page + 1) : null);
            assertThat(next.delay()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
            snapshot = next.snapshot();
        }

        assertThat(read).isEqualTo(IntStream.range(0, pages).boxed().toList());
    }

    private static Next answered(Snapshot snapshot, Random random, int call, String next) {
        return switch (snapshot.state()) {
            case COUNT -> SnapshotTransitions.counted(snapshot, 12_000, QUERY, PAGE);
            case CREATE -> SnapshotTransitions.created(snapshot, job("750" + call, Stage.WORKING, null));
            case POLL ->
                SnapshotTransitions.polled(
                        snapshot,
                        job(
                                snapshot.job(),
                                call > 60
                                        ? Stage.COMPLETE
                                        : List.of(Stage.WORKING, Stage.COMPLETE, Stage.FAILED)
                                                .get(random.nextInt(3)),
                                null));
            case RESULTS, PAGES -> SnapshotTransitions.read(snapshot, next);
            case DONE -> throw new IllegalStateException();
        };
    }

    @Test
    void aBulkQueryIsPolledWithGrowingDelaysAndItsResultsAreReadFromTheBeginning() {
        Next created = SnapshotTransitions.created(
                at(SnapshotState.CREATE).beforeCall(NOON, "reports"), job("750", Stage.WORKING, null));
        assertThat(created.snapshot().member()).isEqualTo("reports");
        assertThat(created.delay()).isEqualTo(Duration.ofSeconds(1));
        Next second = SnapshotTransitions.polled(created.snapshot(), job("750", Stage.WORKING, null));
        Next third = SnapshotTransitions.polled(second.snapshot(), job("750", Stage.WORKING, null));
        assertThat(third.delay()).isGreaterThan(second.delay());
        Next complete = SnapshotTransitions.polled(third.snapshot(), job("750", Stage.COMPLETE, null));
        assertThat(complete.snapshot().state()).isEqualTo(SnapshotState.RESULTS);
        assertThat(complete.snapshot().next()).isNull();
        assertThat(complete.snapshot().progress().total()).isEqualTo(12_000);
    }

    @Test
    void theTimeOfTheQueryIsThatOfTheCreationOrOfThePage() {
        Snapshot created = SnapshotTransitions.created(
                        at(SnapshotState.CREATE).beforeCall(NOON.plusSeconds(1), "a"), job("750", Stage.WORKING, null))
                .snapshot();
        assertThat(created.beforeCall(NOON.plusSeconds(9), "a").queriedAt()).isEqualTo(NOON.plusSeconds(1));
        assertThat(at(SnapshotState.PAGES).beforeCall(NOON.plusSeconds(9), "a").queriedAt())
                .isEqualTo(NOON.plusSeconds(9));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 403, 406, 420, 429, 500, 503})
    void anAnswerThatSaysNothingAboutTheJobIsRetriedAtTheSamePage(int status) {
        Snapshot half = halfRead();
        Snapshot again = failed(half, status, false);
        assertThat(again.state()).isEqualTo(SnapshotState.RESULTS);
        assertThat(again.next()).isEqualTo("half");
        assertThat(again.job()).isEqualTo("750");
        assertThat(failed(at(SnapshotState.CREATE), status, false).state()).isEqualTo(SnapshotState.CREATE);
    }

    @Test
    void aLostJobIsFollowedByAnotherAndAfterThreeByPages() {
        Snapshot snapshot = halfRead();
        for (int jobs = 1; jobs < 3; jobs++) {
            Snapshot restarted = failed(snapshot, 404, false);
            assertThat(restarted.state()).isEqualTo(SnapshotState.CREATE);
            assertThat(restarted.next()).isNull();
            assertThat(restarted.member()).as("the login of the next one").isNull();
            assertThat(restarted.progress().read()).isZero();
            snapshot = SnapshotTransitions.created(restarted, job("75" + jobs, Stage.WORKING, null))
                    .snapshot();
        }
        Snapshot instead = SnapshotTransitions.polled(snapshot, job("752", Stage.FAILED, "QUERY_TIMEOUT"))
                .snapshot();
        assertThat(instead.state()).isEqualTo(SnapshotState.PAGES);
        assertThat(instead.lastError()).contains("QUERY_TIMEOUT");
    }

    @Test
    void pagesAreReadWhereNoBulkQueryIsPossibleOrTheDaysJobsAreSpent() {
        assertThat(failed(at(SnapshotState.CREATE), 400, false).state()).isEqualTo(SnapshotState.PAGES);
        assertThat(failed(at(SnapshotState.CREATE), 400, true).state()).isEqualTo(SnapshotState.PAGES);
        assertThat(failed(at(SnapshotState.CREATE), 403, true).state()).isEqualTo(SnapshotState.CREATE);
    }

    @Test
    void anObjectThatCanNotBeCountedIsReadByABulkQuery() {
        assertThat(failed(at(SnapshotState.COUNT), 400, false).state()).isEqualTo(SnapshotState.CREATE);
        Snapshot twice = failed(failed(at(SnapshotState.COUNT), 0, false), 0, false);
        assertThat(twice.state()).isEqualTo(SnapshotState.CREATE);
        assertThat(failed(failed(at(SnapshotState.COUNT), 429, true), 429, true).state())
                .isEqualTo(SnapshotState.COUNT);
    }

    @Test
    void eachTenthIsLoggedExceptTheLast() {
        SnapshotProgress none = SnapshotProgress.NOTHING.of(1000);
        assertThat(SnapshotLog.isLogged(none, none.read(90, 0, 0))).isFalse();
        assertThat(SnapshotLog.isLogged(none, none.read(100, 0, 0))).isTrue();
        assertThat(SnapshotLog.isLogged(none.read(900, 0, 0), none.read(1000, 0, 0)))
                .isFalse();
        assertThat(SnapshotLog.isLogged(
                        SnapshotProgress.NOTHING.read(19_900, 0, 0), SnapshotProgress.NOTHING.read(20_100, 0, 0)))
                .isTrue();
    }
}
