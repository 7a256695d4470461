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
        return Snapshot.beginning(SnapshotState.COUNT, NOON).at(snapshotState, null);
    }

    private static CrmJob job(String id, Stage stage, String message) {
        return new CrmJob(id, stage, "Contact", "query", null, NOON, true, 12_000, 0, message);
    }

    private static Snapshot failed(Snapshot load, int status, boolean refused) {
        return SnapshotTransitions.failed(load, status, refused, "why").load();
    }

    /** With a job and half of its pages read. */
    private static Snapshot halfRead() {
        Snapshot read = SnapshotTransitions.polled(SnapshotTransitions.created(at(SnapshotState.CREATE), job("750", Stage.WORKING, null)).load(),
                job("750", Stage.COMPLETE, null)).load();
        return SnapshotTransitions.read(read.tally(read.tally().read(6_000, 0, 0)), "half").load();
    }

    @Property
    void theWayIsTheOneThatTakesFewerCalls(@ForAll @LongRange(max = 3_000_000) long records,
            @ForAll @IntRange(min = 500, max = 200_000) int page) {
        long byPages = 1;
        for (long left = records; left >= QUERY.small(); left -= QUERY.small()) {
            byPages++;   // a page that is full is followed by another
        }
        long byJob = QUERY.calls() + Math.max(1, records / page + (records % page == 0 ? 0 : 1));
        boolean job = SnapshotTransitions.counted(at(SnapshotState.COUNT), records, QUERY, page).load().step() == SnapshotState.CREATE;

        assertThat(job ? byJob : byPages).isLessThanOrEqualTo(job ? byPages : byJob);
    }

    /** Whatever fails meanwhile, and whoever takes it up: all pages of the last beginning are read, in their order. */
    @Property
    void inTheEndEveryPageOfOneWayIsRead(@ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int pages,
            @ForAll boolean jobs) {
        Random random = new Random(seed);
        Snapshot load = Snapshot.beginning(SnapshotTransitions.first(jobs), NOON);
        List<Integer> read = new ArrayList<>();
        for (int call = 0; load.step() != SnapshotState.DONE; call++) {
            assertThat(call).as("calls").isLessThan(200);
            load = Snapshot.of(load.json()).asking(NOON.plusSeconds(call), "login");
            boolean fails = call < 60 && random.nextInt(3) == 0;
            int page = load.next() == null ? 0 : Integer.parseInt(load.next());
            if (!fails && (load.step() == SnapshotState.RESULTS || load.step() == SnapshotState.PAGES)) {
                read.subList(page, read.size()).clear();
                read.add(page);
            }
            Next next = fails ? SnapshotTransitions.failed(load, List.of(0, 400, 404, 429, 503).get(random.nextInt(5)),
                    random.nextInt(4) == 0, "why") : answered(load, random, call, page + 1 < pages ? "" + (page + 1) : null);
            assertThat(next.pause()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
            load = next.load();
        }

        assertThat(read).isEqualTo(IntStream.range(0, pages).boxed().toList());
    }

    private static Next answered(Snapshot load, Random random, int call, String next) {
        return switch (load.step()) {
            case COUNT -> SnapshotTransitions.counted(load, 12_000, QUERY, PAGE);
            case CREATE -> SnapshotTransitions.created(load, job("750" + call, Stage.WORKING, null));
            case POLL -> SnapshotTransitions.polled(load, job(load.job(), call > 60 ? Stage.COMPLETE
                    : List.of(Stage.WORKING, Stage.COMPLETE, Stage.FAILED).get(random.nextInt(3)), null));
            case RESULTS, PAGES -> SnapshotTransitions.read(load, next);
            case DONE -> throw new IllegalStateException();
        };
    }

    @Test
    void aJobIsLookedAtWithGrowingPausesAndItsResultsAreReadFromTheBeginning() {
        Next created = SnapshotTransitions.created(at(SnapshotState.CREATE).asking(NOON, "reports"), job("750", Stage.WORKING, null));
        assertThat(created.load().member()).isEqualTo("reports");
        assertThat(created.pause()).isEqualTo(Duration.ofSeconds(1));
        Next second = SnapshotTransitions.polled(created.load(), job("750", Stage.WORKING, null));
        Next third = SnapshotTransitions.polled(second.load(), job("750", Stage.WORKING, null));
        assertThat(third.pause()).isGreaterThan(second.pause());
        Next complete = SnapshotTransitions.polled(third.load(), job("750", Stage.COMPLETE, null));
        assertThat(complete.load().step()).isEqualTo(SnapshotState.RESULTS);
        assertThat(complete.load().next()).isNull();
        assertThat(complete.load().tally().total()).isEqualTo(12_000);
    }

    @Test
    void whatIsReadCountsFromWhenTheJobWasAskedForAndAPageFromWhenItWas() {
        Snapshot created = SnapshotTransitions.created(at(SnapshotState.CREATE).asking(NOON.plusSeconds(1), "a"), job("750", Stage.WORKING, null))
                .load();
        assertThat(created.asking(NOON.plusSeconds(9), "a").asked()).isEqualTo(NOON.plusSeconds(1));
        assertThat(at(SnapshotState.PAGES).asking(NOON.plusSeconds(9), "a").asked()).isEqualTo(NOON.plusSeconds(9));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 403, 406, 420, 429, 500, 503})
    void anAnswerThatSaysNothingOfTheJobIsAskedForAgainWhereItWas(int status) {
        Snapshot half = halfRead();
        Snapshot again = failed(half, status, false);
        assertThat(again.step()).isEqualTo(SnapshotState.RESULTS);
        assertThat(again.next()).isEqualTo("half");
        assertThat(again.job()).isEqualTo("750");
        assertThat(failed(at(SnapshotState.CREATE), status, false).step()).isEqualTo(SnapshotState.CREATE);
    }

    @Test
    void aJobThatIsGoneIsFollowedByAnotherAndAfterThreeByPages() {
        Snapshot load = halfRead();
        for (int jobs = 1; jobs < 3; jobs++) {
            Snapshot gone = failed(load, 404, false);
            assertThat(gone.step()).isEqualTo(SnapshotState.CREATE);
            assertThat(gone.next()).isNull();
            assertThat(gone.member()).as("the login of the next one").isNull();
            assertThat(gone.tally().read()).isZero();
            load = SnapshotTransitions.created(gone, job("75" + jobs, Stage.WORKING, null)).load();
        }
        Snapshot instead = SnapshotTransitions.polled(load, job("752", Stage.FAILED, "QUERY_TIMEOUT")).load();
        assertThat(instead.step()).isEqualTo(SnapshotState.PAGES);
        assertThat(instead.problem()).contains("QUERY_TIMEOUT");
    }

    @Test
    void anObjectThatNoJobReadsAndJobsThatAreSpentAreReadByPages() {
        assertThat(failed(at(SnapshotState.CREATE), 400, false).step()).isEqualTo(SnapshotState.PAGES);
        assertThat(failed(at(SnapshotState.CREATE), 400, true).step()).isEqualTo(SnapshotState.PAGES);
        assertThat(failed(at(SnapshotState.CREATE), 403, true).step()).isEqualTo(SnapshotState.CREATE);
    }

    @Test
    void whatCannotBeCountedIsALot() {
        assertThat(failed(at(SnapshotState.COUNT), 400, false).step()).isEqualTo(SnapshotState.CREATE);
        Snapshot twice = failed(failed(at(SnapshotState.COUNT), 0, false), 0, false);
        assertThat(twice.step()).isEqualTo(SnapshotState.CREATE);
        assertThat(failed(failed(at(SnapshotState.COUNT), 429, true), 429, true).step()).isEqualTo(SnapshotState.COUNT);
    }

    @Test
    void theLogTellsEachTenthAndNotTheLast() {
        SnapshotProgress none = SnapshotProgress.NOTHING.of(1000);
        assertThat(SnapshotLog.isTold(none, none.read(90, 0, 0))).isFalse();
        assertThat(SnapshotLog.isTold(none, none.read(100, 0, 0))).isTrue();
        assertThat(SnapshotLog.isTold(none.read(900, 0, 0), none.read(1000, 0, 0))).isFalse();
        assertThat(SnapshotLog.isTold(SnapshotProgress.NOTHING.read(19_900, 0, 0), SnapshotProgress.NOTHING.read(20_100, 0, 0))).isTrue();
    }
}
