// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Renews the leases of long work as long as it makes progress: another process soon takes over the work of a dead one, and
 * that of one that hangs a while later.
 *
 * @param <W> work, with the fencing token of its lease
 */
public final class Heartbeats<W> {

    private final Duration maxSilence;
    private final LongSupplier nanos;
    /** Work to the nanoseconds at which it last made progress. */
    private final Map<W, Long> progress = new ConcurrentHashMap<>();

    /** Renews the lease of work. */
    @FunctionalInterface
    public interface Renewal<W> {

        /** @return whether this process still held the lease */
        boolean renew(W work) throws SQLException;
    }

    /** @param maxSilence time without progress after which a lease is not renewed any more */
    public Heartbeats(Duration maxSilence) {
        this(maxSilence, System::nanoTime);
    }

    Heartbeats(Duration maxSilence, LongSupplier nanos) {
        this.maxSilence = maxSilence;
        this.nanos = nanos;
    }

    /** Notes that work has begun or made progress. */
    public void progress(W work) {
        progress.put(work, nanos.getAsLong());
    }

    public void end(W work) {
        progress.remove(work);
    }

    /** Renews the leases; work that is silent for too long or has lost its lease is not renewed again. */
    public void send(Renewal<W> renewal) throws SQLException {
        for (Map.Entry<W, Long> each : progress.entrySet()) {
            boolean isSilent = nanos.getAsLong() - each.getValue() > maxSilence.toNanos();
            if (isSilent || !renewal.renew(each.getKey())) {
                progress.remove(each.getKey(), each.getValue());
            }
        }
    }
}
