// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One inbound record of a CRM: the record as it was read, or single fields from events.
 *
 * @param crmId      the CRM's own id
 * @param key        value of the external id; null when the record has none, or the events do not contain it
 * @param at         time of the last change, by the CRM's clock; for events the earliest of their times; null when the time
 *                   that the CRM gave can't be parsed: the record is then rejected alone and holds up no other
 * @param fields     CRM field to value; an absent field was not read
 * @param fieldTimes CRM field to the time of its change, by the CRM's clock; empty when the record was read
 */
public record CrmRecord(
        String crmId, String key, Instant at, Map<String, Object> fields, Map<String, Instant> fieldTimes) {

    public CrmRecord {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        fieldTimes = Map.copyOf(fieldTimes);
    }

    /** Makes a record that was read. */
    public CrmRecord(String crmId, String key, Instant at, Map<String, Object> fields) {
        this(crmId, key, at, fields, Map.of());
    }

    /** Makes a record from the fields of events; each field has a value and a time. */
    public static CrmRecord ofEvents(String crmId, Map<String, Object> fields, Map<String, Instant> fieldTimes) {
        return new CrmRecord(crmId, null, Collections.min(fieldTimes.values()), fields, fieldTimes);
    }

    /** Returns this record with only the named fields. */
    public CrmRecord only(Collection<String> names) {
        Map<String, Object> some = new LinkedHashMap<>(fields);
        some.keySet().retainAll(names);
        Map<String, Instant> times = new LinkedHashMap<>(fieldTimes);
        times.keySet().retainAll(names);
        return new CrmRecord(crmId, key, at, some, times);
    }

    /** Returns this record without the named fields. */
    public CrmRecord without(Collection<String> names) {
        return only(
                fields.keySet().stream().filter(name -> !names.contains(name)).toList());
    }

    /** Whether the record was read; otherwise its fields come from events. */
    public boolean isRead() {
        return fieldTimes.isEmpty();
    }

    /** Whether the time of its last change is known. */
    public boolean hasTime() {
        return at != null;
    }

    /** Time of the field's last change; the record's where the field's is not known. */
    public Instant at(String field) {
        return fieldTimes.getOrDefault(field, at);
    }
}
