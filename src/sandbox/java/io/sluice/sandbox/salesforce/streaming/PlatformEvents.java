// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import java.util.List;
import java.util.Set;

/**
 * Makes platform events of the records that were written to an object whose name ends in {@code __e} (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.platform_events.meta/platform_events/platform_events_subscribe_cometd.htm">Subscribe
 * to Platform Event Notifications with CometD</a>).
 */
final class PlatformEvents {

    private PlatformEvents() {}

    static List<Event> events(ObjectType object, EventType type, List<Row> rows) {
        return rows.stream().map(row -> event(object, type, row)).toList();
    }

    private static Event event(ObjectType object, EventType type, Row row) {
        ObjectNode data = JsonNodeFactory.instance.objectNode().put("schema", type.schema());
        ObjectNode payload = data.putObject("payload");
        for (Field field : type.fields()) {
            payload.set(field.name(), WireValue.of(field, field.read(row)));
        }
        return new Event(Set.of(Channel.ofPlatformEvent(object)), data);
    }
}
