// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.CrmEvent;
import io.sluice.RejectedEvent;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Reads a file of the webhooks journal ("Webhooks journal"): one event for each record and time, with the properties
 * that changed. An event does not say who made the change; the merge recognises our own writes as unchanged.
 */
final class JournalFile {

    private static final ObjectMapper JSON = new ObjectMapper();

    private JournalFile() {}

    /**
     * Reads a file. An unreadable event does not affect the others.
     *
     * @param portal   the portal id of the account; events of other accounts are skipped
     * @param rejected the list to which unreadable events are added
     * @throws IOException when the file is not in HubSpot's format; then none of its events count
     */
    static List<CrmEvent> read(byte[] file, String portal, List<RejectedEvent> rejected) throws IOException {
        JsonNode root = JSON.readTree(file);
        if (root == null || !root.path("journalEvents").isArray()) {
            throw new IOException("a journal file without journalEvents");
        }
        List<CrmEvent> events = new ArrayList<>();
        for (JsonNode event : root.path("journalEvents")) {
            if (event.path("portalId").asText(portal).equals(portal)) {
                List<CrmEvent> read = new ArrayList<>();
                try {
                    read(event, read);
                    events.addAll(read);
                } catch (IOException odd) {
                    rejected.add(new RejectedEvent(event.path("action").asText(), odd.getMessage()));
                }
            }
        }
        return events;
    }

    private static void read(JsonNode event, List<CrmEvent> events) throws IOException {
        String object = HubspotObjects.plural(
                Notifications.clean(event.path("objectTypeId").asText()));
        String action = event.path("action").asText();
        if (object.isEmpty() || action.isEmpty()) {
            throw new IOException("an event without an object or an action");
        }
        switch (action) {
            case "UPDATE" -> values(event, object, events);
            case "CREATE" -> {
                events.add(
                        CrmEvent.created(identity(event, action, ""), object, id(event.path("objectId")), at(event)));
                values(event, object, events);
            }
            case "DELETE", "GDPR_DELETE" ->
                events.add(
                        CrmEvent.deleted(identity(event, action, ""), object, id(event.path("objectId")), at(event)));
            // a snapshot does not say when its values were set
            case "RESTORE", "SNAPSHOT" -> events.add(readBack(event, object, id(event.path("objectId"))));
            case "ASSOCIATION_ADDED", "ASSOCIATION_REMOVED" ->
                events.add(CrmEvent.readBack(
                        identity(
                                event,
                                action,
                                event.path("associatedObjectTypeId").asText() + " "
                                        + event.path("associatedObjectId").asText()),
                        object,
                        id(event.path("objectId")),
                        at(event)));
            case "MERGE" -> {
                for (String id : merged(event)) {
                    events.add(readBack(event, object, id));
                }
            }
            default -> {} // has no values of a record
        }
    }

    /** Adds a value for each property of the event; a record without readable values must be read back. */
    private static void values(JsonNode event, String object, List<CrmEvent> events) throws IOException {
        String id = id(event.path("objectId"));
        boolean readable = !event.path("propertyChanges").isEmpty();
        for (Map.Entry<String, JsonNode> change : event.path("propertyChanges").properties()) {
            readable &= change.getValue().isNull()
                    || change.getValue().isValueNode()
                            && Notifications.isText(change.getValue().asText());
        }
        if (!readable) {
            events.add(readBack(event, object, id));
            return;
        }
        for (Map.Entry<String, JsonNode> change : event.path("propertyChanges").properties()) {
            String field = Notifications.clean(change.getKey());
            String value = change.getValue().isNull()
                    ? ""
                    : Notifications.clean(change.getValue().asText());
            events.add(CrmEvent.value(
                    identity(event, field, value), object, id, field, value.isEmpty() ? null : value, at(event)));
        }
    }

    private static CrmEvent readBack(JsonNode event, String object, String id) throws IOException {
        return CrmEvent.readBack(identity(event, event.path("action").asText(), id), object, id, at(event));
    }

    /** Returns all records of a merge; a read-back shows which one survives. */
    private static Set<String> merged(JsonNode event) throws IOException {
        Set<String> ids = new LinkedHashSet<>();
        ids.add(id(event.path("objectId")));
        if (event.has("primaryObjectId")) {
            ids.add(id(event.path("primaryObjectId")));
        }
        for (JsonNode merged : event.path("mergedObjectIds")) {
            ids.add(id(merged));
        }
        return ids;
    }

    /** Returns the identity of an event, which is the same in every file. */
    private static UUID identity(JsonNode event, String what, String value) throws IOException {
        return CrmEvent.identityOf(
                "hubspot journal",
                event.path("objectTypeId").asText(),
                id(event.path("objectId")),
                what,
                value,
                at(event).toEpochMilli());
    }

    private static Instant at(JsonNode event) throws IOException {
        JsonNode at = event.path("occurredAt");
        try {
            Instant moment = at.isIntegralNumber() ? Instant.ofEpochMilli(at.asLong()) : Instant.parse(at.asText());
            if (moment.isBefore(Instant.EPOCH) || moment.toEpochMilli() > Notifications.LATEST) {
                throw new IOException("an event whose time is out of range");
            }
            return moment;
        } catch (DateTimeException | ArithmeticException none) {
            throw new IOException("an event without a time", none);
        }
    }

    private static String id(JsonNode id) throws IOException {
        if (!id.isIntegralNumber() && !id.asText().matches("\\d{1,20}")) {
            throw new IOException("an event without a record");
        }
        return id.asText();
    }
}
