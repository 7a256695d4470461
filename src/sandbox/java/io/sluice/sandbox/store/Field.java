// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One field of an object. A field never changes; methods such as {@link #asRequired()} answer a changed copy.
 *
 * @param length    maximum number of characters of a text, 0 when it does not apply
 * @param reference the objects a reference points to, or null
 * @param column    index among the stored columns, or -1 when {@code source} computes the value
 * @param source    computes the value of a field that is not stored, or null
 * @param options   the values of a picklist
 * @param rollUp    calculates the stored value from child records, or null
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
        Options options,
        RollUp rollUp) {

    /**
     * The values of a picklist.
     *
     * @param values       API values in their order
     * @param restricted   whether other values are rejected
     * @param defaultValue value of a new record that gives none, or null
     */
    public record Options(List<String> values, boolean restricted, String defaultValue) {
        static final Options ANY = new Options(List.of(), false, null);

        /** Whether the value may be written; of a multi-select picklist, all values between semicolons. */
        public boolean take(String value) {
            return !restricted
                    || List.of(value.split(";")).stream().map(String::strip).allMatch(values::contains);
        }
    }

    /**
     * The objects a reference points to.
     *
     * @param objects      names of the objects
     * @param relationship name by which SOQL and writes follow the reference, or null
     * @param children     name by which SOQL finds the records that hold the reference, or null when it has none
     */
    public record Reference(List<String> objects, String relationship, String children) {}

    /** Creates a writable field of this name and type; all else has its default. */
    public static Field of(String name, String label, FieldType type) {
        return new Copy(name, label, type).field();
    }

    public boolean custom() {
        return name.endsWith("__c");
    }

    public boolean indexed() {
        return unique || externalId;
    }

    /** Reads the value from this row; a boolean is never null, because a checkbox is on or off. */
    public Object read(Row row) {
        Object value = source != null ? source.apply(row) : row.value(column);
        return value == null && type == FieldType.BOOLEAN ? Boolean.FALSE : value;
    }

    /** Answers the object a reference points to, or null when the field is none or points to several. */
    public String referenceTo() {
        return reference != null && reference.objects().size() == 1
                ? reference.objects().get(0)
                : null;
    }

    /** Whether the field points to records of this object, alone or among others. */
    public boolean refersTo(String object) {
        return reference != null && reference.objects().contains(object);
    }

    /** Answers the name by which SOQL and writes follow the reference, or null. */
    public String relationship() {
        return reference == null ? null : reference.relationship();
    }

    /** Answers a picklist field with these values. */
    public Field offering(boolean restricted, List<String> values) {
        return with(copy -> copy.options = new Options(List.copyOf(values), restricted, null));
    }

    /** Answers a picklist field whose new records hold this value when they give none. */
    public Field withDefault(String value) {
        return with(copy -> copy.options = new Options(options.values(), options.restricted(), value));
    }

    public Field withLength(int characters) {
        return with(copy -> copy.length = characters);
    }

    public Field withScale(int digits) {
        return with(copy -> copy.scale = digits);
    }

    public Field asRequired() {
        return with(copy -> copy.required = true);
    }

    public Field asNameField() {
        return with(copy -> copy.nameField = true);
    }

    public Field asExternalId(boolean isUnique) {
        return with(copy -> {
            copy.unique = isUnique;
            copy.externalId = true;
            copy.idLookup = true;
        });
    }

    public Field asUnique() {
        return with(copy -> copy.unique = true);
    }

    public Field asIdLookup() {
        return with(copy -> copy.idLookup = true);
    }

    public Field referringTo(String object, String relationshipName) {
        return referringToOneOf(List.of(object), relationshipName);
    }

    /** Answers a reference to a record of one of several objects. */
    public Field referringToOneOf(List<String> objects, String relationshipName) {
        return with(copy -> copy.reference = new Reference(List.copyOf(objects), relationshipName, null));
    }

    /** Answers the reference with the name by which SOQL finds the records that hold it. */
    public Field asChildOf(String children) {
        return with(copy -> copy.reference = new Reference(reference.objects(), reference.relationship(), children));
    }

    public Field within(String compoundName) {
        return with(copy -> copy.compound = compoundName);
    }

    /** Answers a field that is computed from the row and that nobody writes. */
    public Field computed(Function<Row, Object> reader) {
        return with(copy -> {
            copy.writtenByCrm();
            copy.column = -1;
            copy.source = reader;
        });
    }

    /** Answers a stored field that only the CRM writes. */
    public Field readOnly() {
        return with(Copy::writtenByCrm);
    }

    /** Answers a field that keeps the value with which its record was created. */
    public Field createOnly() {
        return with(copy -> copy.updateable = false);
    }

    /** Answers a stored field that the CRM calculates from child records. */
    public Field calculatedBy(RollUp calculation) {
        return with(copy -> {
            copy.writtenByCrm();
            copy.rollUp = calculation;
        });
    }

    Field atColumn(int index) {
        return with(copy -> copy.column = index);
    }

    private Field with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.field();
    }

    /** Hashes the name alone: fields are keys of the maps that every write uses. */
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

    /** Holds the components of a field while some of them are changed. */
    private static final class Copy {

        private final String name;
        private final String label;
        private final FieldType type;
        private final int precision;
        private int length;
        private int scale;
        private boolean required;
        private boolean createable = true;
        private boolean updateable = true;
        private boolean unique;
        private boolean externalId;
        private boolean idLookup;
        private boolean nameField;
        private Reference reference;
        private String compound;
        private int column = -1;
        private Function<Row, Object> source;
        private Options options = Options.ANY;
        private RollUp rollUp;

        Copy(String name, String label, FieldType type) {
            this.name = name;
            this.label = label;
            this.type = type;
            length = defaultLength(type);
            precision = type.isDecimal() ? 18 : 0;
            scale = type.isDecimal() ? 2 : 0;
        }

        Copy(Field field) {
            name = field.name;
            label = field.label;
            type = field.type;
            length = field.length;
            precision = field.precision;
            scale = field.scale;
            required = field.required;
            createable = field.createable;
            updateable = field.updateable;
            unique = field.unique;
            externalId = field.externalId;
            idLookup = field.idLookup;
            nameField = field.nameField;
            reference = field.reference;
            compound = field.compound;
            column = field.column;
            source = field.source;
            options = field.options;
            rollUp = field.rollUp;
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

        void writtenByCrm() {
            required = false;
            createable = false;
            updateable = false;
        }

        Field field() {
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
                    options,
                    rollUp);
        }
    }
}
