// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.CrmEvent;
import io.sluice.RejectedEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Reads the events of HubSpot's webhooks ("Webhooks API"). Their event id is not unique, so an event is identified by
 * its subscription, record, property and time.
 */
final class Notifications {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The end of the year 9999, in milliseconds since 1970. */
    static final long LATEST = 253_402_300_799_999L;

    private final String appId;

    /** @param appId the id of our own app, whose changes are our own writes; null where it is not known */
    Notifications(String appId) {
        this.appId = appId;
    }

    /**
     * Reads the body of a request. An unreadable event does not affect the others.
     *
     * @param rejected the list to which unreadable events are added
     * @throws IOException when the body is not an array of events; then none of them count
     */
    List<CrmEvent> read(byte[] body, List<RejectedEvent> rejected) throws IOException {
        JsonNode array = JSON.readTree(body);
        if (array == null || !array.isArray()) {
            throw new IOException("the body is not an array of events");
        }
        List<CrmEvent> events = new ArrayList<>();
        for (JsonNode event : array) {
            if (!isOurOwn(event)) {
                List<CrmEvent> read = new ArrayList<>();
                try {
                    read(event, read);
                    events.addAll(read);
                } catch (IOException odd) {
                    rejected.add(new RejectedEvent(type(event), odd.getMessage()));
                }
            }
        }
        return events;
    }

    private static String type(JsonNode event) {
        return event.path("subscriptionType").asText(event.path("eventType").asText());
    }

    private boolean isOurOwn(JsonNode event) {
        return appId != null
                && event.path("changeSource").asText().equals("INTEGRATION")
                && event.path("sourceId").asText().equals(appId);
    }

    private static void read(JsonNode event, List<CrmEvent> events) throws IOException {
        String type = type(event);
        int dot = type.indexOf('.');
        if (dot < 0) {
            throw new IOException("an event without a type");
        }
        String named = type.substring(0, dot);
        String object = named.equals("object") ? typeId(event) : clean(named);
        Instant at = at(event);
        String what = type.substring(dot + 1);
        switch (what) {
            case "propertyChange" ->
                events.add(
                        hasValue(event)
                                ? CrmEvent.value(
                                        identity(event, type, at),
                                        HubspotObjects.plural(object),
                                        id(event, "objectId"),
                                        required(event, "propertyName"),
                                        value(event),
                                        at)
                                : CrmEvent.readBack(
                                        identity(event, type, at),
                                        HubspotObjects.plural(object),
                                        id(event, "objectId"),
                                        at));
            case "creation" ->
                events.add(CrmEvent.created(
                        identity(event, type, at), HubspotObjects.plural(object), id(event, "objectId"), at));
            case "restore" ->
                events.add(CrmEvent.readBack(
                        identity(event, type, at), HubspotObjects.plural(object), id(event, "objectId"), at));
            case "deletion", "privacyDeletion" ->
                events.add(CrmEvent.deleted(
                        identity(event, type, at), HubspotObjects.plural(object), id(event, "objectId"), at));
            case "associationChange" ->
                events.add(CrmEvent.readBack(
                        identity(event, type, at), HubspotObjects.plural(object), id(event, "fromObjectId"), at));
            case "merge" ->
                merged(event)
                        .forEach(id -> events.add(CrmEvent.readBack(
                                CrmEvent.identityOf(identity(event, type, at), id),
                                HubspotObjects.plural(object),
                                id,
                                at)));
            default -> {} // has no values of a record
        }
    }

    /** Returns the type id of a generic event; an event about associations names the object of its {@code from} end. */
    private static String typeId(JsonNode event) {
        return clean(
                event.path("objectTypeId").asText(event.path("fromObjectTypeId").asText()));
    }

    /** Returns all records of a merge; a read-back shows which one survives. */
    private static Set<String> merged(JsonNode event) throws IOException {
        Set<String> ids = new LinkedHashSet<>();
        ids.add(event.has("newObjectId") ? id(event, "newObjectId") : id(event, "objectId"));
        if (event.has("primaryObjectId")) {
            ids.add(id(event, "primaryObjectId"));
        }
        for (JsonNode merged : event.path("mergedObjectIds")) {
            if (!merged.isIntegralNumber() && !merged.asText().matches("\\d+")) {
                throw new IOException("an event with an invalid merged id");
            }
            ids.add(merged.asText());
        }
        return ids;
    }

    /**
     * Returns the identity of an event. It includes the value, since a property can change twice in one millisecond.
     */
    private static UUID identity(JsonNode event, String type, Instant at) {
        return CrmEvent.identityOf(
                "hubspot",
                event.path("subscriptionId").asText(),
                type,
                event.path("objectId").asText(),
                event.path("fromObjectId").asText(),
                event.path("toObjectId").asText(),
                event.path("propertyName").asText(),
                event.path("propertyValue").asText(),
                at.toEpochMilli());
    }

    private static Instant at(JsonNode event) throws IOException {
        JsonNode at = event.path("occurredAt");
        if (!at.isIntegralNumber() || !at.canConvertToLong() || at.asLong() < 0 || at.asLong() > LATEST) {
            throw new IOException("an event without a time");
        }
        return Instant.ofEpochMilli(at.asLong());
    }

    private static String id(JsonNode event, String name) throws IOException {
        JsonNode id = event.path(name);
        if (!id.isIntegralNumber() && !id.asText().matches("\\d{1,20}")) {
            throw new IOException("an event without a record");
        }
        return id.asText();
    }

    private static String required(JsonNode event, String name) throws IOException {
        String text = clean(event.path(name).asText());
        if (text.isEmpty()) {
            throw new IOException("an event without " + name);
        }
        return text;
    }

    /**
     * Tells whether the event has the new value: an empty text empties the property, a missing text leaves the value
     * unknown.
     */
    private static boolean hasValue(JsonNode event) {
        JsonNode value = event.path("propertyValue");
        return value.isValueNode() && !value.isNull() && isText(value.asText());
    }

    /** Tells whether the text has no unpaired surrogate, which no database can store. */
    static boolean isText(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    private static String value(JsonNode event) {
        String value = clean(event.path("propertyValue").asText(""));
        return value.isEmpty() ? null : value;
    }

    /** Removes null characters, which PostgreSQL's texts can't hold. */
    static String clean(String text) {
        return text.replace("\0", "");
    }
}
