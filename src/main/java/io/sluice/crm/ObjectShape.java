package io.sluice.crm;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** What a CRM's describe says of an object. */
public record ObjectShape(String name, Map<String, Field> fields) {

    /**
     * @param type       the CRM's own word
     * @param writable   whether an integration can set it
     * @param externalId whether records can be found and upserted by it
     */
    public record Field(String name, String type, boolean writable, boolean externalId) {
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
