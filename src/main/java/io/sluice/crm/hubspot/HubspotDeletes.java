// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.ExternalId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;

/**
 * Archives records, by their keys first, since a user may have deleted a record and created it again under another id;
 * a record whose key has changed is archived by its id. An archive does not report ids that it did not find, and the id
 * of a merged record leads to the surviving record, so each record is read before it is archived.
 */
public final class HubspotDeletes {

    private static final String DELETES = "SluiceDeletes";

    /** Lists the calls in their order. */
    private enum Step {
        BY_KEY,
        BY_ID,
        ARCHIVE,
        DONE
    }

    private static final class Deletes {
        private final List<RecordChange> changes;
        private final Map<String, Outcome> outcomes = new LinkedHashMap<>();
        /** Key to the ids of the records that exist. */
        private final Map<String, Set<String>> existing = new LinkedHashMap<>();

        private final Deque<Map.Entry<String, String>> toArchive = new ArrayDeque<>();
        private List<Map.Entry<String, String>> archiving = List.of();
        private Step step = Step.BY_KEY;

        Deletes(List<RecordChange> changes) {
            this.changes = changes;
        }

        /** Returns the records with a known id that the read by key did not find. */
        List<RecordChange> notFoundByKey() {
            return changes.stream()
                    .filter(recordChange -> recordChange.crmId() != null
                            && !outcomes.containsKey(recordChange.key())
                            && !existing.getOrDefault(recordChange.key(), Set.of())
                                    .contains(recordChange.crmId()))
                    .toList();
        }

        void settleUnknown(RecordChange recordChange, HubspotAnswer answer, int records) {
            outcomes.put(
                    recordChange.key(),
                    answer.ok()
                            ? Outcome.retry(
                                    recordChange.key(),
                                    "NO_RESULT",
                                    "the answer does not show whether the record exists")
                            : HubspotErrors.ofCall(recordChange.key(), answer, records)
                                    .notWritten());
        }
    }

    HubspotDeletes() {}

    /** Starts with the records in the body. */
    public void begin(Exchange exchange) {
        List<RecordChange> changes = RecordChange.listOf(exchange.getMessage().getBody());
        BatchRequests.requireOneCall(changes);
        exchange.setProperty(DELETES, new Deletes(changes));
    }

    /** Tells whether another call is needed. */
    public boolean isMore(Exchange exchange) {
        return deletes(exchange).step != Step.DONE;
    }

    /** Returns the name of the next call in the ledger. */
    public String operation(Exchange exchange) {
        return deletes(exchange).step == Step.ARCHIVE ? "delete" : "read";
    }

    public String path(Exchange exchange, String apiVersion, String object) {
        return ApiPaths.objects(apiVersion, object) + "/batch/"
                + (deletes(exchange).step == Step.ARCHIVE ? "archive" : "read");
    }

    /** Sets the body of the next call. */
    public void request(Exchange exchange, String externalId) {
        Deletes deletes = deletes(exchange);
        String body =
                switch (deletes.step) {
                    case BY_KEY ->
                        BatchRequests.read(
                                deletes.changes.stream().map(RecordChange::key).toList(),
                                externalId,
                                List.of(externalId));
                    case BY_ID ->
                        BatchRequests.read(
                                deletes.notFoundByKey().stream()
                                        .map(RecordChange::crmId)
                                        .toList(),
                                null,
                                List.of(externalId));
                    default -> archive(deletes);
                };
        exchange.getMessage()
                .setHeader(
                        HubspotCalls.RECORDS,
                        deletes.step == Step.ARCHIVE
                                ? deletes.archiving.size()
                                : deletes.step == Step.BY_KEY
                                        ? deletes.changes.size()
                                        : deletes.notFoundByKey().size());
        exchange.getMessage().setBody(body);
    }

    private static String archive(Deletes deletes) {
        deletes.archiving = new ArrayList<>();
        while (!deletes.toArchive.isEmpty() && deletes.archiving.size() < HubspotCrm.BATCH_SIZE) {
            deletes.archiving.add(deletes.toArchive.removeFirst());
        }
        // several records may have one key, so each is named by its id
        return BatchRequests.archive(deletes.archiving.stream()
                .map(it -> new RecordChange(it.getValue(), Operation.DELETE, it.getValue(), Map.of()))
                .toList());
    }

    /** Takes the answer of the call. */
    public void answered(Exchange exchange, String externalId) {
        Deletes deletes = deletes(exchange);
        HubspotAnswer answer = new HubspotAnswer(
                exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class));
        switch (deletes.step) {
            case BY_KEY -> foundByKey(deletes, answer, externalId);
            case BY_ID -> foundById(deletes, answer);
            default -> archived(deletes, answer);
        }
        if (deletes.step != Step.ARCHIVE && deletes.step != Step.DONE) {
            deletes.step =
                    deletes.step == Step.BY_KEY && !deletes.notFoundByKey().isEmpty()
                            ? Step.BY_ID
                            : archiveStep(deletes);
        } else if (deletes.toArchive.isEmpty()) {
            deletes.step = Step.DONE;
        }
    }

    private static void foundByKey(Deletes deletes, HubspotAnswer answer, String externalId) {
        Set<String> absent =
                HubspotErrors.notFound(answer).stream().map(ExternalId::bare).collect(Collectors.toSet());
        ExternalId.Answered<String> ids = new ExternalId.Answered<>();
        results(answer)
                .forEach(record -> ids.put(
                        record.path("properties").path(externalId).asText(),
                        record.path("id").asText()));
        for (RecordChange recordChange : deletes.changes) {
            String id = ids.get(recordChange.key());
            if (id != null) {
                deletes.existing
                        .computeIfAbsent(recordChange.key(), first -> new LinkedHashSet<>())
                        .add(id);
            } else if (!absent.contains(ExternalId.bare(recordChange.key()))) {
                deletes.settleUnknown(recordChange, answer, deletes.changes.size());
            }
        }
    }

    private static void foundById(Deletes deletes, HubspotAnswer answer) {
        Set<String> absent = HubspotErrors.notFound(answer);
        Set<String> ids = new HashSet<>();
        results(answer).forEach(record -> ids.add(record.path("id").asText()));
        List<RecordChange> asked = deletes.notFoundByKey();
        Set<String> named = asked.stream().map(RecordChange::crmId).collect(Collectors.toSet());
        // HubSpot answers the id of a merged record with the surviving record
        boolean merged = !named.containsAll(ids);
        for (RecordChange recordChange : asked) {
            if (ids.contains(recordChange.crmId())) {
                deletes.existing
                        .computeIfAbsent(recordChange.key(), first -> new LinkedHashSet<>())
                        .add(recordChange.crmId());
            } else if (!absent.contains(recordChange.crmId()) && !merged) {
                deletes.settleUnknown(recordChange, answer, asked.size());
            }
        }
    }

    private static Step archiveStep(Deletes deletes) {
        Set<String> archived = new HashSet<>();
        deletes.existing.forEach((key, ids) -> {
            if (!deletes.outcomes.containsKey(key)) {
                ids.stream().filter(archived::add).forEach(id -> deletes.toArchive.add(Map.entry(key, id)));
            }
        });
        return deletes.toArchive.isEmpty() ? Step.DONE : Step.ARCHIVE;
    }

    /**
     * Takes the answer of an archive; only 204 without a body proves that all records are archived ("Batch archive").
     */
    private static void archived(Deletes deletes, HubspotAnswer answer) {
        boolean done = answer.status() == 204;
        for (Map.Entry<String, String> it : deletes.archiving) {
            if (!done) {
                deletes.outcomes.put(
                        it.getKey(),
                        answer.ok()
                                ? Outcome.noResult(it.getKey())
                                : HubspotErrors.ofCall(it.getKey(), answer, deletes.archiving.size()));
            }
        }
    }

    private static Iterable<JsonNode> results(HubspotAnswer answer) {
        return answer.json()
                .filter(json -> answer.ok() && BatchRequests.isComplete(json))
                .map(json -> (Iterable<JsonNode>) json.path("results"))
                .orElse(List.of());
    }

    /** Sets the outcomes as the body, in the order of the records. A record that does not exist counts as deleted. */
    public void outcomes(Exchange exchange) {
        Deletes deletes = (Deletes) exchange.removeProperty(DELETES);
        exchange.getMessage()
                .setBody(deletes.changes.stream()
                        .map(recordChange -> deletes.outcomes.getOrDefault(
                                recordChange.key(), Outcome.done(recordChange.key(), null)))
                        .toList());
    }

    private static Deletes deletes(Exchange exchange) {
        return exchange.getProperty(DELETES, Deletes.class);
    }
}
