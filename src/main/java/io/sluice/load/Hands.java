package io.sluice.load;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The readings that this process is at, of which it gives signs of life while they show any. */
final class Hands {

    /** A step of a turn, and when it last moved, as {@link System#nanoTime}. */
    private record Hand(Run run, int turn, long moved) {
    }

    private final Loads loads;
    private final Duration lease;
    private final Duration longest;
    private final Map<String, Hand> hands = new ConcurrentHashMap<>();

    /**
     * @param lease   after which one of which nothing was heard is taken for dead
     * @param longest how long one is heard of in which nothing moves
     */
    Hands(Loads loads, Duration lease, Duration longest) {
        this.loads = loads;
        this.lease = lease;
        this.longest = longest;
    }

    Duration lease() {
        return lease;
    }

    void moves(Run run) {
        hands.put(run.sync().getName(), new Hand(run, run.load().turn(), System.nanoTime()));
    }

    void letGo(Run run) {
        hands.remove(run.sync().getName());
    }

    void beat() throws SQLException {
        for (Hand hand : hands.values()) {
            if (System.nanoTime() - hand.moved() > longest.toNanos()) {
                letGo(hand.run());
            } else {
                loads.beat(hand.run().sync(), hand.turn(), lease);
            }
        }
    }
}
