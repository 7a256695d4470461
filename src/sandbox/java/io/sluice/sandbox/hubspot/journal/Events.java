// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.journal;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.hubspot.webhook.Change;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds the journal's events: one per record with all its changed properties, and one per created or removed
 * association.
 */
final class Events {

    private Events() {}

    /** Builds the subscribed events, each once however many subscriptions match. */
    static List<ObjectNode> of(List<Change> changes, List<Subscription> subscriptions, long portalId) {
        Map<List<String>, List<Change>> byRecord = new LinkedHashMap<>();
        changes.stream().filter(change -> change.association() == null).forEach(change -> byRecord.computeIfAbsent(
                        List.of(change.typeId(), change.objectId()), record -> new ArrayList<>())
                .add(change));
        List<ObjectNode> events = new ArrayList<>();
        byRecord.values().forEach(ofRecord -> {
            ObjectNode event = event(ofRecord, subscriptions, portalId);
            if (event != null) {
                events.add(event);
            }
        });
        changes.stream()
                .filter(change -> change.association() != null)
                .filter(change -> subscriptions.stream()
                        .anyMatch(subscription ->
                                subscription.wants(action(change.association()), change.typeId(), change.objectId())
                                        && subscription.wants(change.association())))
                .forEach(change -> events.add(association(change, portalId)));
        return events;
    }

    private static ObjectNode association(Change change, long portalId) {
        Change.Association association = change.association();
        return begun(
                        Subscription.ASSOCIATION,
                        portalId,
                        change.occurredAt(),
                        action(association),
                        change.typeId(),
                        change.objectId())
                .put("associatedObjectId", Long.parseLong(association.toId()))
                .put("associatedObjectTypeId", association.toTypeId())
                .put("associationType", association.type());
    }

    private static String action(Change.Association association) {
        return association.removed() ? Subscription.REMOVED : Subscription.ADDED;
    }

    /** Builds the event of one record; null when no subscription matches. */
    private static ObjectNode event(List<Change> changes, List<Subscription> subscriptions, long portalId) {
        Change life = changes.stream()
                .filter(change -> change.property() == null)
                .findFirst()
                .orElse(null);
        Change first = life == null ? changes.get(0) : life;
        String action = life == null ? "UPDATE" : action(life.kind());
        List<Subscription> wanting = subscriptions.stream()
                .filter(subscription -> subscription.wants(action, first.typeId(), first.objectId()))
                .toList();
        Map<String, String> properties = new LinkedHashMap<>();
        changes.stream()
                .map(Change::property)
                .filter(property ->
                        property != null && wanting.stream().anyMatch(subscription -> subscription.wants(property)))
                .forEach(property -> properties.put(property.name(), property.value()));
        if (wanting.isEmpty() || life == null && properties.isEmpty()) {
            return null;
        }
        ObjectNode event = event(portalId, first.occurredAt(), action, first.typeId(), first.objectId(), properties);
        if (first.merge() != null) {
            event.put("primaryObjectId", Long.parseLong(first.merge().primaryId()));
            first.merge().mergedIds().forEach(id -> event.withArray("mergedObjectIds")
                    .add(Long.parseLong(id)));
        }
        return event;
    }

    static ObjectNode event(
            long portalId,
            long occurredAt,
            String action,
            String typeId,
            String objectId,
            Map<String, String> properties) {
        ObjectNode event = begun(Subscription.OBJECT, portalId, occurredAt, action, typeId, objectId);
        properties.forEach(event.putObject("propertyChanges")::put);
        return event;
    }

    private static ObjectNode begun(
            String type, long portalId, long occurredAt, String action, String typeId, String objectId) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", type)
                .put("portalId", portalId)
                .put("occurredAt", Instant.ofEpochMilli(occurredAt).toString())
                .put("action", action)
                .put("objectTypeId", typeId)
                .put("objectId", Long.parseLong(objectId));
    }

    private static String action(String kind) {
        return switch (kind) {
            case Change.CREATION -> "CREATE";
            case Change.RESTORE -> "RESTORE";
            case Change.MERGE -> "MERGE";
            default -> "DELETE";
        };
    }
}
