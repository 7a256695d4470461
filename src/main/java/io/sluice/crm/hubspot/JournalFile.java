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
 * A file of the webhooks journal ("Webhooks journal"): one event a record and moment, with the properties that changed.
 * It does not say who changed them; what we wrote ourselves is found to be no news when it is merged.
 */
final class JournalFile {

    private static final ObjectMapper JSON = new ObjectMapper();

    private JournalFile() {
    }

    /**
     * Reads a file. An event that can't be read refuses none of the others.
     *
     * @param portal   the account's number; what happened in another account is not told
     * @param rejected takes the events that can't be read
     * @throws IOException when it is not what HubSpot writes; then none of it counts
     */
    static List<CrmEvent> read(byte[] file, String portal, List<RejectedEvent> rejected) throws IOException {
        JsonNode told = JSON.readTree(file);
        if (told == null || !told.path("journalEvents").isArray()) {
            throw new IOException("a file of the journal without journalEvents");
        }
        List<CrmEvent> events = new ArrayList<>();
        for (JsonNode event : told.path("journalEvents")) {
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
        String object = HubspotObjects.plural(Notifications.clean(event.path("objectTypeId").asText()));
        String action = event.path("action").asText();
        if (object.isEmpty() || action.isEmpty()) {
            throw new IOException("an event without an object or an action");
        }
        switch (action) {
            case "UPDATE" -> values(event, object, events);
            case "CREATE" -> {
                events.add(CrmEvent.created(identity(event, action, ""), object, id(event.path("objectId")), at(event)));
                values(event, object, events);
            }
            case "DELETE", "GDPR_DELETE" -> events.add(CrmEvent.deleted(identity(event, action, ""), object,
                    id(event.path("objectId")), at(event)));
            // of a snapshot nobody knows since when its values are so
            case "RESTORE", "SNAPSHOT" -> events.add(look(event, object, id(event.path("objectId"))));
            case "ASSOCIATION_ADDED", "ASSOCIATION_REMOVED" -> events.add(CrmEvent.readBack(identity(event, action,
                    event.path("associatedObjectTypeId").asText() + " " + event.path("associatedObjectId").asText()), object,
                    id(event.path("objectId")), at(event)));
            case "MERGE" -> {
                for (String id : merged(event)) {
                    events.add(look(event, object, id));
                }
            }
            default -> { }   // says nothing of a record's fields
        }
    }

    /** The properties that it names with their values; a record of which it names none must be read. */
    private static void values(JsonNode event, String object, List<CrmEvent> events) throws IOException {
        String id = id(event.path("objectId"));
        boolean told = !event.path("propertyChanges").isEmpty();
        for (Map.Entry<String, JsonNode> change : event.path("propertyChanges").properties()) {
            told &= change.getValue().isNull()
                    || change.getValue().isValueNode() && Notifications.isText(change.getValue().asText());
        }
        if (!told) {
            events.add(look(event, object, id));
            return;
        }
        for (Map.Entry<String, JsonNode> change : event.path("propertyChanges").properties()) {
            String field = Notifications.clean(change.getKey());
            String value = change.getValue().isNull() ? "" : Notifications.clean(change.getValue().asText());
            events.add(CrmEvent.value(identity(event, field, value), object, id, field, value.isEmpty() ? null : value, at(event)));
        }
    }

    private static CrmEvent look(JsonNode event, String object, String id) throws IOException {
        return CrmEvent.readBack(identity(event, event.path("action").asText(), id), object, id, at(event));
    }

    /** All that took part: which of them is left, a reading tells. */
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

    /** The same in whatever file it stands. */
    private static UUID identity(JsonNode event, String what, String value) throws IOException {
        return CrmEvent.identityOf("hubspot journal", event.path("objectTypeId").asText(), id(event.path("objectId")), what, value,
                at(event).toEpochMilli());
    }

    private static Instant at(JsonNode event) throws IOException {
        JsonNode at = event.path("occurredAt");
        try {
            Instant moment = at.isIntegralNumber() ? Instant.ofEpochMilli(at.asLong()) : Instant.parse(at.asText());
            if (moment.isBefore(Instant.EPOCH) || moment.toEpochMilli() > Notifications.LATEST) {
                throw new IOException("an event of no time");
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
