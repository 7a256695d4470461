// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.LongConsumer;

/** Holds the records that a large write carries, as sorted 64-bit hashes of their keys, of eight bytes each. */
public final class WriteSet {

    private long[] hashes = new long[1024];
    private int size;
    private boolean sorted = true;

    public void addAll(Collection<String> keys) {
        for (String key : keys) {
            if (size == hashes.length) {
                hashes = Arrays.copyOf(hashes, size * 2);
            }
            hashes[size++] = hash(key);
        }
        sorted = false;
    }

    boolean contains(String key) {
        return contains(hash(key));
    }

    boolean contains(long hash) {
        sort();
        return Arrays.binarySearch(hashes, 0, size, hash) >= 0;
    }

    void forEach(LongConsumer reader) {
        for (int i = 0; i < size; i++) {
            reader.accept(hashes[i]);
        }
    }

    private void sort() {
        if (!sorted) {
            Arrays.sort(hashes, 0, size);
            sorted = true;
        }
    }

    /** Hashes the characters by FNV-1a and mixes the result, because keys differ in their last characters. */
    private static long hash(String key) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < key.length(); i++) {
            hash = (hash ^ key.charAt(i)) * 0x100000001b3L;
        }
        return hash ^ hash >>> 32;
    }
}
