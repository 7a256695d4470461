package io.sluice.crm;

import io.sluice.quota.CallRequest;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An engineer's own caps, in this process: at most so many calls a second of an account, those that read and those that
 * write apart. A place is taken before the permit is, so that neither a permit nor a claim grows old in a queue.
 *
 * <p>It is a generic cell rate algorithm with a second's burst: at 2 a second, two calls go at once, and then one each 500 ms.
 */
final class RateCaps {

    private static final long SECOND = 1_000_000_000;

    private record Key(String account, boolean reads) {
    }

    private static final class Cap {

        private final Map<String, Integer> byOperation = new ConcurrentHashMap<>();
        /** When all places that were taken are free again. */
        private long empty = System.nanoTime();

        private long interval() {
            return SECOND / byOperation.values().stream().mapToInt(it -> it).min().orElse(Integer.MAX_VALUE);
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
        caps.computeIfAbsent(new Key(account, reads), first -> new Cap()).byOperation.put(operation,
                Math.max(1, callsPerSecond));
    }

    /** Takes a place. @return nanoseconds after which to ask again, or 0 where it was taken */
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
