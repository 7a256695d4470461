package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Change;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.store.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** sObject Collections: the requests, and what their answers mean per record. */
final class SObjectCollections {

    private SObjectCollections() {
    }

    /**
     * The body of an upsert of up to 200 records of one object.
     *
     * @param externalId the field that holds the key
     */
    static Map<String, Object> upsertBody(List<Change> changes, String object, String externalId) {
        return body(changes, object, (change, record) -> record.put(externalId, change.key()));
    }

    /** The body of an update of up to 200 records, each by its CRM id: it creates none. */
    static Map<String, Object> updateBody(List<Change> changes, String object, String externalId) {
        return body(changes, object, (change, record) -> {
            record.remove(externalId);
            record.put("Id", change.crmId());
        });
    }

    /** @param identity puts into a record what it is found by */
    private static Map<String, Object> body(List<Change> changes, String object,
            BiConsumer<Change, Map<String, Object>> identity) {
        requireOneCall(changes);
        List<Map<String, Object>> records = new ArrayList<>();
        for (Change change : changes) {
            Map<String, Object> record = new LinkedHashMap<>();
            record.put("attributes", Map.of("type", object));
            record.putAll(fields(change));
            identity.accept(change, record);
            records.add(record);
        }
        return Map.of("allOrNone", false, "records", records);
    }

    /** Whether a record is written by its CRM id, so that it can't be created. */
    static boolean isKnown(Change change) {
        return change.crmId() != null;
    }

    /** The fields of a record as REST takes them. */
    static Map<String, Object> fields(Change change) {
        Map<String, Object> record = new LinkedHashMap<>();
        change.fields().forEach((field, value) -> put(record, field, value));
        return record;
    }

    /** {@code Parent__r.Key__c} names the parent by its external id. */
    private static void put(Map<String, Object> record, String field, Object value) {
        int dot = field.indexOf('.');
        if (dot < 0) {
            record.put(field, value);
        } else {
            record.put(field.substring(0, dot), value == null ? null : Map.of(field.substring(dot + 1), value));
        }
    }

    /** The query string of a delete by CRM ids. */
    static String delete(List<Change> changes) {
        requireOneCall(changes);
        return "allOrNone=false&ids=" + changes.stream().map(Change::crmId).collect(Collectors.joining(","));
    }

    /** The query that finds the ids of keys whose id is not known; an external id is kept without blanks around it. */
    static String idQuery(List<Change> changes, String object, String externalId) {
        return "SELECT Id, " + externalId + " FROM " + object + " WHERE " + externalId + " IN (" + changes.stream()
                .map(change -> literal(change.key().strip()))
                .collect(Collectors.joining(",")) + ")";
    }

    /** A text in SOQL ("Quoted String Escape Sequences"). */
    static String literal(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
                .replace("\t", "\\t") + "'";
    }

    static void requireOneCall(List<Change> changes) {
        if (changes.size() > SalesforceCrm.COLLECTION_SIZE) {
            throw new IllegalArgumentException("A collections call takes " + SalesforceCrm.COLLECTION_SIZE
                    + " records at most, but got " + changes.size() + "; split the list first");
        }
        Set<String> keys = new HashSet<>();
        for (Change change : changes) {
            if (!keys.add(change.key())) {
                throw new IllegalArgumentException("Key '" + change.key() + "' stands twice in one call; merge the two");
            }
        }
    }

    /**
     * Results come in the order of the request ("sObject Collections"), and name no key. So an answer of another length
     * proves nothing of any record. An id that stands twice proves nothing of the two; and where a record has the id of
     * another of the call, the order is not kept, so that only records whose own id is known are proven by it. Without
     * results, the call's own fate is every record's.
     */
    static List<Outcome> outcomes(List<Change> changes, SalesforceAnswer answer) {
        if (!answer.ok()) {
            return changes.stream().map(change -> Errors.ofCall(change.key(), answer, changes.size())).toList();
        }
        Optional<JsonNode> results = answer.json().filter(JsonNode::isArray).filter(all -> all.size() == changes.size());
        if (results.isEmpty()) {
            return changes.stream().map(change -> Outcome.noResult(change.key())).toList();
        }
        Map<String, Integer> counts = new HashMap<>();
        Set<String> known = new HashSet<>();
        results.get().forEach(result -> counts.merge(id(result), 1, Integer::sum));
        changes.stream().filter(change -> change.crmId() != null).forEach(change -> known.add(shortId(change.crmId())));
        boolean ordered = true;
        for (int i = 0; i < changes.size(); i++) {
            String id = id(results.get().get(i));
            ordered &= !known.contains(id) || isOf(changes.get(i), id);
        }
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < changes.size(); i++) {
            Change change = changes.get(i);
            JsonNode result = results.get().get(i);
            String id = id(result);
            boolean proven = (id.isEmpty() ? ordered : counts.get(id) == 1 && (ordered || isOf(change, id)));
            outcomes.add(proven ? outcome(change, result) : Outcome.noResult(change.key()));
        }
        return outcomes;
    }

    private static String id(JsonNode result) {
        return shortId(result.path("id").asText(""));
    }

    private static boolean isOf(Change change, String id) {
        return change.crmId() != null && shortId(change.crmId()).equals(id);
    }

    /** An id of 18 characters is one of 15 with a checksum behind it. */
    private static String shortId(String id) {
        return id.length() > 15 ? id.substring(0, 15) : id;
    }

    private static Outcome outcome(Change change, JsonNode result) {
        String id = result.path("id").asText("");
        if (result.path("success").asBoolean()) {
            boolean named = !id.isEmpty() && (change.operation() == Operation.UPSERT
                    || change.crmId() == null || isOf(change, shortId(id)));
            return named ? saved(change, result) : Outcome.noResult(change.key());
        }
        if (!result.path("success").isBoolean() || result.path("errors").isEmpty()) {
            return Outcome.noResult(change.key());
        }
        JsonNode errors = result.path("errors");
        if (isKnown(change) && Errors.isGone(errors)) {
            return Errors.gone(change.key(), errors);
        }
        return Errors.outcome(change.key(), errors);
    }

    /** A record that was written by its id and that the CRM made, or calls by another id, is not the one that we know. */
    static Outcome saved(Change change, JsonNode result) {
        String id = result.path("id").asText(null);
        if (change.operation() == Operation.DELETE) {
            return Outcome.done(change.key(), null);
        }
        if (isKnown(change) && (result.path("created").asBoolean() || change.isOther(id))) {
            return Outcome.gone(change.key(), "OTHER_RECORD", "the CRM wrote another record, " + id + ", or made one, instead of "
                    + change.crmId());
        }
        return Outcome.done(change.key(), id);
    }
}
