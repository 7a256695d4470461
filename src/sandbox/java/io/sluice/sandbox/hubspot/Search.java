// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Serves {@code /objects/X/search} (<a
 * href="https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm">CRM search</a>): up to 200 records
 * a page and 10,000 a query, never archived ones. A fault indexLag hides the writes of its last {@code lagMs}
 * milliseconds from searches; a read by id sees them.
 */
final class Search {

    private static final int LARGEST_BODY = 3_000;
    private static final int LARGEST_PAGE = 200;
    private static final int USUAL_PAGE = 10;
    private static final int LARGEST_RESULT = 10_000;

    private Search() {}

    static Answer run(ApiCall call, Request.Attempt attempt) {
        if (call.call().text().length() > LARGEST_BODY) {
            throw HubspotError.invalid("A search has no more than " + LARGEST_BODY + " characters.")
                    .thrown();
        }
        Table table = call.table();
        JsonNode body = call.body();
        int limit = number(body, "limit", USUAL_PAGE);
        int after = number(body, "after", 0);
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw HubspotError.invalid("A limit lies between 1 and " + LARGEST_PAGE + ".")
                    .thrown();
        }
        if (after + limit > LARGEST_RESULT) {
            throw HubspotError.invalid("A search leads no further than its first " + LARGEST_RESULT
                            + " results. Narrow the filters.")
                    .thrown();
        }
        List<Row> found = find(
                call,
                table,
                SearchFilter.of(call, table, body.path("filterGroups")),
                SearchQuery.of(call, table, body.path("query").asText("")));
        sort(table, body.path("sorts"), found);
        return Answers.json(200, page(table, body, found, after, limit));
    }

    private static List<Row> find(ApiCall call, Table table, SearchFilter filter, SearchQuery query) {
        long newest = call.account()
                .faults()
                .strikeWork(
                        Fault.Kind.INDEX_LAG, Operations.SEARCH, table.type().name(), false)
                .map(fault ->
                        call.store().now() - fault.settings().path("lagMs").asLong(5_000))
                .orElse(Long.MAX_VALUE);
        List<Row> found = new ArrayList<>();
        for (Row row : filter.candidates(call.store(), table)) {
            if (!row.isDeleted() && row.stamp() <= newest && filter.test(row) && query.test(row)) {
                found.add(row);
            }
        }
        return found;
    }

    private static void sort(Table table, JsonNode sorts, List<Row> rows) {
        if (sorts.size() > 1) {
            throw HubspotError.invalid("A search takes one sort.").thrown();
        }
        Comparator<Row> byId = Comparator.comparingInt(Row::number);
        if (sorts.isEmpty()) {
            rows.sort(byId);
            return;
        }
        // a bare name sorts upwards, as an object without a direction does; one behind a '-' downwards
        JsonNode sort = sorts.get(0);
        boolean down = sort.isTextual()
                ? sort.asText().startsWith("-")
                : "DESCENDING".equals(sort.path("direction").asText());
        Field field = SearchFilter.field(
                table,
                sort.isTextual()
                        ? sort.asText().substring(down ? 1 : 0)
                        : sort.path("propertyName").asText());
        Comparator<Row> order = Comparator.comparing(
                row -> SearchValue.of(field, row), Comparator.nullsLast(Comparator.naturalOrder()));
        rows.sort((down ? order.reversed() : order).thenComparing(byId));
    }

    private static ObjectNode page(Table table, JsonNode body, List<Row> found, int after, int limit) {
        List<String> named = new ArrayList<>();
        body.path("properties").forEach(name -> named.add(name.asText()));
        Set<String> properties = ApiCall.properties(table, named);
        ObjectNode answer = Answers.JSON.createObjectNode().put("total", found.size());
        ArrayNode results = answer.putArray("results");
        int end = Math.min(found.size(), after + limit);
        for (int i = after; i < end; i++) {
            results.add(RecordJson.of(table, found.get(i), properties));
        }
        if (end < found.size() && end > after) {
            answer.putObject("paging").putObject("next").put("after", String.valueOf(end));
        }
        return answer;
    }

    private static int number(JsonNode body, String name, int otherwise) {
        return Optional.of(body.path(name).asText(""))
                .filter(text -> !text.isEmpty())
                .map(text -> {
                    if (!text.matches("\\d{1,7}")) {
                        throw HubspotError.invalid("'" + name + "' is a whole number, not '" + text + "'.")
                                .thrown();
                    }
                    return Integer.parseInt(text);
                })
                .orElse(otherwise);
    }
}
