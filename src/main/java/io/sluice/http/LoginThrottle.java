// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Slows down the guessing of passwords. After five failures in a row for a name, or from an address, the next attempt must wait:
 * a second, then twice as long each time, a quarter of an hour at most. A success ends it. For example, a thousand guesses for
 * one name take more than ten days.
 */
final class LoginThrottle {

    private static final int FREE = 5;
    private static final Duration MAX_WAIT = Duration.ofMinutes(15);
    private static final int MAX_DOUBLINGS = 10;
    /** Names and addresses that are remembered; the oldest are forgotten. */
    private static final int MAX_ENTRIES = 10_000;

    private record Failures(int times, Instant last) {

        Instant next() {
            if (times < FREE) {
                return Instant.EPOCH;
            }
            Duration wait = Duration.ofSeconds(1L << Math.min(times - FREE, MAX_DOUBLINGS));
            return last.plus(wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait);
        }
    }

    private final Map<String, Failures> failures = new LinkedHashMap<>();

    /**
     * Begins an attempt, which counts as failed until it succeeds: so attempts at the same time are as many as those one after
     * the other.
     *
     * @return the time to wait; empty if the attempt may be made now
     */
    synchronized Optional<Duration> begin(String name, String address, Instant now) {
        Optional<Duration> wait = wait(name, address, now);
        if (wait.isEmpty()) {
            failed(name, address, now);
        }
        return wait;
    }

    private Optional<Duration> wait(String name, String address, Instant now) {
        Instant next = next("name " + name).compareTo(next("address " + address)) > 0
                ? next("name " + name)
                : next("address " + address);
        return next.isAfter(now) ? Optional.of(Duration.between(now, next)) : Optional.empty();
    }

    private Instant next(String key) {
        return failures.containsKey(key) ? failures.get(key).next() : Instant.EPOCH;
    }

    private void failed(String name, String address, Instant now) {
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
