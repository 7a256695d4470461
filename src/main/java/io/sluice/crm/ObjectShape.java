// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Describes an object, as the CRM's describe does. */
public record ObjectShape(String name, Map<String, Field> fields) {

    /** Names what a field holds, in terms that all CRMs share. */
    public enum Kind {
        TEXT,
        NUMBER,
        /** An integer. */
        INTEGER,
        BOOLEAN,
        DATE,
        DATETIME,
        TIME,
        /** One of its options. */
        CHOICE,
        /** Some of its options. */
        CHOICES,
        /** Another record. */
        REFERENCE,
        /** Several parts, such as an address, or a file: nothing that a column can hold. */
        COMPOUND,
        /** Unknown type: nothing is checked. */
        OTHER
    }

    /**
     * Describes a field.
     *
     * @param type       the CRM's name of the type
     * @param writable   whether an integration can set the field
     * @param externalId whether records can be found and upserted by the field
     * @param references the objects whose records the field can reference; empty for none
     * @param format     the CRM's finer name of the content or its display; empty for none
     * @param limit      decimals of a number, characters of a text; null where the CRM does not say
     * @param facts      other facts from the describe
     */
    public record Field(
            String name,
            String type,
            boolean writable,
            boolean externalId,
            List<String> references,
            String format,
            Integer limit,
            Facts facts) {

        /** Describes a field whose content is not checked. */
        public Field(
                String name,
                String type,
                boolean writable,
                boolean externalId,
                List<String> references,
                String format,
                Integer limit) {
            this(name, type, writable, externalId, references, format, limit, Facts.NONE);
        }

        /** Describes a field without a format. */
        public Field(
                String name, String type, boolean writable, boolean externalId, List<String> references, Facts facts) {
            this(name, type, writable, externalId, references, "", null, facts);
        }

        /** Describes a field without further facts. */
        public Field(String name, String type, boolean writable, boolean externalId, List<String> references) {
            this(name, type, writable, externalId, references, Facts.NONE);
        }

        /** Describes a field without references. */
        public Field(String name, String type, boolean writable, boolean externalId) {
            this(name, type, writable, externalId, List.of());
        }

        public Kind kind() {
            return facts.kind();
        }
    }

    /**
     * Holds the facts that decide whether a column's values fit into a field.
     *
     * @param length     the maximum number of characters of a text; 0 where the CRM does not say
     * @param options    the values that a choice accepts; empty where it accepts any, or where the CRM does not say
     * @param unique     whether the CRM rejects a second record with the same value
     * @param readOnly   the reason why the field is read-only, such as "is calculated"; null for a writable field
     * @param createOnly whether the field can be set only in a new record
     * @param updateOnly whether the field can be set only in an existing record
     */
    public record Facts(
            Kind kind,
            int length,
            List<String> options,
            boolean unique,
            String readOnly,
            boolean createOnly,
            boolean updateOnly) {

        /** Facts of an unknown field: nothing is checked. */
        public static final Facts NONE = new Facts(Kind.OTHER, 0, List.of(), true, null, false, false);

        /** Returns the facts of a writable field without unique values. */
        public static Facts of(Kind kind) {
            return new Facts(kind, 0, List.of(), false, null, false, false);
        }

        public Facts {
            options = List.copyOf(options);
        }
    }

    public ObjectShape {
        fields = Map.copyOf(fields);
    }

    /** Returns the first of these fields, or paths of fields, that references another record. */
    public Optional<String> parent(Collection<String> paths) {
        return paths.stream()
                .filter(path -> {
                    Field field =
                            fields.get(path.substring(0, path.indexOf('.') < 0 ? path.length() : path.indexOf('.')));
                    return field != null && field.type().equals("reference");
                })
                .findFirst();
    }
}
