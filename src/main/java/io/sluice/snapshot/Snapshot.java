// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.QuotedWords;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * State of a snapshot, which reads all records of a sync's object at its first start, or the very many records that changed
 * since a time.
 *
 * @param epoch            fencing token: number of times that a process took the snapshot; a process with an older one saves
 *                         nothing
 * @param job              the CRM's id of the bulk query, or null
 * @param member           login that created the job and so continues it; null: any
 * @param next             the CRM's offset of the next page; null: the beginning
 * @param queriedAt        time, by the database's clock, before the CRM was asked for the records: the answer has all writes
 *                         before it; whether it has later ones is unknown
 * @param jobs             number of jobs created
 * @param attempts         number of calls in a row without progress
 * @param ended            time of the end; null while the snapshot runs
 * @param lastError        the CRM's last error message, or null
 * @param since            time since which the records have changed; null: all records
 * @param earliestDeferred time of the earliest change that could not be decided, or null: the poll reads again from there
 */
public record Snapshot(
        int epoch,
        SnapshotState state,
        String job,
        String member,
        String next,
        Instant queriedAt,
        int jobs,
        int attempts,
        SnapshotProgress progress,
        Instant began,
        Instant ended,
        String lastError,
        Instant since,
        Instant earliestDeferred) {

    static Snapshot beginning(SnapshotState state, Instant now) {
        return since(null, state, now);
    }

    static Snapshot since(Instant moment, SnapshotState state, Instant now) {
        return new Snapshot(
                0, state, null, null, null, now, 0, 0, SnapshotProgress.NOTHING, now, null, null, moment, null);
    }

    /** Whether the snapshot reads changes since a time, not all records. */
    boolean isOfChanges() {
        return since != null;
    }

    /** Notes a record, changed at that time, whose merge could not be decided. */
    Snapshot deferred(Instant at) {
        return at == null || earliestDeferred != null && !at.isBefore(earliestDeferred)
                ? this
                : new Snapshot(
                        epoch, state, job, member, next, queriedAt, jobs, attempts, progress, began, ended, lastError,
                        since, at);
    }

    /** Notes the call that is about to be made. */
    Snapshot beforeCall(Instant now, String login) {
        boolean newQuery = state == SnapshotState.CREATE || state == SnapshotState.PAGES;
        return new Snapshot(
                epoch,
                state,
                job,
                state == SnapshotState.CREATE ? login : member,
                next,
                newQuery ? now : queriedAt,
                jobs,
                attempts,
                progress.called(),
                began,
                ended,
                lastError,
                since,
                earliestDeferred);
    }

    /** Moves to a state and a page after progress. */
    Snapshot moveTo(SnapshotState other, String page) {
        return new Snapshot(
                epoch,
                other,
                job,
                member,
                page,
                queriedAt,
                jobs,
                0,
                progress,
                began,
                ended,
                null,
                since,
                earliestDeferred);
    }

    Snapshot created(String id) {
        return new Snapshot(
                epoch,
                SnapshotState.POLL,
                id,
                member,
                null,
                queriedAt,
                jobs + 1,
                0,
                progress.restarted(),
                began,
                ended,
                null,
                since,
                earliestDeferred);
    }

    /** Counts a call without progress; the state stays. */
    Snapshot failed(String why) {
        return new Snapshot(
                epoch,
                state,
                job,
                member,
                next,
                queriedAt,
                jobs,
                attempts + 1,
                progress,
                began,
                ended,
                why == null ? lastError : why,
                since,
                earliestDeferred);
    }

    /** Restarts from the beginning in another state. */
    Snapshot restart(SnapshotState other, String why) {
        return new Snapshot(
                epoch,
                other,
                null,
                null,
                null,
                queriedAt,
                jobs,
                0,
                progress.restarted(),
                began,
                ended,
                why,
                since,
                earliestDeferred);
    }

    Snapshot withProgress(SnapshotProgress other) {
        return new Snapshot(
                epoch,
                state,
                job,
                member,
                next,
                queriedAt,
                jobs,
                attempts,
                other,
                began,
                ended,
                lastError,
                since,
                earliestDeferred);
    }

    Snapshot ended(Instant now) {
        return new Snapshot(
                epoch,
                SnapshotState.DONE,
                job,
                member,
                null,
                queriedAt,
                jobs,
                0,
                progress,
                began,
                now,
                null,
                since,
                earliestDeferred);
    }

    /** Returns the fields of the status API; -1 stands for an unknown number, and the CRM's message is marked. */
    public Map<String, Object> report() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("step", state.toString());
        report.put("records", progress.total());
        report.put("read", progress.read());
        report.put("percent", ended == null ? progress.percent() : 100);
        report.put("calls", progress.calls());
        report.put("job", job);
        report.put("beganAt", began.toString());
        report.put("endedAt", ended == null ? null : ended.toString());
        report.put("problem", QuotedWords.mark(lastError));
        report.put("since", since == null ? null : since.toString());
        return report;
    }
}
