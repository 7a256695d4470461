// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Knows which columns a row holds. Rows that hold the same columns share one shape, so a row needs memory only for the
 * values that are set, however many fields the object has.
 */
final class Shape {

    /** Shapes by their columns. */
    private static final ConcurrentHashMap<IntBuffer, Shape> SHAPES = new ConcurrentHashMap<>();

    static final Shape EMPTY = of(new int[0]);

    private final int[] columns;
    private final short[] places;

    private Shape(int[] columns) {
        this.columns = columns;
        this.places = new short[columns.length == 0 ? 0 : columns[columns.length - 1] + 1];
        Arrays.fill(places, (short) -1);
        for (int i = 0; i < columns.length; i++) {
            places[columns[i]] = (short) i;
        }
    }

    /** Answers the shape of these ascending columns. */
    static Shape of(int[] columns) {
        return SHAPES.computeIfAbsent(IntBuffer.wrap(columns), unknown -> new Shape(columns));
    }

    /** Answers the index of the column's value in the row, or -1 when the row does not hold it. */
    int place(int column) {
        return column < places.length ? places[column] : -1;
    }

    int size() {
        return columns.length;
    }

    int column(int place) {
        return columns[place];
    }
}
