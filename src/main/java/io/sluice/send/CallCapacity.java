// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

/**
 * Counts the capacity that is left of one call, in collections and in parts. Each collection takes a part, and so does each
 * read of known records before they are written. With 5 collections in 5 parts and 600 ids per read, 600 known records take
 * 4 parts (3 collections and 1 read), and 800 would take 6.
 */
final class CallCapacity {

    private final int size;
    private final int ids;
    private int collections;
    private int parts;

    /**
     * @param collections the maximum number of collections of the call
     * @param parts       the maximum number of parts of the call, reads included
     * @param size        the maximum number of records of a collection
     * @param ids         the maximum number of records of a read
     */
    CallCapacity(int collections, int parts, int size, int ids) {
        this.collections = collections;
        this.parts = parts;
        this.size = size;
        this.ids = ids;
    }

    /** The number of collections that still fit if they need no read. */
    int left() {
        return Math.min(collections, parts);
    }

    /**
     * Takes the capacity for as many records as fit.
     *
     * @param records the number of records of one kind
     * @param read    whether they are read before they are written
     * @return the number of records that fit
     */
    int take(int records, boolean read) {
        for (int taken = Math.min(collections, upTo(records, size)); taken > 0; taken--) {
            int some = Math.min(records, taken * size);
            int needed = taken + (read ? upTo(some, ids) : 0);
            if (needed <= parts) {
                collections -= taken;
                parts -= needed;
                return some;
            }
        }
        return 0;
    }

    private static int upTo(int records, int size) {
        return (records + size - 1) / size;
    }
}
