package io.sluice.crm;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a CRM's describe says of an object. */
public record ObjectShape(String name, Map<String, Field> fields) {

    /** What a field holds, in words that all CRMs share. */
    public enum Kind {
        TEXT, NUMBER,
        /** A number without fractions. */
        INTEGER,
        BOOLEAN, DATE, DATETIME, TIME,
        /** One of its options. */
        CHOICE,
        /** Some of its options. */
        CHOICES,
        /** Another record. */
        REFERENCE,
        /** Several parts, as an address, or a file: nothing that a column holds. */
        COMPOUND,
        /** Not known here: nothing is checked. */
        OTHER
    }

    /**
     * @param type       the CRM's own word
     * @param writable   whether an integration can set it
     * @param externalId whether records can be found and upserted by it
     * @param references the objects that it may name a record of; empty where it names none
     * @param format     the CRM's finer word for what it holds, or how it is shown; empty where there is none
     * @param limit      decimals of a number, characters of a text; null where the CRM does not say
     * @param facts      what else the CRM says of it
     */
    public record Field(String name, String type, boolean writable, boolean externalId, List<String> references,
            String format, Integer limit, Facts facts) {

        /** One of whose contents nothing is checked. */
        public Field(String name, String type, boolean writable, boolean externalId, List<String> references, String format,
                Integer limit) {
            this(name, type, writable, externalId, references, format, limit, Facts.NONE);
        }

        /** One without a format. */
        public Field(String name, String type, boolean writable, boolean externalId, List<String> references, Facts facts) {
            this(name, type, writable, externalId, references, "", null, facts);
        }

        /** One of which no more is known. */
        public Field(String name, String type, boolean writable, boolean externalId, List<String> references) {
            this(name, type, writable, externalId, references, Facts.NONE);
        }

        /** One that names no other record. */
        public Field(String name, String type, boolean writable, boolean externalId) {
            this(name, type, writable, externalId, List.of());
        }

        public Kind kind() {
            return facts.kind();
        }
    }

    /**
     * What decides whether a column's values can go into a field.
     *
     * @param length     most characters of a text; 0 where the CRM does not say
     * @param options    the values that a choice takes; empty where it takes any, or where the CRM does not say
     * @param unique     whether the CRM refuses a second record with the same value
     * @param readOnly   why nobody can write it, in words, as "is calculated"; null where it can be written
     * @param createOnly whether it can be set in a new record alone
     * @param updateOnly whether it can be set in a record that is there alone
     */
    public record Facts(Kind kind, int length, List<String> options, boolean unique, String readOnly, boolean createOnly,
            boolean updateOnly) {

        /** Nothing is known, and so nothing is checked. */
        public static final Facts NONE = new Facts(Kind.OTHER, 0, List.of(), true, null, false, false);

        /** Of a field that can be written, whose values may be there several times. */
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

    /** The first of these fields, or paths of fields, that names another record. */
    public Optional<String> parent(Collection<String> paths) {
        return paths.stream().filter(path -> {
            Field field = fields.get(path.substring(0, path.indexOf('.') < 0 ? path.length() : path.indexOf('.')));
            return field != null && field.type().equals("reference");
        }).findFirst();
    }
}
