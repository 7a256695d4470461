package io.sluice.crm.hubspot;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Records that are created, or updated by HubSpot's id or a unique property.
 *
 * @param create     whether they are new
 * @param externalId the unique property that holds the key; empty where no property does
 */
record RecordBatch(List<RecordChange> changes, boolean create, String externalId) implements BatchWrite {

    RecordBatch {
        Set<String> keys = new HashSet<>();
        for (RecordChange recordChange : changes) {
            if (!keys.add(recordChange.key())) {
                throw new IllegalArgumentException("Key '" + recordChange.key() + "' stands twice in the list, so that an outcome"
                        + " would not tell which of the two it means; merge the two");
            }
        }
    }

    @Override
    public int size() {
        return changes.size();
    }

    @Override
    public int most() {
        return HubspotCrm.BATCH_SIZE;
    }

    @Override
    public String key(int place) {
        return changes.get(place).key();
    }

    @Override
    public Optional<Outcome> unfit(int place) {
        if (changes.get(place).operation() != Operation.UPSERT) {
            return Optional.of(Outcome.rejected(key(place), "NO_WRITE", "the record is to be deleted, which is another"
                    + " Kamelet's job: hubspot-delete-sink"));
        }
        return !create && externalId.isEmpty() && !hasId(place) ? Optional.of(Outcome.rejected(key(place), "NO_ID",
                "the record has no crmId, and no externalId is set by which HubSpot could find it")) : Optional.empty();
    }

    /** Those named by HubSpot's own id, apart from those named by a property. */
    @Override
    public boolean kind(int place) {
        return create || hasId(place);
    }

    private boolean hasId(int place) {
        return changes.get(place).crmId() != null;
    }

    @Override
    public String body(List<Integer> part) {
        return create ? BatchRequests.create(of(part), externalId) : BatchRequests.update(of(part), externalId);
    }

    @Override
    public List<Outcome> outcomes(List<Integer> part, HubspotAnswer answer) {
        return BatchRequests.outcomes(of(part), externalId, answer);
    }

    @Override
    public boolean isNamed(int place, Set<String> ids) {
        RecordChange recordChange = changes.get(place);
        return ids.contains(recordChange.key()) || recordChange.crmId() != null && ids.contains(recordChange.crmId());
    }

    private List<RecordChange> of(List<Integer> part) {
        return part.stream().map(changes::get).toList();
    }
}
