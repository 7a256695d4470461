// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.RecordChange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;

/**
 * Looks up what became of records, with batch reads of the archived ones, of those that now have their keys, and of the
 * rest. A record is deleted only if HubSpot says that it is archived, that no object has its id, or that it was merged
 * into another ("Batch read",
 * https://developers.hubspot.com/docs/api-reference/crm-objects-v3/batch/post-crm-v3-objects-objectType-batch-read).
 */
public final class HubspotLookups {

    private static final String LOOKUP = "SluiceLookup";
    private static final String MERGED_IDS = "hs_merged_object_ids";

    /** Lists the reads in their order. */
    private enum Step {
        ARCHIVED,
        BY_KEY,
        BY_ID,
        DONE
    }

    /** Holds the requested records and what is known about them so far. */
    private static final class Lookup {
        private final List<RecordChange> asked;
        private final Map<String, Instant> archived = new HashMap<>();
        private final Set<String> missing = new HashSet<>();
        private final Map<String, CrmRecord> existing = new LinkedHashMap<>();
        private Step step = Step.ARCHIVED;
        private boolean answered = true;

        Lookup(List<RecordChange> asked) {
            this.asked = asked;
        }

        /** Returns the ids of records that are neither known to exist nor to be archived. */
        List<String> unresolved() {
            return asked.stream()
                    .map(RecordChange::crmId)
                    .filter(id -> id != null && !archived.containsKey(id) && !existing.containsKey(id))
                    .distinct()
                    .toList();
        }
    }

    HubspotLookups() {}

    /** Starts with the records in the body, each with crmId and key. */
    public void begin(Exchange exchange) {
        List<RecordChange> asked = RecordChange.listOf(exchange.getMessage().getBody());
        if (asked.size() > HubspotCrm.BATCH_SIZE) {
            throw new IllegalArgumentException(
                    "A lookup takes " + HubspotCrm.BATCH_SIZE + " records at most, but the list has " + asked.size());
        }
        exchange.setProperty(LOOKUP, new Lookup(asked));
    }

    /** Tells whether another read is needed. */
    public boolean isMore(Exchange exchange) {
        return lookup(exchange).step != Step.DONE;
    }

    public String path(Exchange exchange, String apiVersion, String object) {
        return ApiPaths.objects(apiVersion, object) + "/batch/read"
                + (lookup(exchange).step == Step.ARCHIVED ? "?archived=true" : "");
    }

    /** Sets the body of the next read. */
    public void request(Exchange exchange, String object, String externalId, String fields) {
        Lookup lookup = lookup(exchange);
        List<String> properties = new ArrayList<>(HubspotReads.names(fields));
        properties.add(externalId);
        properties.add(HubspotReads.stamp(object));
        properties.add(MERGED_IDS);
        List<String> named =
                switch (lookup.step) {
                    case BY_KEY ->
                        lookup.asked.stream().map(RecordChange::key).distinct().toList();
                    default -> lookup.unresolved();
                };
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, named.size());
        exchange.getMessage()
                .setBody(BatchRequests.read(named, lookup.step == Step.BY_KEY ? externalId : null, properties));
    }

    /** Takes the answer of a read. An answer that is not understood ends the lookup. */
    public void answered(Exchange exchange, String object, String externalId, String fields) {
        Lookup lookup = lookup(exchange);
        HubspotAnswer answer = new HubspotAnswer(
                exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class));
        JsonNode json = answer.json().orElse(null);
        if (!answer.ok() && !HubspotErrors.isNotFound(answer) || json == null || !BatchRequests.isComplete(json)) {
            lookup.answered = false;
            lookup.step = Step.DONE;
            return;
        }
        if (lookup.step == Step.BY_ID) {
            lookup.missing.addAll(HubspotErrors.notFound(answer));
        }
        json.path("results").forEach(record -> {
            String id = record.path("id").asText();
            if (lookup.step == Step.ARCHIVED) {
                archivedAt(record).ifPresent(at -> lookup.archived.put(id, at));
            } else {
                CrmRecord crmRecord = HubspotReads.crmRecord(
                        record, HubspotReads.stamp(object), externalId, HubspotReads.names(fields));
                if (crmRecord != null) {
                    lookup.existing.put(id, crmRecord);
                }
                Arrays.stream(record.path("properties")
                                .path(MERGED_IDS)
                                .asText("")
                                .split(";"))
                        .filter(merged -> !merged.isBlank())
                        .forEach(lookup.missing::add);
            }
        });
        lookup.step = switch (lookup.step) {
            case ARCHIVED -> Step.BY_KEY;
            case BY_KEY -> lookup.unresolved().isEmpty() ? Step.DONE : Step.BY_ID;
            default -> Step.DONE;
        };
    }

    private static Optional<Instant> archivedAt(JsonNode record) {
        return record.path("archived").asBoolean() && record.hasNonNull("archivedAt")
                ? Optional.of(Instant.parse(record.path("archivedAt").asText()))
                : Optional.empty();
    }

    /**
     * Sets a list as the body: a {@link CrmRecord} for every record that exists, by id or by key, and a
     * {@link DeletedRecord} for each that HubSpot says does not. The state of all others is unknown.
     */
    public void found(Exchange exchange) {
        Lookup lookup = (Lookup) exchange.removeProperty(LOOKUP);
        if (!lookup.answered) {
            return;
        }
        List<Object> found = new ArrayList<>(lookup.existing.values());
        lookup.asked.stream()
                .map(RecordChange::crmId)
                .filter(id -> id != null
                        && !lookup.existing.containsKey(id)
                        && (lookup.archived.containsKey(id) || lookup.missing.contains(id)))
                .collect(Collectors.toSet())
                .forEach(id -> found.add(new DeletedRecord(id, lookup.archived.get(id))));
        exchange.getMessage().setBody(found);
    }

    private static Lookup lookup(Exchange exchange) {
        return exchange.getProperty(LOOKUP, Lookup.class);
    }
}
