package io.sluice.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.crm.BulkQuery;
import io.sluice.crm.Job;
import io.sluice.crm.Job.Stage;
import io.sluice.load.Course.Next;
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

class CourseTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final BulkQuery QUERY = new BulkQuery(3, 2000);
    private static final int PAGE = 50_000;

    private static Load at(Step step) {
        return Load.beginning(Step.COUNT, NOON).at(step, null);
    }

    private static Job job(String id, Stage stage, String message) {
        return new Job(id, stage, "Contact", "query", null, NOON, true, 12_000, 0, message);
    }

    private static Load failed(Load load, int status, boolean refused) {
        return Course.failed(load, status, refused, "why").load();
    }

    /** With a job and half of its pages read. */
    private static Load halfRead() {
        Load read = Course.polled(Course.created(at(Step.CREATE), job("750", Stage.WORKING, null)).load(),
                job("750", Stage.COMPLETE, null)).load();
        return Course.read(read.tally(read.tally().read(6_000, 0, 0)), "half").load();
    }

    @Property
    void theWayIsTheOneThatTakesFewerCalls(@ForAll @LongRange(max = 3_000_000) long records,
            @ForAll @IntRange(min = 500, max = 200_000) int page) {
        long byPages = 1;
        for (long left = records; left >= QUERY.small(); left -= QUERY.small()) {
            byPages++;   // a page that is full is followed by another
        }
        long byJob = QUERY.calls() + Math.max(1, records / page + (records % page == 0 ? 0 : 1));
        boolean job = Course.counted(at(Step.COUNT), records, QUERY, page).load().step() == Step.CREATE;

        assertThat(job ? byJob : byPages).isLessThanOrEqualTo(job ? byPages : byJob);
    }

    /** Whatever fails meanwhile, and whoever takes it up: all pages of the last beginning are read, in their order. */
    @Property
    void inTheEndEveryPageOfOneWayIsRead(@ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int pages,
            @ForAll boolean jobs) {
        Random random = new Random(seed);
        Load load = Load.beginning(Course.first(jobs), NOON);
        List<Integer> read = new ArrayList<>();
        for (int call = 0; load.step() != Step.DONE; call++) {
            assertThat(call).as("calls").isLessThan(200);
            load = Load.of(load.json()).asking(NOON.plusSeconds(call), "login");
            boolean fails = call < 60 && random.nextInt(3) == 0;
            int page = load.next() == null ? 0 : Integer.parseInt(load.next());
            if (!fails && (load.step() == Step.RESULTS || load.step() == Step.PAGES)) {
                read.subList(page, read.size()).clear();
                read.add(page);
            }
            Next next = fails ? Course.failed(load, List.of(0, 400, 404, 429, 503).get(random.nextInt(5)),
                    random.nextInt(4) == 0, "why") : answered(load, random, call, page + 1 < pages ? "" + (page + 1) : null);
            assertThat(next.pause()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
            load = next.load();
        }

        assertThat(read).isEqualTo(IntStream.range(0, pages).boxed().toList());
    }

    private static Next answered(Load load, Random random, int call, String next) {
        return switch (load.step()) {
            case COUNT -> Course.counted(load, 12_000, QUERY, PAGE);
            case CREATE -> Course.created(load, job("750" + call, Stage.WORKING, null));
            case POLL -> Course.polled(load, job(load.job(), call > 60 ? Stage.COMPLETE
                    : List.of(Stage.WORKING, Stage.COMPLETE, Stage.FAILED).get(random.nextInt(3)), null));
            case RESULTS, PAGES -> Course.read(load, next);
            case DONE -> throw new IllegalStateException();
        };
    }

    @Test
    void aJobIsLookedAtWithGrowingPausesAndItsResultsAreReadFromTheBeginning() {
        Next created = Course.created(at(Step.CREATE).asking(NOON, "reports"), job("750", Stage.WORKING, null));
        assertThat(created.load().member()).isEqualTo("reports");
        assertThat(created.pause()).isEqualTo(Duration.ofSeconds(1));
        Next second = Course.polled(created.load(), job("750", Stage.WORKING, null));
        Next third = Course.polled(second.load(), job("750", Stage.WORKING, null));
        assertThat(third.pause()).isGreaterThan(second.pause());
        Next complete = Course.polled(third.load(), job("750", Stage.COMPLETE, null));
        assertThat(complete.load().step()).isEqualTo(Step.RESULTS);
        assertThat(complete.load().next()).isNull();
        assertThat(complete.load().tally().total()).isEqualTo(12_000);
    }

    @Test
    void whatIsReadCountsFromWhenTheJobWasAskedForAndAPageFromWhenItWas() {
        Load created = Course.created(at(Step.CREATE).asking(NOON.plusSeconds(1), "a"), job("750", Stage.WORKING, null))
                .load();
        assertThat(created.asking(NOON.plusSeconds(9), "a").asked()).isEqualTo(NOON.plusSeconds(1));
        assertThat(at(Step.PAGES).asking(NOON.plusSeconds(9), "a").asked()).isEqualTo(NOON.plusSeconds(9));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 403, 406, 420, 429, 500, 503})
    void anAnswerThatSaysNothingOfTheJobIsAskedForAgainWhereItWas(int status) {
        Load half = halfRead();
        Load again = failed(half, status, false);
        assertThat(again.step()).isEqualTo(Step.RESULTS);
        assertThat(again.next()).isEqualTo("half");
        assertThat(again.job()).isEqualTo("750");
        assertThat(failed(at(Step.CREATE), status, false).step()).isEqualTo(Step.CREATE);
    }

    @Test
    void aJobThatIsGoneIsFollowedByAnotherAndAfterThreeByPages() {
        Load load = halfRead();
        for (int jobs = 1; jobs < 3; jobs++) {
            Load gone = failed(load, 404, false);
            assertThat(gone.step()).isEqualTo(Step.CREATE);
            assertThat(gone.next()).isNull();
            assertThat(gone.member()).as("the login of the next one").isNull();
            assertThat(gone.tally().read()).isZero();
            load = Course.created(gone, job("75" + jobs, Stage.WORKING, null)).load();
        }
        Load instead = Course.polled(load, job("752", Stage.FAILED, "QUERY_TIMEOUT")).load();
        assertThat(instead.step()).isEqualTo(Step.PAGES);
        assertThat(instead.problem()).contains("QUERY_TIMEOUT");
    }

    @Test
    void anObjectThatNoJobReadsAndJobsThatAreSpentAreReadByPages() {
        assertThat(failed(at(Step.CREATE), 400, false).step()).isEqualTo(Step.PAGES);
        assertThat(failed(at(Step.CREATE), 400, true).step()).isEqualTo(Step.PAGES);
        assertThat(failed(at(Step.CREATE), 403, true).step()).isEqualTo(Step.CREATE);
    }

    @Test
    void whatCannotBeCountedIsALot() {
        assertThat(failed(at(Step.COUNT), 400, false).step()).isEqualTo(Step.CREATE);
        Load twice = failed(failed(at(Step.COUNT), 0, false), 0, false);
        assertThat(twice.step()).isEqualTo(Step.CREATE);
        assertThat(failed(failed(at(Step.COUNT), 429, true), 429, true).step()).isEqualTo(Step.COUNT);
    }

    @Test
    void theLogTellsEachTenthAndNotTheLast() {
        Tally none = Tally.NOTHING.of(1000);
        assertThat(Story.isTold(none, none.read(90, 0, 0))).isFalse();
        assertThat(Story.isTold(none, none.read(100, 0, 0))).isTrue();
        assertThat(Story.isTold(none.read(900, 0, 0), none.read(1000, 0, 0))).isFalse();
        assertThat(Story.isTold(Tally.NOTHING.read(19_900, 0, 0), Tally.NOTHING.read(20_100, 0, 0))).isTrue();
    }
}
