// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Creates records, or updates them by HubSpot's id or a unique property.
 *
 * @param create     whether the records are created
 * @param externalId the unique property that holds the key; empty for none
 */
record RecordBatch(List<RecordChange> changes, boolean create, String externalId) implements BatchWrite {

    RecordBatch {
        Set<String> keys = new HashSet<>();
        for (RecordChange recordChange : changes) {
            if (!keys.add(recordChange.key())) {
                throw new IllegalArgumentException(
                        "Key '" + recordChange.key() + "' is twice in the list, so an outcome"
                                + " could not be assigned to one of the two; merge the two");
            }
        }
    }

    @Override
    public int size() {
        return changes.size();
    }

    @Override
    public int maxPerCall() {
        return HubspotCrm.BATCH_SIZE;
    }

    @Override
    public String key(int index) {
        return changes.get(index).key();
    }

    @Override
    public Optional<Outcome> rejection(int index) {
        if (changes.get(index).operation() != Operation.UPSERT) {
            return Optional.of(Outcome.rejected(
                    key(index), "NO_WRITE", "this Kamelet does not delete records;" + " use hubspot-delete-sink"));
        }
        return !create && externalId.isEmpty() && !hasId(index)
                ? Optional.of(Outcome.rejected(
                        key(index), "NO_ID", "the record has no crmId, and no externalId is set; set one of them"))
                : Optional.empty();
    }

    /** Keeps records with HubSpot's own id apart from those identified by a property. */
    @Override
    public boolean kind(int index) {
        return create || hasId(index);
    }

    private boolean hasId(int index) {
        return changes.get(index).crmId() != null;
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
    public boolean isNamed(int index, Set<String> ids) {
        RecordChange recordChange = changes.get(index);
        return ids.contains(recordChange.key()) || recordChange.crmId() != null && ids.contains(recordChange.crmId());
    }

    private List<RecordChange> of(List<Integer> part) {
        return part.stream().map(changes::get).toList();
    }
}
