// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Indexes the numbers of the live rows by a key field's value. Case does not matter, as for the vendor's external ids
 * that are not marked case-sensitive. Guarded by the store's lock.
 */
final class KeyIndex {

    private static final int[] NONE = {};

    private final Map<Object, int[]> numbers = new HashMap<>();

    int[] find(Object value) {
        return numbers.getOrDefault(key(value), NONE);
    }

    void add(Object value, int number) {
        numbers.merge(key(value), new int[] {number}, KeyIndex::join);
    }

    void remove(Object value, int number) {
        numbers.computeIfPresent(key(value), (k, present) -> {
            int[] rest = Arrays.stream(present).filter(n -> n != number).toArray();
            return rest.length == 0 ? null : rest;
        });
    }

    static Object key(Object value) {
        if (value instanceof String text) {
            return text.toLowerCase(Locale.ROOT);
        }
        return value instanceof Number n ? (Object) n.doubleValue() : value;
    }

    private static int[] join(int[] present, int[] added) {
        int[] all = Arrays.copyOf(present, present.length + 1);
        all[present.length] = added[0];
        return all;
    }
}
