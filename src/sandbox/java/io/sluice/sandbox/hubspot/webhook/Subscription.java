// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import java.util.regex.Pattern;

/**
 * Selects the changes that are sent to an app.
 *
 * @param eventType    such as contact.creation or object.propertyChange
 * @param objectTypeId of an {@code object.} event type, else null
 * @param propertyName of a propertyChange, else null
 * @param createdAt    milliseconds since 1970
 */
public record Subscription(
        long id, String eventType, String objectTypeId, String propertyName, boolean active, long createdAt) {

    private static final Pattern EVENT_TYPE = Pattern.compile(
            "(contact|company|deal|ticket|line_item|product|object)\\." + "(" + String.join("|", Change.KINDS) + ")");

    public Subscription {
        if (eventType == null || !EVENT_TYPE.matcher(eventType).matches()) {
            throw new IllegalArgumentException("There is no event type '" + eventType + "'.");
        }
        if (eventType.endsWith("." + Change.PROPERTY_CHANGE) && (propertyName == null || propertyName.isBlank())) {
            throw new IllegalArgumentException(eventType + " needs a propertyName.");
        }
        if (isGeneric(eventType) && (objectTypeId == null || objectTypeId.isBlank())) {
            throw new IllegalArgumentException(eventType + " needs an objectTypeId.");
        }
    }

    Subscription withActive(boolean isActive) {
        return new Subscription(id, eventType, objectTypeId, propertyName, isActive, createdAt);
    }

    boolean isGeneric() {
        return isGeneric(eventType);
    }

    private static boolean isGeneric(String type) {
        return type.startsWith("object.");
    }

    boolean wants(Change change) {
        return active
                && (isGeneric()
                        ? eventType.equals("object." + change.kind()) && objectTypeId.equals(change.typeId())
                        : eventType.equals(change.subject() + "." + change.kind()))
                && (change.property() == null || change.property().name().equals(propertyName));
    }

    /** Whether both select the same changes. */
    boolean isLike(Subscription other) {
        return withActive(true)
                .equals(new Subscription(id, other.eventType, other.objectTypeId, other.propertyName, true, createdAt));
    }
}
