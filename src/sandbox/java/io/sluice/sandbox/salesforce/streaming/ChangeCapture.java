// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes change events in the form that CometD clients receive (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.230.0.change_data_capture.meta/change_data_capture/cdc_event_fields_body.htm">Change
 * Event Body Fields</a>): a new or restored record with all fields that are not empty, a changed one with its changed
 * fields alone, a deleted one without any. Records of one transaction with the same change share one event (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_subscribe_merged_events.htm">Merged
 * Change Events</a>).
 */
final class ChangeCapture {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String MODIFIED = "LastModifiedDate";

    private final EventTypes types;
    /** Number of the first commit, of the size that real orgs show. */
    private final AtomicLong commits = new AtomicLong(10_000_000_000_000L);

    /** Describes the same change of one or more records. */
    private record Body(ChangeType change, ObjectNode fields, List<String> changed, String user, long moment) {}

    ChangeCapture(EventTypes types) {
        this.types = types;
    }

    /** Makes the events of a commit, before its rows are visible. */
    List<Event> events(Store.Commit commit, Set<Table> selected) {
        List<Event> events = new ArrayList<>();
        String transaction = UUID.randomUUID().toString();
        long number = commits.incrementAndGet();
        commit.rows().forEach((table, rows) -> {
            if (selected.contains(table)) {
                EventType type = types.of(table.type());
                merged(table, type, rows).forEach((body, ids) -> {
                    ObjectNode header = header(table.type(), body, ids)
                            .put("changeOrigin", Objects.requireNonNullElse(commit.origin(), ""))
                            .put("transactionKey", transaction)
                            .put("sequenceNumber", events.size() + 1)
                            .put("commitNumber", number);
                    events.add(event(table.type(), type.schema(), header, body));
                });
            }
        });
        return events;
    }

    private static Map<Body, List<String>> merged(Table table, EventType type, List<Row> rows) {
        Map<Body, List<String>> ids = new LinkedHashMap<>();
        for (Row after : rows) {
            Row before = table.row(after.number());
            ChangeType.of(before, after).ifPresent(change -> ids.computeIfAbsent(
                            body(type, change, before, after), body -> new ArrayList<>())
                    .add(after.id()));
        }
        return ids;
    }

    private static Body body(EventType type, ChangeType change, Row before, Row after) {
        ObjectNode fields = JSON.objectNode();
        List<String> changed = new ArrayList<>();
        if (change == ChangeType.DELETED) {
            return new Body(change, fields, changed, after.modifiedBy(), after.modified());
        }
        for (Field field : type.fields()) {
            Object value = field.read(after);
            boolean isIn = change == ChangeType.UPDATED
                    ? MODIFIED.equals(field.name()) || !Objects.equals(value, field.read(before))
                    : value != null;
            if (isIn) {
                put(fields, field, value);
                if (change == ChangeType.UPDATED) {
                    changed.add(field.compound() == null ? field.name() : field.compound() + "." + part(field));
                }
            }
        }
        return new Body(change, fields, changed, after.modifiedBy(), after.modified());
    }

    /** Puts the value in its place: the part of a name or an address into the compound field. */
    private static void put(ObjectNode fields, Field field, Object value) {
        if (field.compound() == null) {
            fields.set(field.name(), WireValue.of(field, value));
        } else {
            fields.withObjectProperty(field.compound()).set(part(field), WireValue.of(field, value));
        }
    }

    /** Answers the name within the compound field: Street of MailingStreet in MailingAddress. */
    private static String part(Field field) {
        String prefix = field.compound().replaceFirst("Address$", "");
        return field.compound().endsWith("Address") && field.name().startsWith(prefix)
                ? field.name().substring(prefix.length())
                : field.name();
    }

    private static ObjectNode header(ObjectType type, Body body, List<String> ids) {
        ObjectNode header = JSON.objectNode().put("entityName", type.name());
        ids.forEach(header.putArray("recordIds")::add);
        header.put("changeType", body.change().ofChangeEvent())
                .put("commitTimestamp", body.moment())
                .put("commitUser", body.user());
        body.changed().forEach(header.putArray("changedFields")::add);
        return header;
    }

    private static Event event(ObjectType type, String schema, ObjectNode header, Body body) {
        ObjectNode data = JSON.objectNode().put("schema", schema);
        data.putObject("payload").<ObjectNode>set("ChangeEventHeader", header).setAll(body.fields());
        return new Event(Set.of(Channel.ALL_CHANGES, Channel.ofChanges(type)), data);
    }
}
