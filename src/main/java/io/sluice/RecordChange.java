package io.sluice;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One record as a writer Kamelet takes it.
 *
 * @param key       value of the external id
 * @param crmId     the CRM's own id where it is known, else null
 * @param fields    CRM field to value; a null value clears the field, an absent one leaves it alone
 */
public record RecordChange(String key, Operation operation, String crmId, Map<String, Object> fields) {

    public RecordChange {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /**
     * Whether the CRM answered with another record's id than the one that is known: then the record is not what we know. Of
     * ids with a checksum at their end (15 and 18 characters) the shorter form is the same.
     *
     * @param answered the id in the answer, or null where it has none
     */
    public boolean isOther(String answered) {
        if (crmId == null || answered == null || crmId.equals(answered)) {
            return false;
        }
        int length = Math.min(crmId.length(), answered.length());
        return length != 15 || crmId.length() == answered.length() || !crmId.regionMatches(0, answered, 0, length);
    }

    /**
     * Reads the list a route hands to a writer: changes, or maps with {@code key}, {@code operation} (upsert where
     * it is absent), {@code crmId} and {@code fields}.
     *
     * @throws IllegalArgumentException saying which entry is not of that shape
     */
    public static List<RecordChange> listOf(Object body) {
        if (!(body instanceof Iterable<?> entries)) {
            throw new IllegalArgumentException("A writer takes a list of records with key, operation and fields, but got "
                    + (body == null ? "nothing" : body.getClass().getName()));
        }
        List<RecordChange> changes = new java.util.ArrayList<>();
        for (Object entry : entries) {
            changes.add(one(entry, changes.size()));
        }
        return List.copyOf(changes);
    }

    /** The same, with the numbers and truth values of these fields as text: what a text field takes. */
    public RecordChange withTexts(Set<String> names) {
        if (fields.entrySet().stream().noneMatch(field -> names.contains(field.getKey()) && isPlain(field.getValue()))) {
            return this;
        }
        Map<String, Object> texts = new LinkedHashMap<>(fields);
        texts.replaceAll((name, value) -> !names.contains(name) || !isPlain(value) ? value
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
                    ? Operation.UPSERT : Operation.of(map.get("operation").toString());
            Map<String, Object> fields = new LinkedHashMap<>();
            if (map.get("fields") instanceof Map<?, ?> given) {
                given.forEach((name, value) -> fields.put(name.toString(), value));
            }
            Object crmId = map.get("crmId");
            return new RecordChange(map.get("key").toString(), operation, crmId == null ? null : crmId.toString(), fields);
        }
        throw new IllegalArgumentException("Record " + index + " has no key; a writer takes key, operation and fields");
    }
}
