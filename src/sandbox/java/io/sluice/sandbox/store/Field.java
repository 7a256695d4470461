// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.List;
import java.util.function.Function;

/**
 * One field of an object.
 *
 * @param column       place among the stored columns, or -1 when {@code source} computes the value
 * @param length       most characters of a text, 0 when it does not apply
 * @param reference    where a reference leads, or null
 * @param source       reads the value of a row that is not a stored column, or null
 * @param options      what a choice offers
 */
public record Field(
        String name,
        String label,
        FieldType type,
        int length,
        int precision,
        int scale,
        boolean required,
        boolean createable,
        boolean updateable,
        boolean unique,
        boolean externalId,
        boolean idLookup,
        boolean nameField,
        Reference reference,
        String compound,
        int column,
        Function<Row, Object> source,
        Options options) {

    /**
     * What a choice offers.
     *
     * @param values     as the API has them, in their order
     * @param restricted whether no other value is taken
     * @param usual      what a new record has that was given none, or null
     */
    public record Options(List<String> values, boolean restricted, String usual) {
        static final Options ANY = new Options(List.of(), false, null);

        /** Whether a value, or each of several between semicolons, may be written. */
        public boolean take(String value) {
            return !restricted
                    || List.of(value.split(";")).stream().map(String::strip).allMatch(values::contains);
        }
    }

    /**
     * Where a reference leads.
     *
     * @param objects      names of the objects it may point to
     * @param relationship name by which SOQL and writes follow it, or null
     * @param children     name by which SOQL finds the records that point there, or null when it has none
     */
    public record Reference(List<String> objects, String relationship, String children) {}

    /** The same field with a choice of these values. */
    public Field offering(boolean restricted, List<String> values) {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                column,
                source,
                new Options(List.copyOf(values), restricted, null));
    }

    /** The same choice, of which a new record has this value when it is given none. */
    public Field usually(String value) {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                column,
                source,
                new Options(options.values(), options.restricted(), value));
    }

    /** A writable field of this name and type, with the rest at its usual default. */
    public static Field of(String name, String label, FieldType type) {
        boolean decimal = type.isDecimal();
        return new Field(
                name,
                label,
                type,
                defaultLength(type),
                decimal ? 18 : 0,
                decimal ? 2 : 0,
                false,
                true,
                true,
                false,
                false,
                false,
                false,
                null,
                null,
                -1,
                null,
                Options.ANY);
    }

    private static int defaultLength(FieldType type) {
        return switch (type) {
            case ID, REFERENCE -> 18;
            case EMAIL -> 80;
            case PHONE, PICKLIST -> 40;
            case STRING, TEXTAREA, URL, COMBOBOX -> 255;
            case MULTIPICKLIST -> 4099;
            default -> 0;
        };
    }

    public boolean custom() {
        return name.endsWith("__c");
    }

    public boolean indexed() {
        return unique || externalId;
    }

    /** The value in this row; a boolean is never null, as a checkbox is on or off. */
    public Object read(Row row) {
        Object value = source != null ? source.apply(row) : row.value(column);
        return value == null && type == FieldType.BOOLEAN ? Boolean.FALSE : value;
    }

    public Field withLength(int characters) {
        return new Field(
                name,
                label,
                type,
                characters,
                precision,
                scale,
                required,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                column,
                source,
                options);
    }

    public Field asRequired() {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                true,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                column,
                source,
                options);
    }

    public Field asNameField() {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                true,
                reference,
                compound,
                column,
                source,
                options);
    }

    public Field asExternalId(boolean isUnique) {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                isUnique,
                true,
                true,
                nameField,
                reference,
                compound,
                column,
                source,
                options);
    }

    public Field asUnique() {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                true,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                column,
                source,
                options);
    }

    public Field asIdLookup() {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                unique,
                externalId,
                true,
                nameField,
                reference,
                compound,
                column,
                source,
                options);
    }

    public Field referringTo(String object, String relationshipName) {
        return with(new Reference(List.of(object), relationshipName, null));
    }

    /** A reference to a record of one of several objects, which nothing can be read through. */
    public Field referringToOneOf(List<String> objects, String relationshipName) {
        return with(new Reference(List.copyOf(objects), relationshipName, null));
    }

    /** The same reference, with the name by which SOQL finds the records that hold it. */
    public Field asChildOf(String children) {
        return with(new Reference(reference.objects(), reference.relationship(), children));
    }

    private Field with(Reference other) {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                nameField,
                other,
                compound,
                column,
                source,
                options);
    }

    /** The object that a reference points to, or null when it is none or may point to several. */
    public String referenceTo() {
        return reference != null && reference.objects().size() == 1
                ? reference.objects().get(0)
                : null;
    }

    /** Whether it points to records of this object, alone or among others. */
    public boolean refersTo(String object) {
        return reference != null && reference.objects().contains(object);
    }

    /** The name by which SOQL and writes follow the reference, or null. */
    public String relationship() {
        return reference == null ? null : reference.relationship();
    }

    public Field within(String compoundName) {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compoundName,
                column,
                source,
                options);
    }

    public Field withScale(int digits) {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                digits,
                required,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                column,
                source,
                options);
    }

    /** The same field, computed from the row and writable by nobody. */
    public Field computed(Function<Row, Object> reader) {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                false,
                false,
                false,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                -1,
                reader,
                options);
    }

    /** The same field, stored but written by the CRM alone. */
    public Field readOnly() {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                false,
                false,
                false,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                column,
                source,
                options);
    }

    /** By name alone: fields are keys of the maps that every write goes through. */
    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Field field
                        && name.equals(field.name)
                        && column == field.column
                        && type == field.type;
    }

    Field atColumn(int place) {
        return new Field(
                name,
                label,
                type,
                length,
                precision,
                scale,
                required,
                createable,
                updateable,
                unique,
                externalId,
                idLookup,
                nameField,
                reference,
                compound,
                place,
                source,
                options);
    }
}
