// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads one account's change and platform events by topic and replay id. The caller keeps its position. */
public final class EventReader {

    private static final String HEADER = "ChangeEventHeader";

    private final Store store;
    private final EventStream stream;
    private final Publisher publisher;

    /**
     * Represents a published event.
     *
     * @param schema    id of its schema
     * @param isGarbled whether its binary form can't be decoded
     * @param isLast    whether no other event of this replay id follows
     */
    public record Published(long replayId, String schema, JsonNode payload, boolean isGarbled, boolean isLast) {

        /** Answers the object whose change it tells; empty for a platform event. */
        public String object() {
            return payload.path(HEADER).path("entityName").asText();
        }
    }

    EventReader(Store store, EventStream stream, Publisher publisher) {
        this.store = store;
        this.stream = stream;
        this.publisher = publisher;
    }

    /** Whether the topic exists, such as {@code /data/ContactChangeEvent}. PushTopics are no topics here. */
    public boolean exists(String topic) {
        return Channel.exists(store, topic)
                || ChannelMember.channels(store).stream().anyMatch(name -> topic.equals("/data/" + name));
    }

    /** Answers the event of a topic; empty for a topic of several objects. */
    public Optional<EventType> typeOf(String topic) {
        return store.tables().stream()
                .map(Table::type)
                .filter(type -> topic.equals(
                        Channel.isPlatformEvent(type) ? Channel.ofPlatformEvent(type) : Channel.ofChanges(type)))
                .findFirst()
                .map(publisher.types()::of);
    }

    /** Finds the event of a schema. */
    public Optional<EventType> typeOfSchema(String schema) {
        return publisher.types().find(store, schema);
    }

    /**
     * Answers the first retained events of a topic after a replay id; 0 is before all of them. An enriched event of
     * several records comes apart into one for each, with the same replay id; none of them is left out.
     *
     * @param most maximum number of replay ids
     */
    public List<Published> after(String topic, long replayId, int most) {
        List<ChannelMember> members = publisher.members(topic);
        return stream.after(topic, replayId, most).stream()
                .flatMap(due -> parts(due, members).stream())
                .toList();
    }

    private static List<Published> parts(EventLog.Due due, List<ChannelMember> members) {
        ObjectNode payload = (ObjectNode) due.event().data().path("payload");
        JsonNode header = payload.path(HEADER);
        Optional<ChannelMember> member = members.stream()
                .filter(one -> !one.enriched().isEmpty()
                        && one.table()
                                .type()
                                .name()
                                .equals(header.path("entityName").asText()))
                .findFirst();
        if (member.isEmpty() || header.path("changeType").asText().startsWith("GAP_")) {
            return List.of(published(due, payload, true));
        }
        List<Published> parts = new ArrayList<>();
        int left = header.path("recordIds").size();
        for (JsonNode id : header.path("recordIds")) {
            parts.add(published(due, enriched(payload, id.asText(), member.get()), --left == 0));
        }
        return parts;
    }

    private static Published published(EventLog.Due due, ObjectNode payload, boolean isLast) {
        return new Published(
                due.replayId(),
                due.event().data().path("schema").asText(),
                payload,
                due.event().isGarbled(),
                isLast);
    }

    /** Answers the event of one record with the enriched fields as they are now. */
    private static ObjectNode enriched(ObjectNode payload, String id, ChannelMember member) {
        ObjectNode own = payload.deepCopy();
        ((ObjectNode) own.path(HEADER)).putArray("recordIds").add(id);
        Row row = member.table().row(id);
        if (row != null) {
            member.enriched().forEach(field -> ChangeCapture.put(own, field, field.read(row)));
        }
        return own;
    }

    /** Whether all events after this replay id are retained. */
    public boolean isComplete(long replayId) {
        return stream.isComplete(replayId);
    }

    /** Whether this is a replay id within the retention. */
    public boolean isRetained(long replayId) {
        return stream.isRetained(replayId);
    }

    /** Answers a replay id after which nothing was published yet. */
    public long latest() {
        return stream.mark();
    }

    /** Whether no deliveries are left on this topic. */
    public boolean isExhausted(String topic) {
        return stream.isExhausted(topic);
    }

    /** Spends one delivery on a topic and counts it; answers false when none is left. */
    public boolean spend(String topic) {
        return stream.spend(topic);
    }

    /** Calls this after each publication; it must return at once. */
    public void onPublish(Runnable listener) {
        stream.onPublish(listener);
    }

    /** Answers the time after which a subscription without events gets an empty response. */
    public long keepAliveMillis() {
        return stream.settings().keepAliveMillis();
    }

    /** Answers the time in which a subscription must request events again. */
    public long fetchMillis() {
        return stream.settings().fetchMillis();
    }
}
