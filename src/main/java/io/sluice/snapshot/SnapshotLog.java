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

/** What the log says of first readings. */
final class SnapshotLog {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotReader.class);
    private static final LogThrottle THROTTLE = new LogThrottle();
    /** Where nobody knows how many there are, it is told each time so many more are read. */
    private static final int MANY = 20_000;
    /** Refused records told one by one, of each page. */
    private static final int TOLD = 20;

    void begins(Sync sync) {
        LOG.info("{}: all records of {} {} are read and merged with {} first; nothing of it is sent until then.",
                sync.getName(), sync.getAccount(), sync.getObject(), sync.getTable());
    }

    void way(Sync sync, Snapshot load) {
        String count = load.tally().total() < 0 ? "the" : number(load.tally().total()) + (load.isOfChanges() ? " changed" : "");
        if (load.step() == SnapshotState.CREATE) {
            LOG.info("{}: {} records of {} are read by a job.", sync.getName(), count, sync.getObject());
        } else if (load.step() == SnapshotState.PAGES) {
            LOG.info("{}: {} records of {} are read page by page{}.", sync.getName(), count, sync.getObject(),
                    load.problem() == null ? "" : ", since there is no job for it: " + load.problem());
        }
    }

    void progress(Sync sync, SnapshotProgress before, SnapshotProgress now) {
        if (isTold(before, now)) {
            LOG.info("{}: {}{} records of {} are read.", sync.getName(), number(now.read()),
                    now.total() < 0 ? "" : " of " + number(now.total()), sync.getObject());
        }
    }

    /** Each tenth; of those that are all read the end tells. */
    static boolean isTold(SnapshotProgress before, SnapshotProgress now) {
        return now.total() < 0 ? before.read() / MANY < now.read() / MANY
                : now.read() < now.total() && before.percent() / 10 < now.percent() / 10;
    }

    void failed(Sync sync, Snapshot load, int status, Object answer) {
        THROTTLE.warn(LOG, sync.getName() + " " + load.step() + " " + status, "{}: step {} of reading {} {} was answered {}: {}. It goes on by itself.", sync.getName(), load.step(),
                sync.getAccount(), sync.getObject(), status, RootCause.shortened(answer));
    }

    void anew(Sync sync, Snapshot load) {
        LOG.warn("{}: {}. {} {} is read again from the beginning; what was read stays.", sync.getName(), load.problem(),
                sync.getAccount(), sync.getObject());
    }

    /** @param before records of this page that were refused before */
    void refused(Sync sync, Applied applied, int before) {
        applied.refused().stream().limit(Math.max(0, TOLD - before)).forEach(refused ->
                LOG.warn("{}: table {} does not take record {} ({} {}), columns {}: {}. Correct it on either side.",
                        sync.getName(), sync.getTable(), refused.key(), sync.getObject(), refused.crmId(),
                        String.join(", ", refused.columns()), refused.why()));
    }

    void held(Sync sync, int rows, String example) {
        LOG.warn("{}: {} rows of {} were held by other transactions all the time, that of {} {} among them; they take the"
                + " CRM's values when either side changes.", sync.getName(), rows, sync.getTable(), sync.getObject(),
                example);
    }

    void ends(Sync sync, Snapshot load) {
        SnapshotProgress snapshotProgress = load.tally();
        StringJoiner parts = new StringJoiner(", ");
        parts.add(number(snapshotProgress.made()) + " rows made");
        count(parts, snapshotProgress.changed(), "rows changed");
        count(parts, snapshotProgress.conflicts(), "fields decided where both sides had a value (sluice.conflict)");
        count(parts, snapshotProgress.withoutKey(), "without " + sync.getExternalId() + ", so that they get no row");
        count(parts, snapshotProgress.refused(), "that the table does not take");
        LOG.info("{}: all {} {} of {} {} are read: {}; {} calls, {} s.{}",
                sync.getName(), number(snapshotProgress.read()), load.isOfChanges() ? "changed records" : "records", sync.getAccount(), sync.getObject(), parts, snapshotProgress.calls(),
                String.format(Locale.ROOT, "%.1f", Duration.between(load.began(), load.ended()).toMillis() / 1000.0),
                load.isOfChanges() ? "" : " What the table has to send goes now.");
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
