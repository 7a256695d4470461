package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Change;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.store.Json;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * Batches of up to 100 records ("Batch upsert", "Batch archive", "Batch read"): the requests, and what their answers mean
 * per record. Answers come in any order, so that each input bears a trace id, the key.
 */
final class Batches {

    private Batches() {
    }

    /**
     * The body of an upsert.
     *
     * @param externalId the unique property that holds the key
     */
    static String upsert(List<Change> changes, String externalId) {
        requireOneCall(changes);
        List<Map<String, Object>> inputs = new ArrayList<>();
        for (Change change : changes) {
            Map<String, Object> properties = properties(change);
            properties.put(externalId, change.key());
            Map<String, Object> input = input(change, properties);
            input.put("id", change.key());
            input.put("idProperty", externalId);
            inputs.add(input);
        }
        return Json.text(Map.of("inputs", inputs));
    }

    /**
     * The body of a creation.
     *
     * @param externalId the unique property that the key goes to; empty where it goes to none
     */
    static String create(List<Change> changes, String externalId) {
        return Json.text(Map.of("inputs", changes.stream().map(change -> {
            Map<String, Object> properties = properties(change);
            if (!externalId.isEmpty()) {
                properties.put(externalId, change.key());
            }
            return input(change, properties);
        }).toList()));
    }

    /**
     * The body of an update, of records all named in one way.
     *
     * @param externalId the unique property that holds the key of those whose id is not known
     */
    static String update(List<Change> changes, String externalId) {
        return Json.text(Map.of("inputs", changes.stream().map(change -> {
            Map<String, Object> input = input(change, properties(change));
            input.put("id", change.crmId() == null ? change.key() : change.crmId());
            if (change.crmId() == null) {
                input.put("idProperty", externalId);
            }
            return input;
        }).toList()));
    }

    private static Map<String, Object> properties(Change change) {
        Map<String, Object> properties = new LinkedHashMap<>();
        change.fields().forEach((name, value) -> properties.put(name, text(value)));
        return properties;
    }

    private static Map<String, Object> input(Change change, Map<String, Object> properties) {
        Map<String, Object> input = new LinkedHashMap<>();
        input.put("objectWriteTraceId", change.key());
        input.put("properties", properties);
        return input;
    }

    /** Every value is a text; an empty one clears the property. */
    private static String text(Object value) {
        if (value == null) {
            return "";
        }
        return value instanceof Number number ? new BigDecimal(number.toString()).toPlainString() : value.toString();
    }

    /** The body of an archive by CRM ids. */
    static String archive(List<Change> changes) {
        requireOneCall(changes);
        return Json.text(Map.of("inputs", changes.stream().map(change -> Map.of("id", change.crmId())).toList()));
    }

    /**
     * The body of a reading.
     *
     * @param idProperty the unique property by which records are named, or null where it is HubSpot's own id
     */
    static String read(List<String> ids, String idProperty, List<String> properties) {
        Map<String, Object> body = new LinkedHashMap<>();
        if (idProperty != null) {
            body.put("idProperty", idProperty);
        }
        body.put("properties", properties);
        body.put("inputs", ids.stream().map(id -> Map.of("id", id)).toList());
        return Json.text(body);
    }

    private static void requireOneCall(List<Change> changes) {
        if (changes.size() > HubspotCrm.BATCH_SIZE) {
            throw new IllegalArgumentException("A batch takes " + HubspotCrm.BATCH_SIZE + " records at most, but got "
                    + changes.size() + "; split the list first");
        }
        Set<String> keys = new HashSet<>();
        for (Change change : changes) {
            if (!keys.add(change.key())) {
                throw new IllegalArgumentException("Key '" + change.key() + "' stands twice in one batch, which HubSpot"
                        + " refuses as a whole; merge the two");
            }
        }
    }

    /** @param externalId the unique property that holds the key; empty where none does */
    static List<Outcome> outcomes(List<Change> changes, String externalId, HubspotAnswer answer) {
        if (!answer.ok()) {
            return changes.stream().map(change -> Errors.ofCall(change.key(), answer, changes.size())).toList();
        }
        if (changes.get(0).operation() == Operation.DELETE) {
            return changes.stream().map(change -> Outcome.done(change.key(), null)).toList();
        }
        JsonNode json = answer.json().orElse(null);
        Map<String, Outcome> byKey = new HashMap<>();
        Map<String, String> keysById = new HashMap<>();
        changes.stream().filter(change -> change.crmId() != null)
                .forEach(change -> keysById.put(change.crmId(), change.key()));
        if (json != null) {
            json.path("results").forEach(result -> {
                String key = result.hasNonNull("objectWriteTraceId") ? result.path("objectWriteTraceId").asText()
                        : keysById.getOrDefault(result.path("id").asText(),
                                result.path("properties").path(externalId).asText());
                byKey.put(key, Outcome.done(key, result.path("id").asText(null)));
            });
            json.path("errors").forEach(error -> failed(error).forEach(outcome -> byKey.put(outcome.key(), outcome)));
        }
        return changes.stream().map(change -> byKey.getOrDefault(change.key(),
                Outcome.retry(change.key(), "NO_RESULT", "the answer has no result for this record"))).toList();
    }

    private static List<Outcome> failed(JsonNode error) {
        String code = error.path("category").asText("ERROR");
        Set<String> properties = new LinkedHashSet<>();
        error.path("errors").forEach(detail -> detail.path("context").path("propertyName")
                .forEach(name -> properties.add(name.asText())));
        String message = HubspotAnswer.shortened(error.path("message").asText())
                + (properties.isEmpty() ? "" : " (properties " + String.join(", ", properties) + ")");
        return StreamSupport.stream(error.path("context").path("objectWriteTraceId").spliterator(), false)
                .map(key -> Errors.outcome(key.asText(), code, message)).toList();
    }
}
