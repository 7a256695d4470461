package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.RecordChange;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * The steps of asking what became of records: one query over all rows, those in the recycle bin included ("QueryAll" in the
 * REST API Developer Guide, https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm).
 */
public final class SalesforceLookups {

    private static final String ASKED = "SluiceLookup";
    private static final String QUERIES = "SluiceLookupQueries";
    private static final int MOST = 200;

    /** Keeps the records of the body, each with crmId and key. */
    public void begin(Exchange exchange) {
        List<RecordChange> asked = RecordChange.listOf(exchange.getMessage().getBody());
        if (asked.size() > MOST) {
            throw new IllegalArgumentException("A look-up takes " + MOST + " records at most, but got " + asked.size());
        }
        exchange.setProperty(ASKED, asked);
        exchange.setProperty(QUERIES, 0);
    }

    /** Whether a query is left to be made: a second one where the first was refused for the quotes around numbers. */
    public boolean isMore(Exchange exchange) {
        int queries = exchange.getProperty(QUERIES, 0, Integer.class);
        return queries == 0 || queries == 1 && isRefusedForQuotes(exchange);
    }

    private static boolean isRefusedForQuotes(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        return answer.status() == 400 && answer.code().equals("INVALID_FIELD")
                && asked(exchange).stream().allMatch(it -> it.key().matches("-?\\d+(\\.\\d+)?"));
    }

    public String path(Exchange exchange, String object, String externalId, String fields, String apiVersion) {
        int queries = exchange.getProperty(QUERIES, 0, Integer.class);
        List<RecordChange> asked = asked(exchange);
        List<String> ids = asked.stream().map(RecordChange::crmId).filter(id -> id != null).toList();
        String soql = "SELECT " + Stream.concat(Stream.of("Id", "IsDeleted", "SystemModstamp", externalId),
                SalesforceReads.names(fields).stream()).distinct().collect(Collectors.joining(", ")) + " FROM " + object
                + " WHERE " + (ids.isEmpty() ? "" : "Id IN (" + list(ids.stream(), true) + ") OR ") + externalId
                + " IN (" + list(asked.stream().map(RecordChange::key), queries == 0) + ")";
        return "/services/data/v" + apiVersion + "/queryAll?q=" + URLEncoder.encode(soql, StandardCharsets.UTF_8)
                .replace("+", "%20");
    }

    /** Counts the query and makes its message; an expression can't do that, since Camel evaluates it on a copy. */
    public void request(Exchange exchange) {
        exchange.setProperty(QUERIES, exchange.getProperty(QUERIES, 0, Integer.class) + 1);
        exchange.getMessage().setHeader(SalesforceCalls.RECORDS, asked(exchange).size());
        exchange.getMessage().setBody(null);
    }

    private static String list(Stream<String> values, boolean quoted) {
        String list = values.map(value -> quoted ? "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" : value)
                .collect(Collectors.joining(","));
        return list.isEmpty() ? "''" : list;
    }

    /**
     * The answer as a list: {@link CrmRecord} of each record that is there, by its id or by its key, and {@link DeletedRecord} of each
     * id under which there is none; without a time where the recycle bin does not have it (any more). An answer that does not
     * say all stays what it is.
     */
    public void found(Exchange exchange, String externalId, String fields) {
        Message message = exchange.getMessage();
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        JsonNode json = answer.ok() ? answer.json().filter(it -> it.path("records").isArray()
                && it.path("done").asBoolean()).orElse(null) : null;
        if (json == null) {
            return;
        }
        List<Object> found = new ArrayList<>();
        Set<String> there = new HashSet<>();
        Map<String, String> asked = asked(exchange).stream().map(RecordChange::crmId).filter(id -> id != null)
                .collect(Collectors.toMap(SalesforceLookups::core, id -> id, (a, b) -> b));
        json.path("records").forEach(record -> {
            String id = core(record.path("Id").asText());
            if (!record.path("IsDeleted").asBoolean()) {
                there.add(id);
                found.add((Object) SalesforceReads.received(record, externalId, SalesforceReads.names(fields)));
            } else if (asked.containsKey(id) && there.add(id)) {
                found.add(new DeletedRecord(asked.get(id), SalesforceReads.moment(record.path("SystemModstamp").asText())));
            }
        });
        asked.forEach((core, id) -> {
            if (!there.contains(core)) {
                found.add(new DeletedRecord(id, null));
            }
        });
        message.setBody(found);
    }

    /** An id of 18 characters is that of 15 with a checksum at its end. */
    private static String core(String id) {
        return id.length() == 18 ? id.substring(0, 15) : id;
    }

    @SuppressWarnings("unchecked")
    private static List<RecordChange> asked(Exchange exchange) {
        return exchange.getProperty(ASKED, List.class);
    }
}
