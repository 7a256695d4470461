// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One outbound change of a record, as a writer Kamelet takes it.
 *
 * @param key       value of the external id
 * @param crmId     the CRM's own id; null when it is not known
 * @param fields    CRM field to value; a null value clears the field, an absent field stays as it is
 */
public record RecordChange(String key, Operation operation, String crmId, Map<String, Object> fields) {

    public RecordChange {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /**
     * Whether the CRM answered with the id of another record than the known one. An id of 15 characters equals the one of 18
     * that begins with it: the last three are a checksum.
     *
     * @param answered id in the answer, or null when it has none
     */
    public boolean isOtherRecord(String answered) {
        if (crmId == null || answered == null || crmId.equals(answered)) {
            return false;
        }
        int length = Math.min(crmId.length(), answered.length());
        return length != 15 || crmId.length() == answered.length() || !crmId.regionMatches(0, answered, 0, length);
    }

    /**
     * Reads the list that a route passes to a writer: changes, or maps with {@code key}, {@code operation} (default: upsert),
     * {@code crmId} and {@code fields}.
     *
     * @throws IllegalArgumentException if an entry has another shape; its message names the entry
     */
    public static List<RecordChange> listOf(Object body) {
        if (!(body instanceof Iterable<?> entries)) {
            throw new IllegalArgumentException(
                    "A writer takes a list of records with key, operation and fields, but got "
                            + (body == null ? "nothing" : body.getClass().getName()));
        }
        List<RecordChange> changes = new java.util.ArrayList<>();
        for (Object entry : entries) {
            changes.add(one(entry, changes.size()));
        }
        return List.copyOf(changes);
    }

    /** Returns this change with the numbers and booleans of the named fields as text, for text fields of the CRM. */
    public RecordChange withTexts(Set<String> names) {
        if (fields.entrySet().stream()
                .noneMatch(field -> names.contains(field.getKey()) && isPlain(field.getValue()))) {
            return this;
        }
        Map<String, Object> texts = new LinkedHashMap<>(fields);
        texts.replaceAll((name, value) -> !names.contains(name) || !isPlain(value)
                ? value
                : value instanceof Boolean ? value.toString() : new BigDecimal(value.toString()).toPlainString());
        return new RecordChange(key, operation, crmId, texts);
    }

    private static boolean isPlain(Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    private static RecordChange one(Object entry, int index) {
        if (entry instanceof RecordChange recordChange) {
            return recordChange;
        }
        if (entry instanceof Map<?, ?> map && map.get("key") != null) {
            Operation operation = map.get("operation") == null
                    ? Operation.UPSERT
                    : Operation.of(map.get("operation").toString());
            Map<String, Object> fields = new LinkedHashMap<>();
            if (map.get("fields") instanceof Map<?, ?> given) {
                given.forEach((name, value) -> fields.put(name.toString(), value));
            }
            Object crmId = map.get("crmId");
            return new RecordChange(
                    map.get("key").toString(), operation, crmId == null ? null : crmId.toString(), fields);
        }
        throw new IllegalArgumentException("Record " + index + " has no key; a writer takes key, operation and fields");
    }
}
