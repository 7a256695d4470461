package io.sluice.snapshot;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The readings that this process is at, of which it gives signs of life while they show any. */
final class SnapshotHeartbeat {

    /** A step of a turn, and when it last moved, as {@link System#nanoTime}. */
    private record Hand(SnapshotRun run, int turn, long moved) {
    }

    private final SnapshotStore snapshotStore;
    private final Duration lease;
    private final Duration longest;
    private final Map<String, Hand> hands = new ConcurrentHashMap<>();

    /**
     * @param lease   after which one of which nothing was heard is taken for dead
     * @param longest how long one is heard of in which nothing moves
     */
    SnapshotHeartbeat(SnapshotStore snapshotStore, Duration lease, Duration longest) {
        this.snapshotStore = snapshotStore;
        this.lease = lease;
        this.longest = longest;
    }

    Duration lease() {
        return lease;
    }

    void moves(SnapshotRun run) {
        hands.put(run.sync().getName(), new Hand(run, run.load().turn(), System.nanoTime()));
    }

    void letGo(SnapshotRun run) {
        hands.remove(run.sync().getName());
    }

    void beat() throws SQLException {
        for (Hand hand : hands.values()) {
            if (System.nanoTime() - hand.moved() > longest.toNanos()) {
                letGo(hand.run());
            } else {
                snapshotStore.beat(hand.run().sync(), hand.turn(), lease);
            }
        }
    }
}
