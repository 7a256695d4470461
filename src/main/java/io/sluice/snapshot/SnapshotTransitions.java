package io.sluice.snapshot;

import io.sluice.crm.BulkQuery;
import io.sluice.crm.CrmJob;
import io.sluice.crm.ErrorScope;
import java.time.Duration;
import java.util.Locale;

/** The course of a first reading, as pure functions of where it is and what was answered. */
final class SnapshotTransitions {

    /** Jobs that may come to nothing before the records are read the other way. */
    private static final int MOST_JOBS = 3;
    /** Counts that may. */
    private static final int MOST_COUNTS = 2;
    private static final Duration FIRST_LOOK = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    /** What a CRM reads in a second at the most, for the first look. */
    private static final long RECORDS_A_SECOND = 100_000;

    /**
     * What comes next.
     *
     * @param pause until then
     */
    record Next(Snapshot load, Duration pause) {

        private static Next now(Snapshot load) {
            return new Next(load, Duration.ZERO);
        }
    }

    private SnapshotTransitions() {
    }

    /** Where there is a choice between two ways, the number of records makes it. */
    static SnapshotState first(boolean jobs) {
        return jobs ? SnapshotState.COUNT : SnapshotState.PAGES;
    }

    /** @param page records of a page of a job's results */
    static Next counted(Snapshot load, long records, BulkQuery query, int page) {
        Snapshot known = load.tally(load.tally().of(records));
        return Next.now(known.at(isForJob(records, query, page) ? SnapshotState.CREATE : SnapshotState.PAGES, null));
    }

    /** Whether a job takes fewer calls. A small page that is full may have another behind it. */
    static boolean isForJob(long records, BulkQuery query, int page) {
        long pages = records / query.small() + 1;
        long ofJob = query.calls() + Math.max(1, (records + page - 1) / page);
        return ofJob < pages;
    }

    static Next created(Snapshot load, CrmJob crmJob) {
        return new Next(load.created(crmJob.id()), firstLook(load.tally().total()));
    }

    static Next polled(Snapshot load, CrmJob crmJob) {
        return switch (crmJob.stage()) {
            case OPEN, WORKING -> new Next(load.failed(null),
                    shorter(firstLook(load.tally().total()).multipliedBy(1 + Math.min(load.trials(), 60))));
            case COMPLETE -> Next.now(load.tally(load.tally().of(crmJob.tried())).at(SnapshotState.RESULTS, null));
            case FAILED, ABORTED -> over(load, "the job that reads has ended as "
                    + crmJob.stage().name().toLowerCase(Locale.ROOT) + (crmJob.message() == null ? "" : ": " + crmJob.message()));
        };
    }

    /**
     * A page was merged.
     *
     * @param next where the next one begins, or null after the last, which ends it
     */
    static Next read(Snapshot load, String next) {
        return Next.now(load.at(next == null ? SnapshotState.DONE : load.step(), next));
    }

    /** The same page once more: rows of it were being changed all the time. */
    static Next again(Snapshot load, String why) {
        return retry(load, why);
    }

    /**
     * After a call that brought nothing.
     *
     * @param status  HTTP status; 0 when no answer came
     * @param refused whether a limit of the CRM's refused it
     * @param why     in the CRM's words
     */
    static Next failed(Snapshot load, int status, boolean refused, String why) {
        boolean wrong = !refused && ErrorScope.isOfRequest(status);
        return switch (load.step()) {
            // a count of very many may itself be too much
            case COUNT -> wrong || !refused && load.trials() + 1 >= MOST_COUNTS
                    ? Next.now(load.at(SnapshotState.CREATE, null)) : retry(load, why);
            // where a limit answers 400, it is not that of calls but that of jobs: those of the day are spent
            case CREATE -> wrong || refused && status == 400 ? Next.now(load.instead(SnapshotState.PAGES, why)) : retry(load, why);
            case POLL, RESULTS -> wrong ? over(load, why) : retry(load, why);
            case PAGES, DONE -> retry(load, why);
        };
    }

    /** The job is gone, or has failed: what it brought stays, and another one reads from the beginning. */
    private static Next over(Snapshot load, String why) {
        return load.jobs() >= MOST_JOBS ? Next.now(load.instead(SnapshotState.PAGES, why))
                : new Next(load.instead(SnapshotState.CREATE, why), pause(load.jobs()));
    }

    private static Next retry(Snapshot load, String why) {
        return new Next(load.failed(why), pause(load.trials()));
    }

    static Duration firstLook(long records) {
        Duration guess = Duration.ofSeconds(records / RECORDS_A_SECOND);
        return shorter(guess.compareTo(FIRST_LOOK) > 0 ? guess : FIRST_LOOK);
    }

    /** Doubles from one second to a minute. */
    static Duration pause(int trials) {
        return shorter(Duration.ofSeconds(1L << Math.min(trials, 10)));
    }

    private static Duration shorter(Duration pause) {
        return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
}
