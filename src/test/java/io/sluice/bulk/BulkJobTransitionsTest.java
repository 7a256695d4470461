// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.CrmJob;
import io.sluice.crm.CrmJob.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BulkJobTransitionsTest {

    private static BulkJob at(BulkJobState state, int attempts) {
        return new BulkJob(
                UUID.randomUUID(),
                "crm",
                "Contact",
                "contacts",
                Operation.UPSERT,
                state,
                "750",
                Priority.HIGH,
                30_000,
                1,
                attempts,
                Instant.EPOCH);
    }

    private static CrmJob crmJob(Stage stage) {
        return new CrmJob("750", stage, "Contact", "upsert", "No__c", Instant.EPOCH, true, 0, 0, null);
    }

    private static BulkJobState next(BulkJobState state, int status) {
        return next(state, status, null);
    }

    private static BulkJobState next(BulkJobState state, int status, Stage stage) {
        return ((BulkJobTransition.Next)
                        BulkJobTransitions.after(at(state, 0), status, false, stage == null ? null : crmJob(stage)))
                .state();
    }

    @Test
    void aJobIsCreatedUploadedClosedAndPolled() {
        assertThat(next(BulkJobState.CREATE, 200)).isEqualTo(BulkJobState.UPLOAD);
        assertThat(next(BulkJobState.UPLOAD, 201)).isEqualTo(BulkJobState.CLOSE);
        assertThat(BulkJobTransitions.after(at(BulkJobState.CLOSE, 0), 200, false, crmJob(Stage.WORKING)))
                .isEqualTo(new BulkJobTransition.Next(BulkJobState.POLL, Duration.ofSeconds(2), true));
        assertThat(next(BulkJobState.POLL, 200, Stage.WORKING)).isEqualTo(BulkJobState.POLL);
        assertThat(next(BulkJobState.POLL, 200, Stage.COMPLETE)).isEqualTo(BulkJobState.SUCCESSES);
        assertThat(next(BulkJobState.POLL, 200, Stage.FAILED)).isEqualTo(BulkJobState.SUCCESSES);
    }

    @Test
    void resultsAreReadUntilNothingIsLeft() {
        assertThat(BulkJobTransitions.afterResults(BulkJobState.SUCCESSES, 0))
                .isInstanceOf(BulkJobTransition.Finish.class);
        assertThat(((BulkJobTransition.Next) BulkJobTransitions.afterResults(BulkJobState.SUCCESSES, 3)).state())
                .isEqualTo(BulkJobState.FAILURES);
        assertThat(((BulkJobTransition.Next) BulkJobTransitions.afterResults(BulkJobState.FAILURES, 2)).state())
                .isEqualTo(BulkJobState.UNPROCESSED);
        assertThat(BulkJobTransitions.afterResults(BulkJobState.UNPROCESSED, 2))
                .isInstanceOf(BulkJobTransition.Finish.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 500, 503})
    void aLostAnswerIsFollowedByACallThatFindsOut(int status) {
        assertThat(next(BulkJobState.CREATE, status)).isEqualTo(BulkJobState.FIND);
        assertThat(next(BulkJobState.UPLOAD, status)).isEqualTo(BulkJobState.UPLOAD);
        assertThat(next(BulkJobState.CLOSE, status)).isEqualTo(BulkJobState.POLL);
        assertThat(next(BulkJobState.POLL, status)).isEqualTo(BulkJobState.POLL);
        assertThat(next(BulkJobState.SUCCESSES, status)).isEqualTo(BulkJobState.SUCCESSES);
    }

    @Test
    void anOrphanedJobContinuesAndAMissingOneIsCreatedAgain() {
        assertThat(BulkJobTransitions.afterFind(at(BulkJobState.FIND, 0), true))
                .isEqualTo(new BulkJobTransition.Next(BulkJobState.UPLOAD, Duration.ZERO, true));
        assertThat(BulkJobTransitions.afterFind(at(BulkJobState.FIND, 2), false))
                .isEqualTo(new BulkJobTransition.Next(BulkJobState.CREATE, Duration.ofSeconds(4), false));
    }

    @Test
    void aJobThatTheCrmDoesNotCreateReleasesItsRecordsWithinMinutes() {
        assertThat(BulkJobTransitions.after(at(BulkJobState.CREATE, 6), 503, false, null))
                .isInstanceOf(BulkJobTransition.Release.class);
        assertThat(BulkJobTransitions.after(at(BulkJobState.FIND, 6), 0, false, null))
                .isInstanceOf(BulkJobTransition.Release.class);
        assertThat(BulkJobTransitions.after(at(BulkJobState.UPLOAD, 6), 503, false, null))
                .isInstanceOf(BulkJobTransition.Next.class);
    }

    @Test
    void anUploadOrCloseThatIsRejectedAsDoneContinues() {
        assertThat(next(BulkJobState.UPLOAD, 400)).isEqualTo(BulkJobState.CLOSE);
        assertThat(next(BulkJobState.CLOSE, 400)).isEqualTo(BulkJobState.POLL);
        assertThat(next(BulkJobState.POLL, 200, Stage.OPEN)).isEqualTo(BulkJobState.UPLOAD);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404})
    void aJobThatIsNotCreatedReleasesItsRecords(int status) {
        assertThat(BulkJobTransitions.after(at(BulkJobState.CREATE, 0), status, false, null))
                .as("a rejected login proves nothing about the object")
                .isEqualTo(
                        new BulkJobTransition.Release("the CRM creates no bulk job", status == 400 || status == 404));
    }

    @Test
    void aThrottledCallChangesNoStateAndGivesNoJobUp() {
        assertThat(BulkJobTransitions.after(at(BulkJobState.CREATE, 0), 400, true, null))
                .isInstanceOf(BulkJobTransition.Release.class);
        assertThat(BulkJobTransitions.after(at(BulkJobState.CLOSE, 700), 403, true, null))
                .isInstanceOf(BulkJobTransition.Next.class);
        assertThat(((BulkJobTransition.Next) BulkJobTransitions.after(at(BulkJobState.CLOSE, 0), 403, true, null))
                        .state())
                .isEqualTo(BulkJobState.CLOSE);
    }

    @Test
    void aJobThatTheCrmDoesNotKnowLeavesItsRecordsUnproven() {
        assertThat(BulkJobTransitions.after(at(BulkJobState.POLL, 0), 404, false, null))
                .isInstanceOf(BulkJobTransition.Finish.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 406, 420, 423, 429, 500, 503})
    void aJobThatCantBePolledNowIsPolledAgain(int status) {
        assertThat(BulkJobTransitions.after(at(BulkJobState.POLL, 0), status, false, null))
                .isInstanceOfSatisfying(BulkJobTransition.Next.class, next -> assertThat(next.state())
                        .isEqualTo(BulkJobState.POLL));
        assertThat(BulkJobTransitions.after(at(BulkJobState.CREATE, 0), status, false, null))
                .as("unknown whether the job was created")
                .isInstanceOfSatisfying(BulkJobTransition.Next.class, next -> assertThat(next.state())
                        .isEqualTo(BulkJobState.FIND));
    }

    @ParameterizedTest
    @EnumSource(BulkJobState.class)
    void noCallIsRetriedForEver(BulkJobState state) {
        BulkJob job = at(state, 0);
        int taken = 0;
        for (BulkJobTransition bulkJobTransition = null;
                taken < 3000
                        && !(bulkJobTransition instanceof BulkJobTransition.Finish)
                        && !(bulkJobTransition instanceof BulkJobTransition.Release);
                taken++) {
            bulkJobTransition = BulkJobTransitions.after(job, 500, false, null);
            if (bulkJobTransition instanceof BulkJobTransition.Next next) {
                job = at(next.state(), next.progress() ? 0 : job.attempts() + 1);
            }
        }
        assertThat(taken).isLessThan(3000);
    }

    @Test
    void delaysGrowToAMinute() {
        assertThat(BulkJobTransitions.backoff(0)).isEqualTo(Duration.ofSeconds(1));
        assertThat(BulkJobTransitions.backoff(3)).isEqualTo(Duration.ofSeconds(8));
        assertThat(BulkJobTransitions.backoff(500)).isEqualTo(Duration.ofMinutes(1));
        assertThat(BulkJobTransitions.firstPollDelay(10)).isEqualTo(Duration.ofSeconds(2));
        assertThat(BulkJobTransitions.firstPollDelay(100_000)).isEqualTo(Duration.ofSeconds(2));
        assertThat(BulkJobTransitions.firstPollDelay(10_000_000)).isEqualTo(Duration.ofMinutes(1));
        assertThat(BulkJobTransitions.nextPollDelay(10, 0)).isEqualTo(Duration.ofSeconds(2));
        assertThat(BulkJobTransitions.nextPollDelay(500_000, 0)).isEqualTo(Duration.ofSeconds(5));
        assertThat(BulkJobTransitions.nextPollDelay(500_000, 2)).isEqualTo(Duration.ofMillis(11_250));
        assertThat(BulkJobTransitions.nextPollDelay(10, 700)).isEqualTo(Duration.ofMinutes(1));
    }
}
