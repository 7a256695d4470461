// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.LogThrottle;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.merge.Applied;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs the results of polls. A rejected row is logged once, also when it is read again within the overlap. */
final class PollLog {

    private static final Logger LOG = LoggerFactory.getLogger(DeltaPoller.class);
    private static final int MAX_REMEMBERED = 10_000;

    private final Set<Applied.RejectedRow> logged = Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Applied.RejectedRow, Boolean> eldest) {
            return size() > MAX_REMEMBERED;
        }
    });
    private final LogThrottle throttle = new LogThrottle();
    private final Map<String, Integer> withoutKey = new LinkedHashMap<>();

    /** Logs that a poll failed. */
    void failed(Sync sync, int status, Object answer) {
        throttle.warn(
                LOG,
                sync.getName() + " unread",
                "{}: {} {} could not be read: HTTP {}: {}. The next polls continue from the"
                        + " same offset, with doubling intervals.",
                sync.getName(),
                sync.getAccount(),
                sync.getObject(),
                status,
                RootCause.shortened(answer));
    }

    /** Returns a sentence about the changes that a poll or an event brought; empty if it brought none. */
    static Optional<String> changes(Sync sync, Applied applied) {
        if (applied.changes() == 0) {
            return Optional.empty();
        }
        StringJoiner parts = new StringJoiner(", ");
        count(parts, applied.updated(), "updated");
        count(parts, applied.inserted(), "inserted");
        count(parts, applied.deleted(), "deleted");
        count(parts, applied.conflicts(), "conflicts decided (sluice.conflict)");
        return Optional.of("%s: from %s %s to %s: %s."
                .formatted(sync.getName(), sync.getAccount(), sync.getObject(), sync.getTable(), parts));
    }

    /** Logs the changes that an event brought. */
    void applied(Sync sync, Applied applied) {
        changes(sync, applied).ifPresent(LOG::info);
        odd(sync, applied);
    }

    /** Logs the records of which the table got nothing. */
    void odd(Sync sync, Applied applied) {
        applied.rejected().stream()
                .filter(logged::add)
                .forEach(row -> throttle.warn(
                        LOG,
                        sync.getName(),
                        "{}: table {} rejects record {} ({} {}), columns {}: {}. Correct the value on either side.",
                        sync.getName(),
                        sync.getTable(),
                        row.key(),
                        sync.getObject(),
                        row.crmId(),
                        String.join(", ", row.columns()),
                        row.why()));
        Integer before = withoutKey.put(sync.getName(), applied.withoutKey());
        if (applied.withoutKey() > 0 && !Integer.valueOf(applied.withoutKey()).equals(before)) {
            LOG.info(
                    "{}: {} records of {} have no {} and get no row in {}.",
                    sync.getName(),
                    applied.withoutKey(),
                    sync.getObject(),
                    sync.getExternalId(),
                    sync.getTable());
        }
    }

    private static void count(StringJoiner parts, int count, String what) {
        if (count > 0) {
            parts.add(count + " " + what);
        }
    }
}
