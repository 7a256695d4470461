package io.sluice;

import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What came from a CRM of one record: the record as it was read, or single fields that an event told.
 *
 * @param crmId  the CRM's own id
 * @param key    value of the external id; null where the record has none, or an event did not tell it
 * @param at     when it last changed, by the CRM's clock; the earliest of what events told; null where the time that the CRM
 *               gave can't be read, so that the record is rejected and keeps no other back
 * @param fields CRM field to value; an absent one was not read
 * @param told   when each of the fields came to have its value, by the CRM's clock; empty where the record was read
 */
public record CrmRecord(String crmId, String key, Instant at, Map<String, Object> fields, Map<String, Instant> told) {

    public CrmRecord {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        told = Map.copyOf(told);
    }

    /** A record that was read. */
    public CrmRecord(String crmId, String key, Instant at, Map<String, Object> fields) {
        this(crmId, key, at, fields, Map.of());
    }

    /** Fields of which events told, for each a value and a time. */
    public static CrmRecord told(String crmId, Map<String, Object> fields, Map<String, Instant> told) {
        return new CrmRecord(crmId, null, Collections.min(told.values()), fields, told);
    }

    /** The same, but only these of its fields. */
    public CrmRecord only(Collection<String> names) {
        Map<String, Object> some = new LinkedHashMap<>(fields);
        some.keySet().retainAll(names);
        Map<String, Instant> times = new LinkedHashMap<>(told);
        times.keySet().retainAll(names);
        return new CrmRecord(crmId, key, at, some, times);
    }

    /** The same, but none of these fields. */
    public CrmRecord without(Collection<String> names) {
        return only(fields.keySet().stream().filter(name -> !names.contains(name)).toList());
    }

    public boolean isRead() {
        return told.isEmpty();
    }

    /** Whether it is known when it changed. */
    public boolean hasTime() {
        return at != null;
    }

    /** When the field last changed, or its record, as far as is known. */
    public Instant at(String field) {
        return told.getOrDefault(field, at);
    }
}
