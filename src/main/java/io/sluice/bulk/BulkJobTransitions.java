package io.sluice.bulk;

import io.sluice.crm.CrmJob;
import io.sluice.crm.ErrorScope;
import java.time.Duration;

/**
 * The course of a job, as pure functions of its step and the answer. No answer is trusted to have been without effect:
 * an upload that may have arrived is sent again, which the CRM refuses, and a job that may be closed is asked for its
 * state, which then decides.
 */
final class BulkJobTransitions {

    /** Steps in a row that bring a job no further before it is given up: half a day at the longest pause. */
    private static final int MOST_TRIALS = 720;
    /** Of those, steps that the CRM refuses for what they are, and steps before it has the records. */
    private static final int MOST_REFUSALS = 6;
    private static final Duration SHORTEST_LOOK = Duration.ofSeconds(2);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    /** What the CRMs do in a second at best, for the first look. */
    private static final int RECORDS_A_SECOND = 50_000;

    private BulkJobTransitions() {
    }

    /**
     * The move after a call that has no body of its own to tell of.
     *
     * @param status  HTTP status; 0 when no answer came
     * @param refused whether a limit of the CRM's refused it: nothing came of it
     * @param answer  what the CRM said of the job, or null
     */
    static BulkJobTransition after(BulkJob job, int status, boolean refused, CrmJob answer) {
        boolean done = status >= 200 && status < 300;
        boolean wrong = !refused && ErrorScope.isOfRequest(status);
        boolean begun = job.step() != BulkJobState.CREATE && job.step() != BulkJobState.FIND;
        if (job.trials() >= MOST_TRIALS || (wrong || !begun) && job.trials() >= MOST_REFUSALS) {
            return givenUp(job);
        }
        return switch (job.step()) {
            case CREATE -> created(job, status, refused, done, wrong);
            case FIND -> retry(job, BulkJobState.FIND);   // a list that came is not judged here
            case UPLOAD -> done ? now(BulkJobState.CLOSE) : wrong ? again(job, BulkJobState.CLOSE) : retry(job, BulkJobState.UPLOAD);
            case CLOSE -> done ? new BulkJobTransition.Next(BulkJobState.POLL, firstLook(job.records()), true)
                    : refused ? retry(job, BulkJobState.CLOSE) : again(job, BulkJobState.POLL);
            case POLL -> done && answer != null ? polled(job, answer)
                    : wrong ? new BulkJobTransition.Finish("the CRM does not know its bulk job any more") : retry(job, BulkJobState.POLL);
            case SUCCESSES, FAILURES, REST -> retry(job, job.step());
            case ABORT -> done || wrong ? now(BulkJobState.SUCCESSES) : retry(job, BulkJobState.ABORT);
        };
    }

    private static BulkJobTransition created(BulkJob job, int status, boolean refused, boolean done, boolean wrong) {
        if (done) {
            return now(BulkJobState.UPLOAD);
        }
        if (refused || wrong || status == 401 || status == 403) {
            // who is refused for what it asked would be refused again; limits and logins have pauses of their own
            return new BulkJobTransition.Release("the CRM creates no bulk job", wrong);
        }
        return retry(job, BulkJobState.FIND);
    }

    private static BulkJobTransition polled(BulkJob job, CrmJob answer) {
        return switch (answer.stage()) {
            case OPEN -> again(job, BulkJobState.UPLOAD);
            case WORKING -> new BulkJobTransition.Next(BulkJobState.POLL, nextLook(job.records(), job.trials()), false);
            case COMPLETE, FAILED, ABORTED -> now(BulkJobState.SUCCESSES);
        };
    }

    /**
     * After the CRM's jobs were looked through for one that an unanswered request created.
     *
     * @param found whether there is one: nothing else knows of it, so it is this job's
     */
    static BulkJobTransition looked(BulkJob job, boolean found) {
        return found ? now(BulkJobState.UPLOAD) : again(job, BulkJobState.CREATE);
    }

    /** After a part of the results was settled. */
    static BulkJobTransition settled(BulkJobState part, long left) {
        if (left == 0) {
            return new BulkJobTransition.Finish(null);
        }
        return switch (part) {
            case SUCCESSES -> now(BulkJobState.FAILURES);
            case FAILURES -> now(BulkJobState.REST);
            default -> new BulkJobTransition.Finish("no result of the bulk job names this record");
        };
    }

    private static BulkJobTransition givenUp(BulkJob job) {
        return switch (job.step()) {
            case CREATE, FIND -> new BulkJobTransition.Release("the CRM creates no bulk job", true);
            case UPLOAD, CLOSE, POLL -> now(BulkJobState.ABORT);
            case SUCCESSES, FAILURES, REST, ABORT -> new BulkJobTransition.Finish("the results of the bulk job can't be read");
        };
    }

    private static BulkJobTransition now(BulkJobState bulkJobState) {
        return new BulkJobTransition.Next(bulkJobState, Duration.ZERO, true);
    }

    private static BulkJobTransition again(BulkJob job, BulkJobState bulkJobState) {
        return new BulkJobTransition.Next(bulkJobState, job.trials() == 0 ? Duration.ZERO : pause(job.trials()), false);
    }

    private static BulkJobTransition retry(BulkJob job, BulkJobState bulkJobState) {
        return new BulkJobTransition.Next(bulkJobState, pause(job.trials()), false);
    }

    static Duration firstLook(int records) {
        return look(Duration.ofSeconds(records / RECORDS_A_SECOND));
    }

    /** A job that takes longer is looked at less and less often: after half as long again as it has taken. */
    static Duration nextLook(int records, int looks) {
        double taken = firstLook(records).toMillis() * Math.pow(1.5, Math.min(looks, 20));
        return look(Duration.ofMillis((long) (taken / 2)));
    }

    private static Duration look(Duration wanted) {
        return min(wanted.compareTo(SHORTEST_LOOK) > 0 ? wanted : SHORTEST_LOOK);
    }

    /** Doubles from one second to a minute. */
    static Duration pause(int trials) {
        return min(Duration.ofSeconds(1L << Math.min(trials, 10)));
    }

    private static Duration min(Duration pause) {
        return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
}
