// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Stores all records of one account. Writes use a {@link Transaction}, one at a time; reads of rows and scans take no
 * lock, look-ups by key or stamp take it for the look-up only.
 */
public final class Store {

    private final Map<String, Table> tables = Collections.synchronizedMap(new LinkedHashMap<>());
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Transaction> held = new LinkedHashSet<>();
    private final LongSupplier clockMillis;
    private final long grainMillis;
    private final Consumer<Commit> onCommit;
    private final List<Calculated> calculated = new CopyOnWriteArrayList<>();
    private final List<Consumer<Commit>> afterCommit = new CopyOnWriteArrayList<>();
    /** Stamp of all writes while the lock is held for writes of one moment; or null. */
    private Long moment;

    /** A field of parent records that is calculated from their children. */
    private record Calculated(Table parents, Field field) {}

    /**
     * Holds the rows that a commit wrote in each table, and who wrote them.
     *
     * @param origin the API and the client program that wrote them, in the vendor's words, or null
     */
    public record Commit(Map<Table, List<Row>> rows, Signature by, String origin) {}

    /**
     * Names the writer of a transaction.
     *
     * @param by      api, user or automation
     * @param request the request or the job that it belongs to, or null
     */
    public record Signature(String by, String request) {
        public static final Signature AUTOMATION = new Signature("automation", null);
    }

    /**
     * @param clockMillis milliseconds since 1970
     * @param grainMillis what stamps are rounded down to: a second for Salesforce, a millisecond for HubSpot
     * @param onCommit    called under the lock, before the rows can be seen
     */
    public Store(LongSupplier clockMillis, long grainMillis, Consumer<Commit> onCommit) {
        this.clockMillis = clockMillis;
        this.grainMillis = grainMillis;
        this.onCommit = onCommit;
    }

    /**
     * Calls this with each commit when its rows are visible, still under the lock: writes of the listener have the
     * stamp of the commit.
     */
    public void afterCommit(Consumer<Commit> listener) {
        afterCommit.add(listener);
    }

    public void declare(ObjectType type) {
        tables.putIfAbsent(ObjectType.lower(type.name()), new Table(type));
    }

    /** Adds a field to an object and indexes it when it is a key. */
    public Field declare(Table table, Field field) {
        lock.lock();
        try {
            Field added = table.type().add(field);
            table.index(added);
            if (added.rollUp() != null) {
                calculated.removeIf(one -> one.parents() == table && one.field().equals(added));
                calculated.add(new Calculated(table, added));
            }
            return added;
        } finally {
            lock.unlock();
        }
    }

    /** Removes a field of an object, with its index. */
    public void retire(Table table, String field) {
        lock.lock();
        try {
            table.type().retire(field);
            calculated.removeIf(
                    one -> one.parents() == table && one.field().name().equals(field));
            table.unindex(field);
        } finally {
            lock.unlock();
        }
    }

    public Optional<Table> table(String object) {
        return Optional.ofNullable(tables.get(ObjectType.lower(object)));
    }

    public Collection<Table> tables() {
        synchronized (tables) {
            return List.copyOf(tables.values());
        }
    }

    /** Begins a write; the caller must commit or close it soon, because it holds the lock. */
    public Transaction begin() {
        lock.lock();
        return new Transaction(this, moment == null ? now() : moment);
    }

    /** Runs writes that all get one stamp, in however many transactions. Others wait. */
    public <T> T atOneMoment(Supplier<T> writes) {
        lock.lock();
        try {
            moment = now();
            return writes.get();
        } finally {
            moment = null;
            lock.unlock();
        }
    }

    /** Answers milliseconds since 1970, rounded as every stamp is. */
    public long now() {
        return clockMillis.getAsLong() / grainMillis * grainMillis;
    }

    /** Finds the live rows whose key field has this value. */
    public List<Row> find(Table table, Field field, Object value) {
        int[] numbers;
        lock.lock();
        try {
            numbers = table.find(field, value);
        } finally {
            lock.unlock();
        }
        List<Row> rows = new ArrayList<>(numbers.length);
        for (int number : numbers) {
            Row row = table.row(number);
            // it may have been deleted since the look-up
            if (!row.isDeleted()) {
                rows.add(row);
            }
        }
        return rows;
    }

    /**
     * Finds the rows, deleted ones included, whose stamp is in [from, to] (milliseconds), each once, by rising stamp.
     */
    public List<Row> stampedBetween(Table table, long from, long to) {
        int[] numbers;
        lock.lock();
        try {
            numbers = table.stampedBetween(from, to);
        } finally {
            lock.unlock();
        }
        BitSet seen = new BitSet();
        List<Row> rows = new ArrayList<>(numbers.length);
        for (int number : numbers) {
            Row row = table.row(number);
            if (row.stamp() >= from && row.stamp() <= to && !seen.get(number)) {
                seen.set(number);
                rows.add(row);
            }
        }
        return rows;
    }

    /**
     * Answers the time up to which everything stamped is visible: now, or the start of the oldest transaction held
     * back.
     */
    public long covered() {
        lock.lock();
        try {
            return held.stream().mapToLong(Transaction::moment).min().orElse(now());
        } finally {
            lock.unlock();
        }
    }

    /** Restores rows from the journal. */
    public void restore(Table table, Collection<Row> rows) {
        lock.lock();
        try {
            rows.forEach(table::install);
            table.publish();
        } finally {
            lock.unlock();
        }
    }

    /** Restores a row; {@code values} by field name, in stored form. */
    public static Row restored(
            ObjectType type,
            int number,
            Map<String, Object> values,
            long created,
            String createdBy,
            long modified,
            long stamp,
            String modifiedBy,
            Row.Life life) {
        Object[] all = new Object[type.columns()];
        values.forEach(
                (name, value) -> type.field(name).filter(f -> f.column() >= 0).ifPresent(f -> all[f.column()] = value));
        return Row.restored(number, type.ids().id(number), all, created, createdBy, modified, stamp, modifiedBy, life);
    }

    void commit(Transaction transaction) {
        Map<Table, List<Row>> written = transaction.written();
        Commit commit = new Commit(written, transaction.signature(), transaction.origin());
        if (!written.isEmpty()) {
            onCommit.accept(commit);
        }
        Map<Calculated, Set<String>> outdated = new LinkedHashMap<>();
        calculated.forEach(one -> outdated.put(one, one.field().rollUp().parents(one.parents(), written)));
        written.forEach((table, rows) -> {
            rows.forEach(table::install);
            table.publish();
        });
        Long outer = moment;
        moment = transaction.moment();
        try {
            outdated.forEach((one, parents) -> calculate(one, parents, writer(written)));
            afterCommit.forEach(listener -> listener.accept(commit));
        } finally {
            moment = outer;
        }
    }

    /** Calculates the roll-up fields of all records of an object, as for records that were there before the field. */
    public void calculate(Table parents) {
        lock.lock();
        try {
            Set<String> ids = new LinkedHashSet<>();
            parents.forEach(row -> ids.add(row.id()));
            calculated.stream().filter(one -> one.parents() == parents).forEach(one -> calculate(one, ids, null));
        } finally {
            lock.unlock();
        }
    }

    /** @param user who is named as the last to modify the parents, or null to keep who is */
    private void calculate(Calculated one, Set<String> ids, String user) {
        Field field = one.field();
        Map<String, Object> values = ids.isEmpty() ? Map.of() : field.rollUp().values(ids);
        List<Row> changed = ids.stream()
                .map(one.parents()::row)
                .filter(row ->
                        row != null && !row.isDeleted() && !Objects.equals(field.read(row), values.get(row.id())))
                .toList();
        if (changed.isEmpty()) {
            return;
        }
        try (Transaction transaction = begin()) {
            for (Row row : changed) {
                Map<Field, Object> value = new HashMap<>();
                value.put(field, values.get(row.id()));
                transaction.update(one.parents(), row, value, user == null ? row.modifiedBy() : user);
            }
            transaction.commit();
        }
    }

    private static String writer(Map<Table, List<Row>> written) {
        return written.values().stream()
                .flatMap(List::stream)
                .findFirst()
                .map(Row::modifiedBy)
                .orElse(null);
    }

    void hold(Transaction transaction) {
        held.add(transaction);
    }

    void release(Transaction transaction) {
        lock.lock();
        try {
            if (held.remove(transaction)) {
                commit(transaction);
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isHeld(Table table, int number) {
        return !held.isEmpty() && held.stream().anyMatch(t -> t.wrote(table, number));
    }

    boolean isHeldKey(Table table, Field field, Object value) {
        return !held.isEmpty() && held.stream().anyMatch(t -> t.wrote(table, field, value));
    }

    void unlock() {
        lock.unlock();
    }
}
