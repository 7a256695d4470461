// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

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
    private static final String HEADER = "ChangeEventHeader";
    private static final String OVERFLOW = "GAP_OVERFLOW";
    /** Id in an event that names no record. */
    private static final String NO_RECORD = "000000000000000AAA";
    /** Maximum size of an event; a larger one is a gap event ("Gap Events": 1 MB). */
    private static final long LARGEST = 1_000_000;

    private final EventTypes types;
    /** Number of the first commit, of the size that real orgs show. */
    private final AtomicLong commits = new AtomicLong(10_000_000_000_000L);

    /** Maximum number of changes of a transaction that have events; each changed field of an update counts. */
    private final LongSupplier mostChanges;

    /** Describes the same change of one or more records, which the same channels deliver. */
    private record Body(
            ChangeType change,
            ObjectNode fields,
            List<String> changed,
            String user,
            long moment,
            Set<String> channels) {}

    /** Holds the sources of events: the selected objects, and the members of channels by object. */
    record Selection(Set<Table> selected, Map<Table, List<ChannelMember>> members) {

        boolean isCaptured(Table table) {
            return selected.contains(table) || members.containsKey(table);
        }

        /** Answers the test that finds the channels of a record's changes; none when nobody wants them. */
        Function<Row, Set<String>> channels(Table table) {
            Map<ChannelMember, Predicate<Row>> conditions = new LinkedHashMap<>();
            members.getOrDefault(table, List.of()).forEach(member -> conditions.put(member, member.condition()));
            return row -> {
                Set<String> channels = new LinkedHashSet<>();
                if (selected.contains(table)) {
                    channels.add(Channel.ALL_CHANGES);
                }
                conditions.forEach((member, condition) -> {
                    if (condition.test(row)) {
                        channels.add(member.channel());
                    }
                });
                if (!channels.isEmpty()) {
                    channels.add(Channel.ofChanges(table.type()));
                }
                return channels;
            };
        }
    }

    ChangeCapture(EventTypes types, LongSupplier mostChanges) {
        this.types = types;
        this.mostChanges = mostChanges;
    }

    /** Makes the events of a commit, before its rows are visible. */
    List<Event> events(Store.Commit commit, Selection selection) {
        List<Event> events = new ArrayList<>();
        String transaction = UUID.randomUUID().toString();
        long number = commits.incrementAndGet();
        long[] left = {mostChanges.getAsLong()};
        commit.rows().forEach((table, rows) -> {
            if (selection.isCaptured(table)) {
                EventType type = types.of(table.type());
                merged(table, type, rows, selection.channels(table), left).forEach((body, ids) -> {
                    ObjectNode header = header(table.type(), body, ids)
                            .put("changeOrigin", Objects.requireNonNullElse(commit.origin(), ""))
                            .put("transactionKey", transaction)
                            .put("sequenceNumber", events.size() + 1)
                            .put("commitNumber", number);
                    events.add(event(type.schema(), header, body));
                });
            }
        });
        return events;
    }

    /** @param left number of changes that have events; below zero, the object has an overflow in place of more */
    private static Map<Body, List<String>> merged(
            Table table, EventType type, List<Row> rows, Function<Row, Set<String>> channels, long[] left) {
        Map<Body, List<String>> ids = new LinkedHashMap<>();
        for (Row after : rows) {
            Row before = table.row(after.number());
            Optional<ChangeType> change = ChangeType.of(before, after);
            Set<String> wanted = change.isEmpty() ? Set.of() : channels.apply(after);
            if (wanted.isEmpty()) {
                continue;
            }
            Body body = body(type, change.get(), before, after, wanted);
            left[0] -= Math.max(1, body.changed().size());
            if (left[0] < 0) {
                ids.put(
                        new Body(null, JSON.objectNode(), List.of(), body.user(), body.moment(), wanted),
                        List.of(NO_RECORD));
                break;
            }
            ids.computeIfAbsent(body, first -> new ArrayList<>()).add(after.id());
        }
        return ids;
    }

    private static Body body(EventType type, ChangeType change, Row before, Row after, Set<String> channels) {
        ObjectNode fields = JSON.objectNode();
        List<String> changed = new ArrayList<>();
        if (change == ChangeType.DELETED) {
            return new Body(change, fields, changed, after.modifiedBy(), after.modified(), channels);
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
        return new Body(change, fields, changed, after.modifiedBy(), after.modified(), channels);
    }

    /** Puts the value in its place: the part of a name or an address into the compound field. */
    static void put(ObjectNode fields, Field field, Object value) {
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
        header.put(
                        "changeType",
                        body.change() == null ? OVERFLOW : body.change().ofChangeEvent())
                .put("commitTimestamp", body.moment())
                .put("commitUser", body.user());
        body.changed().forEach(header.putArray("changedFields")::add);
        return header;
    }

    private static Event event(String schema, ObjectNode header, Body body) {
        ObjectNode data = JSON.objectNode().put("schema", schema);
        ObjectNode payload = data.putObject("payload");
        payload.<ObjectNode>set(HEADER, header).setAll(body.fields());
        if (body.change() != null && characters(payload) > LARGEST) {
            gap(payload, false);
        }
        return new Event(body.channels(), data);
    }

    /** Answers the number of characters of all values. */
    private static long characters(JsonNode node) {
        long characters = node.asText().length();
        for (JsonNode child : node) {
            characters += characters(child);
        }
        return characters;
    }

    /** Removes all that says what changed, as in gap events; in an overflow, the ids of the records too. */
    static void gap(ObjectNode payload, boolean overflows) {
        ObjectNode header = (ObjectNode) payload.path(HEADER);
        payload.retain(HEADER);
        header.put(
                        "changeType",
                        overflows
                                ? OVERFLOW
                                : "GAP_" + header.path("changeType").asText())
                .put("changeOrigin", "");
        header.putArray("changedFields");
        if (overflows) {
            header.putArray("recordIds").add(NO_RECORD);
        }
    }
}
