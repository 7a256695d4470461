package io.sluice.receive;

import java.io.Closeable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** A stream in lists of its elements, one after the other; whoever splits it closes it, early ends included. */
public final class ListChunks implements Iterator<List<Object>>, Closeable {

    private final Stream<?> all;
    private final Iterator<?> rest;
    private final int size;

    /** @param size most elements of a list */
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
        List<Object> part = new ArrayList<>();
        while (rest.hasNext() && part.size() < size) {
            part.add(rest.next());
        }
        return part;
    }

    @Override
    public void close() {
        all.close();
    }
}
