// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.crm.ExternalId;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Holds what a batch read proves about each requested record ("Retrieve records by record ID, unique identifiers"). A
 * record exists if a result names it. It is deleted if an error OBJECT_NOT_FOUND names it, or if another record lists
 * it among those that were merged into that record. The answer says nothing about any other record: it may be cut off,
 * pending or from an intermediary.
 *
 * @param found   the records that exist, by requested name
 * @param deleted the requested names of records that do not exist
 */
record BatchReadResult(Map<String, JsonNode> found, Set<String> deleted) {

    /** The property that lists the ids of records that were merged into one. */
    static final String MERGED_IDS = "hs_merged_object_ids";

    private static final String NOT_FOUND = "OBJECT_NOT_FOUND";

    /**
     * Reads an answer.
     *
     * @param idProperty the unique property by which records were requested; null or blank for HubSpot's own id
     * @param asked      the requested names
     */
    static BatchReadResult of(HubspotAnswer answer, String idProperty, List<String> asked) {
        Map<String, JsonNode> found = new LinkedHashMap<>();
        Set<String> deleted = new LinkedHashSet<>();
        if (answer.status() == 404 && asked.size() == 1 && answer.code().equals(NOT_FOUND)) {
            return new BatchReadResult(found, Set.copyOf(asked));
        }
        JsonNode batch =
                answer.ok() ? answer.json().filter(BatchRequests::isComplete).orElse(null) : null;
        if (batch == null || !batch.path("results").isArray()) {
            return new BatchReadResult(found, deleted);
        }
        boolean byId = idProperty == null || idProperty.isBlank();
        Set<String> ids = new HashSet<>(asked);
        ExternalId.Answered<String> names = new ExternalId.Answered<>();
        asked.forEach(name -> names.put(name, name));
        batch.path("results").forEach(record -> {
            String name = byId
                    ? record.path("id").asText()
                    : names.get(record.path("properties").path(idProperty).asText());
            if (!record.path("id").asText().isEmpty()
                    && record.path("properties").isObject()
                    && ids.contains(name)) {
                found.merge(name, record, BatchReadResult::newer);
            }
            if (byId) {
                List.of(record.path("properties").path(MERGED_IDS).asText("").split(";")).stream()
                        .map(String::strip)
                        .filter(ids::contains)
                        .forEach(deleted::add);
            }
        });
        batch.path("errors").forEach(error -> {
            if (error.path("category").asText().equals(NOT_FOUND)) {
                for (String idList : List.of("ids", "id")) {
                    error.path("context").path(idList).forEach(id -> {
                        String name = byId ? id.asText() : names.get(id.asText());
                        if (ids.contains(name)) {
                            deleted.add(name);
                        }
                    });
                }
            }
        });
        if (byId && asked.size() == 1 && found.isEmpty() && deleted.isEmpty() && isMergedOther(batch.path("results"))) {
            deleted.addAll(asked);
        }
        // a record that the answer calls both found and not found is neither
        Set<String> both = new HashSet<>(deleted);
        both.retainAll(found.keySet());
        found.keySet().removeAll(both);
        deleted.removeAll(both);
        return new BatchReadResult(found, deleted);
    }

    /**
     * Tells whether the only result is another record, into which others were merged. After two merges the result names
     * only the record of the first merge, not the requested one.
     */
    private static boolean isMergedOther(JsonNode results) {
        return results.size() == 1
                && !results.path(0).path("id").asText().isEmpty()
                && !results.path(0)
                        .path("properties")
                        .path(MERGED_IDS)
                        .asText("")
                        .isBlank();
    }

    /** Returns the newer of two results for one record. */
    private static JsonNode newer(JsonNode one, JsonNode other) {
        return other.path("updatedAt").asText().compareTo(one.path("updatedAt").asText()) > 0 ? other : one;
    }

    boolean answers(String name) {
        return found.containsKey(name) || deleted.contains(name);
    }

    /** Returns HubSpot's id of the record; null where the answer does not show that the record exists. */
    String id(String name) {
        return found.containsKey(name) ? found.get(name).path("id").asText() : null;
    }
}
