// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Applies faults to change events when they are published, so that all subscribers and all replays see the same. They
 * strike only when they name the operation {@value #OPERATION}.
 */
final class EventFaults {

    private static final String OPERATION = "changeEvent";
    private static final String HEADER = "ChangeEventHeader";

    private EventFaults() {}

    /** Answers the event as it is published; empty when it is lost. */
    static Optional<Event> struck(Account account, Event event) {
        ObjectNode payload = (ObjectNode) event.data().path("payload");
        String object = payload.path(HEADER).path("entityName").asText();
        if (strike(account, Fault.Kind.DROP_EVENTS, object).isPresent()) {
            return Optional.empty();
        }
        strike(account, Fault.Kind.HIDE_FIELDS, object).ifPresent(fault -> hide(payload, fault.fields()));
        strike(account, Fault.Kind.GAP_EVENTS, object)
                .ifPresent(fault -> ChangeCapture.gap(
                        payload, fault.settings().path("overflow").asBoolean()));
        return Optional.of(strike(account, Fault.Kind.GARBLE_EVENTS, object).isPresent() ? event.garbled() : event);
    }

    private static Optional<Fault> strike(Account account, Fault.Kind kind, String object) {
        return account.faults().strikeWork(kind, OPERATION, object, true);
    }

    /** Removes fields, such as Title or Name.FirstName. */
    private static void hide(ObjectNode payload, List<String> fields) {
        for (String field : fields) {
            int dot = field.indexOf('.');
            if (dot < 0) {
                payload.remove(field);
            } else if (payload.path(field.substring(0, dot)) instanceof ObjectNode compound) {
                compound.remove(field.substring(dot + 1));
            }
        }
        ArrayNode changed = (ArrayNode) payload.path(HEADER).path("changedFields");
        List<JsonNode> kept = new ArrayList<>();
        changed.forEach(name -> {
            if (!fields.contains(name.asText())) {
                kept.add(name);
            }
        });
        changed.removeAll().addAll(kept);
    }
}
