// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.IdScheme;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Stores the associations of records. An association is a row of its own table, one for both directions, so that it is
 * stored, counted and committed like a record.
 */
final class Links {

    /** Name of the table of associations; the API knows no object of this name. */
    static final String ASSOCIATIONS = "associations";

    private static final long IDS = 9_000_000_000_000_000L;

    /** Id of the association's first record: the one with the lower id. */
    private static final Field ONE = text("one_id");

    private static final Field OTHER = text("other_id");
    /** Ids of the types as seen from the first record, separated by semicolons. */
    private static final Field TYPES = text("types");

    private static final Field PAIR = text("pair").asUnique();
    /** Key of a read: a record and the object at the other end. */
    private static final Field ONE_END = text("one_end").asExternalId(false).readOnly();

    private static final Field OTHER_END = text("other_end").asExternalId(false).readOnly();
    /** Key of a primary association: the record that has it and its type. */
    private static final Field PRIMARY = text("primary").asExternalId(false).readOnly();

    private final Store store;
    private final Table table;

    Links(Store store) {
        this.store = store;
        this.table = store.table(ASSOCIATIONS).orElseThrow();
    }

    private static Field text(String name) {
        return Field.of(name, name, PropertyType.STRING.field()).readOnly();
    }

    static ObjectType object() {
        return new ObjectType(
                ASSOCIATIONS,
                "Association",
                "Associations",
                ASSOCIATIONS,
                IdScheme.counted(IDS),
                List.of(ONE, OTHER, TYPES, PAIR, ONE_END, OTHER_END, PRIMARY, text(StandardObjects.MERGED_INTO)));
    }

    /** Holds a record with its object. */
    record End(Table table, Row row) {

        /** Answers the key by which a record's associations with an object are found. */
        private String towards(Table other) {
            return row.id() + ">" + other.type().keyPrefix();
        }
    }

    /**
     * Represents an association as seen from one record.
     *
     * @param number   of its row: associations are listed in the order in which they were made
     * @param otherId  the record at its other end
     */
    record Link(int number, String otherId, List<AssociationType> types) {}

    /**
     * Represents a stored association, as seen from its first record.
     *
     * @param oneType   type id of the first record's object, as otherType is of the other's
     * @param numbers   of the types that hold now; none where the association is gone
     */
    record Kept(String oneId, String oneType, String otherId, String otherType, Set<Integer> numbers) {}

    Kept kept(Row row) {
        return new Kept(
                value(ONE, row),
                end(value(OTHER_END, row)),
                value(OTHER, row),
                end(value(ONE_END, row)),
                row.isDeleted() ? Set.of() : numbers(row));
    }

    /** Answers the type id of the object in the key of a read. */
    private static String end(String towards) {
        return towards.substring(towards.indexOf('>') + 1);
    }

    /** Finds the associations of a record with the live records of an object, in the order of their creation. */
    List<Link> of(End from, Table to) {
        return all(from, to).stream().filter(link -> isLive(to, link.otherId)).toList();
    }

    private List<Link> all(End from, Table to) {
        List<AssociationType> known = AssociationTypes.between(store, from.table, to);
        List<Row> rows = new ArrayList<>(store.find(table, field(ONE_END), from.towards(to)));
        store.find(table, field(OTHER_END), from.towards(to)).stream()
                .filter(row -> rows.stream().noneMatch(same -> same.number() == row.number()))
                .forEach(rows::add);
        return rows.stream()
                .map(row -> link(row, from, known))
                .sorted(Comparator.comparingInt(Link::number))
                .toList();
    }

    private static boolean isLive(Table to, String id) {
        Row row = to.row(id);
        return row != null && !row.isDeleted();
    }

    private Link link(Row row, End from, List<AssociationType> known) {
        boolean first = from.row.id().equals(value(ONE, row));
        Set<Integer> numbers = numbers(row);
        List<AssociationType> types = known.stream()
                .filter(type -> numbers.contains(first ? type.id() : type.inverse()))
                .toList();
        return new Link(row.number(), value(first ? OTHER : ONE, row), types);
    }

    /** Adds types to the association of two records, together with the unlabelled type that each of them includes. */
    Row add(Transaction transaction, End from, End to, List<AssociationType> types, Origin origin) {
        boolean first = isFirst(from, to);
        Set<AssociationType> all = new LinkedHashSet<>(types);
        all.add(AssociationTypes.unlabelled(AssociationTypes.between(store, from.table, to.table)));
        for (AssociationType type : all) {
            String holder = holder(type, from, to);
            if (holder != null) {
                dethrone(transaction, holder, type, from, to, origin);
            }
        }
        Optional<Row> before = find(transaction, from, to);
        Set<Integer> numbers = before.map(this::numbers).orElseGet(TreeSet::new);
        all.forEach(type -> numbers.add(first ? type.id() : type.inverse()));
        Map<Field, Object> values = new HashMap<>();
        values.put(field(TYPES), text(numbers));
        all.stream()
                .map(type -> holder(type, from, to))
                .filter(holder -> holder != null)
                .findFirst()
                .ifPresent(holder -> values.put(field(PRIMARY), holder));
        if (before.isPresent()) {
            return transaction.update(table, before.get(), values, origin.user());
        }
        End one = first ? from : to;
        End other = first ? to : from;
        values.put(field(ONE), one.row.id());
        values.put(field(OTHER), other.row.id());
        values.put(field(PAIR), pair(from, to));
        values.put(field(ONE_END), one.towards(other.table));
        values.put(field(OTHER_END), other.towards(one.table));
        return transaction.insert(table, values, origin.user());
    }

    /** Finds the types between two records, as this transaction and the first record see them. */
    List<AssociationType> types(Transaction transaction, End from, End to) {
        List<AssociationType> known = AssociationTypes.between(store, from.table, to.table);
        return find(transaction, from, to)
                .map(row -> link(row, from, known).types)
                .orElse(List.of());
    }

    /** Removes types, or the whole association. A missing association is no error. */
    void remove(Transaction transaction, End from, End to, List<AssociationType> types, Origin origin) {
        Optional<Row> row = find(transaction, from, to);
        if (row.isEmpty()) {
            return;
        }
        boolean first = isFirst(from, to);
        boolean all = types.isEmpty() || types.stream().anyMatch(type -> type.label() == null);
        if (all) {
            transaction.delete(table, row.get(), Map.of(), origin.user());
            return;
        }
        Set<Integer> numbers = numbers(row.get());
        types.forEach(type -> numbers.remove(first ? type.id() : type.inverse()));
        Map<Field, Object> values = new HashMap<>(Map.of(field(TYPES), text(numbers)));
        if (types.stream().anyMatch(type -> holder(type, from, to) != null)) {
            values.put(field(PRIMARY), null);
        }
        transaction.update(table, row.get(), values, origin.user());
    }

    /**
     * Moves all associations of one record to another, those with archived records too. Of two primary associations the
     * survivor's own stays.
     */
    void move(Transaction transaction, End gone, End survivor, Origin origin) {
        for (Table to : store.tables()) {
            if (!StandardObjects.isObject(to.type())) {
                continue;
            }
            for (Link link : all(gone, to)) {
                End other = new End(to, to.row(link.otherId));
                remove(transaction, gone, other, List.of(), origin);
                if (!link.otherId.equals(survivor.row.id())) {
                    add(
                            transaction,
                            survivor,
                            other,
                            link.types.stream()
                                    .filter(type -> !type.primary()
                                            || transaction
                                                    .find(table, field(PRIMARY), holder(type, survivor, other))
                                                    .isEmpty())
                                    .toList(),
                            origin);
                }
            }
        }
    }

    /** Removes the primary type from a record's earlier primary association, which stays as an unlabelled one. */
    private void dethrone(
            Transaction transaction, String holder, AssociationType type, End from, End to, Origin origin) {
        for (Row row : transaction.find(table, field(PRIMARY), holder)) {
            if (pair(from, to).equals(value(PAIR, row))) {
                continue;
            }
            Set<Integer> numbers = numbers(row);
            numbers.remove(type.id());
            numbers.remove(type.inverse());
            Map<Field, Object> values = new HashMap<>(Map.of(field(TYPES), text(numbers)));
            values.put(field(PRIMARY), null);
            transaction.update(table, row, values, origin.user());
        }
    }

    /**
     * Finds the record that may have only one association of this type, with the type as that record sees it; null
     * where any number is allowed.
     */
    private static String holder(AssociationType type, End from, End to) {
        if (type.primary()) {
            return from.row.id() + "/" + type.id();
        }
        return type.inversePrimary() ? to.row.id() + "/" + type.inverse() : null;
    }

    private Optional<Row> find(Transaction transaction, End from, End to) {
        return transaction.find(table, field(PAIR), pair(from, to)).stream().findFirst();
    }

    private static String pair(End from, End to) {
        return isFirst(from, to) ? from.row.id() + "/" + to.row.id() : to.row.id() + "/" + from.row.id();
    }

    private static boolean isFirst(End from, End to) {
        return Long.parseLong(from.row.id()) <= Long.parseLong(to.row.id());
    }

    private Set<Integer> numbers(Row row) {
        return Arrays.stream(value(TYPES, row).split(";"))
                .map(Integer::valueOf)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String text(Set<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(";"));
    }

    private String value(Field declared, Row row) {
        return (String) row.value(field(declared).column());
    }

    private Field field(Field declared) {
        return table.type().field(declared.name()).orElseThrow();
    }
}
