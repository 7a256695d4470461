package io.sluice.send;

/**
 * What is left of one call: so many collections, and so many parts, of which those that read known records before they are
 * written are some. With 5 collections in 5 parts and 600 ids a reading, 600 known records take 4 parts, and 800 would
 * take 6.
 */
final class CallCapacity {

    private final int size;
    private final int ids;
    private int collections;
    private int parts;

    /**
     * @param collections of the call
     * @param parts       of the call, readings among them
     * @param size        records of a collection
     * @param ids         records of a reading
     */
    CallCapacity(int collections, int parts, int size, int ids) {
        this.collections = collections;
        this.parts = parts;
        this.size = size;
        this.ids = ids;
    }

    /** How many collections could still be taken that read nothing. */
    int left() {
        return Math.min(collections, parts);
    }

    /**
     * Takes the places of as many records as fit.
     *
     * @param records of one kind
     * @param read    whether they are read before they are written
     * @return how many fit
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
