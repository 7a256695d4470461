// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.Backoff;
import io.sluice.crm.BulkQuery;
import io.sluice.crm.CrmJob;
import io.sluice.crm.ErrorScope;
import java.time.Duration;
import java.util.Locale;

/** Transitions of a snapshot, as pure functions of its state and the answer to its last call. */
final class SnapshotTransitions {

    /** Failed bulk queries after which the records are read page by page. */
    private static final int MAX_JOBS = 3;
    /** Failed counts after which a bulk query is created. */
    private static final int MAX_COUNTS = 2;

    private static final Duration MIN_DELAY = Duration.ofSeconds(1);
    private static final Duration MAX_DELAY = Duration.ofMinutes(1);
    private static final Backoff BACKOFF = new Backoff(MIN_DELAY, MAX_DELAY);
    /** Records that a CRM reads in a second at most; an estimate for the first status call. */
    private static final long RECORDS_PER_SECOND = 100_000;

    /**
     * Next state of a snapshot.
     *
     * @param delay time until its call
     */
    record Next(Snapshot snapshot, Duration delay) {

        private static Next now(Snapshot snapshot) {
            return new Next(snapshot, Duration.ZERO);
        }
    }

    private SnapshotTransitions() {}

    /** Returns the initial state: the number of records decides whether a bulk query is used, if the CRM has one. */
    static SnapshotState initialState(boolean jobs) {
        return jobs ? SnapshotState.COUNT : SnapshotState.PAGES;
    }

    /** @param pageSize number of records in a page of a bulk query's results */
    static Next counted(Snapshot snapshot, long records, BulkQuery query, int pageSize) {
        Snapshot known = snapshot.withProgress(snapshot.progress().of(records));
        return Next.now(known.moveTo(
                isBulkQueryCheaper(records, query, pageSize) ? SnapshotState.CREATE : SnapshotState.PAGES, null));
    }

    /**
     * Whether a bulk query takes fewer calls than pages. A full page may be followed by another. For example, 12,000 records in
     * pages of 2,000 take 7 calls; a bulk query with results in pages of 50,000 takes one call more than its fixed ones.
     */
    static boolean isBulkQueryCheaper(long records, BulkQuery query, int pageSize) {
        long callsByPages = records / query.small() + 1;
        long callsByBulkQuery = query.calls() + Math.max(1, (records + pageSize - 1) / pageSize);
        return callsByBulkQuery < callsByPages;
    }

    static Next created(Snapshot snapshot, CrmJob crmJob) {
        return new Next(
                snapshot.created(crmJob.id()),
                firstPollDelay(snapshot.progress().total()));
    }

    static Next polled(Snapshot snapshot, CrmJob crmJob) {
        return switch (crmJob.stage()) {
            case OPEN, WORKING ->
                new Next(
                        snapshot.failed(null),
                        capped(firstPollDelay(snapshot.progress().total())
                                .multipliedBy(1 + Math.min(snapshot.attempts(), 60))));
            case COMPLETE ->
                Next.now(snapshot.withProgress(snapshot.progress().of(crmJob.tried()))
                        .moveTo(SnapshotState.RESULTS, null));
            case FAILED, ABORTED ->
                jobLost(
                        snapshot,
                        "the bulk query ended as " + crmJob.stage().name().toLowerCase(Locale.ROOT)
                                + (crmJob.message() == null ? "" : ": " + crmJob.message()));
        };
    }

    /**
     * Moves to the next page after one was merged.
     *
     * @param next offset of the next page; null after the last, which ends the snapshot
     */
    static Next read(Snapshot snapshot, String next) {
        return Next.now(snapshot.moveTo(next == null ? SnapshotState.DONE : snapshot.state(), next));
    }

    /** Reads a page once more because rows of it stayed locked. */
    static Next repeatPage(Snapshot snapshot, String why) {
        return retry(snapshot, why);
    }

    /**
     * Decides after a failed call.
     *
     * @param status    HTTP status; 0 when no answer came
     * @param throttled whether a limit of the CRM rejected the call
     * @param why       the CRM's message
     */
    static Next failed(Snapshot snapshot, int status, boolean throttled, String why) {
        boolean invalid = !throttled && ErrorScope.isOfRequest(status);
        return switch (snapshot.state()) {
            // a count of very many records may itself take too long
            case COUNT ->
                invalid || !throttled && snapshot.attempts() + 1 >= MAX_COUNTS
                        ? Next.now(snapshot.moveTo(SnapshotState.CREATE, null))
                        : retry(snapshot, why);
            // a limit with status 400 is not that of calls but that of jobs: those of the day are spent
            case CREATE ->
                invalid || throttled && status == 400
                        ? Next.now(snapshot.restart(SnapshotState.PAGES, why))
                        : retry(snapshot, why);
            case POLL, RESULTS -> invalid ? jobLost(snapshot, why) : retry(snapshot, why);
            case PAGES, DONE -> retry(snapshot, why);
        };
    }

    /** Restarts with another bulk query after one has failed or expired; rows written so far stay. */
    private static Next jobLost(Snapshot snapshot, String why) {
        return snapshot.jobs() >= MAX_JOBS
                ? Next.now(snapshot.restart(SnapshotState.PAGES, why))
                : new Next(snapshot.restart(SnapshotState.CREATE, why), backoff(snapshot.jobs()));
    }

    private static Next retry(Snapshot snapshot, String why) {
        return new Next(snapshot.failed(why), backoff(snapshot.attempts()));
    }

    static Duration firstPollDelay(long records) {
        Duration estimate = Duration.ofSeconds(records / RECORDS_PER_SECOND);
        return capped(estimate.compareTo(MIN_DELAY) > 0 ? estimate : MIN_DELAY);
    }

    /** Computes the backoff, which doubles from one second to a minute. */
    static Duration backoff(int attempts) {
        return BACKOFF.after(attempts + 1);
    }

    private static Duration capped(Duration delay) {
        return delay.compareTo(MAX_DELAY) > 0 ? MAX_DELAY : delay;
    }
}
