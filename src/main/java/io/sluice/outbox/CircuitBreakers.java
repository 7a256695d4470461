package io.sluice.outbox;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The syncs whose calls their CRM refuses whichever record goes: the object is not there, or the rights to it are not. No
 * record is at fault, so none is sent one by one and none dies: the sync waits as if it were paused, tries again after
 * pauses that double from a second to five minutes, and goes on by itself when it is taken. Other syncs of the account go
 * on meanwhile.
 */
public final class CircuitBreakers {

    private static final Logger LOG = LoggerFactory.getLogger(CircuitBreakers.class);
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    private final PauseStore pauseStore;
    /** How often in a row each was refused, as far as this process knows. */
    private final Map<String, Integer> steps = new ConcurrentHashMap<>();

    public CircuitBreakers(PauseStore pauseStore) {
        this.pauseStore = pauseStore;
    }

    /**
     * A call was refused. Of several that were under way together, the first counts.
     *
     * @param why in the CRM's words
     */
    public void refused(String sync, String why) throws SQLException {
        int step = steps.getOrDefault(sync, 0) + 1;
        if (!pauseStore.standStill(sync, why, pause(step, Math::random), step == 1)) {
            return;
        }
        steps.put(sync, step);
        if (step == 1) {
            LOG.warn("Sync {}: its CRM refuses all of its calls: {}. Nothing is lost and no record is at fault; one call at a"
                    + " time tries again, with growing pauses. To try at once, resume the sync.", sync, why);
        }
    }

    /** A call was taken. */
    public void taken(String sync) throws SQLException {
        if (steps.remove(sync) != null) {
            pauseStore.goOn(sync);
            LOG.info("Sync {}: its calls are taken again; what waited is sent now.", sync);
        }
    }

    /** Two thirds to the whole of a time that doubles, so that replicas do not try together. */
    static Duration pause(int step, DoubleSupplier random) {
        long most = Math.min(LONGEST.toMillis(), FIRST.toMillis() << Math.min(step - 1, 20));
        return Duration.ofMillis((long) (most * (2 + random.getAsDouble()) / 3));
    }
}
