// SPDX-License-Identifier: Apache-2.0
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
 * Runs the steps of the reading Salesforce Kamelets that YAML can't express. An offset is a time, optionally followed
 * by a blank and the id of the last record that was read of that second.
 */
public final class SalesforceReads {

    /** Header with the offset of the next page; absent after the last page. */
    public static final String NEXT = "SluiceNext";
    /** Header with the time up to which the deletes are complete. */
    public static final String COVERED = "SluiceCovered";

    private static final String SINCE = "SluiceSince";
    private static final String READ_AT = "SluiceReadAt";

    /**
     * Overlap between two reads of deletes by query, which are complete up to no certain time: a late commit is read by
     * the next.
     */
    private static final Duration OVERLAP = Duration.ofHours(1);

    /** {@code 2026-01-02T03:04:05.000+0000} */
    private static final DateTimeFormatter TIME_FORMAT = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .appendOffset("+HHMM", "Z")
            .toFormatter();

    /**
     * Maximum number of values in a page: a page with many fields has fewer records, so that the answer is not too
     * large.
     */
    private static final int MAX_VALUES = 100_000;

    /** Property with the number of records in a page. */
    private static final String RECORDS = "SluicePageRecords";

    private static final int SHRINK_FACTOR = 4;

    private final InstantSource clock;
    /** Maps a read to the number of its records that fit into an answer, while more than a page of them remains. */
    private final Map<String, Integer> fitting = new ConcurrentHashMap<>();

    public SalesforceReads(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * Replaces the offset in the body by the query of the page that follows. After an answer that was too large, the
     * page has a quarter of the records, down to one.
     */
    public void ask(Exchange exchange, String object, String externalId, String fields, int pageSize) {
        int records = fitting.getOrDefault(object + " " + fields, records(pageSize, fields));
        exchange.setProperty(RECORDS, records);
        exchange.getMessage()
                .setBody(deltaQuery(exchange.getMessage().getBody(String.class), object, externalId, fields, records));
    }

    /** Adjusts the page size to the answer. */
    private void adjustPageSize(Exchange exchange, String object, String fields) {
        Message message = exchange.getMessage();
        int records = exchange.getProperty(RECORDS, Integer.class);
        if (status(message) == SalesforceCalls.TOO_LARGE && records > 1) {
            fitting.put(object + " " + fields, Math.max(1, records / SHRINK_FACTOR));
        } else if (message.getBody() instanceof List && message.getHeader(NEXT) == null) {
            fitting.remove(object + " " + fields);
        }
    }

    /**
     * Returns the query of the page after an offset. SOQL compares times by the second, so the second of the offset is
     * read from the id on.
     */
    public String deltaQuery(String offset, String object, String externalId, String fields, int pageSize) {
        String[] parts = offset.strip().split(" ", 2);
        String from = second(Instant.parse(parts[0]));
        return select(object, externalId, fields) + " WHERE SystemModstamp >= " + from
                + (parts.length == 1 ? "" : " AND (SystemModstamp > " + from + " OR Id > '" + parts[1] + "')")
                + " ORDER BY SystemModstamp, Id LIMIT " + records(pageSize, fields);
    }

    private static int records(int pageSize, String fields) {
        return Math.max(
                1, Math.min(pageSize, MAX_VALUES / Math.max(1, names(fields).size())));
    }

    /** Returns the start of a query for records with their change times. */
    static String select(String object, String externalId, String fields) {
        Set<String> read = new LinkedHashSet<>(List.of("Id", "SystemModstamp", externalId));
        read.addAll(names(fields));
        return "SELECT " + String.join(", ", read) + " FROM " + object;
    }

    /** Takes the answer of {@link #ask}. */
    public void answered(Exchange exchange, String object, String externalId, String fields) {
        delta(exchange, externalId, fields, exchange.getProperty(RECORDS, Integer.class));
        adjustPageSize(exchange, object, fields);
    }

    /**
     * Sets the records of the query's answer as the body, a list of {@link CrmRecord}. An answer that is an error stays
     * as it is.
     */
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
            if (record.path("Id").asText("").isEmpty()
                    || record.path("SystemModstamp").asText("").isEmpty()) {
                SalesforceCalls.notUnderstood(exchange);
                return;
            }
            records.add(crmRecord(record, externalId, names));
        }
        if (records.isEmpty() && !isWhole(answer)) {
            SalesforceCalls.notUnderstood(exchange);
            return;
        }
        if (!records.isEmpty() && (!isWhole(answer) || records.size() >= records(pageSize, fields))) {
            // the last record in the order of the query, whatever the order in the answer
            CrmRecord last = records.stream()
                    .filter(CrmRecord::hasTime)
                    .max(Comparator.comparing((CrmRecord it) -> it.at()).thenComparing(CrmRecord::crmId))
                    .orElse(null);
            if (last == null) {
                SalesforceCalls.notUnderstood(exchange);
                return;
            }
            message.setHeader(NEXT, second(last.at()) + " " + last.crmId());
        }
        message.setBody(records);
    }

    /** Splits a list of fields; a route that names the Kamelet by a URI passes the commas encoded. */
    static List<String> names(String fields) {
        return Arrays.stream(fields.replace("%2C", ",").split(","))
                .map(String::strip)
                .filter(field -> !field.isEmpty())
                .toList();
    }

    static CrmRecord crmRecord(JsonNode record, String externalId, List<String> names) {
        Map<String, Object> all = Json.fields(record.toString());
        Map<String, Object> fields = new LinkedHashMap<>();
        for (String name : names) {
            if (all.containsKey(name.contains(".") ? name.substring(0, name.indexOf('.')) : name)) {
                fields.put(name, value(all, name)); // a field that the answer lacks was not read
            }
        }
        JsonNode key = record.path(externalId);
        return new CrmRecord(
                record.path("Id").asText(),
                key.isNull() || key.isMissingNode() ? null : key.asText(),
                instantOrNull(record.path("SystemModstamp").asText()),
                fields);
    }

    /**
     * Returns a field of a record; {@code Parent__r.Key__c} is inside the parent, which is null where there is none.
     */
    private static Object value(Map<String, Object> record, String name) {
        int dot = name.indexOf('.');
        if (dot < 0) {
            return record.get(name);
        }
        return record.get(name.substring(0, dot)) instanceof Map<?, ?> parent
                ? parent.get(name.substring(dot + 1))
                : null;
    }

    /**
     * Requests the deletes since the time in the body. Salesforce ignores the seconds of both ends, so the end lies
     * ahead; otherwise the deletes of the last minute would be missing.
     */
    public void deletedRequest(Exchange exchange, String object, String apiVersion, int minutesAhead) {
        Instant since =
                Instant.parse(exchange.getMessage().getBody(String.class).strip());
        Instant end = clock.instant().truncatedTo(ChronoUnit.MINUTES).plus(Duration.ofMinutes(minutesAhead));
        Instant earliest = end.minus(Duration.ofMinutes(1));
        exchange.setProperty(SINCE, since);
        exchange.setProperty(READ_AT, clock.instant());
        exchange.getMessage().setBody(null);
        exchange.getMessage()
                .setHeader(
                        SalesforceCalls.PATH,
                        "/services/data/v" + apiVersion + "/sobjects/" + object + "/deleted/?start="
                                + encoded(since.isBefore(earliest) ? since : earliest) + "&end=" + encoded(end));
    }

    /** Sets the deletes as the body, a list of {@link DeletedRecord}. An answer that is an error stays as it is. */
    public void deleted(Exchange exchange) {
        JsonNode answer = answer(exchange.getMessage());
        if (answer == null || !answer.path("deletedRecords").isArray() || !isTime(answer.path("latestDateCovered"))) {
            SalesforceCalls.notUnderstood(exchange);
            return;
        }
        List<DeletedRecord> deletes = new ArrayList<>();
        for (JsonNode record : answer.path("deletedRecords")) {
            if (record.path("id").asText("").isEmpty() || !isTime(record.path("deletedDate"))) {
                SalesforceCalls.notUnderstood(exchange);
                return;
            }
            deletes.add(new DeletedRecord(record.path("id").asText(), instant(record.path("deletedDate"))));
        }
        exchange.getMessage().setBody(deletes);
        exchange.getMessage()
                .setHeader(COVERED, instant(answer.path("latestDateCovered")).toString());
    }

    /**
     * Tells whether the start is too long ago: Salesforce lists deletes for 15 days at most, and for fewer when there
     * were many.
     */
    public boolean isOverdue(Exchange exchange) {
        SalesforceAnswer answer = new SalesforceAnswer(
                status(exchange.getMessage()), exchange.getMessage().getBody(String.class));
        return answer.status() == 400 && answer.code().equals("INVALID_REPLICATION_DATE");
    }

    /** Returns the path of the query over the recycle bin. */
    public String recycleBinPath(Exchange exchange, String object, String apiVersion, int pageSize) {
        String soql = "SELECT Id, SystemModstamp FROM " + object + " WHERE IsDeleted = true AND SystemModstamp >= "
                + second(exchange.getProperty(SINCE, Instant.class)) + " ORDER BY SystemModstamp, Id LIMIT " + pageSize;
        return "/services/data/v" + apiVersion + "/queryAll?q="
                + URLEncoder.encode(soql, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Sets the content of the recycle bin as the body, a list of {@link DeletedRecord}. */
    public void recycled(Exchange exchange, int pageSize) {
        JsonNode answer = page(exchange);
        if (answer != null) {
            List<DeletedRecord> deletes = new ArrayList<>();
            for (JsonNode record : answer.path("records")) {
                if (!isRecord(record)) {
                    SalesforceCalls.notUnderstood(exchange);
                    return;
                }
                deletes.add(new DeletedRecord(record.path("Id").asText(), instant(record.path("SystemModstamp"))));
            }
            if (deletes.isEmpty() && !isWhole(answer)) {
                SalesforceCalls.notUnderstood(exchange);
                return;
            }
            Instant covered = deletes.size() >= pageSize || !isWhole(answer)
                    ? deletes.get(deletes.size() - 1).at()
                    : exchange.getProperty(READ_AT, Instant.class).minus(OVERLAP);
            exchange.getMessage().setBody(deletes);
            exchange.getMessage().setHeader(COVERED, covered.toString());
        }
    }

    /**
     * Sets the limits as the body, a map from the name to {@code max} and {@code remaining}. An answer that is an error
     * stays as it is.
     */
    public void limits(Exchange exchange) {
        JsonNode answer = answer(exchange.getMessage());
        if (answer == null || answer.isEmpty()) {
            SalesforceCalls.notUnderstood(exchange);
        } else {
            Map<String, Map<String, Long>> limits = new TreeMap<>();
            answer.properties()
                    .forEach(limit -> limits.put(
                            limit.getKey(),
                            Map.of(
                                    "max",
                                    limit.getValue().path("Max").asLong(),
                                    "remaining",
                                    limit.getValue().path("Remaining").asLong())));
            exchange.getMessage().setBody(limits);
        }
    }

    /**
     * Returns the answer if it is a page of a query, else null. An answer that is neither a page nor an error is not
     * understood.
     */
    private static JsonNode page(Exchange exchange) {
        JsonNode answer = answer(exchange.getMessage());
        if (answer != null
                && answer.path("records").isArray()
                && answer.path("done").isBoolean()
                && answer.path("totalSize").isNumber()) {
            return answer;
        }
        SalesforceCalls.notUnderstood(exchange);
        return null;
    }

    /** Tells whether a page holds all records that the query found ("Query" in the REST API Developer Guide). */
    static boolean isWhole(JsonNode page) {
        return page.path("records").isArray()
                && page.path("done").asBoolean()
                && page.path("totalSize").asLong(-1) == page.path("records").size();
    }

    static boolean isRecord(JsonNode record) {
        return !record.path("Id").asText("").isEmpty() && isTime(record.path("SystemModstamp"));
    }

    private static boolean isTime(JsonNode text) {
        return instantOrNull(text.asText()) != null;
    }

    /** Parses a time; null where the text is not one. */
    static Instant instantOrNull(String text) {
        try {
            return instant(text);
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

    private static Instant instant(JsonNode text) {
        return instant(text.asText());
    }

    static Instant instant(String text) {
        return OffsetDateTime.parse(text, TIME_FORMAT).toInstant();
    }

    static String second(Instant moment) {
        return moment.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String encoded(Instant moment) {
        return URLEncoder.encode(second(moment), StandardCharsets.UTF_8);
    }
}
