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
 * The steps of asking what became of records: batch readings of what is archived, of what has their keys now, and of what is
 * left. Gone is only what HubSpot says so of: that it is archived, that there is no object of that id, or that it was merged
 * into another ("Batch read", https://developers.hubspot.com/docs/api-reference/crm-objects-v3/batch/post-crm-v3-objects-objectType-batch-read).
 */
public final class HubspotLookups {

    private static final String LOOKUP = "SluiceLookup";
    private static final String MERGED_IDS = "hs_merged_object_ids";

    /** The readings, in their order. */
    private enum Step { ARCHIVED, BY_KEY, BY_ID, OVER }

    /** What is asked, and what is known so far. */
    private static final class Lookup {
        private final List<RecordChange> asked;
        private final Map<String, Instant> archived = new HashMap<>();
        private final Set<String> notThere = new HashSet<>();
        private final Map<String, CrmRecord> there = new LinkedHashMap<>();
        private Step step = Step.ARCHIVED;
        private boolean answered = true;

        Lookup(List<RecordChange> asked) {
            this.asked = asked;
        }

        /** Those of which neither is known that they are there nor when they went. */
        List<String> open() {
            return asked.stream().map(RecordChange::crmId)
                    .filter(id -> id != null && !archived.containsKey(id) && !there.containsKey(id)).distinct().toList();
        }
    }

    HubspotLookups() {
    }

    /** Keeps the records of the body, each with crmId and key. */
    public void begin(Exchange exchange) {
        List<RecordChange> asked = RecordChange.listOf(exchange.getMessage().getBody());
        if (asked.size() > HubspotCrm.BATCH_SIZE) {
            throw new IllegalArgumentException("A look-up takes " + HubspotCrm.BATCH_SIZE + " records at most, but got "
                    + asked.size());
        }
        exchange.setProperty(LOOKUP, new Lookup(asked));
    }

    /** Whether a reading is left to be made. */
    public boolean isMore(Exchange exchange) {
        return lookup(exchange).step != Step.OVER;
    }

    public String path(Exchange exchange, String apiVersion, String object) {
        return ApiPaths.objects(apiVersion, object) + "/batch/read" + (lookup(exchange).step == Step.ARCHIVED ? "?archived=true" : "");
    }

    /** The body of the next reading. */
    public void request(Exchange exchange, String object, String externalId, String fields) {
        Lookup lookup = lookup(exchange);
        List<String> properties = new ArrayList<>(HubspotReads.names(fields));
        properties.add(externalId);
        properties.add(HubspotReads.stamp(object));
        properties.add(MERGED_IDS);
        List<String> named = switch (lookup.step) {
            case BY_KEY -> lookup.asked.stream().map(RecordChange::key).distinct().toList();
            default -> lookup.open();
        };
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, named.size());
        exchange.getMessage().setBody(BatchRequests.read(named, lookup.step == Step.BY_KEY ? externalId : null, properties));
    }

    /** Takes a reading's answer. One that is none ends the look-up. */
    public void answered(Exchange exchange, String object, String externalId, String fields) {
        Lookup lookup = lookup(exchange);
        HubspotAnswer answer = new HubspotAnswer(exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class));
        JsonNode json = answer.json().orElse(null);
        if (!answer.ok() && !HubspotErrors.isNotFound(answer) || json == null || !BatchRequests.isComplete(json)) {
            lookup.answered = false;
            lookup.step = Step.OVER;
            return;
        }
        if (lookup.step == Step.BY_ID) {
            lookup.notThere.addAll(HubspotErrors.notFound(answer));
        }
        json.path("results").forEach(record -> {
            String id = record.path("id").asText();
            if (lookup.step == Step.ARCHIVED) {
                archivedAt(record).ifPresent(at -> lookup.archived.put(id, at));
            } else {
                CrmRecord crmRecord = HubspotReads.received(record, HubspotReads.stamp(object), externalId,
                        HubspotReads.names(fields));
                if (crmRecord != null) {
                    lookup.there.put(id, crmRecord);
                }
                Arrays.stream(record.path("properties").path(MERGED_IDS).asText("").split(";"))
                        .filter(merged -> !merged.isBlank()).forEach(lookup.notThere::add);
            }
        });
        lookup.step = switch (lookup.step) {
            case ARCHIVED -> Step.BY_KEY;
            case BY_KEY -> lookup.open().isEmpty() ? Step.OVER : Step.BY_ID;
            default -> Step.OVER;
        };
    }

    private static Optional<Instant> archivedAt(JsonNode record) {
        return record.path("archived").asBoolean() && record.hasNonNull("archivedAt")
                ? Optional.of(Instant.parse(record.path("archivedAt").asText())) : Optional.empty();
    }

    /**
     * A list: {@link CrmRecord} of each record that is there, by its id or by its key, and {@link DeletedRecord} of each that HubSpot
     * says is not; of others nothing is known.
     */
    public void found(Exchange exchange) {
        Lookup lookup = (Lookup) exchange.removeProperty(LOOKUP);
        if (!lookup.answered) {
            return;
        }
        List<Object> found = new ArrayList<>(lookup.there.values());
        lookup.asked.stream().map(RecordChange::crmId).filter(id -> id != null && !lookup.there.containsKey(id)
                        && (lookup.archived.containsKey(id) || lookup.notThere.contains(id)))
                .collect(Collectors.toSet()).forEach(id -> found.add(new DeletedRecord(id, lookup.archived.get(id))));
        exchange.getMessage().setBody(found);
    }

    private static Lookup lookup(Exchange exchange) {
        return exchange.getProperty(LOOKUP, Lookup.class);
    }
}
