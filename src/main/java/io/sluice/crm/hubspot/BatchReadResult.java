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
 * What a batch read proves of each record that it was asked for ("Retrieve records by record ID, unique identifiers").
 * A record is there when a result names it, and gone when an error OBJECT_NOT_FOUND does, or when another record names it
 * among those that were merged into it. Of any other record the answer says nothing: it may be cut, pending or of somebody
 * else.
 *
 * @param found what it was asked by to the record
 * @param gone  of those that are not there
 */
record BatchReadResult(Map<String, JsonNode> found, Set<String> gone) {

    /** The property that lists the ids of records that were merged into one. */
    static final String MERGED = "hs_merged_object_ids";

    private static final String NOT_FOUND = "OBJECT_NOT_FOUND";

    /**
     * Reads an answer.
     *
     * @param idProperty the unique property by which records were named; null or blank where it was HubSpot's own id
     */
    static BatchReadResult of(HubspotAnswer answer, String idProperty, List<String> asked) {
        Map<String, JsonNode> found = new LinkedHashMap<>();
        Set<String> gone = new LinkedHashSet<>();
        if (answer.status() == 404 && asked.size() == 1 && answer.code().equals(NOT_FOUND)) {
            return new BatchReadResult(found, Set.copyOf(asked));
        }
        JsonNode batch = answer.ok() ? answer.json().filter(BatchRequests::isComplete).orElse(null) : null;
        if (batch == null || !batch.path("results").isArray()) {
            return new BatchReadResult(found, gone);
        }
        boolean byId = idProperty == null || idProperty.isBlank();
        Set<String> ids = new HashSet<>(asked);
        ExternalId.Answered<String> names = new ExternalId.Answered<>();
        asked.forEach(name -> names.put(name, name));
        batch.path("results").forEach(record -> {
            String name = byId ? record.path("id").asText() : names.get(record.path("properties").path(idProperty).asText());
            if (!record.path("id").asText().isEmpty() && record.path("properties").isObject() && ids.contains(name)) {
                found.merge(name, record, BatchReadResult::later);
            }
            if (byId) {
                List.of(record.path("properties").path(MERGED).asText("").split(";")).stream().map(String::strip)
                        .filter(ids::contains).forEach(gone::add);
            }
        });
        batch.path("errors").forEach(error -> {
            if (error.path("category").asText().equals(NOT_FOUND)) {
                for (String place : List.of("ids", "id")) {
                    error.path("context").path(place).forEach(id -> {
                        String name = byId ? id.asText() : names.get(id.asText());
                        if (ids.contains(name)) {
                            gone.add(name);
                        }
                    });
                }
            }
        });
        if (byId && asked.size() == 1 && found.isEmpty() && gone.isEmpty() && isMergedOther(batch.path("results"))) {
            gone.addAll(asked);
        }
        // what is said to be there and not to be there is neither
        Set<String> both = new HashSet<>(gone);
        both.retainAll(found.keySet());
        found.keySet().removeAll(both);
        gone.removeAll(both);
        return new BatchReadResult(found, gone);
    }

    /**
     * Whether the only result is another record, into which others were merged: after two merges the result names the record of
     * the first merge alone, and not the one that was asked for.
     */
    private static boolean isMergedOther(JsonNode results) {
        return results.size() == 1 && !results.path(0).path("id").asText().isEmpty()
                && !results.path(0).path("properties").path(MERGED).asText("").isBlank();
    }

    /** Of two results for one record that which is newer. */
    private static JsonNode later(JsonNode one, JsonNode other) {
        return other.path("updatedAt").asText().compareTo(one.path("updatedAt").asText()) > 0 ? other : one;
    }

    boolean answers(String name) {
        return found.containsKey(name) || gone.contains(name);
    }

    /** HubSpot's id of the record; null where it is not there, or not named. */
    String id(String name) {
        return found.containsKey(name) ? found.get(name).path("id").asText() : null;
    }
}
