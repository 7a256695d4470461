package io.sluice.crm;

import java.util.Map;

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
}
