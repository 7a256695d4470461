// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.quota.CallRequest;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Applies a user's own rate caps in this process: a maximum number of calls per second to an account, for reads and
 * writes separately. A slot is taken before the permit, so that neither a permit nor a claim ages in a queue.
 *
 * <p>The algorithm is GCRA (generic cell rate algorithm) with a burst of one second: at 2 calls per second, two calls
 * pass at once, then one every 500 ms.
 */
final class RateCaps {

    private static final long SECOND = 1_000_000_000;

    private record Key(String account, boolean reads) {}

    private static final class Cap {

        private final Map<String, Integer> byOperation = new ConcurrentHashMap<>();
        /** Time at which all taken slots are free again, in nanoseconds. */
        private long empty = System.nanoTime();

        private long interval() {
            return SECOND
                    / byOperation.values().stream().mapToInt(it -> it).min().orElse(Integer.MAX_VALUE);
        }

        private synchronized long take() {
            long now = System.nanoTime();
            long interval = interval();
            long after = (empty - now > 0 ? empty : now) + interval;
            long wait = after - now - Math.max(SECOND, interval);
            if (wait > 0) {
                return wait;
            }
            empty = after;
            return 0;
        }

        private synchronized void giveBack() {
            empty -= interval();
        }
    }

    private final Map<Key, Cap> caps = new ConcurrentHashMap<>();

    void limit(String account, boolean reads, String operation, int callsPerSecond) {
        caps.computeIfAbsent(new Key(account, reads), first -> new Cap())
                .byOperation
                .put(operation, Math.max(1, callsPerSecond));
    }

    /**
     * Takes a slot.
     *
     * @return the wait before the next attempt in nanoseconds, or 0 where the slot was taken
     */
    long take(CallRequest callRequest) {
        Cap cap = caps.get(new Key(callRequest.account(), callRequest.reads()));
        return cap == null ? 0 : cap.take();
    }

    void giveBack(CallRequest callRequest) {
        Cap cap = caps.get(new Key(callRequest.account(), callRequest.reads()));
        if (cap != null) {
            cap.giveBack();
        }
    }
}
