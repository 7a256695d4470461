// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;

/**
 * Reads associations for the Kamelet hubspot-associations-read-action. A record with many associations comes in pages,
 * each requested with its cursor.
 */
public final class HubspotAssociations {

    /** A call takes up to 1,000 records ("Batch read"). */
    static final int MAX_PER_CALL = 1_000;

    private static final String REMAINING = "SluiceRemaining";
    private static final String FOUND = "SluiceFound";

    HubspotAssociations() {}

    /** Starts with the ids in the body. */
    public void begin(Exchange exchange) {
        Deque<Map<String, String>> remaining = new ArrayDeque<>();
        for (Object id : exchange.getMessage().getBody(List.class)) {
            remaining.add(Map.of("id", id.toString()));
        }
        exchange.setProperty(REMAINING, remaining);
        exchange.setProperty(FOUND, new ArrayList<Association>());
    }

    public String path(String apiVersion, String from, String to) {
        return ApiPaths.associations(apiVersion, from, to) + "/batch/read";
    }

    /** Tells whether another call is needed. */
    public boolean isMore(Exchange exchange) {
        return !remaining(exchange).isEmpty();
    }

    /** Sets the body of the next call. */
    public void request(Exchange exchange) {
        Deque<Map<String, String>> remaining = remaining(exchange);
        List<Map<String, String>> inputs = new ArrayList<>();
        while (inputs.size() < MAX_PER_CALL && !remaining.isEmpty()) {
            inputs.add(remaining.removeFirst());
        }
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, inputs.size());
        exchange.getMessage().setBody(Json.text(Map.of("inputs", inputs)));
    }

    /** Takes an answer. An answer that is not understood ends the read and stays on the message. */
    public void page(Exchange exchange) {
        JsonNode answer = answer(exchange);
        if (answer == null || !answer.path("results").isArray() || !BatchRequests.isComplete(answer)) {
            HubspotReads.notUnderstood(exchange.getMessage());
            remaining(exchange).clear();
            exchange.removeProperty(FOUND);
            return;
        }
        List<Association> found = found(exchange);
        answer.path("results").forEach(result -> {
            String from = result.path("from").path("id").asText();
            result.path("to").forEach(to -> found.add(associated(from, to)));
            String after = result.path("paging").path("next").path("after").asText(null);
            if (after != null) {
                remaining(exchange).addLast(Map.of("id", from, "after", after));
            }
        });
    }

    /** Sets the associations as the body. */
    public void handOn(Exchange exchange) {
        exchange.removeProperty(REMAINING);
        Object found = exchange.removeProperty(FOUND);
        if (found != null) {
            exchange.getMessage().setBody(found);
        }
    }

    private static Association associated(String from, JsonNode to) {
        List<Association.Type> types = new ArrayList<>();
        to.path("associationTypes")
                .forEach(type -> types.add(new Association.Type(
                        type.path("typeId").asInt(),
                        type.path("category").asText(),
                        type.path("label").asText(null))));
        return new Association(from, to.path("toObjectId").asText(), List.copyOf(types));
    }

    private static JsonNode answer(Exchange exchange) {
        HubspotAnswer answer = new HubspotAnswer(
                exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class));
        return answer.ok() ? answer.json().orElse(null) : null;
    }

    @SuppressWarnings("unchecked")
    private static Deque<Map<String, String>> remaining(Exchange exchange) {
        return exchange.getProperty(REMAINING, Deque.class);
    }

    @SuppressWarnings("unchecked")
    private static List<Association> found(Exchange exchange) {
        return exchange.getProperty(FOUND, List.class);
    }
}
