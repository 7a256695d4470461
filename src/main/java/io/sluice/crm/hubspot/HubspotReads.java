// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.crm.ObjectShape;
import io.sluice.store.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** Runs the steps of the reading Kamelets that YAML can't express. */
public final class HubspotReads {

    /** Header with the offset of the next page; absent after the last page. */
    public static final String NEXT = "SluiceNext";
    /** Header with the time up to which the deletes are complete. */
    public static final String COVERED = "SluiceCovered";

    private static final String SINCE = "SluiceSince";
    private static final String PAGE = "SluicePage";
    private static final String DELETED = "SluiceDeleted";
    private static final String REQUESTED = "SluiceRequestedIds";
    private static final String READ_AT = "SluiceReadAt";
    /**
     * Overlap between two reads of the archived records, since a record that is archived during a read may be missed.
     */
    private static final Duration OVERLAP = Duration.ofMinutes(1);

    private static final Set<String> CONTACTS = Set.of("contacts", "contact", "0-1");
    private static final String NO_SUCH_OBJECT = "Unable to infer object type";
    private static final List<String> OBJECTS =
            List.of("contacts", "companies", "deals", "tickets", "products", "line_items");

    private final InstantSource clock;

    HubspotReads(InstantSource clock) {
        this.clock = clock;
    }

    // --- changed records

    /** Replaces the offset in the body by the search for the page that follows. */
    public void searchRequest(Exchange exchange, String object, String externalId, String fields) {
        SearchPage searchPage = SearchPage.of(exchange.getMessage().getBody(String.class));
        exchange.setProperty(PAGE, searchPage);
        List<String> properties = new ArrayList<>(names(fields));
        properties.add(externalId);
        exchange.getMessage().setBody(searchPage.body(stamp(object), properties));
    }

    public String searchPath(String apiVersion, String object) {
        return ApiPaths.objects(apiVersion, object) + "/search";
    }

    /**
     * Sets the records of the search's answer as the body, a list of {@link CrmRecord}. An answer that is an error
     * stays as it is.
     */
    public void found(Exchange exchange, String object, String externalId, String fields) {
        Message message = exchange.getMessage();
        message.removeHeader(NEXT);
        JsonNode answer = page(message);
        if (answer == null) {
            return;
        }
        List<CrmRecord> records = records(answer, stamp(object), externalId, names(fields));
        SearchPage searchPage = exchange.getProperty(PAGE, SearchPage.class);
        long total = answer.path("total").asLong(-1);
        String after = answer.path("paging").path("next").path("after").asText(null);
        if (records == null || total < 0 || records.isEmpty() && after == null && total > searchPage.recordsBefore()) {
            notUnderstood(message);
            return;
        }
        CrmRecord last = records.stream()
                .filter(CrmRecord::hasTime)
                .reduce((earlier, later) -> later)
                .orElse(null);
        if (last == null && !records.isEmpty() && after != null) {
            notUnderstood(message);
            return;
        }
        message.setBody(records);
        SearchPage next = searchPage.next(after, last == null ? null : last.at(), last == null ? null : last.crmId());
        if (next != null) {
            message.setHeader(NEXT, next.text());
        }
    }

    // --- archived records: no timestamp in HubSpot finds them, so the list of all archived records is read

    /** Starts to read the list of archived records, for those archived since the time in the body. */
    public void archivedSince(Exchange exchange) {
        exchange.setProperty(
                SINCE, Instant.parse(exchange.getMessage().getBody(String.class).strip()));
        exchange.setProperty(READ_AT, clock.instant());
        exchange.setProperty(DELETED, new ArrayList<DeletedRecord>());
        exchange.setProperty(PAGE, "");
        exchange.getMessage().setBody(null);
    }

    /** Tells whether another page must be read. */
    public boolean isMore(Exchange exchange) {
        return exchange.getProperty(PAGE) != null;
    }

    public String archivedPath(Exchange exchange, String apiVersion, String object) {
        String after = exchange.getProperty(PAGE, String.class);
        return ApiPaths.objects(apiVersion, object) + "?archived=true&limit=100"
                + (after.isEmpty() ? "" : "&after=" + after);
    }

    /**
     * Takes a page of archived records. An answer that is not understood ends the read and stays on the message; so
     * does a page with a record that is not archived, which can't belong to this list.
     */
    @SuppressWarnings("unchecked")
    public void archivedPage(Exchange exchange) {
        JsonNode answer = page(exchange.getMessage());
        exchange.removeProperty(PAGE);
        Instant since = exchange.getProperty(SINCE, Instant.class).minus(OVERLAP);
        List<DeletedRecord> deleted = exchange.getProperty(DELETED, List.class);
        boolean understood = answer != null;
        for (JsonNode record : answer == null ? List.<JsonNode>of() : answer.path("results")) {
            Instant at = instant(
                    record.path("archivedAt").asText(record.path("updatedAt").asText()));
            understood &= at != null
                    && record.path("archived").asBoolean()
                    && !record.path("id").asText().isEmpty();
            if (understood && !at.isBefore(since)) {
                deleted.add(new DeletedRecord(record.path("id").asText(), at));
            }
        }
        if (!understood) {
            exchange.removeProperty(DELETED);
            notUnderstood(exchange.getMessage());
            return;
        }
        String next = answer.path("paging").path("next").path("after").asText(null);
        if (next != null && next.matches("\\w{1,40}")) {
            exchange.setProperty(PAGE, next);
            exchange.getMessage().setBody(null);
        }
    }

    /** Sets the archived records as the body, and the time up to which they are complete as a header. */
    public void archived(Exchange exchange) {
        Object deleted = exchange.removeProperty(DELETED);
        if (deleted != null) {
            exchange.getMessage().setBody(deleted);
            exchange.getMessage()
                    .setHeader(
                            COVERED,
                            exchange.getProperty(READ_AT, Instant.class).toString());
        }
    }

    // --- single records

    /** Replaces a list of ids, or of values of the unique property where one is set, by the body of a batch read. */
    public void readRequest(Exchange exchange, String object, String externalId, String fields) {
        List<String> properties = new ArrayList<>(names(fields));
        properties.add(stamp(object));
        properties.add(externalId.isBlank() ? BatchReadResult.MERGED_IDS : externalId);
        List<?> ids = exchange.getMessage().getBody(List.class);
        exchange.setProperty(REQUESTED, ids.stream().map(Object::toString).toList());
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, ids.size());
        exchange.getMessage()
                .setBody(BatchRequests.read(
                        ids.stream().map(Object::toString).toList(),
                        externalId.isBlank() ? null : externalId,
                        properties));
    }

    /**
     * Sets the records of the answer as the body: a {@link CrmRecord} for every record that exists and a
     * {@link DeletedRecord} for each that HubSpot says does not. Records on which the answer is silent are left out; an answer
     * that is silent on all records is not understood.
     */
    @SuppressWarnings("unchecked")
    public void read(Exchange exchange, String object, String externalId, String fields) {
        Message message = exchange.getMessage();
        List<String> requested = (List<String>) exchange.removeProperty(REQUESTED);
        BatchReadResult batchReadResult = BatchReadResult.of(
                new HubspotAnswer(
                        message.getHeader(HubspotCalls.STATUS, 0, Integer.class), message.getBody(String.class)),
                externalId,
                requested);
        List<Object> records = new ArrayList<>();
        batchReadResult.found().values().forEach(record -> {
            CrmRecord crmRecord =
                    crmRecord(record, stamp(object), externalId.isBlank() ? null : externalId, names(fields));
            if (crmRecord != null) {
                records.add(crmRecord);
            }
        });
        batchReadResult.deleted().forEach(id -> records.add(new DeletedRecord(id, clock.instant())));
        if (!records.isEmpty() || requested.isEmpty()) {
            message.setHeader(HubspotCalls.STATUS, 200);
            message.setBody(records);
        } else {
            notUnderstood(message);
        }
    }

    // --- describing

    public String propertiesPath(String apiVersion, String object) {
        return ApiPaths.properties(apiVersion, object);
    }

    /**
     * Sets an {@link ObjectShape} with the object's properties as the body. An answer that is an error stays as it is,
     * but HubSpot's 400 for an unknown object becomes a 404.
     */
    public void shape(Exchange exchange, String object) {
        JsonNode answer = page(exchange.getMessage());
        if (answer != null
                && (answer.path("results").isEmpty()
                        || StreamSupport.stream(answer.path("results").spliterator(), false)
                                .anyMatch(it -> it.path("name").asText("").isEmpty()
                                        || it.path("type").asText("").isEmpty()))) {
            notUnderstood(exchange.getMessage());
            return;
        }
        if (answer == null) {
            Message message = exchange.getMessage();
            if (Integer.valueOf(400).equals(message.getHeader(HubspotCalls.STATUS))
                    && message.getBody(String.class).contains(NO_SUCH_OBJECT)) {
                message.setHeader(HubspotCalls.STATUS, 404);
            }
            return;
        }
        Map<String, ObjectShape.Field> fields = new HashMap<>();
        answer.path("results").forEach(property -> {
            String name = property.path("name").asText();
            boolean readOnly =
                    property.path("modificationMetadata").path("readOnlyValue").asBoolean()
                            || property.path("calculated").asBoolean();
            boolean unique =
                    property.path("hasUniqueValue").asBoolean() || CONTACTS.contains(object) && name.equals("email");
            fields.put(
                    name,
                    new ObjectShape.Field(
                            name,
                            property.path("type").asText(),
                            !readOnly,
                            unique,
                            List.of(),
                            property.path("fieldType").asText(""),
                            null,
                            facts(property, unique)));
        });
        exchange.getMessage().setBody(new ObjectShape(HubspotObjects.plural(object), fields));
    }

    /**
     * Reads what a property can hold ("Property type and fieldType values",
     * https://developers.hubspot.com/docs/guides/api/crm/properties).
     */
    private static ObjectShape.Facts facts(JsonNode property, boolean unique) {
        List<String> options = new ArrayList<>();
        property.path("options")
                .forEach(option -> options.add(option.path("value").asText()));
        ObjectShape.Kind kind =
                switch (property.path("type").asText()) {
                    case "string", "phone_number", "json" -> ObjectShape.Kind.TEXT;
                    case "number" -> ObjectShape.Kind.NUMBER;
                    case "bool" -> ObjectShape.Kind.BOOLEAN;
                    case "date" -> ObjectShape.Kind.DATE;
                    case "datetime" -> ObjectShape.Kind.DATETIME;
                    case "enumeration" ->
                        property.path("fieldType").asText().equals("checkbox")
                                ? ObjectShape.Kind.CHOICES
                                : ObjectShape.Kind.CHOICE;
                    case "object_coordinates" -> ObjectShape.Kind.COMPOUND;
                    default -> ObjectShape.Kind.OTHER;
                };
        return new ObjectShape.Facts(
                kind,
                0,
                options,
                unique,
                property.path("calculated").asBoolean() ? "is calculated" : null,
                false,
                false);
    }

    public String schemasPath(String apiVersion) {
        return ApiPaths.schemas(apiVersion);
    }

    /** Sets the names of objects as the body: those that every account has, and the custom ones in the answer. */
    public void objects(Exchange exchange) {
        List<String> names = new ArrayList<>(OBJECTS);
        JsonNode answer = answer(exchange.getMessage());
        if (answer != null) {
            answer.path("results").forEach(schema -> {
                names.add(schema.path("name").asText());
                names.add(schema.path("objectTypeId").asText());
            });
        }
        exchange.getMessage().setBody(names);
    }

    // --- shared

    /** Returns the property with the time of the last change; contacts have one of their own. */
    static String stamp(String object) {
        return CONTACTS.contains(object) ? "lastmodifieddate" : "hs_lastmodifieddate";
    }

    /** Returns the records of a page; null where one of them is not a record. */
    private static List<CrmRecord> records(JsonNode page, String stamp, String externalId, List<String> names) {
        List<CrmRecord> records = new ArrayList<>();
        for (JsonNode record : page.path("results")) {
            CrmRecord crmRecord = crmRecord(record, stamp, externalId, names);
            if (crmRecord == null) {
                return null;
            }
            records.add(crmRecord);
        }
        return records;
    }

    /**
     * Reads a record: a property that the answer lacks was not read. Returns null for a record without id, timestamp or
     * properties.
     */
    static CrmRecord crmRecord(JsonNode record, String stamp, String externalId, List<String> names) {
        if (record.path("id").asText("").isEmpty() || !record.path("properties").isObject()) {
            return null;
        }
        Map<String, Object> properties = Json.fields(record.path("properties").toString());
        Map<String, Object> fields = new LinkedHashMap<>();
        names.stream()
                .filter(properties::containsKey)
                .forEach(name -> fields.put(name, blankToNull(properties.get(name))));
        Object key = externalId == null ? null : blankToNull(properties.get(externalId));
        Object at = properties.get(stamp);
        String updated = record.path("updatedAt").asText("");
        if (at == null && updated.isEmpty()) {
            return null;
        }
        Instant changed = at == null ? null : instant(at.toString());
        return new CrmRecord(
                record.path("id").asText(),
                key == null ? null : key.toString(),
                changed == null ? instant(updated) : changed,
                fields);
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException none) {
            return null;
        }
    }

    /**
     * Returns the answer if it is a page of results, else null. An answer that is neither a page nor an error is not
     * understood.
     */
    private static JsonNode page(Message message) {
        JsonNode answer = answer(message);
        if (answer != null && answer.path("results").isArray()) {
            return answer;
        }
        notUnderstood(message);
        return null;
    }

    static void notUnderstood(Message message) {
        HubspotAnswer answer = new HubspotAnswer(
                message.getHeader(HubspotCalls.STATUS, 0, Integer.class), message.getBody(String.class));
        if (answer.ok()) {
            message.setHeader(HubspotCalls.STATUS, HubspotAnswer.NOT_UNDERSTOOD);
            message.setBody(answer.notUnderstood().body());
        }
    }

    private static Object blankToNull(Object value) {
        return value == null || value.toString().isEmpty() ? null : value;
    }

    private static JsonNode answer(Message message) {
        HubspotAnswer answer = new HubspotAnswer(
                message.getHeader(HubspotCalls.STATUS, 0, Integer.class), message.getBody(String.class));
        return answer.ok() ? answer.json().orElse(null) : null;
    }

    /** Splits a list of fields; a route that names the Kamelet by a URI passes the commas encoded. */
    static List<String> names(String fields) {
        return Arrays.stream(fields.replace("%2C", ",").split(","))
                .map(String::strip)
                .filter(field -> !field.isEmpty())
                .toList();
    }
}
