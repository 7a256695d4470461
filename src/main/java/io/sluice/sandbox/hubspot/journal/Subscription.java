package io.sluice.sandbox.hubspot.journal;

import io.sluice.sandbox.hubspot.webhook.Change;

import java.util.List;
import java.util.Set;

/**
 * What shall stand in the journal: of one object's records what happens to them.
 *
 * @param objectTypeId such as 0-1
 * @param actions      of {@link #ACTIONS}
 * @param properties   whose changes are an UPDATE; empty: every property
 * @param objectIds    the records; empty: all
 * @param createdAt    milliseconds since 1970
 */
public record Subscription(long id, String objectTypeId, Set<String> actions, Set<String> properties,
        Set<String> objectIds, long createdAt) {

    /** Every action there is to subscribe to; a SNAPSHOT comes without. */
    public static final List<String> ACTIONS = List.of("CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE");

    public Subscription {
        actions = Set.copyOf(actions);
        properties = Set.copyOf(properties);
        objectIds = Set.copyOf(objectIds);
        if (actions.isEmpty() || !ACTIONS.containsAll(actions)) {
            throw new IllegalArgumentException("actions must be some of " + ACTIONS + ", not " + actions + ".");
        }
        if (!objectIds.stream().allMatch(one -> one.matches("\\d{1,18}"))) {
            throw new IllegalArgumentException("objectIds must be ids of records, not " + objectIds + ".");
        }
    }

    boolean wants(String action, String typeId, String objectId) {
        return objectTypeId.equals(typeId) && actions.contains(action)
                && (objectIds.isEmpty() || objectIds.contains(objectId));
    }

    boolean wants(Change.Property property) {
        return properties.isEmpty() || properties.contains(property.name());
    }
}
