// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

/**
 * Represents one version of one record. A row never changes: a write creates a new one, so that a reader needs no lock.
 * Times are milliseconds since 1970, rounded as the vendor rounds its stamps.
 */
public final class Row {

    private final int number;
    private final Shape shape;
    private final Object[] values;
    private final Audit audit;
    private final long modified;
    private final long stamp;
    private final String modifiedBy;
    private final Life life;

    /** State of a record: live, in the recycle bin, or deleted for good. */
    public enum Life {
        LIVE,
        DELETED,
        PURGED
    }

    /** Holds the values that never change in a record's life. */
    record Audit(String id, long created, String createdBy) {}

    private Row(
            int number,
            Shape shape,
            Object[] values,
            Audit audit,
            long modified,
            long stamp,
            String modifiedBy,
            Life life) {
        this.number = number;
        this.shape = shape;
        this.values = values;
        this.audit = audit;
        this.modified = modified;
        this.stamp = stamp;
        this.modifiedBy = modifiedBy;
        this.life = life;
    }

    /** Creates a new record. {@code values} has one element per column; null means not set. */
    static Row created(int number, String id, Object[] values, long moment, String user) {
        return restored(number, id, values, moment, user, moment, moment, user, Life.LIVE);
    }

    static Row restored(
            int number,
            String id,
            Object[] values,
            long created,
            String createdBy,
            long modified,
            long stamp,
            String modifiedBy,
            Life life) {
        Packed packed = Packed.of(values);
        return new Row(
                number,
                packed.shape,
                packed.values,
                new Audit(id, created, createdBy),
                modified,
                stamp,
                modifiedBy,
                life);
    }

    Row updated(Object[] allValues, long moment, String user) {
        Packed packed = Packed.of(allValues);
        return new Row(number, packed.shape, packed.values, audit, moment, moment, user, life);
    }

    Row deleted(long moment, String user) {
        return new Row(number, shape, values, audit, moment, moment, user, Life.DELETED);
    }

    Row purged(long moment, String user) {
        return new Row(number, shape, values, audit, moment, moment, user, Life.PURGED);
    }

    Row undeleted(long moment, String user) {
        return new Row(number, shape, values, audit, moment, moment, user, Life.LIVE);
    }

    public int number() {
        return number;
    }

    public String id() {
        return audit.id;
    }

    public long created() {
        return audit.created;
    }

    public String createdBy() {
        return audit.createdBy;
    }

    public long modified() {
        return modified;
    }

    public String modifiedBy() {
        return modifiedBy;
    }

    /** Answers SystemModstamp. */
    public long stamp() {
        return stamp;
    }

    public Life life() {
        return life;
    }

    /** Whether the record is in the recycle bin or deleted for good. */
    public boolean isDeleted() {
        return life != Life.LIVE;
    }

    public boolean isPurged() {
        return life == Life.PURGED;
    }

    /** Answers the value of a stored column, or null. */
    public Object value(int column) {
        int place = shape.place(column);
        return place < 0 ? null : values[place];
    }

    /** Answers all stored columns, one element each, at least {@code width} of them. */
    Object[] unpacked(int width) {
        Object[] all = new Object[width];
        for (int i = 0; i < shape.size(); i++) {
            all[shape.column(i)] = values[i];
        }
        return all;
    }

    private record Packed(Shape shape, Object[] values) {

        static Packed of(Object[] all) {
            int count = 0;
            for (Object value : all) {
                count += value == null ? 0 : 1;
            }
            int[] columns = new int[count];
            Object[] set = new Object[count];
            int place = 0;
            for (int column = 0; column < all.length; column++) {
                if (all[column] != null) {
                    columns[place] = column;
                    set[place++] = all[column];
                }
            }
            return new Packed(Shape.of(columns), set);
        }
    }
}
