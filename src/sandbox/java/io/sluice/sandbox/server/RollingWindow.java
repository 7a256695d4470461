// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import java.util.Arrays;

/**
 * Admits at most {@code max} requests in any window of {@code seconds}. The time of every request is kept until it is
 * that old, so the limit is exact, unlike a token bucket. Above a million requests the times are rounded to seconds to
 * bound the memory, and a request then counts up to one second too long. Guarded by the limiter's lock.
 */
final class RollingWindow {

    private static final int EXACT_UP_TO = 1_000_000;

    private final long max;
    private final long seconds;
    private final long lengthMicros;
    private final long grainMicros;
    private long[] moments = new long[64];
    private int[] counts = new int[64];
    private int head;
    private int size;
    private long used;
    private long peak;

    RollingWindow(long max, long seconds) {
        this.max = max;
        this.seconds = seconds;
        this.lengthMicros = seconds * 1_000_000;
        this.grainMicros = max > EXACT_UP_TO ? 1_000_000 : 1;
    }

    long max() {
        return max;
    }

    long seconds() {
        return seconds;
    }

    long peak() {
        return peak;
    }

    /** Answers the requests in the window that ends at this moment. */
    long used(long now) {
        while (size > 0 && moments[head] <= now - lengthMicros) {
            used -= counts[head];
            head = (head + 1) % moments.length;
            size--;
        }
        return used;
    }

    boolean hasRoom(long now) {
        return used(now) < max;
    }

    /** Counts requests at this moment, which is not before the last one's. */
    void add(long now, int requests) {
        used(now);
        int last = (head + size - 1 + moments.length) % moments.length;
        if (size > 0 && moments[last] / grainMicros == now / grainMicros) {
            moments[last] = now;
            counts[last] += requests;
        } else {
            if (size == moments.length) {
                grow();
            }
            int place = (head + size) % moments.length;
            moments[place] = now;
            counts[place] = requests;
            size++;
        }
        used += requests;
        peak = Math.max(peak, used);
    }

    void resetPeak(long now) {
        peak = used(now);
    }

    /** Answers the window with another limit. */
    RollingWindow changedTo(long newMax, long newSeconds) {
        RollingWindow changed = new RollingWindow(newMax, newSeconds);
        for (int i = 0; i < size; i++) {
            int place = (head + i) % moments.length;
            changed.add(moments[place], counts[place]);
        }
        changed.peak = 0;
        return changed;
    }

    /** Calls the reader with each time (microseconds) and its number of requests. */
    void forEach(MomentReader reader) {
        for (int i = 0; i < size; i++) {
            int place = (head + i) % moments.length;
            reader.read(moments[place], counts[place]);
        }
    }

    interface MomentReader {
        void read(long micros, int requests);
    }

    private void grow() {
        long[] moreMoments = Arrays.copyOf(moments, size * 2);
        int[] moreCounts = Arrays.copyOf(counts, size * 2);
        for (int i = 0; i < size; i++) {
            moreMoments[i] = moments[(head + i) % size];
            moreCounts[i] = counts[(head + i) % size];
        }
        moments = moreMoments;
        counts = moreCounts;
        head = 0;
    }
}
