package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
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
final class BatchRequests {

    private static final int NO_CONTENT = 204;

    private BatchRequests() {
    }

    /**
     * The body of an upsert.
     *
     * @param externalId the unique property that holds the key
     */
    static String upsert(List<RecordChange> changes, String externalId) {
        requireOneCall(changes);
        List<Map<String, Object>> inputs = new ArrayList<>();
        for (RecordChange recordChange : changes) {
            Map<String, Object> properties = properties(recordChange);
            properties.put(externalId, recordChange.key());
            Map<String, Object> input = input(recordChange, properties);
            input.put("id", recordChange.key());
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
    static String create(List<RecordChange> changes, String externalId) {
        return Json.text(Map.of("inputs", changes.stream().map(recordChange -> {
            Map<String, Object> properties = properties(recordChange);
            if (!externalId.isEmpty()) {
                properties.put(externalId, recordChange.key());
            }
            return input(recordChange, properties);
        }).toList()));
    }

    /**
     * The body of an update, of records all named in one way.
     *
     * @param externalId the unique property that holds the key of those whose id is not known
     */
    static String update(List<RecordChange> changes, String externalId) {
        return Json.text(Map.of("inputs", changes.stream().map(recordChange -> {
            Map<String, Object> input = input(recordChange, properties(recordChange));
            input.put("id", recordChange.crmId() == null ? recordChange.key() : recordChange.crmId());
            if (recordChange.crmId() == null) {
                input.put("idProperty", externalId);
            }
            return input;
        }).toList()));
    }

    private static Map<String, Object> properties(RecordChange recordChange) {
        Map<String, Object> properties = new LinkedHashMap<>();
        recordChange.fields().forEach((name, value) -> properties.put(name, text(value)));
        return properties;
    }

    private static Map<String, Object> input(RecordChange recordChange, Map<String, Object> properties) {
        Map<String, Object> input = new LinkedHashMap<>();
        input.put("objectWriteTraceId", recordChange.key());
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
    static String archive(List<RecordChange> changes) {
        requireOneCall(changes);
        return Json.text(Map.of("inputs", changes.stream().map(recordChange -> Map.of("id", recordChange.crmId())).toList()));
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

    static void requireOneCall(List<RecordChange> changes) {
        if (changes.size() > HubspotCrm.BATCH_SIZE) {
            throw new IllegalArgumentException("A batch takes " + HubspotCrm.BATCH_SIZE + " records at most, but got "
                    + changes.size() + "; split the list first");
        }
        Set<String> keys = new HashSet<>();
        for (RecordChange recordChange : changes) {
            if (!keys.add(recordChange.key())) {
                throw new IllegalArgumentException("Key '" + recordChange.key() + "' stands twice in one batch, which HubSpot"
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
    static List<Outcome> outcomes(List<RecordChange> changes, String externalId, HubspotAnswer answer) {
        if (!answer.ok()) {
            Set<String> gone = HubspotErrors.notFound(answer);
            return changes.stream().map(recordChange -> gone.contains(recordChange.crmId())
                    || recordChange.crmId() != null && changes.size() == 1 && HubspotErrors.isNotFound(answer)
                    ? Outcome.gone(recordChange.key(), answer.code(), answer.message())
                    : HubspotErrors.ofCall(recordChange.key(), answer, changes.size())).toList();
        }
        boolean deletes = changes.get(0).operation() == Operation.DELETE;
        if (deletes && answer.status() == NO_CONTENT) {
            return changes.stream().map(recordChange -> Outcome.done(recordChange.key(), null)).toList();
        }
        Names names = new Names(changes, externalId);
        Map<String, Outcome> byKey = new HashMap<>();
        answer.json().filter(BatchRequests::isComplete).ifPresent(json -> {
            if (!deletes) {
                json.path("results").forEach(result -> written(result, names).ifPresent(done -> put(byKey, done)));
            }
            json.path("errors").forEach(error -> failed(error, names).forEach(outcome -> put(byKey, outcome)));
        });
        return changes.stream().map(recordChange -> byKey.getOrDefault(recordChange.key(), Outcome.noResult(recordChange.key()))).toList();
    }

    /** PENDING, PROCESSING and CANCELED say that what stands there is not all, or not so. */
    static boolean isComplete(JsonNode batch) {
        return batch.path("status").asText("COMPLETE").equals("COMPLETE");
    }

    private static void put(Map<String, Outcome> byKey, Outcome outcome) {
        Outcome other = byKey.putIfAbsent(outcome.key(), outcome);
        if (other != null && !other.equals(outcome)) {
            byKey.put(outcome.key(), Outcome.uncertain(outcome.key(), Outcome.Uncertainty.UNPROVEN, "SEVERAL_RESULTS",
                    "the answer says two things of this record"));
        }
    }

    /** A record that was written by its id and that HubSpot made, or that was merged into another, is not the one that we know. */
    private static Optional<Outcome> written(JsonNode result, Names names) {
        String id = result.path("id").asText("");
        return id.isEmpty() ? Optional.empty() : names.change(result).map(recordChange -> recordChange.crmId() != null
                && (result.path("new").asBoolean() || recordChange.isOtherRecord(id))
                ? Outcome.gone(recordChange.key(), "OTHER_RECORD", "the CRM wrote another record, " + id + ", or made one, instead of "
                        + recordChange.crmId())
                : Outcome.done(recordChange.key(), id));
    }

    /** By what an answer may name the records of a call. */
    private static final class Names {

        private final Map<String, RecordChange> byKey = new HashMap<>();
        private final Map<String, RecordChange> byId = new HashMap<>();
        private final ExternalId.Answered<String> spelled = new ExternalId.Answered<>();
        private final String externalId;

        Names(List<RecordChange> changes, String externalId) {
            this.externalId = externalId;
            changes.forEach(recordChange -> {
                byKey.put(recordChange.key(), recordChange);
                spelled.put(recordChange.key(), recordChange.key());
                if (recordChange.crmId() != null) {
                    byId.put(recordChange.crmId(), recordChange);
                }
            });
        }

        Optional<RecordChange> change(JsonNode result) {
            if (result.hasNonNull("objectWriteTraceId")) {
                return known(result.path("objectWriteTraceId").asText());
            }
            RecordChange named = byId.get(result.path("id").asText());
            return named != null || externalId.isEmpty() ? Optional.ofNullable(named)
                    : Optional.ofNullable(spelled.get(result.path("properties").path(externalId).asText())).flatMap(this::known);
        }

        private Optional<RecordChange> known(String key) {
            return Optional.ofNullable(byKey.get(key));
        }

        /** The records that the context of an error names. */
        Set<RecordChange> changes(JsonNode context) {
            Set<RecordChange> named = new LinkedHashSet<>();
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
        return names.changes(error.path("context")).stream().map(recordChange -> recordChange.crmId() != null && HubspotErrors.NOT_FOUND.equals(code)
                ? Outcome.gone(recordChange.key(), code, message) : HubspotErrors.outcome(recordChange.key(), error, code, message)).toList();
    }
}
