package io.sluice.crm.hubspot;

import io.sluice.CrmEvent;
import io.sluice.crm.ObjectShape;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How an account's syncs name objects. HubSpot takes {@code bookings}, its fully qualified name and its type id alike,
 * but tells what happened to a custom object by the type id alone ("Create generic webhook subscriptions").
 */
public final class HubspotObjects {

    private static final Logger LOG = LoggerFactory.getLogger(HubspotObjects.class);
    private static final String SHAPE = "SluiceShape";
    private static final Map<String, String> STANDARD = Map.ofEntries(Map.entry("contact", "contacts"),
            Map.entry("company", "companies"), Map.entry("deal", "deals"), Map.entry("ticket", "tickets"),
            Map.entry("product", "products"), Map.entry("line_item", "line_items"), Map.entry("0-1", "contacts"),
            Map.entry("0-2", "companies"), Map.entry("0-3", "deals"), Map.entry("0-5", "tickets"),
            Map.entry("0-7", "products"), Map.entry("0-8", "line_items"));

    /** Account to what HubSpot's events say, and that to the name that the syncs have. */
    private final Map<String, Map<String, String>> names = new ConcurrentHashMap<>();

    HubspotObjects() {
    }

    /** The plural of a standard object, however it is named; any other name is its own. */
    static String plural(String named) {
        return STANDARD.getOrDefault(named, named);
    }

    /** Events by the names that the account's syncs have for their objects. */
    List<CrmEvent> asNamed(String account, List<CrmEvent> events) {
        Map<String, String> known = names.getOrDefault(account, Map.of());
        return known.isEmpty() ? events : events.stream().map(event ->
                known.containsKey(event.object()) ? event.ofObject(known.get(event.object())) : event).toList();
    }

    /** Whether only HubSpot knows of what object its events will be: asked when the object is described. */
    public boolean isToBeAsked(Exchange exchange, String account, String object) {
        if (!(exchange.getMessage().getBody() instanceof ObjectShape)) {
            return false;
        }
        boolean standard = STANDARD.containsValue(plural(object));
        boolean typeId = object.matches("\\d+-\\d+");
        if (standard && !object.equals(plural(object))) {
            learn(account, plural(object), object);
        }
        return !standard && !typeId && !names.getOrDefault(account, Map.of()).containsValue(object);
    }

    /** The path that asks; the shape of the object waits meanwhile. */
    public String path(Exchange exchange, String apiVersion, String object) {
        exchange.setProperty(SHAPE, exchange.getMessage().getBody());
        exchange.getMessage().setBody(null);
        return ApiPaths.schemas(apiVersion) + "/" + ApiPaths.segment(object);
    }

    /** Takes the answer; without one the object can be synced, and nothing of what HubSpot tells of it is understood. */
    public void answered(Exchange exchange, String account, String object) {
        Message message = exchange.getMessage();
        HubspotAnswer answer = new HubspotAnswer(message.getHeader(HubspotCalls.STATUS, 0, Integer.class),
                message.getBody(String.class));
        String typeId = answer.json().filter(schema -> answer.ok()).map(schema -> schema.path("objectTypeId").asText())
                .orElse("");
        if (typeId.isEmpty()) {
            LOG.warn("{}: HubSpot does not say the type id of {} ({}). Changes of it are found by search; to be told of them,"
                    + " name the object by its type id, or give the app the scope crm.schemas.custom.read.", account, object,
                    answer.ok() ? "no objectTypeId" : answer.message());
        } else {
            learn(account, typeId, object);
        }
        message.setBody(exchange.removeProperty(SHAPE));
        message.setHeader(HubspotCalls.STATUS, 200);
    }

    private void learn(String account, String told, String name) {
        names.computeIfAbsent(account, first -> new ConcurrentHashMap<>()).put(told, name);
    }
}
