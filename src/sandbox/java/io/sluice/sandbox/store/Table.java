// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * Stores the records of one object: the current row of each record by its number, an index for each key field, and the
 * rows in order of their stamps. Written under the store's lock. Rows are immutable and {@code published} is written
 * last, so a scan reads without a lock and sees whole rows.
 */
public final class Table implements Iterable<Row> {

    private final ObjectType type;
    private final Map<String, KeyIndex> indexes = new HashMap<>();
    private final StampLog stamps = new StampLog();
    private Row[] rows = new Row[1024];
    private int next = 1;
    private int live;
    private volatile Rules rules = Rules.NONE;
    private volatile Published published = new Published(rows, 1, 0);

    private record Published(Row[] rows, int end, int live) {}

    Table(ObjectType type) {
        this.type = type;
        type.indexed().forEach(f -> indexes.put(f.name(), new KeyIndex()));
    }

    public ObjectType type() {
        return type;
    }

    /** Answers the number of records that are not deleted. */
    public int live() {
        return published.live;
    }

    /** Answers the customer's rules for these records. */
    public Rules rules() {
        return rules;
    }

    public void rules(Rules replacement) {
        rules = replacement;
    }

    /** Answers the current row of this number, or null. */
    public Row row(int number) {
        Published state = published;
        return number > 0 && number < state.end ? state.rows[number] : null;
    }

    /** Answers the current row with this id, or null. */
    public Row row(String id) {
        return row(type.ids().number(id));
    }

    /** Iterates over the current rows, deleted ones included, in order of creation. */
    @Override
    public Iterator<Row> iterator() {
        return iterator(1);
    }

    /** Iterates over the current rows from this number on, deleted ones included, in order of creation. */
    public Iterable<Row> from(int number) {
        return () -> iterator(number);
    }

    private Iterator<Row> iterator(int first) {
        Published state = published;
        return new Iterator<>() {
            private int at = advance(first);

            private int advance(int from) {
                int i = from;
                while (i < state.end && state.rows[i] == null) {
                    i++;
                }
                return i;
            }

            @Override
            public boolean hasNext() {
                return at < state.end;
            }

            @Override
            public Row next() {
                if (at >= state.end) {
                    throw new NoSuchElementException();
                }
                Row row = state.rows[at];
                at = advance(at + 1);
                return row;
            }
        };
    }

    int reserve() {
        return next++;
    }

    int[] find(Field field, Object value) {
        KeyIndex index = indexes.get(field.name());
        return index == null ? new int[0] : index.find(value);
    }

    int[] stampedBetween(long from, long to) {
        return stamps.between(from, to);
    }

    /** Indexes a field that was declared after rows were written. */
    void index(Field field) {
        if (!field.indexed() || indexes.containsKey(field.name())) {
            return;
        }
        KeyIndex index = new KeyIndex();
        for (Row row : this) {
            Object value = field.read(row);
            if (!row.isDeleted() && value != null) {
                index.add(value, row.number());
            }
        }
        indexes.put(field.name(), index);
    }

    void unindex(String field) {
        indexes.remove(field);
    }

    void install(Row row) {
        int number = row.number();
        if (number >= rows.length) {
            rows = Arrays.copyOf(rows, Math.max(number + 1, rows.length * 2));
        }
        Row before = rows[number];
        reindex(before, row);
        live += (row.isDeleted() ? 0 : 1) - (before == null || before.isDeleted() ? 0 : 1);
        rows[number] = row;
        next = Math.max(next, number + 1);
        stamps.add(row.stamp(), number);
    }

    /** Makes the installed rows visible to scans. */
    void publish() {
        stamps.compact(next, number -> rows[number].stamp());
        published = new Published(rows, next, live);
    }

    private void reindex(Row before, Row after) {
        for (Field field : type.indexed()) {
            KeyIndex index = indexes.get(field.name());
            if (index == null) {
                continue;
            }
            Object old = before == null || before.isDeleted() ? null : field.read(before);
            Object now = after.isDeleted() ? null : field.read(after);
            if (old != null && !old.equals(now)) {
                index.remove(old, before.number());
            }
            if (now != null && !now.equals(old)) {
                index.add(now, after.number());
            }
        }
    }
}
