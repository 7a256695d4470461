// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Sends heartbeats for the snapshots that this process runs, as long as they make progress. */
final class SnapshotHeartbeat {

    /**
     * A running snapshot.
     *
     * @param epoch      fencing token of the run
     * @param progressAt {@link System#nanoTime} of the last progress
     */
    private record Running(SnapshotRun run, int epoch, long progressAt) {}

    private final SnapshotStore snapshotStore;
    private final Duration lease;
    private final Duration maxStall;
    private final Map<String, Running> running = new ConcurrentHashMap<>();

    /**
     * @param lease    time without a heartbeat after which another process takes over
     * @param maxStall time without progress after which the heartbeats end
     */
    SnapshotHeartbeat(SnapshotStore snapshotStore, Duration lease, Duration maxStall) {
        this.snapshotStore = snapshotStore;
        this.lease = lease;
        this.maxStall = maxStall;
    }

    Duration lease() {
        return lease;
    }

    void progress(SnapshotRun run) {
        running.put(run.sync().getName(), new Running(run, run.snapshot().epoch(), System.nanoTime()));
    }

    void stop(SnapshotRun run) {
        running.remove(run.sync().getName());
    }

    void send() throws SQLException {
        for (Running it : running.values()) {
            if (System.nanoTime() - it.progressAt() > maxStall.toNanos()) {
                stop(it.run());
            } else {
                snapshotStore.heartbeat(it.run().sync(), it.epoch(), lease);
            }
        }
    }
}
