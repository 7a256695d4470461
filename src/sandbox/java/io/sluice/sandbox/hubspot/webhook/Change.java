// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import java.util.List;

/**
 * Represents one change of a record, before any subscription selects it.
 *
 * @param object      name of the object, such as contacts
 * @param typeId      its type id, such as 0-1
 * @param kind        such as propertyChange: what stands behind the dot of an event type
 * @param objectId    the record
 * @param source      such as CRM_UI or INTEGRATION
 * @param sourceId    who of that kind
 * @param occurredAt  milliseconds since 1970
 * @param property    of a propertyChange, else null
 * @param merge       of a merge, else null
 * @param association of an associationChange, else null
 */
public record Change(
        String object,
        String typeId,
        String kind,
        String objectId,
        String source,
        String sourceId,
        long occurredAt,
        Property property,
        Merge merge,
        Association association) {

    public static final String PROPERTY_CHANGE = "propertyChange";
    public static final String CREATION = "creation";
    public static final String DELETION = "deletion";
    public static final String RESTORE = "restore";
    public static final String MERGE = "merge";
    public static final String PRIVACY_DELETION = "privacyDeletion";

    public static final String ASSOCIATION_CHANGE = "associationChange";

    static final List<String> KINDS =
            List.of(CREATION, DELETION, RESTORE, MERGE, PROPERTY_CHANGE, PRIVACY_DELETION, ASSOCIATION_CHANGE);

    /** Creates a change without property, merge or association. */
    public Change(
            String object,
            String typeId,
            String kind,
            String objectId,
            String source,
            String sourceId,
            long occurredAt,
            Property property,
            Merge merge) {
        this(object, typeId, kind, objectId, source, sourceId, occurredAt, property, merge, null);
    }

    /** @param value empty when it was cleared */
    public record Property(String name, String value) {}

    /**
     * Names the records that became one.
     *
     * @param newId the one, which is the primary or one that was made for it
     */
    public record Merge(String primaryId, List<String> mergedIds, String newId, int propertiesMoved) {}

    /**
     * Describes an association that was created or removed.
     *
     * @param type     such as CONTACT_TO_COMPANY
     * @param typeId   the number of this association type as the record sees it
     * @param category HUBSPOT_DEFINED or USER_DEFINED
     * @param toId     the other record, as toTypeId is the type id of its object
     * @param removed  whether it is no longer so
     * @param primary  whether the other is the one primary of the record
     */
    public record Association(
            String type, int typeId, String category, String toId, String toTypeId, boolean removed, boolean primary) {

        Association opposite() {
            return new Association(type, typeId, category, toId, toTypeId, !removed, primary);
        }
    }

    /** Answers the object's name in event types; null when only {@code object.} types cover it. */
    String subject() {
        return switch (object) {
            case "contacts" -> "contact";
            case "companies" -> "company";
            case "deals" -> "deal";
            case "tickets" -> "ticket";
            case "products" -> "product";
            case "line_items" -> "line_item";
            default -> null;
        };
    }
}
