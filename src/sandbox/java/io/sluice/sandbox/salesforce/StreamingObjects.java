// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import static io.sluice.sandbox.salesforce.StandardFields.computed;
import static io.sluice.sandbox.salesforce.StandardFields.picklist;
import static io.sluice.sandbox.salesforce.StandardFields.read;
import static io.sluice.sandbox.salesforce.StandardFields.text;
import static io.sluice.sandbox.salesforce.StandardFields.type;
import static io.sluice.sandbox.store.FieldType.BOOLEAN;
import static io.sluice.sandbox.store.FieldType.DOUBLE;
import static io.sluice.sandbox.store.FieldType.PICKLIST;

import io.sluice.sandbox.salesforce.streaming.ChannelMember;
import io.sluice.sandbox.salesforce.streaming.InvalidTopicException;
import io.sluice.sandbox.salesforce.streaming.TopicQuery;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.List;
import java.util.Map;

/**
 * Declares what the Streaming API is set up with: PushTopics (<a
 * href="https://developer.salesforce.com/docs/platform/field-reference/references/field-reference/salesforce-field-reference-pushtopic.html">PushTopic</a>),
 * and platform events.
 */
final class StreamingObjects {

    private static final String PUSH_TOPIC = "PushTopic";
    private static final String QUERY = "Query";

    private StreamingObjects() {}

    static List<ObjectType> all() {
        return List.of(pushTopic(), channel(), channelMember());
    }

    /** Declares the object of custom channels, which the Tooling API writes. */
    private static ObjectType channel() {
        return type(
                ChannelMember.CHANNEL,
                "Platform Event Channel",
                "Platform Event Channels",
                "0YL",
                List.of(
                        text("FullName", "Full Name", 80)
                                .asRequired()
                                .asUnique()
                                .asNameField(),
                        text("DeveloperName", "Name", 80).asRequired(),
                        text("MasterLabel", "Label", 80),
                        picklist("ChannelType", "Channel Type", "data", "event")
                                .offering(true, List.of("data", "event"))
                                .withDefault("data")));
    }

    private static ObjectType channelMember() {
        return type(
                ChannelMember.OBJECT,
                "Platform Event Channel Member",
                "Platform Event Channel Members",
                "0v8",
                List.of(
                        text("FullName", "Full Name", 150)
                                .asRequired()
                                .asUnique()
                                .asNameField(),
                        text("DeveloperName", "Name", 150).asRequired(),
                        text("EventChannel", "Event Channel", 80).asRequired(),
                        text("SelectedEntity", "Selected Entity", 80).asRequired(),
                        text("FilterExpression", "Filter Expression", 4000),
                        text("EnrichedFields", "Enriched Fields", 1000)));
    }

    private static ObjectType pushTopic() {
        ObjectType type = type(
                PUSH_TOPIC,
                "Push Topic",
                "Push Topics",
                "0IF",
                List.of(
                        text("Name", "Topic Name", 25).asRequired().asUnique().asNameField(),
                        text(QUERY, "SOQL Query", 1300).asRequired(),
                        Field.of("ApiVersion", "API Version", DOUBLE)
                                .withScale(1)
                                .asRequired(),
                        Field.of("IsActive", "Is Active", BOOLEAN).withDefault("true"),
                        picklist("NotifyForFields", "Notify For Fields", "Select", "Where", "Referenced", "All")
                                .offering(true, List.of("Select", "Where", "Referenced", "All"))
                                .withDefault("Referenced"),
                        text("Description", "Description", 400),
                        notifyFor("Create"),
                        notifyFor("Update"),
                        notifyFor("Delete"),
                        notifyFor("Undelete")));
        type.add(computed("NotifyForOperations", "Notify For Operations", PICKLIST, row -> operations(type, row)));
        return type;
    }

    /** Answers what versions up to 28.0 know of the operations: creates and updates alone. */
    private static String operations(ObjectType type, Row row) {
        boolean creates = Boolean.TRUE.equals(read(type, "NotifyForOperationCreate", row));
        boolean updates = Boolean.TRUE.equals(read(type, "NotifyForOperationUpdate", row));
        return creates ? updates ? "All" : "Create" : updates ? "Update" : "Extended";
    }

    private static Field notifyFor(String operation) {
        return Field.of("NotifyForOperation" + operation, operation, BOOLEAN).withDefault("true");
    }

    /** Declares a platform event, whose name ends in {@code __e}: it has no name and no owner. */
    static ObjectType platformEvent(String name, String label, String keyPrefix) {
        return type(name, label, label + "s", keyPrefix, List.of());
    }

    static boolean isPlatformEvent(Table table) {
        return table.type().name().endsWith("__e");
    }

    /**
     * Checks the query of a PushTopic, or the member of a channel, that is saved.
     *
     * @param row the record before the save, or null when it is new
     * @throws RefusedException when it is none
     */
    static void check(Store store, Table table, Row row, Map<Field, Object> values) {
        if (ChannelMember.OBJECT.equals(table.type().name())) {
            checkMember(store, table, row, values);
        }
        if (!PUSH_TOPIC.equals(table.type().name())) {
            return;
        }
        Field query = table.type().field(QUERY).orElseThrow();
        Object soql = values.containsKey(query) || row == null ? values.get(query) : query.read(row);
        if (soql != null) {
            try {
                TopicQuery.of(store, (String) soql);
            } catch (InvalidTopicException e) {
                throw new RefusedException(SalesforceError.of(e.code(), e.getMessage(), QUERY));
            }
        }
    }

    private static void checkMember(Store store, Table table, Row row, Map<Field, Object> values) {
        try {
            ChannelMember.of(
                    store,
                    saved(table, "EventChannel", row, values),
                    saved(table, "SelectedEntity", row, values),
                    saved(table, "FilterExpression", row, values),
                    saved(table, "EnrichedFields", row, values));
        } catch (InvalidTopicException e) {
            throw new RefusedException(SalesforceError.of(e.code(), e.getMessage()));
        }
    }

    /** Answers the value that a field has after the save. */
    private static String saved(Table table, String name, Row row, Map<Field, Object> values) {
        Field field = table.type().field(name).orElseThrow();
        return (String) (values.containsKey(field) || row == null ? values.get(field) : field.read(row));
    }
}
