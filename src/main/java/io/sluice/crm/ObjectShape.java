package io.sluice.crm;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a CRM's describe says of an object. */
public record ObjectShape(String name, Map<String, Field> fields) {

    /**
     * @param type       the CRM's own word
     * @param writable   whether an integration can set it
     * @param externalId whether records can be found and upserted by it
     * @param references the objects that it may name a record of; empty where it names none
     * @param format     the CRM's finer word for what it holds, or how it is shown; empty where there is none
     * @param limit      decimals of a number, characters of a text; null where the CRM does not say
     */
    public record Field(String name, String type, boolean writable, boolean externalId, List<String> references,
            String format, Integer limit) {

        /** One of which no more is known. */
        public Field(String name, String type, boolean writable, boolean externalId, List<String> references) {
            this(name, type, writable, externalId, references, "", null);
        }

        /** One that names no other record. */
        public Field(String name, String type, boolean writable, boolean externalId) {
            this(name, type, writable, externalId, List.of());
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
