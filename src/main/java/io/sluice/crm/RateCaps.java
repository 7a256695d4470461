// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.quota.CallRequest;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Applies a user's own rate caps in this process: a maximum number of calls per second to an account, for reads and
 * writes separately. A slot is taken before the permit, so that neither a permit nor a claim ages in a queue.
 *
 * <p>The pipeline takes slots here, because it gives back the slot of a call that the quota defers, which Camel's throttle
 * can't. Routes of users wait in that throttle, and their calls are only counted here. The pipeline may always make one call
 * per second, so that no such route stops it.
 *
 * <p>The algorithm is GCRA (generic cell rate algorithm) with a burst of one second: at 2 calls per second, two calls
 * pass at once, then one every 500 ms.
 */
final class RateCaps {

    private static final long SECOND = 1_000_000_000;

    private static final class Cap {

        private final Map<String, Integer> byOperation = new ConcurrentHashMap<>();
        /** Time at which all taken slots are free again, in nanoseconds. */
        private long empty = System.nanoTime();
        /** Time at which the pipeline took its last slot, and its last but one. */
        private long taken = empty;

        private long takenBefore = empty;

        private long interval() {
            return SECOND
                    / byOperation.values().stream().mapToInt(it -> it).min().orElse(Integer.MAX_VALUE);
        }

        private synchronized long take() {
            long now = System.nanoTime();
            long interval = interval();
            long after = (empty - now > 0 ? empty : now) + interval;
            long window = Math.max(SECOND, interval);
            long wait = Math.min(after - now - window, taken + window - now);
            if (wait > 0) {
                return wait;
            }
            empty = after;
            takenBefore = taken;
            taken = now;
            return 0;
        }

        private synchronized void count() {
            long now = System.nanoTime();
            empty = Math.min((empty - now > 0 ? empty : now) + interval(), now + 2 * SECOND);
        }

        private synchronized void giveBack() {
            empty -= interval();
            taken = takenBefore;
        }
    }

    private final Map<String, Cap> caps = new ConcurrentHashMap<>();

    private static String key(String account, boolean reads) {
        return account + (reads ? "/reads" : "/writes");
    }

    /** Sets the cap of an operation, and returns the name of the account's cap. */
    String limit(String account, boolean reads, String operation, int callsPerSecond) {
        String key = key(account, reads);
        caps.computeIfAbsent(key, first -> new Cap()).byOperation.put(operation, Math.max(1, callsPerSecond));
        return key;
    }

    /**
     * Takes a slot.
     *
     * @return the wait before the next attempt in nanoseconds, or 0 where the slot was taken
     */
    long take(CallRequest callRequest) {
        Cap cap = caps.get(key(callRequest.account(), callRequest.reads()));
        return cap == null ? 0 : cap.take();
    }

    /** Counts a call whose slot was taken elsewhere. */
    void count(CallRequest callRequest) {
        Cap cap = caps.get(key(callRequest.account(), callRequest.reads()));
        if (cap != null) {
            cap.count();
        }
    }

    /** Returns the cap in calls per second: the smallest of the account's operations. */
    int callsPerSecond(String key) {
        return (int) (SECOND / caps.get(key).interval());
    }

    void giveBack(CallRequest callRequest) {
        Cap cap = caps.get(key(callRequest.account(), callRequest.reads()));
        if (cap != null) {
            cap.giveBack();
        }
    }
}
