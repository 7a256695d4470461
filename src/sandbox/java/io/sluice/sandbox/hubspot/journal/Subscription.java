// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.journal;

import io.sluice.sandbox.hubspot.webhook.Change;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Selects the changes that the journal holds: changes of one object's records or of their associations.
 *
 * @param type              OBJECT or ASSOCIATION
 * @param objectTypeId      such as 0-1
 * @param actions           some of its type's in {@link #ACTIONS}
 * @param properties        whose changes are an UPDATE; empty: every property
 * @param objectIds         the records; empty: all
 * @param associatedTypeIds objects of the other records of an association; empty: every object
 * @param createdAt         milliseconds since 1970
 */
public record Subscription(
        long id,
        String type,
        String objectTypeId,
        Set<String> actions,
        Set<String> properties,
        Set<String> objectIds,
        Set<String> associatedTypeIds,
        long createdAt) {

    public static final String OBJECT = "OBJECT";
    public static final String ASSOCIATION = "ASSOCIATION";
    static final String ADDED = "ASSOCIATION_ADDED";
    static final String REMOVED = "ASSOCIATION_REMOVED";

    /** Actions by subscription type; a SNAPSHOT needs no subscription. */
    public static final Map<String, List<String>> ACTIONS = Map.of(
            OBJECT, List.of("CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"), ASSOCIATION, List.of(ADDED, REMOVED));

    public Subscription {
        actions = Set.copyOf(actions);
        properties = Set.copyOf(properties);
        objectIds = Set.copyOf(objectIds);
        associatedTypeIds = Set.copyOf(associatedTypeIds);
        if (!ACTIONS.containsKey(type)) {
            throw new IllegalArgumentException(
                    "The sandbox has subscriptions of the subscriptionType OBJECT and ASSOCIATION," + " not of '" + type
                            + "'.");
        }
        if (actions.isEmpty() || !ACTIONS.get(type).containsAll(actions)) {
            throw new IllegalArgumentException(
                    "actions must be some of " + ACTIONS.get(type) + ", not " + actions + ".");
        }
        if (!objectIds.stream().allMatch(one -> one.matches("\\d{1,18}"))) {
            throw new IllegalArgumentException("objectIds must be ids of records, not " + objectIds + ".");
        }
    }

    boolean wants(String action, String typeId, String objectId) {
        return objectTypeId.equals(typeId)
                && actions.contains(action)
                && (objectIds.isEmpty() || objectIds.contains(objectId));
    }

    boolean wants(Change.Association association) {
        return associatedTypeIds.isEmpty() || associatedTypeIds.contains(association.toTypeId());
    }

    boolean wants(Change.Property property) {
        return properties.isEmpty() || properties.contains(property.name());
    }
}
