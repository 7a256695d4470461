// SPDX-License-Identifier: Apache-2.0
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
 * Maps HubSpot's names of objects to those that an account's syncs use. HubSpot accepts {@code bookings}, the fully
 * qualified name and the type id alike, but its events name a custom object by the type id alone ("Create generic
 * webhook subscriptions").
 */
public final class HubspotObjects {

    private static final Logger LOG = LoggerFactory.getLogger(HubspotObjects.class);
    private static final String SHAPE = "SluiceShape";
    private static final Map<String, String> STANDARD = Map.ofEntries(
            Map.entry("contact", "contacts"),
            Map.entry("company", "companies"),
            Map.entry("deal", "deals"),
            Map.entry("ticket", "tickets"),
            Map.entry("product", "products"),
            Map.entry("line_item", "line_items"),
            Map.entry("0-1", "contacts"),
            Map.entry("0-2", "companies"),
            Map.entry("0-3", "deals"),
            Map.entry("0-5", "tickets"),
            Map.entry("0-7", "products"),
            Map.entry("0-8", "line_items"));

    /** Account to a map from the name in HubSpot's events to the name in the syncs. */
    private final Map<String, Map<String, String>> names = new ConcurrentHashMap<>();

    HubspotObjects() {}

    /** Returns the plural of a standard object, however it is named, and any other name unchanged. */
    static String plural(String named) {
        return STANDARD.getOrDefault(named, named);
    }

    /** Renames the objects of events to the names that the account's syncs use. */
    List<CrmEvent> asNamed(String account, List<CrmEvent> events) {
        Map<String, String> known = names.getOrDefault(account, Map.of());
        return known.isEmpty()
                ? events
                : events.stream()
                        .map(event ->
                                known.containsKey(event.object()) ? event.ofObject(known.get(event.object())) : event)
                        .toList();
    }

    /** Tells whether HubSpot must be asked for the type id of an object, after the object was described. */
    public boolean isToBeAsked(Exchange exchange, String account, String object) {
        if (!(exchange.getMessage().getBody() instanceof ObjectShape)) {
            return false;
        }
        boolean standard = STANDARD.containsValue(plural(object));
        boolean typeId = object.matches("\\d+-\\d+");
        if (standard && !object.equals(plural(object))) {
            rename(account, plural(object), object);
        }
        return !standard && !typeId && !names.getOrDefault(account, Map.of()).containsValue(object);
    }

    /** Returns the path of the object's schema, and sets the object's shape aside until the answer. */
    public String path(Exchange exchange, String apiVersion, String object) {
        exchange.setProperty(SHAPE, exchange.getMessage().getBody());
        exchange.getMessage().setBody(null);
        return ApiPaths.schemas(apiVersion) + "/" + ApiPaths.segment(object);
    }

    /**
     * Takes the answer. Without a type id the object can be synced, but HubSpot's events about it are not recognised.
     */
    public void answered(Exchange exchange, String account, String object) {
        Message message = exchange.getMessage();
        HubspotAnswer answer = new HubspotAnswer(
                message.getHeader(HubspotCalls.STATUS, 0, Integer.class), message.getBody(String.class));
        String typeId = answer.json()
                .filter(schema -> answer.ok())
                .map(schema -> schema.path("objectTypeId").asText())
                .orElse("");
        if (typeId.isEmpty()) {
            LOG.warn(
                    "Account {}: HubSpot returned no type id for {} ({}). Polling still finds its changes; for webhooks, name"
                            + " the object by its type id, or give the app the scope crm.schemas.custom.read.",
                    account,
                    object,
                    answer.ok() ? "no objectTypeId" : answer.message());
        } else {
            rename(account, typeId, object);
        }
        message.setBody(exchange.removeProperty(SHAPE));
        message.setHeader(HubspotCalls.STATUS, 200);
    }

    private void rename(String account, String eventName, String name) {
        names.computeIfAbsent(account, first -> new ConcurrentHashMap<>()).put(eventName, name);
    }
}
