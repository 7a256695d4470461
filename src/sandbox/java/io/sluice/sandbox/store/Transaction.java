// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Collects writes that become visible together, or not at all when it is closed without a commit. Sees its own writes.
 * Holds the store's lock from its beginning until it is committed, held back or closed.
 */
public final class Transaction implements AutoCloseable {

    private final Store store;
    private final long moment;
    private final Map<Table, Staged> staged = new LinkedHashMap<>();
    private Store.Signature signature = Store.Signature.AUTOMATION;
    private String origin;
    private boolean open = true;

    /** Holds the rows written to one table, and the keys they carry. */
    private static final class Staged {
        private final Map<Integer, Row> rows = new LinkedHashMap<>();
        private final Map<String, Map<Object, Integer>> keys = new HashMap<>();
        private int writes;

        Staged copy() {
            Staged copy = new Staged();
            copy.rows.putAll(rows);
            keys.forEach((field, numbers) -> copy.keys.put(field, new HashMap<>(numbers)));
            copy.writes = writes;
            return copy;
        }
    }

    /** Holds a state of the writes to which the transaction can be rolled back. */
    public static final class Savepoint {
        private final Map<Table, Staged> staged = new LinkedHashMap<>();
    }

    Transaction(Store store, long moment) {
        this.store = store;
        this.moment = moment;
    }

    /** Names the writer. */
    public void sign(Store.Signature by) {
        signature = by;
    }

    Store.Signature signature() {
        return signature;
    }

    /** Names the API and the client program that write, in the vendor's words. */
    public void origin(String apiAndClient) {
        origin = apiAndClient;
    }

    String origin() {
        return origin;
    }

    /** Answers the stamp of all its writes, milliseconds since 1970. */
    public long moment() {
        return moment;
    }

    /** Finds the row of this id as this transaction sees it, or null. */
    public Row row(Table table, String id) {
        int number = table.type().ids().number(id);
        return number < 0 ? null : row(table, number);
    }

    private Row row(Table table, int number) {
        Staged own = staged.get(table);
        Row row = own == null ? null : own.rows.get(number);
        return row != null ? row : table.row(number);
    }

    /** Finds the live rows whose key field has this value, as this transaction sees them. */
    public List<Row> find(Table table, Field field, Object value) {
        List<Row> found = new ArrayList<>(1);
        for (int number : table.find(field, value)) {
            Row row = row(table, number);
            if (!row.isDeleted() && KeyIndex.key(value).equals(keyOf(field, row))) {
                found.add(row);
            }
        }
        Row own = staged(table, field, value);
        if (own != null && found.stream().noneMatch(row -> row.number() == own.number())) {
            found.add(own);
        }
        return found;
    }

    /** Whether another transaction that is held back has written this row. */
    public boolean isLocked(Table table, Row row) {
        return store.isHeld(table, row.number());
    }

    /** Whether another transaction that is held back has written a row with this key. */
    public boolean isLocked(Table table, Field field, Object value) {
        return store.isHeldKey(table, field, value);
    }

    /** Creates a record from values by field. */
    public Row insert(Table table, Map<Field, Object> values, String user) {
        Object[] all = new Object[table.type().columns()];
        values.forEach((field, value) -> all[field.column()] = value);
        int number = table.reserve();
        return stage(table, Row.created(number, table.type().ids().id(number), all, moment, user));
    }

    /** Changes the given fields of a record; null clears one. */
    public Row update(Table table, Row row, Map<Field, Object> values, String user) {
        return stage(table, changed(table, row, values, user));
    }

    /** Moves a record to the recycle bin, with the given fields changed. */
    public Row delete(Table table, Row row, Map<Field, Object> values, String user) {
        return stage(table, changed(table, row, values, user).deleted(moment, user));
    }

    /** Takes a record out of the recycle bin, with the given fields changed. */
    public Row undelete(Table table, Row row, Map<Field, Object> values, String user) {
        return stage(table, changed(table, row, values, user).undeleted(moment, user));
    }

    private Row changed(Table table, Row row, Map<Field, Object> values, String user) {
        Object[] all = row.unpacked(table.type().columns());
        values.forEach((field, value) -> all[field.column()] = value);
        return row.updated(all, moment, user);
    }

    /** Finds the live rows in which a field has one of these values, as this transaction sees them. Reads all rows. */
    public List<Row> scan(Table table, Field field, Set<?> values) {
        return scan(table, row -> {
            Object value = field.read(row);
            return value != null && values.contains(value);
        });
    }

    /** Finds the live rows that pass a test, as this transaction sees them. Reads all rows. */
    public List<Row> scan(Table table, Predicate<Row> test) {
        Map<Integer, Row> own = staged.containsKey(table) ? staged.get(table).rows : Map.of();
        List<Row> found = new ArrayList<>();
        for (Row row : table) {
            if (!own.containsKey(row.number()) && !row.isDeleted() && test.test(row)) {
                found.add(row);
            }
        }
        own.values().stream().filter(row -> !row.isDeleted() && test.test(row)).forEach(found::add);
        return found;
    }

    /** Deletes a record for good. */
    public Row purge(Table table, Row row, String user) {
        return stage(table, row.purged(moment, user));
    }

    public Savepoint savepoint() {
        Savepoint savepoint = new Savepoint();
        staged.forEach((table, own) -> savepoint.staged.put(table, own.copy()));
        return savepoint;
    }

    /** Rolls back to a savepoint. */
    public void backTo(Savepoint savepoint) {
        staged.clear();
        staged.putAll(savepoint.staged);
    }

    /** Answers the number of writes of each object; a record written twice counts twice. */
    public Map<String, Integer> writes() {
        Map<String, Integer> writes = new LinkedHashMap<>();
        staged.forEach((table, own) -> writes.put(table.type().name(), own.writes));
        return writes;
    }

    /** Answers the time that the objects' triggers take for these writes, in milliseconds. */
    public long triggerMillis() {
        return staged.entrySet().stream()
                .mapToLong(own -> own.getKey().rules().triggerMillis() * own.getValue().writes)
                .sum();
    }

    /** Makes the writes visible. */
    public void commit() {
        try {
            store.commit(this);
        } finally {
            close();
        }
    }

    /** Hides the writes, stamped as they are, until {@link #release()}; others find their rows locked. */
    public void hold() {
        store.hold(this);
        close();
    }

    /** Makes the writes of a transaction that was held back visible. */
    public void release() {
        store.release(this);
    }

    /** Drops writes that were not committed. */
    @Override
    public void close() {
        if (open) {
            open = false;
            store.unlock();
        }
    }

    Map<Table, List<Row>> written() {
        Map<Table, List<Row>> written = new LinkedHashMap<>();
        staged.forEach((table, own) -> written.put(table, List.copyOf(own.rows.values())));
        return written;
    }

    boolean wrote(Table table, int number) {
        Staged own = staged.get(table);
        return own != null && own.rows.containsKey(number);
    }

    boolean wrote(Table table, Field field, Object value) {
        return staged(table, field, value) != null;
    }

    /** Finds the live row that this transaction wrote with this key, or null. */
    private Row staged(Table table, Field field, Object value) {
        Staged own = staged.get(table);
        Map<Object, Integer> numbers = own == null ? null : own.keys.get(field.name());
        if (numbers == null) {
            return null;
        }
        Object key = KeyIndex.key(value);
        Integer number = numbers.get(key);
        Row row = number == null ? null : own.rows.get(number);
        return row != null && !row.isDeleted() && key.equals(keyOf(field, row)) ? row : null;
    }

    private static Object keyOf(Field field, Row row) {
        Object value = field.read(row);
        return value == null ? null : KeyIndex.key(value);
    }

    private Row stage(Table table, Row row) {
        Staged own = staged.computeIfAbsent(table, t -> new Staged());
        own.rows.put(row.number(), row);
        own.writes++;
        for (Field field : table.type().indexed()) {
            Object key = keyOf(field, row);
            if (key != null) {
                own.keys.computeIfAbsent(field.name(), n -> new HashMap<>()).put(key, row.number());
            }
        }
        return row;
    }
}
