// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import java.io.Closeable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** Splits a stream into lists of its elements. The caller closes it, also when it stops early. */
public final class ListChunks implements Iterator<List<Object>>, Closeable {

    private final Stream<?> all;
    private final Iterator<?> rest;
    private final int size;

    /** @param size maximum number of elements in a list */
    ListChunks(Stream<?> all, int size) {
        this.all = all;
        this.rest = all.iterator();
        this.size = size;
    }

    @Override
    public boolean hasNext() {
        return rest.hasNext();
    }

    @Override
    public List<Object> next() {
        List<Object> chunk = new ArrayList<>();
        while (rest.hasNext() && chunk.size() < size) {
            chunk.add(rest.next());
        }
        return chunk;
    }

    @Override
    public void close() {
        all.close();
    }
}
