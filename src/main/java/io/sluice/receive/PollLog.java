package io.sluice.receive;

import io.sluice.LogThrottle;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.merge.Applied;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the log says of a round. A record that is read again because it is still young is told once. */
final class PollLog {

    private static final Logger LOG = LoggerFactory.getLogger(DeltaPoller.class);
    private static final int REMEMBERED = 10_000;

    private final Set<Applied.Refused> told = Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Applied.Refused, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    });
    private final LogThrottle throttle = new LogThrottle();
    private final Map<String, Integer> withoutKey = new LinkedHashMap<>();

    /** The CRM's records could not be read. */
    void unread(Sync sync, int status, Object answer) {
        throttle.warn(LOG, sync.getName() + " unread", "{}: {} {} could not be read: HTTP {}: {}. It is read again from where it"
                + " was, with growing pauses.", sync.getName(), sync.getAccount(), sync.getObject(), status, RootCause.shortened(answer));
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
                throttle.warn(LOG, sync.getName(), "{}: table {} does not take record {} ({} {}), columns {}: {}. Correct it on either side.",
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
