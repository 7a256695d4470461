// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Operation;
import io.sluice.RecordChange;
import io.sluice.crm.CrmId;
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
 * Looks up what became of records, with one query over all rows including the recycle bin ("QueryAll" in the REST API
 * Developer Guide, https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm).
 */
public final class SalesforceLookups {

    private static final String ASKED = "SluiceLookup";
    private static final String QUERIES = "SluiceLookupQueries";
    private static final int MAX_RECORDS = 200;

    /** Starts with the records in the body, each with crmId and key, or with ids alone. */
    public void begin(Exchange exchange) {
        List<RecordChange> asked = exchange.getMessage().getBody() instanceof List<?> ids
                        && !ids.isEmpty()
                        && ids.stream().allMatch(String.class::isInstance)
                ? ids.stream()
                        .map(id -> new RecordChange(null, Operation.UPSERT, id.toString(), Map.of()))
                        .toList()
                : RecordChange.listOf(exchange.getMessage().getBody());
        if (asked.size() > MAX_RECORDS) {
            throw new IllegalArgumentException(
                    "A lookup takes " + MAX_RECORDS + " records at most, but the list has " + asked.size());
        }
        exchange.setProperty(ASKED, asked);
        exchange.setProperty(QUERIES, 0);
    }

    /**
     * Tells whether another query is needed: a second one where Salesforce rejected the quotes around numbers in the
     * first.
     */
    public boolean isMore(Exchange exchange) {
        int queries = exchange.getProperty(QUERIES, 0, Integer.class);
        return queries == 0 || queries == 1 && isRejectedForQuotes(exchange);
    }

    private static boolean isRejectedForQuotes(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        return answer.status() == 400
                && answer.code().equals("INVALID_FIELD")
                && asked(exchange).stream()
                        .allMatch(it -> it.key() != null && it.key().matches("-?\\d+(\\.\\d+)?"));
    }

    public String path(Exchange exchange, String object, String externalId, String fields, String apiVersion) {
        int queries = exchange.getProperty(QUERIES, 0, Integer.class);
        List<RecordChange> asked = asked(exchange);
        List<String> ids =
                asked.stream().map(RecordChange::crmId).filter(id -> id != null).toList();
        List<String> keys =
                asked.stream().map(RecordChange::key).filter(key -> key != null).toList();
        // a record without an external id would match an empty list of keys
        String condition = Stream.of(
                        ids.isEmpty() ? "" : "Id IN (" + list(ids.stream(), true) + ")",
                        keys.isEmpty() && !ids.isEmpty()
                                ? ""
                                : externalId + " IN (" + list(keys.stream(), queries == 0) + ")")
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(" OR "));
        String soql = "SELECT "
                + Stream.concat(
                                Stream.of("Id", "IsDeleted", "SystemModstamp", externalId),
                                SalesforceReads.names(fields).stream())
                        .distinct()
                        .collect(Collectors.joining(", "))
                + " FROM " + object
                + " WHERE " + condition;
        return "/services/data/v" + apiVersion + "/queryAll?q="
                + URLEncoder.encode(soql, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Counts the query and prepares its message; an expression can't do that, since Camel evaluates it on a copy. */
    public void request(Exchange exchange) {
        exchange.setProperty(QUERIES, exchange.getProperty(QUERIES, 0, Integer.class) + 1);
        exchange.getMessage().setHeader(SalesforceCalls.RECORDS, asked(exchange).size());
        exchange.getMessage().setBody(null);
    }

    private static String list(Stream<String> values, boolean quoted) {
        String list = values.map(
                        value -> quoted ? "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" : value)
                .collect(Collectors.joining(","));
        return list.isEmpty() ? "''" : list;
    }

    /**
     * Sets a list as the body: a {@link CrmRecord} for each existing record, by id or by key, and a
     * {@link DeletedRecord} for each id without one; its time is null where the recycle bin does not have the record (any
     * more). An incomplete answer stays as it is.
     */
    public void found(Exchange exchange, String externalId, String fields) {
        Message message = exchange.getMessage();
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        JsonNode json = answer.ok()
                ? answer.json()
                        .filter(it ->
                                it.path("records").isArray() && it.path("done").asBoolean())
                        .orElse(null)
                : null;
        if (json == null) {
            return;
        }
        List<Object> found = new ArrayList<>();
        Set<String> known = new HashSet<>();
        Map<String, String> asked = asked(exchange).stream()
                .map(RecordChange::crmId)
                .filter(id -> id != null)
                .collect(Collectors.toMap(CrmId::withoutChecksum, id -> id, (a, b) -> b));
        json.path("records").forEach(record -> {
            String id = CrmId.withoutChecksum(record.path("Id").asText());
            if (!record.path("IsDeleted").asBoolean()) {
                known.add(id);
                found.add((Object) SalesforceReads.crmRecord(record, externalId, SalesforceReads.names(fields)));
            } else if (asked.containsKey(id) && known.add(id)) {
                found.add(new DeletedRecord(
                        asked.get(id),
                        SalesforceReads.instant(record.path("SystemModstamp").asText())));
            }
        });
        asked.forEach((core, id) -> {
            if (!known.contains(core)) {
                found.add(new DeletedRecord(id, null));
            }
        });
        message.setBody(found);
    }

    @SuppressWarnings("unchecked")
    private static List<RecordChange> asked(Exchange exchange) {
        return exchange.getProperty(ASKED, List.class);
    }
}
