package io.sluice.bulk;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.Job;
import io.sluice.crm.Job.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CourseTest {

    private static BulkJob at(Step step, int trials) {
        return new BulkJob(UUID.randomUUID(), "crm", "Contact", "contacts", Operation.UPSERT, step, "750", Priority.HIGH, 30_000, 1,
                trials, Instant.EPOCH);
    }

    private static Job told(Stage stage) {
        return new Job("750", stage, "Contact", "upsert", "No__c", Instant.EPOCH, true, 0, 0, null);
    }

    private static Step next(Step step, int status) {
        return next(step, status, null);
    }

    private static Step next(Step step, int status, Stage stage) {
        return ((Move.Next) Course.after(at(step, 0), status, false, stage == null ? null : told(stage))).step();
    }

    @Test
    void aJobIsCreatedUploadedClosedAndLookedAt() {
        assertThat(next(Step.CREATE, 200)).isEqualTo(Step.UPLOAD);
        assertThat(next(Step.UPLOAD, 201)).isEqualTo(Step.CLOSE);
        assertThat(Course.after(at(Step.CLOSE, 0), 200, false, told(Stage.WORKING)))
                .isEqualTo(new Move.Next(Step.POLL, Duration.ofSeconds(2), true));
        assertThat(next(Step.POLL, 200, Stage.WORKING)).isEqualTo(Step.POLL);
        assertThat(next(Step.POLL, 200, Stage.COMPLETE)).isEqualTo(Step.SUCCESSES);
        assertThat(next(Step.POLL, 200, Stage.FAILED)).isEqualTo(Step.SUCCESSES);
    }

    @Test
    void resultsAreReadUntilNothingIsLeft() {
        assertThat(Course.settled(Step.SUCCESSES, 0)).isInstanceOf(Move.Finish.class);
        assertThat(((Move.Next) Course.settled(Step.SUCCESSES, 3)).step()).isEqualTo(Step.FAILURES);
        assertThat(((Move.Next) Course.settled(Step.FAILURES, 2)).step()).isEqualTo(Step.REST);
        assertThat(Course.settled(Step.REST, 2)).isInstanceOf(Move.Finish.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 500, 503})
    void aLostAnswerIsLookedAfter(int status) {
        assertThat(next(Step.CREATE, status)).isEqualTo(Step.FIND);
        assertThat(next(Step.UPLOAD, status)).isEqualTo(Step.UPLOAD);
        assertThat(next(Step.CLOSE, status)).isEqualTo(Step.POLL);
        assertThat(next(Step.POLL, status)).isEqualTo(Step.POLL);
        assertThat(next(Step.SUCCESSES, status)).isEqualTo(Step.SUCCESSES);
    }

    @Test
    void aJobThatWasCreatedAlthoughTheAnswerWasLostGoesOnAndElseItIsCreatedAgain() {
        assertThat(Course.looked(at(Step.FIND, 0), true)).isEqualTo(new Move.Next(Step.UPLOAD, Duration.ZERO, true));
        assertThat(Course.looked(at(Step.FIND, 2), false))
                .isEqualTo(new Move.Next(Step.CREATE, Duration.ofSeconds(4), false));
    }

    @Test
    void recordsAreHeldForMinutesAtMostByAJobThatTheCrmDoesNotCreate() {
        assertThat(Course.after(at(Step.CREATE, 6), 503, false, null)).isInstanceOf(Move.Release.class);
        assertThat(Course.after(at(Step.FIND, 6), 0, false, null)).isInstanceOf(Move.Release.class);
        assertThat(Course.after(at(Step.UPLOAD, 6), 503, false, null)).isInstanceOf(Move.Next.class);
    }

    @Test
    void whatTheCrmHasAlreadyIsRefusedAndGoesOn() {
        assertThat(next(Step.UPLOAD, 400)).isEqualTo(Step.CLOSE);
        assertThat(next(Step.CLOSE, 400)).isEqualTo(Step.POLL);
        assertThat(next(Step.POLL, 200, Stage.OPEN)).isEqualTo(Step.UPLOAD);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404})
    void aJobThatIsNotCreatedReleasesItsRecords(int status) {
        assertThat(Course.after(at(Step.CREATE, 0), status, false, null))
                .as("a login that is refused says nothing of the object")
                .isEqualTo(new Move.Release("the CRM creates no bulk job", status == 400 || status == 404));
    }

    @Test
    void aRefusalForALimitIsNoStepAndNoTrialOfItsOwn() {
        assertThat(Course.after(at(Step.CREATE, 0), 400, true, null)).isInstanceOf(Move.Release.class);
        assertThat(Course.after(at(Step.CLOSE, 700), 403, true, null)).isInstanceOf(Move.Next.class);
        assertThat(((Move.Next) Course.after(at(Step.CLOSE, 0), 403, true, null)).step()).isEqualTo(Step.CLOSE);
    }

    @Test
    void aJobThatTheCrmForgotLeavesItsRecordsInDoubt() {
        assertThat(Course.after(at(Step.POLL, 0), 404, false, null)).isInstanceOf(Move.Finish.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 406, 420, 423, 429, 500, 503})
    void aJobThatCantBeAskedForNowIsAskedForAgain(int status) {
        assertThat(Course.after(at(Step.POLL, 0), status, false, null)).isInstanceOfSatisfying(Move.Next.class,
                next -> assertThat(next.step()).isEqualTo(Step.POLL));
        assertThat(Course.after(at(Step.CREATE, 0), status, false, null)).as("nobody knows whether it was created")
                .isInstanceOfSatisfying(Move.Next.class, next -> assertThat(next.step()).isEqualTo(Step.FIND));
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    void noStepIsTakenForEver(Step step) {
        BulkJob job = at(step, 0);
        int taken = 0;
        for (Move move = null; taken < 3000 && !(move instanceof Move.Finish) && !(move instanceof Move.Release);
                taken++) {
            move = Course.after(job, 500, false, null);
            if (move instanceof Move.Next next) {
                job = at(next.step(), next.forward() ? 0 : job.trials() + 1);
            }
        }
        assertThat(taken).isLessThan(3000);
    }

    @Test
    void pausesGrowToAMinute() {
        assertThat(Course.pause(0)).isEqualTo(Duration.ofSeconds(1));
        assertThat(Course.pause(3)).isEqualTo(Duration.ofSeconds(8));
        assertThat(Course.pause(500)).isEqualTo(Duration.ofMinutes(1));
        assertThat(Course.firstLook(10)).isEqualTo(Duration.ofSeconds(2));
        assertThat(Course.firstLook(100_000)).isEqualTo(Duration.ofSeconds(2));
        assertThat(Course.firstLook(10_000_000)).isEqualTo(Duration.ofMinutes(1));
        assertThat(Course.nextLook(10, 0)).isEqualTo(Duration.ofSeconds(2));
        assertThat(Course.nextLook(500_000, 0)).isEqualTo(Duration.ofSeconds(5));
        assertThat(Course.nextLook(500_000, 2)).isEqualTo(Duration.ofMillis(11_250));
        assertThat(Course.nextLook(10, 700)).isEqualTo(Duration.ofMinutes(1));
    }
}
