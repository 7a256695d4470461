package io.sluice;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One record as a CRM has it, whichever way it was heard of.
 *
 * @param crmId  the CRM's own id
 * @param key    value of the external id, or null where the record has none
 * @param at     when it last changed, by the CRM's clock
 * @param fields CRM field to value; an absent one was not read
 */
public record Received(String crmId, String key, Instant at, Map<String, Object> fields) {

    public Received {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }
}
