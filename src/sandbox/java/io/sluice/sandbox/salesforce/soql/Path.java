// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.soql;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Represents a field reached over parents, such as {@code Customer__r.Account.Name}, resolved against the objects. */
public record Path(Store store, List<Step> parents, Field field) implements Execution.Item {

    /**
     * Fields that can be read through a reference to one of several objects: those of the object Name that most have.
     */
    private static final Set<String> OF_NAME =
            Set.of("Id", "Name", "FirstName", "LastName", "Title", "Email", "Phone", "Type");

    /** Holds a reference and its table, which is null when the reference may point to several. */
    public record Step(Field reference, Table table) {

        /** Finds the record that this one refers to, or null. */
        public Row follow(Store store, Row from) {
            Object id = reference.read(from);
            return id == null
                    ? null
                    : table != null
                            ? table.row((String) id)
                            : tableOf(store, reference, (String) id)
                                    .map(t -> t.row((String) id))
                                    .orElse(null);
        }
    }

    /** Finds the table of the record that a reference points to. */
    public static Optional<Table> tableOf(Store store, Field reference, String id) {
        return reference.reference().objects().stream()
                .flatMap(name -> store.table(name).stream())
                .filter(table -> id.startsWith(table.type().keyPrefix()))
                .findFirst();
    }

    /** @throws MalformedQueryException INVALID_FIELD when the object has no such field or relationship */
    public static Path resolve(Store store, Table from, String text) {
        String[] parts = text.split("\\.");
        int first = parts.length > 1 && parts[0].equalsIgnoreCase(from.type().name()) ? 1 : 0;
        Table table = from;
        List<Step> parents = new ArrayList<>();
        for (int i = first; i < parts.length - 1; i++) {
            String name = parts[i];
            Field reference = (table == null
                            ? Optional.<Field>empty()
                            : table.type().relationship(name))
                    .orElseThrow(() -> new MalformedQueryException(
                            "INVALID_FIELD",
                            "Didn't understand relationship '" + name
                                    + "' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' "
                                    + "after the custom relationship name."));
            table = reference.referenceTo() == null
                    ? null
                    : store.table(reference.referenceTo())
                            .orElseThrow(() -> new MalformedQueryException(
                                    "INVALID_FIELD",
                                    "The relationship '" + name
                                            + "' leads to an object that this sandbox does not have."));
            parents.add(new Step(reference, table));
        }
        String name = parts[parts.length - 1];
        String object = table == null ? "Name" : table.type().name();
        Optional<Field> field = table == null
                ? ofName(store, parents.get(parents.size() - 1).reference(), name)
                : table.type().field(name);
        return new Path(
                store,
                parents,
                field.orElseThrow(() -> new MalformedQueryException(
                        "INVALID_FIELD",
                        "No such column '" + name + "' on entity '" + object + "'. If you are attempting to use "
                                + "a custom field, be sure to append the '__c' after the custom field name.")));
    }

    private static Optional<Field> ofName(Store store, Field reference, String name) {
        return OF_NAME.stream().filter(name::equalsIgnoreCase).findFirst().map(field -> Field.of(
                        field, field, FieldType.STRING)
                .computed(row -> tableOf(store, reference, row.id())
                        .map(table -> "Type".equals(field)
                                ? table.type().name()
                                : table.type()
                                        .field(field)
                                        .map(f -> f.read(row))
                                        .orElse(null))
                        .orElse(null)));
    }

    /** Answers the path with each name as the object writes it, such as {@code Owner.Name}. */
    public String name() {
        StringBuilder name = new StringBuilder();
        parents.forEach(step -> name.append(step.reference().relationship()).append('.'));
        return name.append(field.name()).toString();
    }

    /** Answers the stored value, null when a parent is missing. */
    public Object read(Row row) {
        Row at = row;
        for (Step step : parents) {
            at = step.follow(store, at);
            if (at == null) {
                return null;
            }
        }
        return field.read(at);
    }
}
