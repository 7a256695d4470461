// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.LogThrottle;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.merge.Applied;
import java.time.Duration;
import java.util.Locale;
import java.util.StringJoiner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs the progress of snapshots. */
final class SnapshotLog {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotReader.class);
    private static final LogThrottle THROTTLE = new LogThrottle();
    /** Number of records between two log lines when the total is unknown. */
    private static final int LOG_EVERY = 20_000;
    /** Maximum number of rejected rows that are logged for each page. */
    private static final int MAX_REJECTIONS = 20;

    void started(Sync sync) {
        LOG.info(
                "{}: initial snapshot started: all records of {} {} are read and merged with {}; the sync sends nothing until"
                        + " its end.",
                sync.getName(),
                sync.getAccount(),
                sync.getObject(),
                sync.getTable());
    }

    /** @return line about how the records are read; null in other states */
    static String method(Sync sync, Snapshot snapshot) {
        String count = snapshot.progress().total() < 0
                ? "the"
                : number(snapshot.progress().total()) + (snapshot.isOfChanges() ? " changed" : "");
        if (snapshot.state() == SnapshotState.CREATE) {
            return "%s: %s records of %s are read by a bulk query.".formatted(sync.getName(), count, sync.getObject());
        }
        if (snapshot.state() == SnapshotState.PAGES) {
            return "%s: %s records of %s are read page by page%s."
                    .formatted(
                            sync.getName(),
                            count,
                            sync.getObject(),
                            snapshot.lastError() == null
                                    ? ""
                                    : ", since no bulk query is possible: " + snapshot.lastError());
        }
        return null;
    }

    void progress(Sync sync, SnapshotProgress before, SnapshotProgress now) {
        if (isLogged(before, now)) {
            LOG.info(
                    "{}: {}{} records of {} are read.",
                    sync.getName(),
                    number(now.read()),
                    now.total() < 0 ? "" : " of " + number(now.total()),
                    sync.getObject());
        }
    }

    /** Logs each tenth of the records, except the last one, which the end of the snapshot logs. */
    static boolean isLogged(SnapshotProgress before, SnapshotProgress now) {
        return now.total() < 0
                ? before.read() / LOG_EVERY < now.read() / LOG_EVERY
                : now.read() < now.total() && before.percent() / 10 < now.percent() / 10;
    }

    void failed(Sync sync, Snapshot snapshot, int status, Object answer) {
        THROTTLE.warn(
                LOG,
                sync.getName() + " " + snapshot.state() + " " + status,
                "{}: snapshot of {} {}: call {} failed with status {}: {}. The next attempt follows within a minute.",
                sync.getName(),
                sync.getAccount(),
                sync.getObject(),
                snapshot.state(),
                status,
                RootCause.shortened(answer));
    }

    void restarted(Sync sync, Snapshot snapshot) {
        LOG.warn(
                "{}: {}. The snapshot of {} {} restarts from the beginning; rows written so far stay.",
                sync.getName(),
                snapshot.lastError(),
                sync.getAccount(),
                sync.getObject());
    }

    /** @param before number of rejected rows of this page so far */
    void rejected(Sync sync, Applied applied, int before) {
        applied.rejected().stream()
                .limit(Math.max(0, MAX_REJECTIONS - before))
                .forEach(row -> LOG.warn(
                        "{}: table {} rejects record {} ({} {}), columns {}: {}. Correct the value on either side.",
                        sync.getName(),
                        sync.getTable(),
                        row.key(),
                        sync.getObject(),
                        row.crmId(),
                        String.join(", ", row.columns()),
                        row.why()));
    }

    void locked(Sync sync, int rows, String example) {
        LOG.warn(
                "{}: {} rows of {} stayed locked by other transactions, for example the row of {} {}; they get the CRM's"
                        + " values when either side changes.",
                sync.getName(),
                rows,
                sync.getTable(),
                sync.getObject(),
                example);
    }

    /** @return line about all that was read */
    static String ended(Sync sync, Snapshot snapshot) {
        SnapshotProgress snapshotProgress = snapshot.progress();
        StringJoiner parts = new StringJoiner(", ");
        parts.add(number(snapshotProgress.inserted()) + " rows inserted");
        count(parts, snapshotProgress.updated(), "rows updated");
        count(parts, snapshotProgress.conflicts(), "conflicts decided (sluice.conflict)");
        count(parts, snapshotProgress.withoutKey(), "without " + sync.getExternalId() + ", which get no row");
        count(parts, snapshotProgress.rejected(), "rejected by the table");
        return String.format(
                Locale.ROOT,
                "%s: all %s %s of %s %s are read: %s; %d calls, %.1f s.%s",
                sync.getName(),
                number(snapshotProgress.read()),
                snapshot.isOfChanges() ? "changed records" : "records",
                sync.getAccount(),
                sync.getObject(),
                parts,
                snapshotProgress.calls(),
                Duration.between(snapshot.began(), snapshot.ended()).toMillis() / 1000.0,
                snapshot.isOfChanges() ? "" : " The sync starts to send now.");
    }

    private static void count(StringJoiner parts, long count, String what) {
        if (count > 0) {
            parts.add(number(count) + " " + what);
        }
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
