// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Computes a text from other fields at each read, such as {@code Dear {FirstName} of {Account.Name}}. A change of the
 * parent changes the value without a new stamp of the record, like a formula field of Salesforce.
 */
public final class Formula implements Function<Row, Object> {

    private static final Pattern PLACE = Pattern.compile("\\{([\\w.]+)}");

    private final Store store;
    private final ObjectType type;
    private final String text;

    /** @throws IllegalArgumentException when a place names no field */
    public Formula(Store store, ObjectType type, String text) {
        this.store = store;
        this.type = type;
        this.text = text;
        Matcher places = PLACE.matcher(text);
        while (places.find()) {
            check(places.group(1));
        }
    }

    public String text() {
        return text;
    }

    @Override
    public Object apply(Row row) {
        String made = PLACE.matcher(text).replaceAll(place -> Matcher.quoteReplacement(value(row, place.group(1))));
        return made.isBlank() ? null : made;
    }

    private void check(String path) {
        ObjectType at = type;
        String[] parts = path.split("\\.");
        for (int i = 0; i < parts.length - 1; i++) {
            at = parent(at, parts[i]).map(Table::type).orElseThrow(() -> unknown(path));
        }
        if (at.field(parts[parts.length - 1]).isEmpty()) {
            throw unknown(path);
        }
    }

    private IllegalArgumentException unknown(String path) {
        return new IllegalArgumentException(
                "The formula reads '" + path + "', which " + type.name() + " does not have.");
    }

    private Optional<Table> parent(ObjectType of, String relationship) {
        return of.relationship(relationship).map(Field::referenceTo).flatMap(store::table);
    }

    private String value(Row row, String path) {
        ObjectType at = type;
        Row from = row;
        String[] parts = path.split("\\.");
        for (int i = 0; i < parts.length - 1; i++) {
            Table parents = parent(at, parts[i]).orElseThrow();
            Object id = at.relationship(parts[i]).orElseThrow().read(from);
            from = id == null ? null : parents.row((String) id);
            if (from == null) {
                return "";
            }
            at = parents.type();
        }
        Field field = at.field(parts[parts.length - 1]).orElseThrow();
        Object value = field.type().toWire(field.read(from));
        return value == null ? "" : value.toString();
    }
}
