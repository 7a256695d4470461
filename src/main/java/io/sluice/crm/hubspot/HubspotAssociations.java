package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;

/** The steps of the Kamelet that reads associations. A record with many comes in pages, each asked for by name. */
public final class HubspotAssociations {

    /** A call takes up to 1,000 records ("Batch read"). */
    static final int MOST = 1_000;

    private static final String LEFT = "SluiceLeft";
    private static final String FOUND = "SluiceFound";

    HubspotAssociations() {
    }

    /** Begins with the ids of the body. */
    public void begin(Exchange exchange) {
        Deque<Map<String, String>> left = new ArrayDeque<>();
        for (Object id : exchange.getMessage().getBody(List.class)) {
            left.add(Map.of("id", id.toString()));
        }
        exchange.setProperty(LEFT, left);
        exchange.setProperty(FOUND, new ArrayList<Association>());
    }

    public String path(String apiVersion, String from, String to) {
        return ApiPaths.associations(apiVersion, from, to) + "/batch/read";
    }

    /** Whether a call is left to be made. */
    public boolean isMore(Exchange exchange) {
        return !left(exchange).isEmpty();
    }

    /** The body of the next call. */
    public void request(Exchange exchange) {
        Deque<Map<String, String>> left = left(exchange);
        List<Map<String, String>> inputs = new ArrayList<>();
        while (inputs.size() < MOST && !left.isEmpty()) {
            inputs.add(left.removeFirst());
        }
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, inputs.size());
        exchange.getMessage().setBody(Json.text(Map.of("inputs", inputs)));
    }

    /** Takes an answer. One that is none ends the reading, and what it says stays on the message. */
    public void page(Exchange exchange) {
        JsonNode answer = answer(exchange);
        if (answer == null || !answer.path("results").isArray() || !BatchRequests.isComplete(answer)) {
            HubspotReads.notUnderstood(exchange.getMessage());
            left(exchange).clear();
            exchange.removeProperty(FOUND);
            return;
        }
        List<Association> found = found(exchange);
        answer.path("results").forEach(result -> {
            String from = result.path("from").path("id").asText();
            result.path("to").forEach(to -> found.add(associated(from, to)));
            String after = result.path("paging").path("next").path("after").asText(null);
            if (after != null) {
                left(exchange).addLast(Map.of("id", from, "after", after));
            }
        });
    }

    /** Hands on what was found. */
    public void handOn(Exchange exchange) {
        exchange.removeProperty(LEFT);
        Object found = exchange.removeProperty(FOUND);
        if (found != null) {
            exchange.getMessage().setBody(found);
        }
    }

    private static Association associated(String from, JsonNode to) {
        List<Association.Type> types = new ArrayList<>();
        to.path("associationTypes").forEach(type -> types.add(new Association.Type(type.path("typeId").asInt(),
                type.path("category").asText(), type.path("label").asText(null))));
        return new Association(from, to.path("toObjectId").asText(), List.copyOf(types));
    }

    private static JsonNode answer(Exchange exchange) {
        HubspotAnswer answer = new HubspotAnswer(exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class));
        return answer.ok() ? answer.json().orElse(null) : null;
    }

    @SuppressWarnings("unchecked")
    private static Deque<Map<String, String>> left(Exchange exchange) {
        return exchange.getProperty(LEFT, Deque.class);
    }

    @SuppressWarnings("unchecked")
    private static List<Association> found(Exchange exchange) {
        return exchange.getProperty(FOUND, List.class);
    }
}
