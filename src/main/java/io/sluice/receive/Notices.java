package io.sluice.receive;

import io.sluice.Sync;
import io.sluice.merge.Applied;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the log says of a round. A record that is read again because it is still young is told once. */
final class Notices {

    private static final Logger LOG = LoggerFactory.getLogger(Receiving.class);
    private static final int REMEMBERED = 10_000;

    private final Set<Applied.Refused> told = Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Applied.Refused, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    });
    private final Map<String, Instant> saidAt = new HashMap<>();
    private final Map<String, Integer> withoutKey = new LinkedHashMap<>();

    /** Whether it is to be said again that a sync can't be read: once a minute. */
    synchronized boolean isDue(Sync sync, Instant now) {
        Instant before = saidAt.get(sync.getName());
        boolean due = before == null || !now.isBefore(before.plusSeconds(60));
        if (due) {
            saidAt.put(sync.getName(), now);
        }
        return due;
    }

    void tell(Sync sync, Applied applied) {
        if (applied.changes() > 0) {
            StringJoiner parts = new StringJoiner(", ");
            count(parts, applied.updated(), "changed");
            count(parts, applied.inserted(), "made");
            count(parts, applied.deleted(), "deleted");
            count(parts, applied.conflicts(), "decided where both sides had changed it (sluice.conflict)");
            LOG.info("{}: from {} {} to {}: {}.", sync.getName(), sync.getAccount(), sync.getObject(), sync.getTable(),
                    parts);
        }
        applied.refused().stream().filter(told::add).forEach(refused ->
                LOG.warn("{}: table {} does not take record {} ({} {}), columns {}: {}. Correct it on either side.",
                        sync.getName(), sync.getTable(), refused.key(), sync.getObject(), refused.crmId(),
                        String.join(", ", refused.columns()), refused.why()));
        Integer before = withoutKey.put(sync.getName(), applied.withoutKey());
        if (applied.withoutKey() > 0 && !Integer.valueOf(applied.withoutKey()).equals(before)) {
            LOG.info("{}: {} records of {} have no {}, so that they get no row in {}.", sync.getName(),
                    applied.withoutKey(), sync.getObject(), sync.getExternalId(), sync.getTable());
        }
    }

    private static void count(StringJoiner parts, int count, String what) {
        if (count > 0) {
            parts.add(count + " " + what);
        }
    }
}
