// SPDX-License-Identifier: Apache-2.0
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
 * Builds batch requests of up to 100 records ("Batch upsert", "Batch archive", "Batch read") and reads the outcome of
 * each record from the answer. Results come in any order, so each input carries a trace id, the key.
 */
final class BatchRequests {

    private static final int NO_CONTENT = 204;

    private BatchRequests() {}

    /**
     * Builds the body of an upsert.
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
     * Builds the body of a create.
     *
     * @param externalId the unique property to which the key is written; empty for none
     */
    static String create(List<RecordChange> changes, String externalId) {
        return Json.text(Map.of(
                "inputs",
                changes.stream()
                        .map(recordChange -> {
                            Map<String, Object> properties = properties(recordChange);
                            if (!externalId.isEmpty()) {
                                properties.put(externalId, recordChange.key());
                            }
                            return input(recordChange, properties);
                        })
                        .toList()));
    }

    /**
     * Builds the body of an update, whose records are all identified in the same way.
     *
     * @param externalId the unique property that holds the key of records without a known id
     */
    static String update(List<RecordChange> changes, String externalId) {
        return Json.text(Map.of(
                "inputs",
                changes.stream()
                        .map(recordChange -> {
                            Map<String, Object> input = input(recordChange, properties(recordChange));
                            input.put("id", recordChange.crmId() == null ? recordChange.key() : recordChange.crmId());
                            if (recordChange.crmId() == null) {
                                input.put("idProperty", externalId);
                            }
                            return input;
                        })
                        .toList()));
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

    /** Converts a value to text, as HubSpot wants all values; an empty text clears the property. */
    private static String text(Object value) {
        if (value == null) {
            return "";
        }
        return value instanceof Number number ? new BigDecimal(number.toString()).toPlainString() : value.toString();
    }

    /** Builds the body of an archive by HubSpot's ids. */
    static String archive(List<RecordChange> changes) {
        requireOneCall(changes);
        return Json.text(Map.of(
                "inputs",
                changes.stream()
                        .map(recordChange -> Map.of("id", recordChange.crmId()))
                        .toList()));
    }

    /**
     * Builds the body of a read.
     *
     * @param idProperty the unique property by which records are identified; null for HubSpot's own id
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
            throw new IllegalArgumentException("A batch takes " + HubspotCrm.BATCH_SIZE
                    + " records at most, but the list has " + changes.size() + "; split the list first");
        }
        Set<String> keys = new HashSet<>();
        for (RecordChange recordChange : changes) {
            if (!keys.add(recordChange.key())) {
                throw new IllegalArgumentException("Key '" + recordChange.key()
                        + "' is twice in one batch, which HubSpot rejects" + " as a whole; merge the two");
            }
        }
    }

    /**
     * Returns the outcome that the answer proves for each record. A record's result or error names the record by its
     * trace id, its id or its unique property, never by its index. An incomplete batch proves nothing, and neither do
     * two results that contradict each other. Only 204 proves that an archive is complete ("Archive a batch").
     *
     * @param externalId the unique property that holds the key; empty for none
     */
    static List<Outcome> outcomes(List<RecordChange> changes, String externalId, HubspotAnswer answer) {
        if (!answer.ok()) {
            Set<String> notFound = HubspotErrors.notFound(answer);
            return changes.stream()
                    .map(recordChange -> notFound.contains(recordChange.crmId())
                                    || recordChange.crmId() != null
                                            && changes.size() == 1
                                            && HubspotErrors.isNotFound(answer)
                            ? Outcome.gone(recordChange.key(), answer.code(), answer.message())
                            : HubspotErrors.ofCall(recordChange.key(), answer, changes.size()))
                    .toList();
        }
        boolean deletes = changes.get(0).operation() == Operation.DELETE;
        if (deletes && answer.status() == NO_CONTENT) {
            return changes.stream()
                    .map(recordChange -> Outcome.done(recordChange.key(), null))
                    .toList();
        }
        Names names = new Names(changes, externalId);
        Map<String, Outcome> byKey = new HashMap<>();
        answer.json().filter(BatchRequests::isComplete).ifPresent(json -> {
            if (!deletes) {
                json.path("results").forEach(result -> written(result, names).ifPresent(done -> put(byKey, done)));
            }
            json.path("errors").forEach(error -> failed(error, names).forEach(outcome -> put(byKey, outcome)));
        });
        return changes.stream()
                .map(recordChange -> byKey.getOrDefault(recordChange.key(), Outcome.noResult(recordChange.key())))
                .toList();
    }

    /** Tells whether a batch is complete; PENDING, PROCESSING and CANCELED mean that its results are not. */
    static boolean isComplete(JsonNode batch) {
        return batch.path("status").asText("COMPLETE").equals("COMPLETE");
    }

    private static void put(Map<String, Outcome> byKey, Outcome outcome) {
        Outcome other = byKey.putIfAbsent(outcome.key(), outcome);
        if (other != null && !other.equals(outcome)) {
            byKey.put(
                    outcome.key(),
                    Outcome.uncertain(
                            outcome.key(),
                            Outcome.Uncertainty.UNPROVEN,
                            "SEVERAL_RESULTS",
                            "the answer has two different results for this record"));
        }
    }

    /**
     * Returns the outcome of a written record. If the write was by id and HubSpot created a record, or wrote the one
     * into which the record was merged, the known record is gone.
     */
    private static Optional<Outcome> written(JsonNode result, Names names) {
        String id = result.path("id").asText("");
        return id.isEmpty()
                ? Optional.empty()
                : names.change(result)
                        .map(recordChange -> recordChange.crmId() != null
                                        && (result.path("new").asBoolean() || recordChange.isOtherRecord(id))
                                ? Outcome.otherRecord(
                                        recordChange.key(),
                                        "the CRM wrote another record, " + id + ", or made one, instead of "
                                                + recordChange.crmId())
                                : Outcome.done(recordChange.key(), id));
    }

    /** Finds records by the names that an answer uses for them. */
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
            return named != null || externalId.isEmpty()
                    ? Optional.ofNullable(named)
                    : Optional.ofNullable(spelled.get(
                                    result.path("properties").path(externalId).asText()))
                            .flatMap(this::known);
        }

        private Optional<RecordChange> known(String key) {
            return Optional.ofNullable(byKey.get(key));
        }

        /** Returns the records that the context of an error names. */
        Set<RecordChange> changes(JsonNode context) {
            Set<RecordChange> named = new LinkedHashSet<>();
            context.path("objectWriteTraceId")
                    .forEach(key -> known(key.asText()).ifPresent(named::add));
            for (String ids : List.of("ids", "id")) {
                context.path(ids).forEach(id -> Optional.ofNullable(byId.get(id.asText()))
                        .or(() -> known(id.asText()))
                        .ifPresent(named::add));
            }
            return named;
        }
    }

    private static List<Outcome> failed(JsonNode error, Names names) {
        String code = error.path("category").asText("ERROR");
        String message = HubspotAnswer.shortened(error.path("message").asText());
        return names.changes(error.path("context")).stream()
                .map(recordChange -> recordChange.crmId() != null && HubspotErrors.NOT_FOUND.equals(code)
                        ? Outcome.gone(recordChange.key(), code, message)
                        : HubspotErrors.outcome(recordChange.key(), error, code, message))
                .toList();
    }
}
