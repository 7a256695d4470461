// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Backoff;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a circuit breaker for each sync. A breaker opens when the CRM rejects every call of its sync whichever record is
 * sent: the object or a right is missing. No record is at fault, so none is sent alone and none becomes a dead letter. The
 * sync is paused, tries one call after delays that double from one second to five minutes, and continues when a call
 * succeeds. Other syncs of the account continue meanwhile.
 */
public final class CircuitBreakers {

    private static final Logger LOG = LoggerFactory.getLogger(CircuitBreakers.class);
    private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5));

    private final PauseStore pauseStore;
    /** The number of rejections in a row of each sync, as far as this process knows. */
    private final Map<String, Integer> rejections = new ConcurrentHashMap<>();

    public CircuitBreakers(PauseStore pauseStore) {
        this.pauseStore = pauseStore;
    }

    /**
     * Records a rejected call. Of several calls that were under way together, only the first counts.
     *
     * @param why the CRM's message
     */
    public void rejected(String sync, String why) throws SQLException {
        int count = rejections.getOrDefault(sync, 0) + 1;
        if (!pauseStore.openBreaker(sync, why, delay(count, Math::random), count == 1)) {
            return;
        }
        rejections.put(sync, count);
        if (count == 1) {
            LOG.warn(
                    "Sync {}: the CRM rejects every call: {}. The sync is paused and no record is at fault; one call at a"
                            + " time tries again, with growing delays. To try at once, resume the sync.",
                    sync,
                    why);
        }
    }

    /** Records a call that the CRM accepted. */
    public void accepted(String sync) throws SQLException {
        if (rejections.remove(sync) != null) {
            pauseStore.closeBreaker(sync);
            LOG.info("Sync {}: the CRM accepts calls again; queued changes are sent now.", sync);
        }
    }

    /** A delay between two thirds and the whole of a time that doubles, so that replicas do not try together. */
    static Duration delay(int count, DoubleSupplier random) {
        return Backoff.jitter(BACKOFF.after(count), 3, random);
    }
}
