package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.store.Json;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * The steps of the reading Salesforce Kamelets that YAML can't say. A position is a moment, and after a blank the id
 * of the last record of that second that was read.
 */
public final class SalesforceReads {

    /** Header with the position of the next page; none when this was the last. */
    public static final String NEXT = "SluiceNext";
    /** Header with the moment up to which deletes are told. */
    public static final String COVERED = "SluiceCovered";

    private static final String SINCE = "SluiceSince";
    private static final String ASKED_AT = "SluiceAskedAt";

    /** Deletes that were read by query have no moment up to which they are told: what commits late is read once more. */
    private static final Duration LATE = Duration.ofHours(1);

    /** {@code 2026-01-02T03:04:05.000+0000} */
    private static final DateTimeFormatter MOMENT = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME).appendOffset("+HHMM", "Z").toFormatter();

    /** Values of a page: with many fields it has fewer records, or the answer would be larger than a call takes. */
    private static final int MOST_VALUES = 100_000;

    /** Property with how many records a page may have. */
    private static final String RECORDS = "SluicePageRecords";
    private static final int SMALLER = 4;

    private final InstantSource clock;
    /** What is read, to how many records of it fit into an answer, as long as there is more than a page of them. */
    private final Map<String, Integer> fitting = new ConcurrentHashMap<>();

    public SalesforceReads(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * From a position, the body, to the query of the page that follows. After an answer that was too large it asks for a quarter of
     * the records, down to one.
     */
    public void ask(Exchange exchange, String object, String externalId, String fields, int pageSize) {
        int records = fitting.getOrDefault(object + " " + fields, records(pageSize, fields));
        exchange.setProperty(RECORDS, records);
        exchange.getMessage().setBody(deltaQuery(exchange.getMessage().getBody(String.class), object, externalId, fields, records));
    }

    /** What became of it. */
    private void sized(Exchange exchange, String object, String fields) {
        Message message = exchange.getMessage();
        int records = exchange.getProperty(RECORDS, Integer.class);
        if (status(message) == SalesforceCalls.TOO_LARGE && records > 1) {
            fitting.put(object + " " + fields, Math.max(1, records / SMALLER));
        } else if (message.getBody() instanceof List && message.getHeader(NEXT) == null) {
            fitting.remove(object + " " + fields);
        }
    }

    /**
     * From a position to the query of the page that follows. SOQL compares moments by the second, so the second of the
     * position is read from the id on.
     */
    public String deltaQuery(String position, String object, String externalId, String fields, int pageSize) {
        String[] parts = position.strip().split(" ", 2);
        String from = second(Instant.parse(parts[0]));
        return select(object, externalId, fields) + " WHERE SystemModstamp >= " + from
                + (parts.length == 1 ? "" : " AND (SystemModstamp > " + from + " OR Id > '" + parts[1] + "')")
                + " ORDER BY SystemModstamp, Id LIMIT " + records(pageSize, fields);
    }

    private static int records(int pageSize, String fields) {
        return Math.max(1, Math.min(pageSize, MOST_VALUES / Math.max(1, names(fields).size())));
    }

    /** The head of a query for whole records, and for when each last changed. */
    static String select(String object, String externalId, String fields) {
        Set<String> read = new LinkedHashSet<>(List.of("Id", "SystemModstamp", externalId));
        read.addAll(names(fields));
        return "SELECT " + String.join(", ", read) + " FROM " + object;
    }

    /** The answer of {@link #ask}. */
    public void answered(Exchange exchange, String object, String externalId, String fields) {
        delta(exchange, externalId, fields, exchange.getProperty(RECORDS, Integer.class));
        sized(exchange, object, fields);
    }

    /** The answer of the query as a list of {@link CrmRecord}; an answer that is none stays what it is. */
    public void delta(Exchange exchange, String externalId, String fields, int pageSize) {
        Message message = exchange.getMessage();
        message.removeHeader(NEXT);
        JsonNode answer = page(exchange);
        if (answer == null) {
            return;
        }
        List<String> names = names(fields);
        List<CrmRecord> records = new ArrayList<>();
        for (JsonNode record : answer.path("records")) {
            if (record.path("Id").asText("").isEmpty() || record.path("SystemModstamp").asText("").isEmpty()) {
                SalesforceCalls.notUnderstood(exchange);
                return;
            }
            records.add(received(record, externalId, names));
        }
        if (records.isEmpty() && !isWhole(answer)) {
            SalesforceCalls.notUnderstood(exchange);
            return;
        }
        if (!records.isEmpty() && (!isWhole(answer) || records.size() >= records(pageSize, fields))) {
            // the last in the order of the query, in whatever order they came
            CrmRecord last = records.stream().filter(CrmRecord::hasTime)
                    .max(Comparator.comparing((CrmRecord it) -> it.at()).thenComparing(CrmRecord::crmId)).orElse(null);
            if (last == null) {
                SalesforceCalls.notUnderstood(exchange);
                return;
            }
            message.setHeader(NEXT, second(last.at()) + " " + last.crmId());
        }
        message.setBody(records);
    }

    /** A route that names the Kamelet by a URI hands the commas on as the URI has them. */
    static List<String> names(String fields) {
        return Arrays.stream(fields.replace("%2C", ",").split(",")).map(String::strip)
                .filter(field -> !field.isEmpty()).toList();
    }

    static CrmRecord received(JsonNode record, String externalId, List<String> names) {
        Map<String, Object> all = Json.fields(record.toString());
        Map<String, Object> fields = new LinkedHashMap<>();
        for (String name : names) {
            if (all.containsKey(name.contains(".") ? name.substring(0, name.indexOf('.')) : name)) {
                fields.put(name, value(all, name));   // what the answer does not have was not read
            }
        }
        JsonNode key = record.path(externalId);
        return new CrmRecord(record.path("Id").asText(), key.isNull() || key.isMissingNode() ? null : key.asText(),
                momentOrNull(record.path("SystemModstamp").asText()), fields);
    }

    /** {@code Parent__r.Key__c} stands inside the parent, which is null where there is none. */
    private static Object value(Map<String, Object> record, String name) {
        int dot = name.indexOf('.');
        if (dot < 0) {
            return record.get(name);
        }
        return record.get(name.substring(0, dot)) instanceof Map<?, ?> parent ? parent.get(name.substring(dot + 1)) : null;
    }

    /**
     * Asks for deletes since a moment, the body. Salesforce drops the seconds of both ends, so the end
     * lies ahead, or the last minute would stay untold.
     */
    public void deletedRequest(Exchange exchange, String object, String apiVersion, int minutesAhead) {
        Instant since = Instant.parse(exchange.getMessage().getBody(String.class).strip());
        Instant end = clock.instant().truncatedTo(ChronoUnit.MINUTES).plus(Duration.ofMinutes(minutesAhead));
        Instant earliest = end.minus(Duration.ofMinutes(1));
        exchange.setProperty(SINCE, since);
        exchange.setProperty(ASKED_AT, clock.instant());
        exchange.getMessage().setBody(null);
        exchange.getMessage().setHeader(SalesforceCalls.PATH, "/services/data/v" + apiVersion + "/sobjects/" + object
                + "/deleted/?start=" + encoded(since.isBefore(earliest) ? since : earliest) + "&end=" + encoded(end));
    }

    /** The answer as a list of {@link DeletedRecord}; an answer that is none stays what it is. */
    public void deleted(Exchange exchange) {
        JsonNode answer = answer(exchange.getMessage());
        if (answer == null || !answer.path("deletedRecords").isArray() || !isMoment(answer.path("latestDateCovered"))) {
            SalesforceCalls.notUnderstood(exchange);
            return;
        }
        List<DeletedRecord> gone = new ArrayList<>();
        for (JsonNode record : answer.path("deletedRecords")) {
            if (record.path("id").asText("").isEmpty() || !isMoment(record.path("deletedDate"))) {
                SalesforceCalls.notUnderstood(exchange);
                return;
            }
            gone.add(new DeletedRecord(record.path("id").asText(), moment(record.path("deletedDate"))));
        }
        exchange.getMessage().setBody(gone);
        exchange.getMessage().setHeader(COVERED, moment(answer.path("latestDateCovered")).toString());
    }

    /** Salesforce tells of deletes for 15 days at most, and of fewer when there were many. */
    public boolean isOverdue(Exchange exchange) {
        SalesforceAnswer answer = new SalesforceAnswer(status(exchange.getMessage()),
                exchange.getMessage().getBody(String.class));
        return answer.status() == 400 && answer.code().equals("INVALID_REPLICATION_DATE");
    }

    /** The path that looks into the recycle bin instead. */
    public String recycleBinPath(Exchange exchange, String object, String apiVersion, int pageSize) {
        String soql = "SELECT Id, SystemModstamp FROM " + object + " WHERE IsDeleted = true AND SystemModstamp >= "
                + second(exchange.getProperty(SINCE, Instant.class)) + " ORDER BY SystemModstamp, Id LIMIT " + pageSize;
        return "/services/data/v" + apiVersion + "/queryAll?q="
                + URLEncoder.encode(soql, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** What the recycle bin holds as a list of {@link DeletedRecord}. */
    public void recycled(Exchange exchange, int pageSize) {
        JsonNode answer = page(exchange);
        if (answer != null) {
            List<DeletedRecord> gone = new ArrayList<>();
            for (JsonNode record : answer.path("records")) {
                if (!isRecord(record)) {
                    SalesforceCalls.notUnderstood(exchange);
                    return;
                }
                gone.add(new DeletedRecord(record.path("Id").asText(), moment(record.path("SystemModstamp"))));
            }
            if (gone.isEmpty() && !isWhole(answer)) {
                SalesforceCalls.notUnderstood(exchange);
                return;
            }
            Instant covered = gone.size() >= pageSize || !isWhole(answer) ? gone.get(gone.size() - 1).at()
                    : exchange.getProperty(ASKED_AT, Instant.class).minus(LATE);
            exchange.getMessage().setBody(gone);
            exchange.getMessage().setHeader(COVERED, covered.toString());
        }
    }

    /** The limits as a map of each one's name to {@code max} and {@code remaining}; an answer that is none stays what it is. */
    public void limits(Exchange exchange) {
        JsonNode answer = answer(exchange.getMessage());
        if (answer == null || answer.isEmpty()) {
            SalesforceCalls.notUnderstood(exchange);
        } else {
            Map<String, Map<String, Long>> limits = new TreeMap<>();
            answer.properties().forEach(limit -> limits.put(limit.getKey(), Map.of("max",
                    limit.getValue().path("Max").asLong(), "remaining", limit.getValue().path("Remaining").asLong())));
            exchange.getMessage().setBody(limits);
        }
    }

    /** The answer where it is a page of a query, or null. One that is neither that nor an error is not understood. */
    private static JsonNode page(Exchange exchange) {
        JsonNode answer = answer(exchange.getMessage());
        if (answer != null && answer.path("records").isArray() && answer.path("done").isBoolean()
                && answer.path("totalSize").isNumber()) {
            return answer;
        }
        SalesforceCalls.notUnderstood(exchange);
        return null;
    }

    /** Whether a page of a query holds all that the query found ("Query" in the REST API Developer Guide). */
    static boolean isWhole(JsonNode page) {
        return page.path("records").isArray() && page.path("done").asBoolean()
                && page.path("totalSize").asLong(-1) == page.path("records").size();
    }

    static boolean isRecord(JsonNode record) {
        return !record.path("Id").asText("").isEmpty() && isMoment(record.path("SystemModstamp"));
    }

    private static boolean isMoment(JsonNode text) {
        return momentOrNull(text.asText()) != null;
    }

    /** Null where it is no moment. */
    static Instant momentOrNull(String text) {
        try {
            return moment(text);
        } catch (DateTimeParseException none) {
            return null;
        }
    }

    private static JsonNode answer(Message message) {
        SalesforceAnswer answer = new SalesforceAnswer(status(message), message.getBody(String.class));
        return answer.ok() ? answer.json().filter(JsonNode::isObject).orElse(null) : null;
    }

    private static int status(Message message) {
        return message.getHeader(SalesforceCalls.STATUS, 0, Integer.class);
    }

    private static Instant moment(JsonNode text) {
        return moment(text.asText());
    }

    static Instant moment(String text) {
        return OffsetDateTime.parse(text, MOMENT).toInstant();
    }

    static String second(Instant moment) {
        return moment.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String encoded(Instant moment) {
        return URLEncoder.encode(second(moment), StandardCharsets.UTF_8);
    }
}
