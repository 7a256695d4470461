// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Represents a change that one subscription selected. HubSpot's event ids are not unique, so these are no keys. */
record Event(long eventId, Subscription subscription, Change change) {

    /** @param portalId of the account, as appId of the app */
    ObjectNode json(long portalId, long appId, int attempt) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("eventId", eventId)
                .put("subscriptionId", subscription.id())
                .put("portalId", portalId)
                .put("appId", appId)
                .put("occurredAt", change.occurredAt())
                .put("subscriptionType", subscription.eventType())
                .put("attemptNumber", attempt)
                .put("changeSource", change.source())
                .put("sourceId", change.sourceId());
        if (change.association() != null) {
            return association(json);
        }
        json.put("objectId", Long.parseLong(change.objectId()));
        if (subscription.isGeneric()) {
            json.put("objectTypeId", change.typeId());
        }
        if (change.property() != null) {
            json.put("propertyName", change.property().name())
                    .put("propertyValue", change.property().value());
        }
        switch (change.kind()) {
            case Change.CREATION -> json.put("changeFlag", "CREATED");
            case Change.DELETION, Change.PRIVACY_DELETION -> json.put("changeFlag", "DELETED");
            case Change.RESTORE -> json.put("changeFlag", "RESTORED");
            default -> {}
        }
        return change.merge() == null ? json : merge(json);
    }

    /**
     * Writes an association: it names two records, and generic events their types too ("Create generic webhook
     * subscriptions").
     */
    private ObjectNode association(ObjectNode json) {
        Change.Association association = change.association();
        json.put("associationType", association.type())
                .put("fromObjectId", Long.parseLong(change.objectId()))
                .put("toObjectId", Long.parseLong(association.toId()))
                .put("associationRemoved", association.removed())
                .put("isPrimaryAssociation", association.primary());
        return !subscription.isGeneric()
                ? json
                : json.put("fromObjectTypeId", change.typeId())
                        .put("toObjectTypeId", association.toTypeId())
                        .put("associationTypeId", association.typeId())
                        .put("associationCategory", association.category());
    }

    private ObjectNode merge(ObjectNode json) {
        Change.Merge merge = change.merge();
        json.put("primaryObjectId", Long.parseLong(merge.primaryId()))
                .put("newObjectId", Long.parseLong(merge.newId()))
                .put("numberOfPropertiesMoved", merge.propertiesMoved());
        merge.mergedIds().forEach(json.putArray("mergedObjectIds")::add);
        return json;
    }

    /** Answers the event with a value that nobody wrote. */
    Event forged() {
        Change.Property property = change.property();
        Change.Association association = change.association();
        return new Event(
                eventId,
                subscription,
                new Change(
                        change.object(),
                        change.typeId(),
                        change.kind(),
                        change.objectId(),
                        change.source(),
                        change.sourceId(),
                        change.occurredAt() + 1,
                        property == null ? null : new Change.Property(property.name(), "forged"),
                        change.merge(),
                        association == null ? null : association.opposite()));
    }
}
