// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Describes an object of the CRM: its names and its fields. Fields can be added and removed while it is in use. */
public final class ObjectType {

    private final String name;
    private final String label;
    private final String plural;
    private final String keyPrefix;
    private final IdScheme ids;
    private volatile Fields fields = new Fields(List.of(), 0);

    /** Holds an immutable list of fields with its look-ups. */
    private static final class Fields {

        private final List<Field> all;
        private final List<Field> indexed;
        private final List<Field> required;
        private final List<Field> defaulted;
        private final Map<String, Field> byName = new LinkedHashMap<>();
        private final Map<String, Field> byRelationship = new LinkedHashMap<>();
        private final int columns;

        Fields(List<Field> all, int columns) {
            this.all = all;
            this.indexed = all.stream().filter(Field::indexed).toList();
            // a checkbox is on or off, never missing
            this.required = all.stream()
                    .filter(f -> f.required() && f.type() != FieldType.BOOLEAN)
                    .toList();
            this.defaulted =
                    all.stream().filter(f -> f.options().defaultValue() != null).toList();
            this.columns = columns;
            for (Field field : all) {
                byName.put(lower(field.name()), field);
                if (field.relationship() != null) {
                    byRelationship.put(lower(field.relationship()), field);
                }
            }
        }
    }

    /** Creates an object with Salesforce's ids. */
    public ObjectType(String name, String label, String plural, String keyPrefix, List<Field> fields) {
        this(name, label, plural, keyPrefix, IdScheme.prefixed(keyPrefix), fields);
    }

    public ObjectType(String name, String label, String plural, String keyPrefix, IdScheme ids, List<Field> fields) {
        this.name = name;
        this.label = label;
        this.plural = plural;
        this.keyPrefix = keyPrefix;
        this.ids = ids;
        fields.forEach(this::add);
    }

    public String name() {
        return name;
    }

    public String label() {
        return label;
    }

    public String plural() {
        return plural;
    }

    public String keyPrefix() {
        return keyPrefix;
    }

    public IdScheme ids() {
        return ids;
    }

    public boolean custom() {
        return name.endsWith("__c");
    }

    public List<Field> fields() {
        return fields.all;
    }

    /** Answers the fields by whose values records are found. */
    public List<Field> indexed() {
        return fields.indexed;
    }

    /** Answers the fields that a new record requires. */
    public List<Field> required() {
        return fields.required;
    }

    /** Answers the fields that have a default value. */
    public List<Field> defaulted() {
        return fields.defaulted;
    }

    /** Answers the number of stored columns: the width of a full row. */
    int columns() {
        return fields.columns;
    }

    public Optional<Field> field(String fieldName) {
        return Optional.ofNullable(fields.byName.get(lower(fieldName)));
    }

    /** Finds the reference field of this relationship name. */
    public Optional<Field> relationship(String relationshipName) {
        return Optional.ofNullable(fields.byRelationship.get(lower(relationshipName)));
    }

    /** Adds a field and answers it with its column; a field of that name is replaced, and keeps its column. */
    public synchronized Field add(Field field) {
        List<Field> all = new ArrayList<>(fields.all);
        int columns = fields.columns;
        Field before = fields.byName.get(lower(field.name()));
        Field added = field;
        if (field.source() == null) {
            added = field.atColumn(before != null && before.column() >= 0 ? before.column() : columns++);
        }
        if (before == null) {
            all.add(added);
        } else {
            all.set(all.indexOf(before), added);
        }
        fields = new Fields(List.copyOf(all), columns);
        return added;
    }

    /** Removes a field; its column stays, and nobody sees the values that rows hold in it. */
    synchronized void retire(String fieldName) {
        List<Field> all = new ArrayList<>(fields.all);
        all.removeIf(field -> lower(field.name()).equals(lower(fieldName)));
        fields = new Fields(List.copyOf(all), fields.columns);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
