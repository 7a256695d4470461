// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.Backoff;
import io.sluice.crm.CrmJob;
import io.sluice.crm.ErrorScope;
import java.time.Duration;

/**
 * Decides a job's transitions, as pure functions of its state and the answer. A failed call may have had its effect: an
 * upload that may have arrived is sent again, which the CRM rejects if the data are there, and a job that may be closed
 * is polled for its state, which then decides.
 */
final class BulkJobTransitions {

    /** The calls in a row without progress after which a job is given up: half a day at the maximum delay. */
    private static final int MAX_ATTEMPTS = 720;
    /** The same for calls that the CRM rejects as wrong, and for calls before the CRM has the records. */
    private static final int MAX_REJECTIONS = 6;

    private static final Duration MIN_POLL_INTERVAL = Duration.ofSeconds(2);
    private static final Duration MAX_DELAY = Duration.ofMinutes(1);
    private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), MAX_DELAY);
    /** The throughput of the CRMs at best, for the delay of the first poll. */
    private static final int RECORDS_PER_SECOND = 50_000;

    private BulkJobTransitions() {}

    /**
     * The transition after a call whose answer has no outcomes of records.
     *
     * @param status  HTTP status; 0 when no answer came
     * @param throttled whether a limit of the CRM rejected the call, which then had no effect
     * @param answer  the CRM's description of the job, or null
     */
    static BulkJobTransition after(BulkJob job, int status, boolean throttled, CrmJob answer) {
        boolean done = status >= 200 && status < 300;
        boolean wrong = !throttled && ErrorScope.isOfRequest(status);
        boolean begun = job.state() != BulkJobState.CREATE && job.state() != BulkJobState.FIND;
        if (job.attempts() >= MAX_ATTEMPTS || (wrong || !begun) && job.attempts() >= MAX_REJECTIONS) {
            return givenUp(job);
        }
        return switch (job.state()) {
            case CREATE -> created(job, status, throttled, done, wrong);
            case FIND -> retry(job, BulkJobState.FIND); // a list that arrived is handled by afterFind
            case UPLOAD ->
                done
                        ? now(BulkJobState.CLOSE)
                        : wrong ? again(job, BulkJobState.CLOSE) : retry(job, BulkJobState.UPLOAD);
            case CLOSE ->
                done
                        ? new BulkJobTransition.Next(BulkJobState.POLL, firstPollDelay(job.records()), true)
                        : throttled ? retry(job, BulkJobState.CLOSE) : again(job, BulkJobState.POLL);
            case POLL ->
                done && answer != null
                        ? polled(job, answer)
                        : wrong
                                ? new BulkJobTransition.Finish("the CRM no longer knows its bulk job")
                                : retry(job, BulkJobState.POLL);
            case SUCCESSES, FAILURES, UNPROCESSED -> retry(job, job.state());
            case ABORT -> done || wrong ? now(BulkJobState.SUCCESSES) : retry(job, BulkJobState.ABORT);
        };
    }

    private static BulkJobTransition created(BulkJob job, int status, boolean throttled, boolean done, boolean wrong) {
        if (done) {
            return now(BulkJobState.UPLOAD);
        }
        if (throttled || wrong || status == 401 || status == 403) {
            // a request that was rejected for its content would be rejected again; limits and logins have backoffs of
            // their own
            return new BulkJobTransition.Release("the CRM creates no bulk job", wrong);
        }
        return retry(job, BulkJobState.FIND);
    }

    private static BulkJobTransition polled(BulkJob job, CrmJob answer) {
        return switch (answer.stage()) {
            case OPEN -> again(job, BulkJobState.UPLOAD);
            case WORKING ->
                new BulkJobTransition.Next(BulkJobState.POLL, nextPollDelay(job.records(), job.attempts()), false);
            case COMPLETE, FAILED, ABORTED -> now(BulkJobState.SUCCESSES);
        };
    }

    /**
     * The transition after the CRM's jobs were searched for one that an unanswered request created.
     *
     * @param found whether there is one: no other row has it, so it is this job's
     */
    static BulkJobTransition afterFind(BulkJob job, boolean found) {
        return found ? now(BulkJobState.UPLOAD) : again(job, BulkJobState.CREATE);
    }

    /** The transition after one part of the results was settled. */
    static BulkJobTransition afterResults(BulkJobState part, long left) {
        if (left == 0) {
            return new BulkJobTransition.Finish(null);
        }
        return switch (part) {
            case SUCCESSES -> now(BulkJobState.FAILURES);
            case FAILURES -> now(BulkJobState.UNPROCESSED);
            default -> new BulkJobTransition.Finish("the bulk job has no result for this record");
        };
    }

    private static BulkJobTransition givenUp(BulkJob job) {
        return switch (job.state()) {
            case CREATE, FIND -> new BulkJobTransition.Release("the CRM creates no bulk job", true);
            case UPLOAD, CLOSE, POLL -> now(BulkJobState.ABORT);
            case SUCCESSES, FAILURES, UNPROCESSED, ABORT ->
                new BulkJobTransition.Finish("the results of the bulk job can't be read");
        };
    }

    private static BulkJobTransition now(BulkJobState state) {
        return new BulkJobTransition.Next(state, Duration.ZERO, true);
    }

    private static BulkJobTransition again(BulkJob job, BulkJobState state) {
        return new BulkJobTransition.Next(state, job.attempts() == 0 ? Duration.ZERO : backoff(job.attempts()), false);
    }

    private static BulkJobTransition retry(BulkJob job, BulkJobState state) {
        return new BulkJobTransition.Next(state, backoff(job.attempts()), false);
    }

    /** The delay of the first poll: one second for each 50,000 records, and no less than two seconds. */
    static Duration firstPollDelay(int records) {
        return pollDelay(Duration.ofSeconds(records / RECORDS_PER_SECOND));
    }

    /**
     * The delay of a later poll, half the time that the job has taken so far. A job that takes longer is polled less often:
     * one of 500,000 records after 5 s, then after 7.5 s, 11.25 s and so on, up to a minute.
     */
    static Duration nextPollDelay(int records, int polls) {
        double taken = firstPollDelay(records).toMillis() * Math.pow(1.5, Math.min(polls, 20));
        return pollDelay(Duration.ofMillis((long) (taken / 2)));
    }

    private static Duration pollDelay(Duration wanted) {
        return min(wanted.compareTo(MIN_POLL_INTERVAL) > 0 ? wanted : MIN_POLL_INTERVAL);
    }

    /** The delay after so many failures: it doubles from one second to a minute. */
    static Duration backoff(int attempts) {
        return BACKOFF.after(attempts + 1);
    }

    private static Duration min(Duration delay) {
        return delay.compareTo(MAX_DELAY) > 0 ? MAX_DELAY : delay;
    }
}
