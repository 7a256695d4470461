// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Represents an object whose changes a channel delivers (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_platformeventchannelmember.htm">PlatformEventChannelMember</a>).
 *
 * @param channel  such as {@code /data/Sluice__chn}, or the channel of all changes
 * @param filter   the records whose changes are delivered, or null for all
 * @param enriched fields that each event of this channel holds, changed or not
 */
public record ChannelMember(String channel, Table table, TopicQuery filter, List<Field> enriched) {

    /** Name of the object that describes custom channels. */
    public static final String CHANNEL = "PlatformEventChannel";
    /** Name of the object that describes their members. */
    public static final String OBJECT = "PlatformEventChannelMember";
    /** Name of the channel of all changes, as members give it. */
    public static final String ALL = "ChangeEvents";

    /** Maximum number of enriched fields ("Enrich Change Events with Extra Fields"). */
    private static final int MOST_ENRICHED = 10;

    /** Answers the members that the org's records describe. */
    static List<ChannelMember> all(Store store) {
        List<ChannelMember> all = new ArrayList<>();
        store.table(OBJECT)
                .ifPresent(table -> table.forEach(row -> {
                    if (!row.isDeleted()) {
                        of(store, table.type(), row).ifPresent(all::add);
                    }
                }));
        return all;
    }

    private static Optional<ChannelMember> of(Store store, ObjectType type, Row row) {
        try {
            return Optional.of(of(
                    store,
                    text(type, row, "EventChannel"),
                    text(type, row, "SelectedEntity"),
                    text(type, row, "FilterExpression"),
                    text(type, row, "EnrichedFields")));
        } catch (InvalidTopicException gone) {
            // an object or a field of it was removed since
            return Optional.empty();
        }
    }

    /**
     * Reads a member.
     *
     * @param filter   as the WHERE clause of a query, or null
     * @param enriched names between commas, or null
     * @throws InvalidTopicException when there is no such channel, object or field
     */
    public static ChannelMember of(Store store, String channel, String entity, String filter, String enriched) {
        if (!ALL.equals(channel) && channels(store).stream().noneMatch(name -> name.equals(channel))) {
            throw new InvalidTopicException("INVALID_FIELD", "There is no channel " + channel);
        }
        Table table = store.tables().stream()
                .filter(one -> Channel.changeEvent(one.type()).equals(entity))
                .findFirst()
                .orElseThrow(() -> new InvalidTopicException("INVALID_FIELD", "There is no change event " + entity));
        List<Field> fields = fields(table, enriched);
        if (fields.size() > MOST_ENRICHED || ALL.equals(channel) && !fields.isEmpty()) {
            throw new InvalidTopicException(
                    "INVALID_FIELD",
                    "A member of a custom channel has " + MOST_ENRICHED + " enriched fields at most, others have none");
        }
        return new ChannelMember(
                "/data/" + channel,
                table,
                filter == null
                        ? null
                        : TopicQuery.of(store, "SELECT Id FROM " + table.type().name() + " WHERE " + filter),
                fields);
    }

    private static List<Field> fields(Table table, String names) {
        List<Field> fields = new ArrayList<>();
        for (String name : names == null ? new String[0] : names.split(",")) {
            fields.add(table.type()
                    .field(name.strip())
                    .orElseThrow(() -> new InvalidTopicException(
                            "INVALID_FIELD", table.type().name() + " has no field " + name.strip())));
        }
        return fields;
    }

    /** Answers the names of the custom channels, such as Sluice__chn. */
    static List<String> channels(Store store) {
        List<String> names = new ArrayList<>();
        store.table(CHANNEL)
                .ifPresent(table -> table.forEach(row -> {
                    if (!row.isDeleted()) {
                        names.add(text(table.type(), row, "FullName"));
                    }
                }));
        return names;
    }

    /** Answers the test of the filter, as of now. */
    Predicate<Row> condition() {
        return filter == null ? row -> true : filter.condition();
    }

    private static String text(ObjectType type, Row row, String field) {
        return (String) type.field(field).map(one -> one.read(row)).orElse(null);
    }
}
