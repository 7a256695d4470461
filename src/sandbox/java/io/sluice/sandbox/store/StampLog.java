// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.Arrays;

/**
 * Lists row numbers in the order of their SystemModstamp: two growing arrays, since stamps rise. A row written twice is
 * listed twice; readers check that the row still has the stamp. Guarded by the store's lock.
 */
final class StampLog {

    private long[] stamps = new long[1024];
    private int[] numbers = new int[1024];
    private int size;
    private int compactAt = 4096;

    void add(long stamp, int number) {
        if (size == stamps.length) {
            stamps = Arrays.copyOf(stamps, size * 2);
            numbers = Arrays.copyOf(numbers, size * 2);
        }
        // only a transaction that was held back comes with an earlier stamp
        int at = size == 0 || stamps[size - 1] <= stamp ? size : firstAfter(stamp);
        if (at < size) {
            System.arraycopy(stamps, at, stamps, at + 1, size - at);
            System.arraycopy(numbers, at, numbers, at + 1, size - at);
        }
        stamps[at] = stamp;
        numbers[at] = number;
        size++;
    }

    /** Answers the row numbers with a stamp in [from, to], repeats included. */
    int[] between(long from, long to) {
        int first = firstAfter(from - 1);
        int end = to == Long.MAX_VALUE ? size : firstAfter(to);
        return first >= end ? new int[0] : Arrays.copyOfRange(numbers, first, end);
    }

    /** Drops outdated entries now and then, so that this work stays a small part of the writes'. */
    void compact(int rows, CurrentStamp current) {
        if (size < compactAt) {
            return;
        }
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (current.of(numbers[i]) == stamps[i]) {
                stamps[kept] = stamps[i];
                numbers[kept++] = numbers[i];
            }
        }
        size = kept;
        compactAt = Math.max(4096, 2 * Math.max(kept, rows));
    }

    private int firstAfter(long stamp) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (stamps[middle] <= stamp) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Answers the present stamp of a row. */
    interface CurrentStamp {
        long of(int number);
    }
}
