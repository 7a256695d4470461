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

/** The steps of the reading Kamelets that YAML can't say. */
public final class HubspotReads {

    /** Header with the position of the next page; none when this was the last. */
    public static final String NEXT = "SluiceNext";
    /** Header with the moment up to which deletes are told. */
    public static final String COVERED = "SluiceCovered";

    private static final String SINCE = "SluiceSince";
    private static final String POSITION = "SluicePosition";
    private static final String GONE = "SluiceGone";
    private static final String ASKED = "SluiceAskedIds";
    private static final String ASKED_AT = "SluiceAskedAt";
    /** What is archived while the list is read may be passed by. */
    private static final Duration LATE = Duration.ofMinutes(1);
    private static final Set<String> CONTACTS = Set.of("contacts", "contact", "0-1");
    private static final String NO_SUCH_OBJECT = "Unable to infer object type";
    private static final List<String> OBJECTS = List.of("contacts", "companies", "deals", "tickets", "products",
            "line_items");

    private final InstantSource clock;

    HubspotReads(InstantSource clock) {
        this.clock = clock;
    }

    // --- what changed

    /** From a position to the body of the search of the page that follows. */
    public void searchRequest(Exchange exchange, String object, String externalId, String fields) {
        SearchPage searchPage = SearchPage.of(exchange.getMessage().getBody(String.class));
        exchange.setProperty(POSITION, searchPage);
        List<String> properties = new ArrayList<>(names(fields));
        properties.add(externalId);
        exchange.getMessage().setBody(searchPage.body(stamp(object), properties));
    }

    public String searchPath(String apiVersion, String object) {
        return ApiPaths.objects(apiVersion, object) + "/search";
    }

    /** The answer of the search as a list of {@link CrmRecord}; an answer that is none stays what it is. */
    public void found(Exchange exchange, String object, String externalId, String fields) {
        Message message = exchange.getMessage();
        message.removeHeader(NEXT);
        JsonNode answer = page(message);
        if (answer == null) {
            return;
        }
        List<CrmRecord> records = records(answer, stamp(object), externalId, names(fields));
        SearchPage searchPage = exchange.getProperty(POSITION, SearchPage.class);
        long total = answer.path("total").asLong(-1);
        String after = answer.path("paging").path("next").path("after").asText(null);
        if (records == null || total < 0 || records.isEmpty() && after == null && total > searchPage.read()) {
            notUnderstood(message);
            return;
        }
        CrmRecord last = records.stream().filter(CrmRecord::hasTime).reduce((earlier, later) -> later).orElse(null);
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

    // --- what was archived: HubSpot tells of it by no stamp, so that its list is read

    /** Begins to read the list of what is archived, for what went since a moment, the body. */
    public void archivedSince(Exchange exchange) {
        exchange.setProperty(SINCE, Instant.parse(exchange.getMessage().getBody(String.class).strip()));
        exchange.setProperty(ASKED_AT, clock.instant());
        exchange.setProperty(GONE, new ArrayList<DeletedRecord>());
        exchange.setProperty(POSITION, "");
        exchange.getMessage().setBody(null);
    }

    /** Whether a page of it is left to be read. */
    public boolean isMore(Exchange exchange) {
        return exchange.getProperty(POSITION) != null;
    }

    public String archivedPath(Exchange exchange, String apiVersion, String object) {
        String after = exchange.getProperty(POSITION, String.class);
        return ApiPaths.objects(apiVersion, object) + "?archived=true&limit=100" + (after.isEmpty() ? "" : "&after=" + after);
    }

    /**
     * Takes a page of it. An answer that is none ends the reading, and what it says stays on the message; so does a page
     * with a record that is not archived, which is no page of this list.
     */
    @SuppressWarnings("unchecked")
    public void archivedPage(Exchange exchange) {
        JsonNode answer = page(exchange.getMessage());
        exchange.removeProperty(POSITION);
        Instant since = exchange.getProperty(SINCE, Instant.class).minus(LATE);
        List<DeletedRecord> gone = exchange.getProperty(GONE, List.class);
        boolean understood = answer != null;
        for (JsonNode record : answer == null ? List.<JsonNode>of() : answer.path("results")) {
            Instant at = moment(record.path("archivedAt").asText(record.path("updatedAt").asText()));
            understood &= at != null && record.path("archived").asBoolean() && !record.path("id").asText().isEmpty();
            if (understood && !at.isBefore(since)) {
                gone.add(new DeletedRecord(record.path("id").asText(), at));
            }
        }
        if (!understood) {
            exchange.removeProperty(GONE);
            notUnderstood(exchange.getMessage());
            return;
        }
        String next = answer.path("paging").path("next").path("after").asText(null);
        if (next != null && next.matches("\\w{1,40}")) {
            exchange.setProperty(POSITION, next);
            exchange.getMessage().setBody(null);
        }
    }

    /** Hands on what was archived. */
    public void archived(Exchange exchange) {
        Object gone = exchange.removeProperty(GONE);
        if (gone != null) {
            exchange.getMessage().setBody(gone);
            exchange.getMessage().setHeader(COVERED, exchange.getProperty(ASKED_AT, Instant.class).toString());
        }
    }

    // --- single records

    /** From a list of ids, or of values of a unique property where one is named, to the body of a batch reading. */
    public void readRequest(Exchange exchange, String object, String externalId, String fields) {
        List<String> properties = new ArrayList<>(names(fields));
        properties.add(stamp(object));
        properties.add(externalId.isBlank() ? BatchReadResult.MERGED : externalId);
        List<?> ids = exchange.getMessage().getBody(List.class);
        exchange.setProperty(ASKED, ids.stream().map(Object::toString).toList());
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, ids.size());
        exchange.getMessage().setBody(BatchRequests.read(ids.stream().map(Object::toString).toList(),
                externalId.isBlank() ? null : externalId, properties));
    }

    /**
     * The answer as a list of {@link CrmRecord}, and of {@link DeletedRecord} where HubSpot says of a record that it is not there. It
     * lacks those of which the answer says nothing; one that says nothing of any record is none.
     */
    @SuppressWarnings("unchecked")
    public void read(Exchange exchange, String object, String externalId, String fields) {
        Message message = exchange.getMessage();
        List<String> asked = (List<String>) exchange.removeProperty(ASKED);
        BatchReadResult batchReadResult = BatchReadResult.of(new HubspotAnswer(message.getHeader(HubspotCalls.STATUS, 0, Integer.class),
                message.getBody(String.class)), externalId, asked);
        List<Object> records = new ArrayList<>();
        batchReadResult.found().values().forEach(record -> {
            CrmRecord crmRecord = received(record, stamp(object), externalId.isBlank() ? null : externalId, names(fields));
            if (crmRecord != null) {
                records.add(crmRecord);
            }
        });
        batchReadResult.gone().forEach(id -> records.add(new DeletedRecord(id, clock.instant())));
        if (!records.isEmpty() || asked.isEmpty()) {
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
     * The properties of an object as an {@link ObjectShape}; an answer that is none stays what it is. That there is no such
     * object is a 400 of HubSpot's, and a 404 here.
     */
    public void shape(Exchange exchange, String object) {
        JsonNode answer = page(exchange.getMessage());
        if (answer != null && (answer.path("results").isEmpty() || StreamSupport.stream(
                answer.path("results").spliterator(), false).anyMatch(it -> it.path("name").asText("").isEmpty()
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
            boolean readOnly = property.path("modificationMetadata").path("readOnlyValue").asBoolean()
                    || property.path("calculated").asBoolean();
            boolean unique = property.path("hasUniqueValue").asBoolean()
                    || CONTACTS.contains(object) && name.equals("email");
            fields.put(name, new ObjectShape.Field(name, property.path("type").asText(), !readOnly, unique, List.of(),
                    property.path("fieldType").asText(""), null, facts(property, unique)));
        });
        exchange.getMessage().setBody(new ObjectShape(HubspotObjects.plural(object), fields));
    }

    /** "Property type and fieldType values": developers.hubspot.com/docs/guides/api/crm/properties. */
    private static ObjectShape.Facts facts(JsonNode property, boolean unique) {
        List<String> options = new ArrayList<>();
        property.path("options").forEach(option -> options.add(option.path("value").asText()));
        ObjectShape.Kind kind = switch (property.path("type").asText()) {
            case "string", "phone_number", "json" -> ObjectShape.Kind.TEXT;
            case "number" -> ObjectShape.Kind.NUMBER;
            case "bool" -> ObjectShape.Kind.BOOLEAN;
            case "date" -> ObjectShape.Kind.DATE;
            case "datetime" -> ObjectShape.Kind.DATETIME;
            case "enumeration" -> property.path("fieldType").asText().equals("checkbox") ? ObjectShape.Kind.CHOICES
                    : ObjectShape.Kind.CHOICE;
            case "object_coordinates" -> ObjectShape.Kind.COMPOUND;
            default -> ObjectShape.Kind.OTHER;
        };
        return new ObjectShape.Facts(kind, 0, options, unique,
                property.path("calculated").asBoolean() ? "is calculated" : null, false, false);
    }

    public String schemasPath(String apiVersion) {
        return ApiPaths.schemas(apiVersion);
    }

    /** The objects that every account has, and the custom ones that the answer names. */
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

    // --- what they have in common

    /** Of contacts it has a name of its own. */
    static String stamp(String object) {
        return CONTACTS.contains(object) ? "lastmodifieddate" : "hs_lastmodifieddate";
    }

    /** The records of a page; null where one of them is no record. */
    private static List<CrmRecord> records(JsonNode page, String stamp, String externalId, List<String> names) {
        List<CrmRecord> records = new ArrayList<>();
        for (JsonNode record : page.path("results")) {
            CrmRecord crmRecord = received(record, stamp, externalId, names);
            if (crmRecord == null) {
                return null;
            }
            records.add(crmRecord);
        }
        return records;
    }

    /** A property that the answer does not have was not read; a record without id, stamp or properties is none: null. */
    static CrmRecord received(JsonNode record, String stamp, String externalId, List<String> names) {
        if (record.path("id").asText("").isEmpty() || !record.path("properties").isObject()) {
            return null;
        }
        Map<String, Object> properties = Json.fields(record.path("properties").toString());
        Map<String, Object> fields = new LinkedHashMap<>();
        names.stream().filter(properties::containsKey).forEach(name -> fields.put(name, blankToNull(properties.get(name))));
        Object key = externalId == null ? null : blankToNull(properties.get(externalId));
        Object at = properties.get(stamp);
        String updated = record.path("updatedAt").asText("");
        if (at == null && updated.isEmpty()) {
            return null;
        }
        Instant changed = at == null ? null : moment(at.toString());
        return new CrmRecord(record.path("id").asText(), key == null ? null : key.toString(),
                changed == null ? moment(updated) : changed, fields);
    }

    private static Instant moment(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException none) {
            return null;
        }
    }

    /** The answer where it is a page of results, or null. One that is neither that nor an error is not understood. */
    private static JsonNode page(Message message) {
        JsonNode answer = answer(message);
        if (answer != null && answer.path("results").isArray()) {
            return answer;
        }
        notUnderstood(message);
        return null;
    }

    static void notUnderstood(Message message) {
        HubspotAnswer answer = new HubspotAnswer(message.getHeader(HubspotCalls.STATUS, 0, Integer.class),
                message.getBody(String.class));
        if (answer.ok()) {
            message.setHeader(HubspotCalls.STATUS, HubspotAnswer.NOT_UNDERSTOOD);
            message.setBody(answer.misfit().body());
        }
    }

    private static Object blankToNull(Object value) {
        return value == null || value.toString().isEmpty() ? null : value;
    }

    private static JsonNode answer(Message message) {
        HubspotAnswer answer = new HubspotAnswer(message.getHeader(HubspotCalls.STATUS, 0, Integer.class),
                message.getBody(String.class));
        return answer.ok() ? answer.json().orElse(null) : null;
    }

    /** A route that names the Kamelet by a URI hands the commas on as the URI has them. */
    static List<String> names(String fields) {
        return Arrays.stream(fields.replace("%2C", ",").split(",")).map(String::strip)
                .filter(field -> !field.isEmpty()).toList();
    }
}
