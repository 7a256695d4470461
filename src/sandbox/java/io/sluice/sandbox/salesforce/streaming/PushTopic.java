// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Represents an active PushTopic: which changes of which records it notifies of (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_streaming.meta/api_streaming/event_notification_rules_intro.htm">Event
 * Notification Rules</a>).
 *
 * @param operations the changes of a record that it notifies of
 */
record PushTopic(String name, TopicQuery query, NotifyForFields fields, Set<ChangeType> operations) {

    /** Name of the object whose records are the PushTopics. */
    static final String OBJECT = "PushTopic";

    /** Which fields must change for a notification of an update. */
    enum NotifyForFields {
        ALL,
        REFERENCED,
        SELECT,
        WHERE
    }

    /** Reads the active PushTopics of an account; skips one whose query became invalid, for lack of a field. */
    static List<PushTopic> all(Store store) {
        List<PushTopic> topics = new ArrayList<>();
        store.table(OBJECT)
                .ifPresent(table -> table.forEach(row -> {
                    if (!row.isDeleted() && Boolean.TRUE.equals(read(table.type(), "IsActive", row))) {
                        read(store, table.type(), row).ifPresent(topics::add);
                    }
                }));
        return topics;
    }

    private static Optional<PushTopic> read(Store store, ObjectType type, Row row) {
        Set<ChangeType> operations = EnumSet.noneOf(ChangeType.class);
        for (ChangeType change : ChangeType.values()) {
            if (Boolean.TRUE.equals(read(type, "NotifyForOperation" + change.operation(), row))) {
                operations.add(change);
            }
        }
        try {
            return Optional.of(new PushTopic(
                    (String) read(type, "Name", row),
                    TopicQuery.of(store, (String) read(type, "Query", row)),
                    NotifyForFields.valueOf(
                            String.valueOf(read(type, "NotifyForFields", row)).toUpperCase(Locale.ROOT)),
                    operations));
        } catch (InvalidTopicException e) {
            return Optional.empty();
        }
    }

    private static Object read(ObjectType type, String field, Row row) {
        return type.field(field).map(f -> f.read(row)).orElse(null);
    }

    /** Makes the notifications of rows of a commit, before they are visible. */
    List<Event> notifications(List<Row> rows, long nowMicros) {
        Predicate<Row> condition = query.condition();
        Table table = query.table();
        List<Event> events = new ArrayList<>();
        for (Row after : rows) {
            Row before = table.row(after.number());
            ChangeType.of(before, after)
                    .filter(operations::contains)
                    .filter(change -> change != ChangeType.UPDATED || isChanged(before, after))
                    .filter(change -> condition.test(after))
                    .ifPresent(change -> events.add(event(change, after, nowMicros)));
        }
        return events;
    }

    private boolean isChanged(Row before, Row after) {
        return switch (fields) {
            case ALL -> true;
            case REFERENCED -> isChanged(query.select(), before, after) || isChanged(query.where(), before, after);
            case SELECT -> isChanged(query.select(), before, after);
            case WHERE -> isChanged(query.where(), before, after);
        };
    }

    private static boolean isChanged(Collection<Field> fields, Row before, Row after) {
        return fields.stream().anyMatch(field -> !Objects.equals(field.read(before), field.read(after)));
    }

    /** Makes a notification; that of a deleted record has its id alone. */
    private Event event(ChangeType change, Row row, long nowMicros) {
        ObjectNode data = JsonNodeFactory.instance.objectNode();
        data.putObject("event")
                .put("createdDate", Instant.ofEpochMilli(nowMicros / 1000).toString())
                .put("type", change.ofNotification());
        ObjectNode record = data.putObject("sobject");
        for (Field field : query.select()) {
            if (change != ChangeType.DELETED || "Id".equals(field.name())) {
                record.set(field.name(), WireValue.of(field, field.read(row)));
            }
        }
        return new Event(Set.of(Channel.ofTopic(name)), data);
    }
}
