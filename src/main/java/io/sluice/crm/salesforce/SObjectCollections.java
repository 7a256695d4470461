// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.CrmId;
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

/** Builds requests of sObject Collections, and reads the outcome of each record from the answers. */
final class SObjectCollections {

    private SObjectCollections() {}

    /**
     * Builds the body of an upsert of up to 200 records of one object.
     *
     * @param externalId the field that holds the key
     */
    static Map<String, Object> upsertBody(List<RecordChange> changes, String object, String externalId) {
        return body(changes, object, (recordChange, record) -> record.put(externalId, recordChange.key()));
    }

    /** Builds the body of an update of up to 200 records, each by its Salesforce id; an update creates no record. */
    static Map<String, Object> updateBody(List<RecordChange> changes, String object, String externalId) {
        return body(changes, object, (recordChange, record) -> {
            record.remove(externalId);
            record.put("Id", recordChange.crmId());
        });
    }

    /** @param identity adds the identifying field to a record */
    private static Map<String, Object> body(
            List<RecordChange> changes, String object, BiConsumer<RecordChange, Map<String, Object>> identity) {
        requireOneCall(changes);
        List<Map<String, Object>> records = new ArrayList<>();
        for (RecordChange recordChange : changes) {
            Map<String, Object> record = new LinkedHashMap<>();
            record.put("attributes", Map.of("type", object));
            record.putAll(fields(recordChange));
            identity.accept(recordChange, record);
            records.add(record);
        }
        return Map.of("allOrNone", false, "records", records);
    }

    /** Tells whether a record is written by its Salesforce id, so that the write can't create one. */
    static boolean isKnown(RecordChange recordChange) {
        return recordChange.crmId() != null;
    }

    /** Returns the fields of a record in REST form. */
    static Map<String, Object> fields(RecordChange recordChange) {
        Map<String, Object> record = new LinkedHashMap<>();
        recordChange.fields().forEach((field, value) -> put(record, field, value));
        return record;
    }

    /** Adds a field; {@code Parent__r.Key__c} references the parent by its external id. */
    private static void put(Map<String, Object> record, String field, Object value) {
        int dot = field.indexOf('.');
        if (dot < 0) {
            record.put(field, value);
        } else {
            record.put(field.substring(0, dot), value == null ? null : Map.of(field.substring(dot + 1), value));
        }
    }

    /** Builds the query string of a delete by Salesforce ids. */
    static String delete(List<RecordChange> changes) {
        requireOneCall(changes);
        return "allOrNone=false&ids="
                + changes.stream().map(RecordChange::crmId).collect(Collectors.joining(","));
    }

    /**
     * Builds the query for the ids of keys whose id is unknown; Salesforce stores an external id without surrounding
     * blanks.
     */
    static String idQuery(List<RecordChange> changes, String object, String externalId) {
        return "SELECT Id, " + externalId + " FROM " + object + " WHERE " + externalId + " IN ("
                + changes.stream()
                        .map(recordChange -> literal(recordChange.key().strip()))
                        .collect(Collectors.joining(","))
                + ")";
    }

    /** Quotes a text for SOQL ("Quoted String Escape Sequences"). */
    static String literal(String text) {
        return "'"
                + text.replace("\\", "\\\\")
                        .replace("'", "\\'")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r")
                        .replace("\t", "\\t")
                + "'";
    }

    static void requireOneCall(List<RecordChange> changes) {
        if (changes.size() > SalesforceCrm.COLLECTION_SIZE) {
            throw new IllegalArgumentException("A collections call takes " + SalesforceCrm.COLLECTION_SIZE
                    + " records at most, but the list has " + changes.size() + "; split the list first");
        }
        Set<String> keys = new HashSet<>();
        for (RecordChange recordChange : changes) {
            if (!keys.add(recordChange.key())) {
                throw new IllegalArgumentException(
                        "Key '" + recordChange.key() + "' is twice in one call; merge the two");
            }
        }
    }

    /**
     * Returns the outcome of each record. Results come in the order of the request ("sObject Collections") and name no
     * key, so an answer of another length proves nothing about any record. An id that is listed twice proves nothing
     * about its two records. If a result has the id of another record in the call, the order is broken, and only
     * records whose own id is known are proven. Without results, every record gets the outcome of the call.
     */
    static List<Outcome> outcomes(List<RecordChange> changes, SalesforceAnswer answer) {
        if (!answer.ok()) {
            return changes.stream()
                    .map(recordChange -> SalesforceErrors.ofCall(recordChange.key(), answer, changes.size()))
                    .toList();
        }
        Optional<JsonNode> results =
                answer.json().filter(JsonNode::isArray).filter(all -> all.size() == changes.size());
        if (results.isEmpty()) {
            return changes.stream()
                    .map(recordChange -> Outcome.noResult(recordChange.key()))
                    .toList();
        }
        Map<String, Integer> counts = new HashMap<>();
        Set<String> known = new HashSet<>();
        results.get().forEach(result -> counts.merge(id(result), 1, Integer::sum));
        changes.stream()
                .filter(recordChange -> recordChange.crmId() != null)
                .forEach(recordChange -> known.add(CrmId.withoutChecksum(recordChange.crmId())));
        boolean ordered = true;
        for (int i = 0; i < changes.size(); i++) {
            String id = id(results.get().get(i));
            ordered &= !known.contains(id) || isOf(changes.get(i), id);
        }
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < changes.size(); i++) {
            RecordChange recordChange = changes.get(i);
            JsonNode result = results.get().get(i);
            String id = id(result);
            boolean proven = (id.isEmpty() ? ordered : counts.get(id) == 1 && (ordered || isOf(recordChange, id)));
            outcomes.add(proven ? outcome(recordChange, result) : Outcome.noResult(recordChange.key()));
        }
        return outcomes;
    }

    private static String id(JsonNode result) {
        return CrmId.withoutChecksum(result.path("id").asText(""));
    }

    private static boolean isOf(RecordChange recordChange, String id) {
        return recordChange.crmId() != null
                && CrmId.withoutChecksum(recordChange.crmId()).equals(id);
    }

    private static Outcome outcome(RecordChange recordChange, JsonNode result) {
        String id = result.path("id").asText("");
        if (result.path("success").asBoolean()) {
            boolean named = !id.isEmpty()
                    && (recordChange.operation() == Operation.UPSERT
                            || recordChange.crmId() == null
                            || isOf(recordChange, CrmId.withoutChecksum(id)));
            return named ? saved(recordChange, result) : Outcome.noResult(recordChange.key());
        }
        if (!result.path("success").isBoolean() || result.path("errors").isEmpty()) {
            return Outcome.noResult(recordChange.key());
        }
        JsonNode errors = result.path("errors");
        if (isKnown(recordChange) && SalesforceErrors.isGone(errors)) {
            return SalesforceErrors.gone(recordChange.key(), errors);
        }
        return SalesforceErrors.outcome(recordChange.key(), errors);
    }

    /**
     * Returns the outcome of a saved record. If the write was by id and Salesforce created a record or returned another
     * id, the known record is gone.
     */
    static Outcome saved(RecordChange recordChange, JsonNode result) {
        String id = result.path("id").asText(null);
        if (recordChange.operation() == Operation.DELETE) {
            return Outcome.done(recordChange.key(), null);
        }
        if (isKnown(recordChange) && (result.path("created").asBoolean() || recordChange.isOtherRecord(id))) {
            return Outcome.otherRecord(
                    recordChange.key(),
                    "the CRM wrote another record, " + id + ", or made one, instead of " + recordChange.crmId());
        }
        return Outcome.done(recordChange.key(), id);
    }
}
