// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Slows down the guessing of passwords. After five failures in a row for a name, or from an address, the next attempt must wait:
 * a second, then twice as long each time, a quarter of an hour at most. A success ends it. For example, a thousand guesses for
 * one name take more than ten days.
 *
 * <p>Times are those of a clock that is never set, so that a wait has its length whatever happens to the clock of the machine.
 */
final class LoginThrottle {

    private static final int FREE = 5;
    private static final Duration MAX_WAIT = Duration.ofMinutes(15);
    private static final int MAX_DOUBLINGS = 10;
    /** Names and addresses that are remembered; the oldest are forgotten. */
    private static final int MAX_ENTRIES = 10_000;

    /** @param last nanoseconds of the clock */
    private record Failures(int times, long last) {

        /** Returns the nanoseconds to wait; none left: zero or less. */
        long left(long now) {
            if (times < FREE) {
                return 0;
            }
            Duration wait = Duration.ofSeconds(1L << Math.min(times - FREE, MAX_DOUBLINGS));
            return (wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait).toNanos() - (now - last);
        }
    }

    private final LongSupplier clock;

    private final Map<String, Failures> failures = new LinkedHashMap<>();

    /** @param clock clock in nanoseconds that is never set, such as {@link System#nanoTime} */
    LoginThrottle(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * Begins an attempt, which counts as failed until it succeeds: so attempts at the same time are as many as those one after
     * the other.
     *
     * @return the time to wait; empty if the attempt may be made now
     */
    synchronized Optional<Duration> begin(String name, String address) {
        long now = clock.getAsLong();
        Optional<Duration> wait = wait(name, address, now);
        if (wait.isEmpty()) {
            failed(name, address, now);
        }
        return wait;
    }

    private Optional<Duration> wait(String name, String address, long now) {
        long left = Math.max(left("name " + name, now), left("address " + address, now));
        return left > 0 ? Optional.of(Duration.ofNanos(left)) : Optional.empty();
    }

    private long left(String key, long now) {
        return failures.containsKey(key) ? failures.get(key).left(now) : 0;
    }

    private void failed(String name, String address, long now) {
        for (String key : new String[] {"name " + name, "address " + address}) {
            Failures before = failures.remove(key);
            failures.put(key, new Failures(before == null ? 1 : before.times() + 1, now));
        }
        for (Iterator<String> oldest = failures.keySet().iterator(); failures.size() > MAX_ENTRIES; ) {
            oldest.next();
            oldest.remove();
        }
    }

    synchronized void succeeded(String name, String address) {
        failures.remove("name " + name);
        failures.remove("address " + address);
    }
}
