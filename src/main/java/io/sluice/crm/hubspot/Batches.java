package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Change;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.crm.ExternalId;
import io.sluice.store.Json;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Batches of up to 100 records ("Batch upsert", "Batch archive", "Batch read"): the requests, and what their answers mean
 * per record. Answers come in any order, so that each input bears a trace id, the key.
 */
final class Batches {

    private static final int NO_CONTENT = 204;

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

    static void requireOneCall(List<Change> changes) {
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

    /**
     * What the answer proves of each record: a result or an error that names it, by its trace id, by its id or by its unique
     * property, and never by its place. A batch that is not complete proves nothing, as little as two results that
     * contradict each other. Of an archive nothing but 204 says that all was done ("Archive a batch").
     *
     * @param externalId the unique property that holds the key; empty where none does
     */
    static List<Outcome> outcomes(List<Change> changes, String externalId, HubspotAnswer answer) {
        if (!answer.ok()) {
            Set<String> gone = Errors.notFound(answer);
            return changes.stream().map(change -> gone.contains(change.crmId())
                    || change.crmId() != null && changes.size() == 1 && Errors.isNotFound(answer)
                    ? Outcome.gone(change.key(), answer.code(), answer.message())
                    : Errors.ofCall(change.key(), answer, changes.size())).toList();
        }
        boolean deletes = changes.get(0).operation() == Operation.DELETE;
        if (deletes && answer.status() == NO_CONTENT) {
            return changes.stream().map(change -> Outcome.done(change.key(), null)).toList();
        }
        Names names = new Names(changes, externalId);
        Map<String, Outcome> byKey = new HashMap<>();
        answer.json().filter(Batches::isComplete).ifPresent(json -> {
            if (!deletes) {
                json.path("results").forEach(result -> written(result, names).ifPresent(done -> put(byKey, done)));
            }
            json.path("errors").forEach(error -> failed(error, names).forEach(outcome -> put(byKey, outcome)));
        });
        return changes.stream().map(change -> byKey.getOrDefault(change.key(), Outcome.noResult(change.key()))).toList();
    }

    /** PENDING, PROCESSING and CANCELED say that what stands there is not all, or not so. */
    static boolean isComplete(JsonNode batch) {
        return batch.path("status").asText("COMPLETE").equals("COMPLETE");
    }

    private static void put(Map<String, Outcome> byKey, Outcome outcome) {
        Outcome other = byKey.putIfAbsent(outcome.key(), outcome);
        if (other != null && !other.equals(outcome)) {
            byKey.put(outcome.key(), Outcome.doubtful(outcome.key(), Outcome.Doubt.UNPROVEN, "SEVERAL_RESULTS",
                    "the answer says two things of this record"));
        }
    }

    /** A record that was written by its id and that HubSpot made, or that was merged into another, is not the one that we know. */
    private static Optional<Outcome> written(JsonNode result, Names names) {
        String id = result.path("id").asText("");
        return id.isEmpty() ? Optional.empty() : names.change(result).map(change -> change.crmId() != null
                && (result.path("new").asBoolean() || change.isOther(id))
                ? Outcome.gone(change.key(), "OTHER_RECORD", "the CRM wrote another record, " + id + ", or made one, instead of "
                        + change.crmId())
                : Outcome.done(change.key(), id));
    }

    /** By what an answer may name the records of a call. */
    private static final class Names {

        private final Map<String, Change> byKey = new HashMap<>();
        private final Map<String, Change> byId = new HashMap<>();
        private final ExternalId.Answered<String> spelled = new ExternalId.Answered<>();
        private final String externalId;

        Names(List<Change> changes, String externalId) {
            this.externalId = externalId;
            changes.forEach(change -> {
                byKey.put(change.key(), change);
                spelled.put(change.key(), change.key());
                if (change.crmId() != null) {
                    byId.put(change.crmId(), change);
                }
            });
        }

        Optional<Change> change(JsonNode result) {
            if (result.hasNonNull("objectWriteTraceId")) {
                return known(result.path("objectWriteTraceId").asText());
            }
            Change named = byId.get(result.path("id").asText());
            return named != null || externalId.isEmpty() ? Optional.ofNullable(named)
                    : Optional.ofNullable(spelled.get(result.path("properties").path(externalId).asText())).flatMap(this::known);
        }

        private Optional<Change> known(String key) {
            return Optional.ofNullable(byKey.get(key));
        }

        /** The records that the context of an error names. */
        Set<Change> changes(JsonNode context) {
            Set<Change> named = new LinkedHashSet<>();
            context.path("objectWriteTraceId").forEach(key -> known(key.asText()).ifPresent(named::add));
            for (String ids : List.of("ids", "id")) {
                context.path(ids).forEach(id -> Optional.ofNullable(byId.get(id.asText()))
                        .or(() -> known(id.asText())).ifPresent(named::add));
            }
            return named;
        }
    }

    private static List<Outcome> failed(JsonNode error, Names names) {
        String code = error.path("category").asText("ERROR");
        String message = HubspotAnswer.shortened(error.path("message").asText());
        return names.changes(error.path("context")).stream().map(change -> change.crmId() != null && Errors.NOT_FOUND.equals(code)
                ? Outcome.gone(change.key(), code, message) : Errors.outcome(change.key(), error, code, message)).toList();
    }
}
